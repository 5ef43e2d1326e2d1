//! The newest result of a line at GitHub, and the newest one wherever the line was built.

use jiff::Timestamp;

use super::effect::Effect;
use super::github::Ask;
use super::lines::LineRow;
use super::refusal::Refusal;
use super::run::{RunSeen, RunState};
use super::state::Console;
use super::toast::Tone;
use crate::github::{Board, Conclusion, Leg, RemoteRun, RunWithJobs, State};
use crate::ops::GitHubRefusal;
use crate::pipeline::Key;

/// The newest leg at GitHub that builds a line, or the run that will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteResult {
    /// number of the run in addresses
    pub run: u64,
    /// its number as shown
    pub number: u64,
    /// its page
    pub page: String,
    /// how the leg stands
    pub state: State,
    /// when a runner took it; before that, when it was queued
    pub began: Timestamp,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// who asked for it: `schedule`, or an account
    pub by: String,
    /// the step at work, or the one that failed
    pub step: Option<String>,
}

impl RemoteResult {
    /// Those of a line among the runs that GitHub told of, the newest first.
    pub fn all(board: &Board, key: &Key) -> Vec<Self> {
        let skipped = State::Ended(Conclusion::Skipped);
        let of = |seen: &RunWithJobs| {
            let leg = seen.lines().find(|(of, leg)| *of == key && leg.state != skipped).map(|(_, leg)| leg);
            match leg {
                Some(leg) => Some(Self::of_leg(&seen.run, leg)),
                None if seen.builds(key) => Some(Self::waiting(&seen.run)),
                None => None,
            }
        };
        board.runs.iter().filter_map(of).collect()
    }

    fn of_leg(run: &RemoteRun, leg: &Leg) -> Self {
        let began = leg.started.unwrap_or(leg.created);
        Self { state: leg.state, began, ended: leg.ended, step: leg.step.clone(), ..Self::waiting(run) }
    }

    /// A run that has no legs yet.
    fn waiting(run: &RemoteRun) -> Self {
        let by = if run.event == "schedule" { None } else { run.actor.clone() };
        Self {
            run: run.id,
            number: run.number,
            page: run.url.clone(),
            state: State::Queued,
            began: run.started.unwrap_or(run.created),
            ended: None,
            by: by.unwrap_or_else(|| run.event.clone()),
            step: None,
        }
    }

    /// Whether a person should look at it: it failed, and nobody ended it on purpose.
    pub const fn alarming(&self) -> bool {
        self.state.alarming()
    }

    /// Whether a run that is kept here is its evidence.
    pub fn is(&self, run: &RunSeen) -> bool {
        run.origin.as_deref() == Some(&self.page) && run.started == self.began
    }
}

/// The newest result of a line.
#[derive(Debug, Clone, Copy)]
pub enum Newest<'a> {
    /// built on this machine
    Here(&'a RunSeen),
    /// built at GitHub; its evidence, when it was brought here
    GitHub(&'a RemoteResult, Option<&'a RunSeen>),
}

impl LineRow {
    /// The newest result, wherever the line was built. What is at work counts as newer than what is over.
    pub fn newest(&self) -> Option<Newest<'_>> {
        match (&self.run, self.remote()) {
            (None, None) => None,
            (Some(run), None) => Some(Newest::Here(run)),
            (None, Some(remote)) => Some(Newest::GitHub(remote, None)),
            (Some(run), Some(remote)) if remote.is(run) => Some(Newest::GitHub(remote, Some(run))),
            (Some(run), Some(remote)) => {
                let here = match (run.state.live(), remote.state.live()) {
                    (true, _) => true,
                    (false, true) => false,
                    (false, false) => run.started >= remote.began,
                };
                Some(if here { Newest::Here(run) } else { Newest::GitHub(remote, None) })
            }
        }
    }

    /// The newest result at GitHub.
    pub fn remote(&self) -> Option<&RemoteResult> {
        self.remotes.first()
    }

    /// The newest result, when it is GitHub's.
    pub fn newest_remote(&self) -> Option<&RemoteResult> {
        match self.newest()? {
            Newest::GitHub(remote, _) => Some(remote),
            Newest::Here(_) => None,
        }
    }

    /// A result at GitHub that is newer than everything here and whose evidence was not brought here.
    pub fn unfetched(&self) -> Option<&RemoteResult> {
        match self.newest()? {
            Newest::GitHub(remote, None) if remote.alarming() => Some(remote),
            Newest::GitHub(..) | Newest::Here(_) => None,
        }
    }

    /// Whether a VM of the name that builds have is there although nobody builds the line.
    pub fn leftover(&self) -> bool {
        let remote = self.remote().is_some_and(|remote| remote.state.live());
        self.guest().is_some() && self.live_run().is_none() && !remote && !self.claimed
    }

    /// Whether the newest run succeeded and waits to be promoted.
    pub fn ready(&self) -> bool {
        let built = self.run.as_ref().is_some_and(|run| run.state == RunState::Succeeded);
        built && self.generations.build.as_ref().is_some_and(|vm| vm.template)
    }
}

impl Console {
    /// Gives every line its newest result at GitHub.
    pub(super) fn read_remote_results(&mut self) {
        let Some(pipeline) = self.github.pipeline.clone() else { return };
        self.lines.set_remotes(|key| RemoteResult::all(&pipeline.board, key));
    }

    /// The result at GitHub that is looked at and whose evidence may be brought here: the one gone back to, else the
    /// selected line's newest one, when it failed.
    pub(super) fn fetchable(&self) -> Option<&RemoteResult> {
        match self.past_remote() {
            Some(remote) => Some(remote).filter(|remote| remote.state.failed()),
            None => self.lines.selected().filter(|_| !self.looks_back())?.unfetched(),
        }
    }

    /// Brings the evidence of the result that is looked at here, when that is GitHub's and is not here; says whether that
    /// was so.
    pub(super) fn fetch_shown(&mut self, effects: &mut Vec<Effect>) -> bool {
        let Some((row, remote)) = self.lines.selected().zip(self.fetchable()) else { return false };
        let (run, key) = (remote.run, row.line.key.clone());
        match self.remote_leg(run, &key) {
            Ok((run, leg)) => {
                let request = self.request();
                self.github.fetching(request);
                self.notice(Tone::Info, format!("fetching what run #{} left of {key}", run.number));
                effects.push(Effect::GitHub(Ask::Fetch(request, Box::new((run, leg)))));
            }
            Err(refusal) => self.notice(Tone::Info, refusal.to_string()),
        }
        true
    }

    fn remote_leg(&self, run: u64, key: &Key) -> Result<(RemoteRun, Leg), Refusal> {
        let pipeline = self.github.known()?;
        if self.github.busy() {
            return Err(GitHubRefusal::Busy.into());
        }
        let of_run = |seen: &&RunWithJobs| seen.run.id == run;
        let seen = pipeline.board.runs.iter().find(of_run).ok_or(GitHubRefusal::NoRun)?;
        let leg = seen.lines().find(|(of, _)| *of == key).map(|(_, leg)| leg).ok_or(GitHubRefusal::NoRun)?;
        leg.check_evidence().map_err(GitHubRefusal::from)?;
        Ok((seen.run.clone(), leg.clone()))
    }
}
