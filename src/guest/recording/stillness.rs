//! Whether a console got stuck: for how long nothing moved on it, and whether the guest behind it lives.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::{GuestState, Recording};
use crate::guest::screen::{FROZEN_AFTER, Motion, PROGRESS_FROZEN_AFTER};
use crate::vcenter::{PowerState, ToolsStatus};

/// A timeline that nobody wrote to for this long says nothing about the present.
const MAX_SILENCE: Duration = Duration::from_secs(60);
/// A screen known as an end counts as one after this long: firmware that found nothing to boot on one device tries the
/// next.
const END_SCREEN_TIMEOUT: Duration = Duration::from_secs(30);

/// What the console of a build is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// something goes on, or stopped only just now
    Moving,
    /// nothing but a spinner, a clock or a timer moves
    OnlySpinner,
    /// nothing moves
    Still,
    /// one colour, at most with a cursor; the guest is on
    Blank,
    /// the guest is powered off or gone; its last picture stays
    Off,
}

/// How long a console has been still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stillness {
    /// since when nothing new was on the screen
    pub since: Timestamp,
    /// for how long, up to the last look, by the guest's clock (a simulated one runs faster than ours)
    #[serde(skip)]
    pub quiet: Duration,
    /// what it is doing
    pub activity: Activity,
    /// the name of the screen, if it is a known one
    pub screen: Option<String>,
    /// VMware Tools ran at some time of this build
    pub tools_ran: bool,
    /// somebody should look: longer still than healthy boots ever are, or a known end
    pub alarm: bool,
}

impl Recording {
    /// Since when nothing but a cursor or a spinner moved.
    pub fn still_since(&self) -> Option<Timestamp> {
        let spins = |kind: Motion| kind == Motion::Spinner;
        let last = self.frames.len().checked_sub(1)?;
        // Pictures of a spinner are kept too, but show nothing new.
        let first = (1..=last).rev().find(|at| !spins(self.frames[*at].kind)).unwrap_or(0);
        Some(self.frames[first].at)
    }

    /// How the console stood at the last look; `None` without a picture, or when the recorder has been silent for long.
    pub fn stillness(&self) -> Option<Stillness> {
        self.silence().filter(|silence| *silence < MAX_SILENCE).and_then(|_| self.last_stillness())
    }

    /// How the console stood when it was last seen, however long ago that is.
    pub fn last_stillness(&self) -> Option<Stillness> {
        let (seen, kind) = self.seen?;
        self.stillness_at(seen, kind)
    }

    fn stillness_at(&self, seen: Timestamp, kind: Motion) -> Option<Stillness> {
        let since = self.still_since()?;
        let guest = self.guests.last();
        let since_then = |then: Timestamp| self.guest_time(then, seen);
        let on = guest.is_none_or(|guest| match guest.power {
            Some(PowerState::PoweredOn | PowerState::Unknown) => true,
            Some(PowerState::PoweredOff | PowerState::Suspended) | None => false,
        });
        let activity = match kind {
            _ if !on => Activity::Off,
            Motion::Blank | Motion::BlankCursor => Activity::Blank,
            Motion::Spinner => Activity::OnlySpinner,
            Motion::Progress => Activity::Moving,
            Motion::Frozen | Motion::Idle => Activity::Still,
        };
        let reading = self.frames.last().and_then(|frame| self.reading(frame));
        let timeout = match reading.and_then(|reading| reading.state.as_deref()) {
            Some("frozen") => END_SCREEN_TIMEOUT,
            Some("progress") => PROGRESS_FROZEN_AFTER,
            _ => FROZEN_AFTER,
        };
        // A guest that got or lost its address, or was switched on, just gave a sign of life behind the same picture.
        let last_sign = guest.map_or(since, |guest| guest.at.max(since));
        let stuck = matches!(activity, Activity::Still | Activity::Blank) && since_then(last_sign) >= timeout;
        Some(Stillness {
            since,
            quiet: since_then(since),
            activity,
            screen: reading.and_then(|reading| reading.label.clone()),
            tools_ran: self.guests.iter().any(runs_tools),
            // A guest that answers does its work behind a screen that never changes.
            alarm: stuck && !guest.is_some_and(answers),
        })
    }
}

fn runs_tools(guest: &GuestState) -> bool {
    matches!(guest.tools, Some(ToolsStatus::GuestToolsRunning | ToolsStatus::GuestToolsExecutingScripts))
}

fn answers(guest: &GuestState) -> bool {
    runs_tools(guest) && guest.ip.is_some()
}
