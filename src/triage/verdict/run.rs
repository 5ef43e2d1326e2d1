//! What a run's record knows beside its log.

use super::{BuildContext, guest_before_clean_up};
use crate::guest::recording::{GuestState, Recording};
use crate::guest::screen::ScreenAnalysis;
use crate::packer_run::Run;

impl BuildContext {
    /// Of a run. `look` is what its console shows; `now` is the guest as vCenter has it this moment, which counts only
    /// while the run is at work.
    pub fn of_run(run: &Run, recording: &Recording, look: Option<&ScreenAnalysis>, now: Option<GuestState>) -> Self {
        let live = run.state.live();
        let recorded = guest_before_clean_up(&recording.guests, run.ended).cloned();
        Self {
            screen: look.map(|look| look.label.clone()),
            guest: now.filter(|_| live).or(recorded),
            live,
            address: None,
        }
    }
}
