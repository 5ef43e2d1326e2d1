//! Alarms: what stands still or failed since the last look, said on the screen and, when asked, by the terminal.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::binding::keyed;
use super::effect::Effect;
use super::lines::LineRow;
use super::own::Own;
use super::panes::View;
use super::remote::{Newest, RemoteResult};
use super::run::{RunSeen, RunState};
use super::state::Console;
use super::toast::Tone;
use super::verdict::{Case, Foretold};
pub use crate::config::Call;
use crate::pipeline::Key;
use crate::vcenter::{Moid, Place};

/// The next way to call, and what to say about it.
const fn turned(call: Call) -> (Call, &'static str) {
    match call {
        Call::Off => (Call::Bell, "alarms ring the bell"),
        Call::Bell => (Call::Notification, "alarms ring the bell and notify the desktop (OSC 9)"),
        Call::Notification => (Call::Off, "alarms are silent"),
    }
}

/// Alarms that were told already.
#[derive(Debug, Clone, Default)]
pub struct Alarms {
    /// how the terminal calls
    pub call: Call,
    told: BTreeSet<(Key, Timestamp)>,
    /// questions of vCenter that were told, by their VM
    asked: BTreeSet<(Place, Moid, String)>,
}

impl Alarms {
    /// Nothing told yet.
    pub fn new(call: Call) -> Self {
        Self { call, ..Self::default() }
    }
}

/// What calls for a person: since when, and in a few words.
fn cause(run: &RunSeen, case: Option<&Case>, now: Timestamp, zone: &jiff::tz::TimeZone) -> Option<(Timestamp, String)> {
    if let Some(foretold) = case.and_then(|case| case.foretold(now)).filter(|_| run.state.live()) {
        // What packer still does about it is said where the line is looked at.
        let cause = &foretold.verdict.cause;
        let first = cause.split_once(". ").map_or(cause.as_str(), |(first, _)| first);
        return Some((foretold.since, first.trim_end_matches('.').to_owned()));
    }
    if let Some(still) = run.still.as_ref().filter(|_| run.state.live()) {
        let what = if still.blank { "blank" } else { "unchanged" };
        let tools = if still.tools_ran { "" } else { ", tools never ran" };
        let screen = still.screen.as_ref().map_or(String::new(), |screen| format!(" ({screen})"));
        let since = still.since.to_zoned(zone.clone()).strftime("%H:%M");
        return Some((still.since, format!("console {what} since {since}{tools}{screen}")));
    }
    if let Some(reason) = run.reason.as_ref().filter(|_| run.state.live()) {
        return Some((run.started, reason.clone()));
    }
    if let Some((stage, text)) = run.stage.as_ref().zip(run.late(now)) {
        return Some((stage.since, text));
    }
    let text = match run.state {
        RunState::Failed { exit } => {
            let exit = exit.map(|exit| format!(", packer exit {exit}")).unwrap_or_default();
            format!("build failed{exit}; {}", run.reason.as_deref().unwrap_or("‹next error› shows the error"))
        }
        RunState::Lost => "packer is gone without an end on record; see the log".into(),
        RunState::Starting | RunState::Running | RunState::Cancelling | RunState::Succeeded | RunState::Cancelled => {
            return None;
        }
    };
    Some((run.ended?, text))
}

/// That a run at GitHub failed, and what it left here.
fn at_github(row: &LineRow, remote: &RemoteResult) -> (Timestamp, String) {
    let step = remote.step.as_ref().map_or_else(String::new, |step| format!(", step {step}"));
    let left = row.guest().map_or_else(String::new, |vm| format!("; {} is still there: ‹sweep› sweeps it", vm.name));
    let text = format!("run #{} on GitHub {}{step}{left}", remote.number, remote.state.word());
    (remote.ended.unwrap_or(remote.began), text)
}

/// What is wrong with a run at work, as log, pictures, guest and clock tell it, in a few words.
fn at_work(row: &LineRow, case: Option<&Case>, now: Timestamp) -> Option<String> {
    let run = row.live_run().filter(|run| run.state != RunState::Cancelling)?;
    let late = run.late(now);
    let foretold = case.and_then(|case| case.foretold(now)).map(|Foretold { outlook, verdict, .. }| {
        let word = outlook.standing.word();
        let fails = outlook.gives_up.map_or_else(String::new, |at| format!(", fails {}", at.strftime("%H:%M")));
        match (&late, verdict.subject()) {
            (Some(late), "running") => late.clone(),
            (None, "running") => format!("{word}{fails}"),
            (_, subject) => format!("{word} {subject}{fails}"),
        }
    });
    foretold.or(late)
}

impl Console {
    /// Lines a person should look at.
    pub fn alarms(&self) -> usize {
        // Half of a change is no alarm while we are at it ourselves.
        let idle = |row: &&LineRow| !self.ongoing.contains_key(&row.line.key);
        self.lines.all().iter().filter(idle).filter(|row| row.alarm().is_some()).count()
    }

    /// Marks what is wrong with runs at work.
    pub(super) fn mark_at_work(&mut self) {
        let Self { lines, verdicts, now, .. } = self;
        if lines.mark(|row| &mut row.at_work, |row| at_work(row, verdicts.of(row), *now)) {
            self.changed();
        }
    }

    /// Tells the alarms that are new.
    pub(super) fn tell_alarms(&mut self, effects: &mut Vec<Effect>) {
        let mut news = Vec::new();
        let selected = self.lines.selected().filter(|_| self.panes.view == View::Lines).map(|row| &row.line.key);
        for row in self.lines.all() {
            let case = self.verdicts.of(row);
            // Its cause is on the screen already.
            let seen = selected == Some(&row.line.key) && case.is_some_and(|case| case.foretold(self.now).is_some());
            let cause = match row.newest() {
                Some(Newest::Here(run)) => cause(run, case, self.now, &self.zone),
                Some(Newest::GitHub(remote, _)) if remote.alarming() => Some(at_github(row, remote)),
                Some(Newest::GitHub(..)) | None => None,
            };
            if let Some((vm, question)) = row.question() {
                if self.alarms.asked.insert((vm.place, vm.moid.clone(), question.id.clone())) {
                    let text = format!("{}: vCenter asks, and the build waits: {}", row.line.key, question.text);
                    news.push((row.line.key.clone(), format!("{} {}", vm.moid, question.id), text, false));
                }
                // What else is to be said of its build comes from that.
                continue;
            }
            let Some((since, text)) =
                cause.map(|(since, text)| (since, keyed(text))).filter(|_| row.acknowledged.is_none())
            else {
                continue;
            };
            let ended = row.live_run().is_none();
            // What failed before the console was opened is no news.
            if ended && since < self.opened || self.alarms.told.contains(&(row.line.key.clone(), since)) {
                continue;
            }
            self.alarms.told.insert((row.line.key.clone(), since));
            news.push((row.line.key.clone(), since.to_string(), format!("{}: {text}", row.line.key), seen));
        }
        for (key, once, text, seen) in news {
            if !seen {
                self.notice(Tone::Failed, text.clone());
            }
            self.changed();
            if self.hook {
                effects.push(Effect::Own(Own::TellHook { key, once, text: text.clone() }));
            }
            let desktop = match self.alarms.call {
                Call::Off => continue,
                Call::Bell => false,
                Call::Notification => true,
            };
            effects.push(Effect::Notify { text, desktop });
        }
    }

    pub(super) fn turn_call(&mut self) {
        let (call, text) = turned(self.alarms.call);
        self.alarms.call = call;
        self.notice(Tone::Info, text);
    }
}
