//! The runs of a line that are over: gone through one by one, with their log, pictures, timeline and verdict.

use std::path::PathBuf;

use super::age;
use super::effect::Effect;
use super::message::Reply;
use super::panes::Pane;
use super::run::{RunSeen, RunState};
use super::state::Console;
use super::toast::Tone;
use crate::ops::history::SinceGreen;
use crate::pipeline::Key;

/// Runs that a strip shows.
const STRIP: usize = 5;

/// The runs of a line, and what changed since one of them went well.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunHistory {
    /// newest first
    pub runs: Vec<RunSeen>,
    /// of a line that fails
    pub since: Option<SinceGreen>,
}

/// The run that is looked at instead of its line's newest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Past {
    key: Key,
    dir: PathBuf,
}

impl Console {
    /// The runs of a line were read.
    pub(super) fn history_read(&mut self, key: Key, answer: Reply<Box<RunHistory>>) -> bool {
        match answer {
            Ok(history) => {
                let known = self.histories.insert(key, *history.clone());
                known.as_ref() != Some(&history)
            }
            Err(reason) => {
                self.notice(Tone::Failed, format!("{key}: {reason}"));
                true
            }
        }
    }

    /// The runs of the selected line.
    pub(crate) fn history(&self) -> Option<&RunHistory> {
        self.histories.get(&self.lines.selected()?.line.key)
    }

    /// The run gone back to, of the selected line.
    pub(crate) fn past_run(&self) -> Option<&RunSeen> {
        let past = self.past.as_ref()?;
        let key = &self.lines.selected()?.line.key;
        self.history().filter(|_| past.key == *key)?.runs.iter().find(|run| run.dir == past.dir)
    }

    /// The run that the panes are about: the one gone back to, else the line's newest.
    pub(crate) fn shown_run(&self) -> Option<&RunSeen> {
        self.past_run().or_else(|| self.lines.selected()?.run.as_ref())
    }

    /// Goes to the run before the one that is looked at, or after it.
    pub(super) fn turn_run(&mut self, older: bool) {
        let (Some(row), Some(shown)) = (self.lines.selected(), self.shown_run()) else {
            return self.notice(Tone::Info, "no run of this line is on record here");
        };
        let (key, newest) = (row.line.key.clone(), row.run.as_ref().map(|run| run.dir.clone()));
        let runs = self.history().map_or(&[][..], |history| &history.runs);
        let here = runs.iter().position(|run| run.dir == shown.dir).unwrap_or(0);
        let to = if older { here.checked_add(1) } else { here.checked_sub(1) };
        let Some(dir) = to.and_then(|to| runs.get(to)).map(|run| run.dir.clone()) else {
            let text = if older { "no older run is on record here" } else { "this is the newest run" };
            return self.notice(Tone::Info, text);
        };
        self.timeline.now();
        self.past = (newest.as_ref() != Some(&dir)).then_some(Past { key, dir });
    }

    /// Back to the newest run.
    pub(super) fn leave_past(&mut self) -> bool {
        self.past.take().is_some()
    }

    /// A run that is looked at belongs to the line it was chosen on.
    pub(super) fn forget_past_of_others(&mut self) {
        let key = self.lines.selected().map(|row| &row.line.key);
        if self.past.as_ref().is_some_and(|past| Some(&past.key) != key) {
            self.past = None;
        }
    }

    /// Which run is looked at, its date and age: `run 3 of 9, Nov 18 02:41, 10d ago, failed`.
    pub fn past_words(&self) -> Option<String> {
        let run = self.past_run()?;
        let runs = &self.history()?.runs;
        let at = runs.iter().position(|other| other.dir == run.dir)?;
        let date = run.started.to_zoned(self.zone.clone()).strftime("%b %d %H:%M").to_string();
        let age = age::spoken(self.now, run.started);
        Some(format!("run {} of {}, {date}, {age} ago, {}", runs.len() - at, runs.len(), run.state.word()))
    }

    /// How the last runs of a line ended, the newest last: `✓✓✗✓✗`.
    pub fn strip(&self, key: &Key) -> String {
        let runs = self.histories.get(key).map_or(&[][..], |history| &history.runs);
        runs.iter().take(STRIP).rev().map(|run| mark(run.state)).collect()
    }

    /// Shows all that changed since the last good run, or the most suspicious alone again.
    pub(super) fn turn_suspects(&mut self) {
        if self.history().is_none_or(|history| history.since.is_none()) {
            return self.notice(Tone::Info, "this line's last run went well, or none ever did: nothing to compare");
        }
        self.all_suspects = !self.all_suspects;
        self.panes.focus(Pane::Verdict);
    }

    /// Saves everything that is known about the selected line's run that is looked at.
    pub(super) fn save_bundle(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let Some(row) = self.lines.selected() else { return };
        let Some(run) = self.shown_run() else { return };
        let (key, dir, log) = (row.line.key.clone(), run.dir.clone(), run.log.clone());
        let guest = row.guest().filter(|_| self.past_run().is_none()).cloned().map(Box::new);
        effects.push(Effect::SaveBundle { request, key, dir, log, guest });
        self.errands.push(request);
        self.notice(Tone::Info, "writing the bundle");
    }
}

/// How a run ended, in one sign.
const fn mark(state: RunState) -> char {
    match state {
        RunState::Starting | RunState::Running | RunState::Cancelling => '●',
        RunState::Succeeded => '✓',
        RunState::Failed { .. } => '✗',
        RunState::Cancelled => '⊘',
        RunState::Lost => '?',
    }
}
