//! What was heard of GitHub and need not be sent, or asked for, again.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::HeaderValue;

use super::client::locked;
use super::{Leg, RemoteRun, RunWithJobs};

/// Responses kept for conditional requests, and their bytes.
const MAX_RESPONSES: usize = 200;
const MAX_BYTES: usize = 32 << 20;
/// How long an answer counts as of now, of what rarely changes by itself.
const LATELY: Duration = Duration::from_secs(60);

/// What was heard.
#[derive(Default)]
pub(super) struct Known {
    /// by path
    answers: Mutex<HashMap<String, Answer>>,
    /// the jobs of runs that are over, by the run's number
    legs: Mutex<HashMap<u64, LegsOfRun>>,
}

/// An answer that holds until GitHub says otherwise.
#[derive(Clone)]
pub(super) struct Answer {
    pub tag: HeaderValue,
    pub body: Bytes,
    /// when GitHub last said so; `None` after anything was changed there
    heard: Option<Instant>,
}

/// The jobs of a run that is over: they change with it alone.
struct LegsOfRun {
    attempt: u64,
    updated: Timestamp,
    legs: Vec<Leg>,
}

impl Known {
    /// What a path was answered with.
    pub fn answer(&self, path: &str) -> Option<Answer> {
        locked(&self.answers).get(path).cloned()
    }

    /// The same, when that was within the last minute and nothing was changed since.
    pub fn lately(&self, path: &str) -> Option<Bytes> {
        let lately = |answer: &Answer| answer.heard.is_some_and(|heard| heard.elapsed() < LATELY);
        self.answer(path).filter(lately).map(|answer| answer.body)
    }

    /// Keeps an answer, or that it still holds.
    pub fn keep(&self, path: &str, tag: HeaderValue, body: Bytes) {
        let mut answers = locked(&self.answers);
        let bytes: usize = answers.values().map(|known| known.body.len()).sum();
        if answers.len() >= MAX_RESPONSES || bytes + body.len() > MAX_BYTES {
            answers.clear();
        }
        answers.insert(path.to_owned(), Answer { tag, body, heard: Some(Instant::now()) });
    }

    /// Something may have been changed: nothing is as of now any more.
    pub fn doubt(&self) {
        locked(&self.answers).values_mut().for_each(|known| known.heard = None);
    }

    /// The jobs of a run, where both are over.
    pub fn legs(&self, run: &RemoteRun) -> Option<Vec<Leg>> {
        let known = locked(&self.legs);
        let same =
            |known: &&LegsOfRun| !run.state.live() && known.attempt == run.attempt && known.updated == run.updated;
        known.get(&run.id).filter(same).map(|known| known.legs.clone())
    }

    /// Keeps the jobs of runs that are over, and forgets those of runs that are not listed any more.
    pub fn keep_legs(&self, runs: &[RunWithJobs]) {
        let mut known = locked(&self.legs);
        known.retain(|id, _| runs.iter().any(|seen| seen.run.id == *id));
        for RunWithJobs { run, legs } in runs {
            // GitHub may say that a run is over before it says so of its last job.
            if !run.state.live() && !legs.is_empty() && legs.iter().all(|leg| !leg.state.live()) {
                let (attempt, updated) = (run.attempt, run.updated);
                known.insert(run.id, LegsOfRun { attempt, updated, legs: legs.clone() });
            }
        }
    }
}
