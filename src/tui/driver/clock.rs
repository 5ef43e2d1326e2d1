//! The clock of the console.

use std::time::Duration;

use jiff::Timestamp;

use super::Report;
use crate::console::message::Msg;
use crate::hook::Hook;

/// The clock of the console: once a second.
pub(super) async fn tick(report: Report) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        every.tick().await;
        let troubles = Hook::shared().map(Hook::troubles).unwrap_or_default();
        troubles.into_iter().for_each(|trouble| report(Msg::Troubled(trouble)));
        report(Msg::Ticked { now: Timestamp::now() });
    }
}
