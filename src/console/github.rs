//! The pipeline on GitHub: its runs and legs on a screen of their own, and what they mean for the lines here.

mod actions;
mod look;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub use actions::Action;

use super::cursor::Cursor;
use super::effect::Effect;
use super::message::{Reply, RequestId};
use super::panes::View;
use super::state::Console;
use crate::github::{Leg, RemoteRun, RunWithJobs, State};
use crate::ops::GitHubRefusal;
pub use crate::ops::remote::Pipeline;
use crate::pipeline::Key;

/// How often GitHub is asked: at every fourth tick of the clock. What is asked is one list, and the jobs of runs at work;
/// unchanged answers cost nothing of the hourly limit.
const EVERY: SignedDuration = SignedDuration::from_millis(3500);
/// The same while GitHub does not answer.
const TROUBLED: SignedDuration = SignedDuration::from_secs(20);
/// The same while less than a quarter of the hourly limit is left: others need it, too.
const SPARING: SignedDuration = SignedDuration::from_secs(60);

/// Something to ask of GitHub.
#[derive(Debug, Clone)]
pub enum Ask {
    /// everything, as it stands
    Look(RequestId),
    /// change something there
    Change(RequestId, Action),
    /// bring the evidence of a failed leg here
    Fetch(RequestId, Box<(RemoteRun, Leg)>),
}

impl Ask {
    /// Whether it changes something at GitHub.
    pub const fn mutates(&self) -> bool {
        matches!(self, Self::Change(..))
    }
}

/// What was heard of GitHub.
#[derive(Debug, Clone)]
pub enum GitHubEvent {
    /// the repository that can be asked about, or what is missing for that
    Ready(Reply<String>),
    /// how everything stands
    Looked(RequestId, Reply<Arc<Pipeline>>),
    /// a change was made, in one line
    Done(RequestId, Reply<String>),
    /// evidence is here
    Fetched(RequestId, Reply<FetchedRun>),
}

/// Evidence that was brought here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedRun {
    /// its line
    pub key: Key,
    /// when the leg began
    pub began: Timestamp,
    /// the page of its run
    pub page: String,
    /// versions that differ from the checkout's, a line each
    pub skew: Vec<String>,
}

/// One row of the screen.
#[derive(Debug, Clone, Copy)]
pub enum Row<'a> {
    /// a run
    Run(&'a RunWithJobs),
    /// one of its legs
    Leg(&'a RunWithJobs, &'a Leg),
}

impl<'a> Row<'a> {
    /// The run it belongs to.
    pub const fn seen(&self) -> &'a RunWithJobs {
        match self {
            Self::Run(seen) | Self::Leg(seen, _) => seen,
        }
    }

    /// What it shows.
    pub const fn id(&self) -> RowId {
        match self {
            Self::Run(seen) => RowId::Run(seen.run.id),
            Self::Leg(_, leg) => RowId::Leg(leg.id),
        }
    }

    /// Its state.
    pub const fn state(&self) -> State {
        match self {
            Self::Run(seen) => seen.run.state,
            Self::Leg(_, leg) => leg.state,
        }
    }
}

/// A row of the screen by what it shows: rows above it come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowId {
    /// number of a run, as GitHub counts all of them
    Run(u64),
    /// number of a leg, likewise
    Leg(u64),
}

/// The screen's state.
#[derive(Debug, Clone, Default)]
pub struct GitHubView {
    /// `owner/name`, or why GitHub cannot be asked; `None` = not known yet
    pub repository: Option<Reply<String>>,
    /// as last heard
    pub pipeline: Option<Arc<Pipeline>>,
    /// why the last request was not answered
    pub trouble: Option<String>,
    chosen: Cursor,
    asking: Option<RequestId>,
    asked: Option<Timestamp>,
    /// at work for a person: fetching, cancelling
    errand: Option<RequestId>,
}

impl GitHubView {
    /// Runs, with the legs of those that are at work or failed.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let Some(pipeline) = &self.pipeline else { return Vec::new() };
        let mut rows = Vec::new();
        for seen in &pipeline.board.runs {
            rows.push(Row::Run(seen));
            let open = seen.run.state.live() || seen.run.state.failed();
            let worth = |leg: &&Leg| leg.key.is_some() || leg.state.failed() || leg.state == State::Running;
            rows.extend(seen.legs.iter().filter(|_| open).filter(worth).map(|leg| Row::Leg(seen, leg)));
        }
        rows
    }

    /// The chosen row.
    pub fn row(&self) -> Option<Row<'_>> {
        let rows = self.rows();
        rows.get(self.chosen.index(rows.len())).copied()
    }

    /// Index of the chosen one among so many rows.
    pub fn chosen(&self, rows: usize) -> usize {
        self.chosen.index(rows)
    }

    /// The run that builds a line, now or later.
    pub fn builds(&self, key: &Key) -> Option<&RunWithJobs> {
        self.pipeline.as_ref()?.board.builds(key)
    }

    /// Whether something a person asked for is under way.
    pub const fn busy(&self) -> bool {
        self.errand.is_some()
    }

    /// Something a person asked for is under way.
    pub(super) fn fetching(&mut self, request: RequestId) {
        self.errand = Some(request);
    }

    /// How long to wait before GitHub is asked again.
    fn pause(&self) -> SignedDuration {
        let rate = self.pipeline.as_ref().and_then(|pipeline| pipeline.board.rate);
        match (&self.trouble, rate) {
            (_, Some(rate)) if rate.remaining < rate.limit / 4 => SPARING,
            (Some(_), _) => TROUBLED,
            (None, _) => EVERY,
        }
    }

    fn usable(&self) -> Result<(), GitHubRefusal> {
        match &self.repository {
            Some(Ok(_)) => Ok(()),
            Some(Err(missing)) => Err(GitHubRefusal::Unknown(missing.to_string())),
            None => Err(GitHubRefusal::NotAnswered),
        }
    }

    /// What GitHub says.
    ///
    /// # Errors
    /// Why nothing is known.
    pub(super) fn known(&self) -> Result<&Pipeline, GitHubRefusal> {
        self.usable()?;
        match (&self.pipeline, &self.trouble) {
            (Some(pipeline), _) => Ok(pipeline),
            (None, Some(trouble)) => Err(GitHubRefusal::Unknown(trouble.clone())),
            (None, None) => Err(GitHubRefusal::NotAnswered),
        }
    }
}

impl Console {
    /// What was heard; says whether the screen may have changed.
    pub(super) fn heard(&mut self, heard: GitHubEvent, effects: &mut Vec<Effect>) -> bool {
        match heard {
            GitHubEvent::Ready(answer) => self.github.repository = Some(answer),
            GitHubEvent::Looked(request, answer) => return self.looked(request, answer),
            GitHubEvent::Done(request, answer) => return self.github_done(request, answer),
            GitHubEvent::Fetched(request, answer) => return self.fetched(request, answer, effects),
        }
        true
    }

    /// Asks at the next opportunity, whatever the pause.
    pub(super) fn look_again(&mut self) {
        self.github.asked = None;
    }

    /// Opens the view of GitHub, or goes back from it.
    pub(super) fn turn_to_github(&mut self) {
        if self.panes.view == View::GitHub {
            self.panes.view = View::Lines;
            return;
        }
        self.panes.view = View::GitHub;
        self.look_again();
    }
}
