//! The recent runs with their legs, at one moment; and what follows from them for a line.

use jiff::Timestamp;
use serde::Serialize;

use super::{Client, Error, Leg, Rate, Refusal, RemoteRun, State};
use crate::pipeline::Key;

/// Newest runs whose legs are read although they are over; once for each.
const MAX_OVER_WITH_JOBS: usize = 8;

/// A run and its jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunWithJobs {
    /// the run
    #[serde(flatten)]
    pub run: RemoteRun,
    /// its jobs; empty when they were not asked for
    pub legs: Vec<Leg>,
}

impl RunWithJobs {
    /// Whether it builds the line, now or later. Before its plan is made, a run of all lines may build any.
    pub fn builds(&self, key: &Key) -> bool {
        if !self.run.state.live() || self.run.line.as_ref().is_some_and(|line| line != key) {
            return false;
        }
        match self.legs.iter().find(|leg| leg.key.as_ref() == Some(key)) {
            Some(leg) => leg.state.live(),
            None => self.legs.iter().all(|leg| leg.key.is_none()),
        }
    }

    /// The legs that build lines.
    pub fn lines(&self) -> impl Iterator<Item = (&Key, &Leg)> {
        self.legs.iter().filter_map(|leg| Some((leg.key.as_ref()?, leg)))
    }
}

/// Everything of the build workflow at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Board {
    /// newest first
    pub runs: Vec<RunWithJobs>,
    /// what is left of the limit after asking
    pub rate: Option<Rate>,
    /// when it was asked for
    pub at: Timestamp,
}

impl Board {
    /// The run that builds the line, now or later.
    pub fn builds(&self, key: &Key) -> Option<&RunWithJobs> {
        self.runs.iter().find(|seen| seen.builds(key))
    }

    /// The run that waits for another one to end. The group keeps one running and one waiting run; a third one takes
    /// the place of the waiting one without a word.
    pub fn waiting(&self) -> Option<&RemoteRun> {
        self.waiting_of(|_| true)
    }

    fn waiting_of(&self, meant: impl Fn(&RemoteRun) -> bool) -> Option<&RemoteRun> {
        let live = || self.runs.iter().map(|seen| &seen.run).filter(|run| run.state.live());
        // Each workflow is a group.
        let several = |run: &RemoteRun| live().filter(|other| other.workflow == run.workflow).count() > 1;
        let waits = |run: &RemoteRun| run.state == State::Pending || (run.state == State::Queued && several(run));
        live().find(|run| meant(run) && waits(run))
    }

    /// Checks that one more run may be queued in the concurrency group.
    ///
    /// # Errors
    /// [`Refusal::Waiting`] naming the run that would be dropped.
    pub fn check_queue(&self) -> Result<(), Refusal> {
        self.waiting().map_or(Ok(()), |run| Err(waits(run)))
    }

    /// Checks that a run for `key` may be dispatched now, of that workflow.
    ///
    /// # Errors
    /// [`Refusal`] naming the run that is in the way.
    pub fn check_dispatch(&self, key: &Key, workflow: &str) -> Result<(), Refusal> {
        if let Some(RunWithJobs { run, .. }) = self.builds(key) {
            return Err(Refusal::BuiltAlready { key: key.clone(), number: run.number, url: run.url.clone() });
        }
        self.waiting_of(|run| run.workflow == workflow).map_or(Ok(()), |run| Err(waits(run)))
    }
}

fn waits(run: &RemoteRun) -> Refusal {
    Refusal::Waiting { number: run.number, title: run.title.clone(), url: run.url.clone() }
}

impl Client {
    /// The newest `most` runs, with the legs of those that matter.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn board(&self, most: u8) -> Result<Board, Error> {
        let mut runs = Vec::new();
        for (index, run) in self.runs_of_builds(most).await?.into_iter().enumerate() {
            let wanted = run.state.live() || index < MAX_OVER_WITH_JOBS;
            let known = self.known().legs(&run);
            let legs = match known {
                Some(legs) => legs,
                None if wanted => self.legs(&run).await?,
                None => Vec::new(),
            };
            runs.push(RunWithJobs { run, legs });
        }
        self.known().keep_legs(&runs);
        Ok(Board { runs, rate: self.rate(), at: Timestamp::now() })
    }
}
