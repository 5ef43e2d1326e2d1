//! The runs of a line that are over: gone through one by one, with their log, pictures, timeline and verdict.

use std::path::PathBuf;

use jiff::Timestamp;

use super::age;
use super::effect::Effect;
use super::lines::LineRow;
use super::message::Reply;
use super::panes::Pane;
use super::remote::RemoteResult;
use super::run::{RunSeen, RunState};
use super::state::Console;
use super::toast::Tone;
use crate::github::{Conclusion, State};
use crate::ops::history::SinceGreen;
use crate::ops::remote::{self, RunHere};
use crate::pipeline::Key;

/// Runs that a strip shows.
pub const STRIP: u16 = 5;

/// The runs of a line, and what changed since one of them went well.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunHistory {
    /// newest first
    pub runs: Vec<RunSeen>,
    /// of a line that fails
    pub since: Option<SinceGreen>,
}

/// Which run of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// one on record here, by its folder
    Here(PathBuf),
    /// one at GitHub, by its page; its evidence, once that is here
    GitHub(String),
}

/// The run that is looked at instead of its line's newest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) key: Key,
    pub(super) which: Which,
}

/// One run of a line, wherever it was.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LineRun<'a> {
    /// on record here
    Here(&'a RunSeen),
    /// at GitHub, and nothing of it is here
    GitHub(&'a RemoteResult),
}

impl LineRun<'_> {
    /// When it began.
    pub fn began(&self) -> Timestamp {
        match self {
            Self::Here(run) => run.started,
            Self::GitHub(remote) => remote.began,
        }
    }

    /// How it ended, in one sign.
    pub const fn mark(&self) -> char {
        match self {
            Self::Here(run) => mark(run.state),
            Self::GitHub(remote) => remote.state.mark(),
        }
    }

    /// Whether it is still at work.
    const fn live(&self) -> bool {
        match self {
            Self::Here(run) => run.state.live(),
            Self::GitHub(remote) => remote.state.live(),
        }
    }

    fn good(&self) -> bool {
        match self {
            Self::Here(run) => run.state == RunState::Succeeded,
            Self::GitHub(remote) => remote.state == State::Ended(Conclusion::Success),
        }
    }

    fn which(&self) -> Which {
        match self {
            Self::Here(run) => Which::Here(run.dir.clone()),
            Self::GitHub(remote) => Which::GitHub(remote.page.clone()),
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Here(run) => run.state.word(),
            Self::GitHub(remote) => remote.state.word(),
        }
    }
}

impl Console {
    /// The runs of a line were read.
    pub(super) fn history_read(&mut self, key: Key, answer: Reply<Box<RunHistory>>) -> bool {
        match answer {
            Ok(history) => {
                self.lines.settle(&key, &history.runs, true);
                let known = self.histories.insert(key, *history.clone());
                known.as_ref() != Some(&history)
            }
            Err(reason) => {
                self.notice(Tone::Failed, format!("{key}: {reason}"));
                true
            }
        }
    }

    /// The runs of the selected line that are on record here.
    pub(crate) fn history(&self) -> Option<&RunHistory> {
        self.histories.get(&self.lines.selected()?.line.key)
    }

    /// The runs of a line, here and at GitHub, the newest first.
    pub(crate) fn line_runs(&self, row: &LineRow) -> Vec<LineRun<'_>> {
        let Some(row) = self.lines.get(&row.line.key) else { return Vec::new() };
        let here = self.histories.get(&row.line.key).map(|history| history.runs.as_slice()).unwrap_or_default();
        // The newest one is known before the others are read.
        let newest = row.run.as_ref().filter(|run| here.iter().all(|other| other.dir != run.dir));
        let here = || newest.into_iter().chain(here);
        let there = row.remotes.iter().filter(|remote| !here().any(|run| run.is(remote))).map(LineRun::GitHub);
        let mut runs: Vec<LineRun<'_>> = here().map(LineRun::Here).chain(there).collect();
        runs.sort_by_key(|run| std::cmp::Reverse(run.began()));
        runs
    }

    fn gone_back_to(&self) -> Option<&Which> {
        let key = &self.lines.selected()?.line.key;
        self.past.as_ref().filter(|past| past.key == *key).map(|past| &past.which)
    }

    /// The run gone back to, of the selected line, where it is on record here.
    pub(crate) fn past_run(&self) -> Option<&RunSeen> {
        let which = self.gone_back_to()?;
        self.history()?.runs.iter().find(|run| match which {
            Which::Here(dir) => run.dir == *dir,
            Which::GitHub(page) => run.origin.as_ref() == Some(page),
        })
    }

    /// The run gone back to, where it is GitHub's and nothing of it is here.
    pub(crate) fn past_remote(&self) -> Option<&RemoteResult> {
        let Which::GitHub(page) = self.gone_back_to().filter(|_| self.past_run().is_none())? else { return None };
        self.lines.selected()?.remotes.iter().find(|remote| remote.page == *page)
    }

    /// Whether another run than the line's newest one is looked at.
    pub(crate) fn looks_back(&self) -> bool {
        self.past_run().is_some() || self.past_remote().is_some()
    }

    /// The run that the panes are about: the one gone back to, else the line's newest here.
    pub(crate) fn shown_run(&self) -> Option<&RunSeen> {
        if self.past_remote().is_some() {
            return None;
        }
        self.past_run().or_else(|| self.lines.selected()?.run.as_ref())
    }

    /// The run that is looked at, among all of its line.
    fn shown_which(&self) -> Option<Which> {
        let remote = self.past_remote().map(|remote| Which::GitHub(remote.page.clone()));
        remote.or_else(|| self.shown_run().map(|run| Which::Here(run.dir.clone())))
    }

    /// Goes to the run before the one that is looked at, or after it.
    pub(super) fn turn_run(&mut self, older: bool) {
        let Some(row) = self.lines.selected() else { return };
        let (key, newest) = (row.line.key.clone(), row.run.as_ref().map(|run| Which::Here(run.dir.clone())));
        let runs: Vec<Which> = self.line_runs(row).iter().map(LineRun::which).collect();
        if runs.is_empty() {
            return self.notice(Tone::Info, "no run of this line is known, here or on GitHub");
        }
        let shown = self.shown_which();
        let here = runs.iter().position(|run| Some(run) == shown.as_ref());
        let to = match (here, older) {
            // Nothing of the line is here: the newest one at GitHub is the first to go to.
            (None, _) => Some(0),
            (Some(here), true) => here.checked_add(1),
            (Some(here), false) => here.checked_sub(1),
        };
        let Some(which) = to.and_then(|to| runs.into_iter().nth(to)) else {
            let text = if older { "no older run is known" } else { "this is the newest run" };
            return self.notice(Tone::Info, text);
        };
        self.timeline.now();
        self.past = (newest.as_ref() != Some(&which)).then_some(Past { key, which });
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
        let shown = self.shown_which().filter(|_| self.looks_back())?;
        let runs = self.line_runs(self.lines.selected()?);
        let at = runs.iter().position(|other| other.which() == shown)?;
        let run = runs.get(at)?;
        let date = run.began().to_zoned(self.zone.clone()).strftime("%b %d %H:%M").to_string();
        let age = age::spoken(self.now, run.began());
        let there = match run {
            LineRun::Here(_) => String::new(),
            LineRun::GitHub(remote) => format!(" (#{} on GitHub)", remote.number),
        };
        Some(format!("run {} of {}{there}, {date}, {age} ago, {}", runs.len() - at, runs.len(), run.word()))
    }

    /// How the last runs of a line ended, here and at GitHub, the newest last: `✓✓✗✓✗`.
    pub fn strip(&self, row: &LineRow) -> String {
        self.line_runs(row).iter().take(STRIP.into()).rev().map(LineRun::mark).collect()
    }

    /// A good run at GitHub between those that are compared, of which nothing is here.
    pub fn greener(&self, since: &SinceGreen) -> Option<&RemoteResult> {
        let row = self.lines.selected()?;
        let runs = self.history()?.runs.iter();
        let here: Vec<RunHere<'_>> =
            runs.map(|run| RunHere { dir: &run.dir, started: run.started, origin: run.origin.as_deref() }).collect();
        remote::greener(&row.remotes, &here, since)
    }

    /// Shows all that changed since the last good run, or the most suspicious alone again.
    pub(super) fn turn_suspects(&mut self) {
        if self.history().is_none_or(|history| history.since.is_none()) {
            let text = self.nothing_to_compare();
            return self.notice(Tone::Info, text);
        }
        self.all_suspects = !self.all_suspects;
        self.panes.focus(Pane::Verdict);
    }

    /// Why no good run of the selected line is compared with a bad one.
    fn nothing_to_compare(&self) -> String {
        let runs = self.lines.selected().map(|row| self.line_runs(row)).unwrap_or_default();
        let mut ended = runs.iter().filter(|run| !run.live());
        match ended.next() {
            None if runs.is_empty() => "this line never ran: nothing to compare".into(),
            None => "no run of this line has ended: nothing to compare".into(),
            Some(newest) if newest.good() => "this line's last run went well: nothing to compare".into(),
            Some(_) => match ended.find(|run| run.good()) {
                Some(LineRun::GitHub(remote)) => {
                    format!("the last good run is #{} on GitHub: nothing of it is here to compare with", remote.number)
                }
                Some(LineRun::Here(_)) => "nothing that failed since the last good run: nothing to compare".into(),
                None => "no good run of this line is known, here or on GitHub: nothing to compare with".into(),
            },
        }
    }

    /// Saves everything that is known about the selected line's run that is looked at.
    pub(super) fn save_bundle(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let Some(row) = self.lines.selected() else { return };
        let Some(run) = self.shown_run() else { return };
        let (key, dir, log) = (row.line.key.clone(), run.dir.clone(), run.log.clone());
        let guest = row.guest().filter(|_| !self.looks_back()).cloned().map(Box::new);
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
