//! The jobs of a run. The job of one line is a leg. Shape: `job` of GitHub's OpenAPI description.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Client, Conclusion, Error, RemoteRun, State};
use crate::pipeline::Key;
use crate::pipeline::layout::WorkflowTable;

/// Jobs on a page, and pages that are read of one run.
const PER_PAGE: usize = 100;
const MAX_PAGES: usize = 10;

/// One job of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// its number in addresses
    pub id: u64,
    /// e.g. `build (debian-12)`
    pub name: String,
    /// the line it builds; jobs that build none (`plan`, `alert`) have none
    pub key: Option<Key>,
    /// how it stands
    #[serde(flatten)]
    pub state: State,
    /// the step at work, or the one that failed
    pub step: Option<String>,
    /// when it was put into the queue
    pub created: Timestamp,
    /// when a runner took it
    pub started: Option<Timestamp>,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// the runner; on ARC that is the pod's name
    pub runner: Option<String>,
    /// what it asks of a runner; the scale set's name on ARC
    pub labels: Vec<String>,
    /// its page
    pub url: String,
}

impl Leg {
    /// How long it waited for a runner, or has been waiting.
    pub fn queued(&self, now: Timestamp) -> SignedDuration {
        self.started.unwrap_or(now).duration_since(self.created).max(SignedDuration::ZERO)
    }

    /// How long it has been at work, or was.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        Some(self.ended.unwrap_or(now).duration_since(self.started?).max(SignedDuration::ZERO))
    }
}

/// A listing, as GitHub sends it.
#[derive(Deserialize)]
pub(super) struct JobsJson {
    pub(super) jobs: Vec<JobJson>,
}

#[derive(Deserialize)]
pub(super) struct JobJson {
    id: u64,
    name: String,
    status: String,
    conclusion: Option<String>,
    #[serde(default)]
    created_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
    #[serde(default)]
    steps: Vec<Step>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    runner_name: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct Step {
    name: String,
    status: String,
    conclusion: Option<String>,
}

/// The line of a job as the documented workflow names it.
fn key(name: &str) -> Option<Key> {
    WorkflowTable::default().line_of_job(name)
}

fn step(steps: &[Step], state: State) -> Option<String> {
    let found = match state {
        // What it was allowed to fail of is nothing to look at.
        State::Ended(Conclusion::Success) => None,
        State::Ended(_) => {
            steps.iter().find(|step| matches!(step.conclusion.as_deref(), Some("failure" | "cancelled" | "timed_out")))
        }
        _ => steps.iter().find(|step| step.status == "in_progress"),
    };
    found.map(|step| step.name.clone())
}

impl From<JobJson> for Leg {
    fn from(shape: JobJson) -> Self {
        let state = State::parse(&shape.status, shape.conclusion.as_deref());
        // GitHub writes the time of queueing into `started_at` as long as there is no runner.
        let taken = !matches!(state, State::Queued | State::Pending);
        let started = shape.started_at.filter(|_| taken);
        Self {
            id: shape.id,
            key: key(&shape.name),
            name: shape.name,
            state,
            step: step(&shape.steps, state),
            created: shape.created_at.or(shape.started_at).unwrap_or(Timestamp::UNIX_EPOCH),
            started,
            ended: shape.completed_at,
            runner: shape.runner_name.filter(|name| !name.is_empty()),
            labels: shape.labels,
            url: shape.html_url.unwrap_or_default(),
        }
    }
}

impl Client {
    /// The jobs of a run's newest attempt.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn legs(&self, run: &RemoteRun) -> Result<Vec<Leg>, Error> {
        let (mut legs, what): (Vec<Leg>, _) = (Vec::new(), format!("run {}", run.id));
        for page in 1..=MAX_PAGES {
            let path = format!("/actions/runs/{}/jobs?filter=latest&per_page={PER_PAGE}&page={page}", run.id);
            let page: JobsJson = self.get(&path, &what).await?;
            let last = page.jobs.len() < PER_PAGE;
            legs.extend(page.jobs.into_iter().map(Into::into));
            if last {
                let workflows = self.workflows();
                legs.iter_mut().for_each(|leg| leg.key = workflows.line_of_job(&run.workflow, &leg.name));
                return Ok(legs);
            }
        }
        // A line that is not seen would read as one that nobody builds.
        let reason = format!("{} jobs and more; GitHub makes 256 of a matrix", legs.len());
        Err(Error::Shape { what, reason })
    }
}
