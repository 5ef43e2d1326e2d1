//! What a run's record knows beside its log.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{BuildContext, Cancelled, YOU, guest_before_clean_up};
use crate::guest::recording::{GuestState, Recording};
use crate::guest::screen::ScreenAnalysis;
use crate::packer_run::{CancelMark, Run, RunState};
use crate::text::Scrubber;
use crate::vcenter::audit::user_at_host;

impl BuildContext {
    /// Of a run. `look` is what its console shows; `now` is the guest as vCenter has it this moment, which counts only
    /// while the run is at work.
    pub fn of_run(
        run: &Run,
        recording: &Recording,
        look: Option<&ScreenAnalysis>,
        now: Option<GuestState>,
        scrubber: &Scrubber,
    ) -> Self {
        let live = run.state.live();
        let recorded = guest_before_clean_up(&recording.guests, run.ended).cloned();
        let guest = now.filter(|_| live).map(|now| beneath(now, &recording.guests)).or(recorded);
        let guest = guest.map(|guest| scrubbed(guest, scrubber));
        let halted = live && guest.as_ref().is_some_and(|guest| guest.question.is_some() || guest.storage.is_some());
        let mut context = Self {
            guest,
            live,
            waits: look.is_some_and(|look| matches!(look.state, Some("waiting-for-input" | "frozen"))),
            stuck: halted || live && recording.stillness().is_some_and(|still| still.alarm),
            cancelled: cancelled(run),
            ..Self::of_screen(look, scrubber)
        };
        // What stood still was read while it did; that reaches further back than the newest pictures.
        let last = recording.frames.last().map(|frame| &frame.file);
        let read = recording.readings.iter().filter(|reading| Some(&reading.file) != last);
        context.before.splice(0..0, read.filter_map(|reading| reading.label.clone()));
        context
    }
}

/// What the guest stands on is known from the record alone.
fn beneath(now: GuestState, recorded: &[GuestState]) -> GuestState {
    let last = recorded.last();
    let of = |part: fn(&GuestState) -> &Option<String>| last.and_then(|last| part(last).clone());
    GuestState { storage: of(|last| &last.storage), host: of(|last| &last.host), ..now }
}

/// vCenter's words are others' words.
fn scrubbed(mut guest: GuestState, scrubber: &Scrubber) -> GuestState {
    for text in [&mut guest.ip, &mut guest.question, &mut guest.storage, &mut guest.host] {
        *text = text.take().map(|text| scrubber.safe_line(&text).into());
    }
    guest
}

/// Who stopped it, if anybody did.
fn cancelled(run: &Run) -> Option<Cancelled> {
    let here = |at: Timestamp| at.to_zoned(TimeZone::system()).datetime();
    match CancelMark::read(&run.dir) {
        Some(mark) if matches!(run.state, RunState::Cancelled | RunState::Cancelling) => {
            // In CI nobody reads this as the one who did it.
            let yours = |by: &String| *by == user_at_host() && std::env::var_os("CI").is_none();
            let who = mark.by.map(|by| if yours(&by) { YOU.to_owned() } else { by });
            let known = |at: &DateTime| at.year() > 1970;
            Some(Cancelled { who, at: Some(here(mark.asked)).filter(known), forced: mark.forced, why: None })
        }
        Some(_) if !run.timed_out => None,
        Some(_) | None => {
            let why = run.reason.clone().filter(|_| run.state == RunState::Cancelled || run.timed_out)?;
            Some(Cancelled { who: None, at: run.ended.map(here), forced: false, why: Some(why) })
        }
    }
}
