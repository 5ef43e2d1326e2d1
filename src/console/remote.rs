//! The newest result of a line at GitHub, and the newest one wherever the line was built.

use super::effect::Effect;
use super::github::Ask;
use super::lines::{LineRow, Lines};
use super::refusal::Refusal;
use super::run::{RunSeen, RunState};
use super::state::Console;
use super::toast::Tone;
use crate::generation::Claim;
use crate::github::{Leg, RemoteRun, RunWithJobs};
use crate::ops::GitHubRefusal;
pub use crate::ops::remote::RemoteResult;
use crate::pipeline::Key;

/// The newest result of a line.
#[derive(Debug, Clone, Copy)]
pub enum Newest<'a> {
    /// built on this machine
    Here(&'a RunSeen),
    /// built at GitHub; its evidence, when it was brought here
    GitHub(&'a RemoteResult, Option<&'a RunSeen>),
}

impl RunSeen {
    /// Whether it is the evidence of a result at GitHub.
    pub fn is(&self, remote: &RemoteResult) -> bool {
        remote.is(self.origin.as_deref(), self.started)
    }
}

impl LineRow {
    /// The newest result, wherever the line was built. What is at work counts as newer than what is over; what somebody
    /// ended is no result, and hides no failure before it.
    pub fn newest(&self) -> Option<Newest<'_>> {
        match (&self.run, self.remote()) {
            (None, None) => None,
            (Some(run), None) => Some(Newest::Here(run)),
            (None, Some(remote)) => Some(Newest::GitHub(remote, None)),
            (Some(run), Some(remote)) if run.is(remote) => Some(Newest::GitHub(remote, Some(run))),
            (Some(run), Some(remote)) => {
                let newer = remote.newer_than(run.state.live(), run.started) && !(remote.cancelled() && run.alarming());
                let ended = run.state == RunState::Cancelled && self.runs_read && remote.outlasts(self.settled);
                Some(if newer || ended { Newest::GitHub(remote, None) } else { Newest::Here(run) })
            }
        }
    }

    /// The newest result at GitHub. A run that somebody cancelled is none, unless there is no other.
    pub fn remote(&self) -> Option<&RemoteResult> {
        self.remotes.iter().find(|remote| !remote.cancelled()).or(self.remotes.first())
    }

    /// The build here that somebody ended after the newest result, which is GitHub's.
    pub fn cancelled_since(&self) -> Option<&RunSeen> {
        let remote = self.newest_remote()?;
        self.run.as_ref().filter(|run| run.state == RunState::Cancelled && run.started > remote.began)
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

    /// Who builds it on another machine now, as the build VM's notes say; nothing where GitHub says more.
    pub fn built_elsewhere(&self) -> Option<Claim> {
        let claim = self.guest().and_then(Claim::of).filter(|_| self.claimed && self.live_run().is_none())?;
        let name = self.run.as_ref().and_then(|run| run.dir.file_name());
        let ours = name.is_some_and(|name| name.to_string_lossy() == claim.run);
        let there = self.remote().is_some_and(|remote| remote.state.live());
        (!ours && !there).then_some(claim)
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

impl Lines {
    /// The results of each line at GitHub.
    pub fn set_remotes(&mut self, of: impl Fn(&Key) -> Vec<RemoteResult>) {
        self.rows.iter_mut().for_each(|row| row.remotes = of(&row.line.key));
    }

    /// Runs of a line here, `all` or some: when the newest one began that came to an end of its own. What GitHub left and
    /// was brought here is GitHub's result.
    pub(super) fn settle(&mut self, key: &Key, runs: &[RunSeen], all: bool) {
        let own = runs.iter().filter(|run| run.origin.is_none());
        let settled = own.filter(|run| !run.state.live() && run.state != RunState::Cancelled);
        let settled = settled.map(|run| run.started).max();
        if let Some(row) = self.rows.iter_mut().find(|row| row.line.key == *key) {
            row.runs_read |= all;
            row.settled = row.settled.max(settled);
        }
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
