//! A run of a workflow. Shape: `workflow-run` of GitHub's OpenAPI description.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Client, Error};
use crate::pipeline::Key;
use crate::pipeline::layout::Workflows;

/// How something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// well
    Success,
    /// it failed
    Failure,
    /// somebody or something cancelled it
    Cancelled,
    /// GitHub's own limit was reached
    TimedOut,
    /// a condition left it out
    Skipped,
    /// `neutral`, `stale`, `action_required`, `startup_failure`, or a word that came later
    Other,
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "conclusion", rename_all = "snake_case")]
pub enum State {
    /// waits for another run of its concurrency group
    Pending,
    /// waits for a runner
    Queued,
    /// at work
    Running,
    /// over
    Ended(Conclusion),
}

impl State {
    /// From GitHub's two words.
    pub(super) fn parse(status: &str, conclusion: Option<&str>) -> Self {
        match status {
            "completed" => Self::Ended(match conclusion.unwrap_or_default() {
                "success" => Conclusion::Success,
                "failure" => Conclusion::Failure,
                "cancelled" => Conclusion::Cancelled,
                "timed_out" => Conclusion::TimedOut,
                "skipped" => Conclusion::Skipped,
                _ => Conclusion::Other,
            }),
            "in_progress" => Self::Running,
            "pending" => Self::Pending,
            _ => Self::Queued,
        }
    }

    /// Whether it is not over.
    pub const fn live(self) -> bool {
        !matches!(self, Self::Ended(_))
    }

    /// Whether it is over and did not go well.
    pub const fn failed(self) -> bool {
        matches!(
            self,
            Self::Ended(Conclusion::Failure | Conclusion::TimedOut | Conclusion::Cancelled | Conclusion::Other)
        )
    }

    /// Whether a person should look at it: it failed, and nobody ended it on purpose.
    pub const fn alarming(self) -> bool {
        matches!(self, Self::Ended(Conclusion::Failure | Conclusion::TimedOut | Conclusion::Other))
    }

    /// In one sign.
    pub const fn mark(self) -> char {
        match self {
            Self::Pending | Self::Queued | Self::Running => '●',
            Self::Ended(Conclusion::Success) => '✓',
            Self::Ended(Conclusion::Cancelled | Conclusion::Skipped) => '⊘',
            Self::Ended(Conclusion::Failure | Conclusion::TimedOut | Conclusion::Other) => '✗',
        }
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "waiting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Ended(Conclusion::Success) => "succeeded",
            Self::Ended(Conclusion::Failure) => "failed",
            Self::Ended(Conclusion::Cancelled) => "cancelled",
            Self::Ended(Conclusion::TimedOut) => "timed out",
            Self::Ended(Conclusion::Skipped) => "skipped",
            Self::Ended(Conclusion::Other) => "ended",
        }
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteRun {
    /// its number in addresses
    pub id: u64,
    /// its number as shown, counted per workflow from 1; 0 while it is not known
    pub number: u64,
    /// from 1; a re-run counts up
    pub attempt: u64,
    /// e.g. `build-templates debian-12`
    pub title: String,
    /// what began it: `schedule`, `workflow_dispatch`, …
    pub event: String,
    /// the branch it runs on
    pub branch: Option<String>,
    /// the commit it runs on
    pub sha: String,
    /// how it stands
    #[serde(flatten)]
    pub state: State,
    /// when it was asked for
    pub created: Timestamp,
    /// when this attempt began
    pub started: Option<Timestamp>,
    /// when anything last happened to it
    pub updated: Timestamp,
    /// who asked for it
    pub actor: Option<String>,
    /// its page
    pub url: String,
    /// its workflow, a file name
    pub workflow: String,
    /// the line it builds alone, by its title or its workflow; `None`: it may build any
    #[serde(skip)]
    pub line: Option<Key>,
}

/// A listing, as GitHub sends it.
#[derive(Deserialize)]
pub(super) struct RunsJson {
    pub(super) workflow_runs: Vec<RunJson>,
}

#[derive(Deserialize)]
pub(super) struct RunJson {
    id: u64,
    run_number: u64,
    #[serde(default)]
    run_attempt: Option<u64>,
    #[serde(default)]
    display_title: Option<String>,
    #[serde(default)]
    name: Option<String>,
    event: String,
    head_branch: Option<String>,
    head_sha: String,
    status: Option<String>,
    conclusion: Option<String>,
    created_at: Timestamp,
    #[serde(default)]
    run_started_at: Option<Timestamp>,
    updated_at: Timestamp,
    #[serde(default)]
    actor: Option<Actor>,
    html_url: String,
    /// `.github/workflows/build.yml`, of a run of a reusable one with `@` and where that comes from
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
struct Actor {
    login: String,
}

impl RemoteRun {
    /// What it is called: `#7`; by its address while its number is not known.
    pub fn called(&self) -> String {
        if self.number == 0 { format!("run {}", self.id) } else { format!("#{}", self.number) }
    }

    pub(super) fn read(shape: RunJson, workflows: &Workflows) -> Self {
        let path = shape.path.split('@').next().unwrap_or_default();
        let workflow = path.rsplit('/').next().unwrap_or_default().to_owned();
        let title = shape.display_title.or(shape.name).unwrap_or_default();
        Self {
            line: workflows.line_of_run(&workflow, &title),
            workflow,
            title,
            id: shape.id,
            number: shape.run_number,
            attempt: shape.run_attempt.unwrap_or(1),
            event: shape.event,
            branch: shape.head_branch,
            sha: shape.head_sha,
            state: State::parse(shape.status.as_deref().unwrap_or("queued"), shape.conclusion.as_deref()),
            created: shape.created_at,
            started: shape.run_started_at,
            updated: shape.updated_at,
            actor: shape.actor.map(|actor| actor.login),
            url: shape.html_url,
        }
    }
}

fn runs_path(workflow: &str, most: u8, filter: Option<&str>) -> String {
    let filter = filter.map_or_else(String::new, |filter| format!("&{filter}"));
    format!("/actions/workflows/{workflow}/runs?per_page={}{filter}", most.clamp(1, 100))
}

impl Client {
    /// The newest runs of a workflow file, newest first; at most 100. `filter` is a further part of the query, e.g.
    /// `event=schedule`.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn runs(&self, workflow: &str, most: u8, filter: Option<&str>) -> Result<Vec<RemoteRun>, Error> {
        let page = self.get(&runs_path(workflow, most, filter), &format!("workflow {workflow}")).await?;
        Ok(self.read_runs(page))
    }

    /// The same, as heard within the last minute.
    ///
    /// # Errors
    /// [`Error`]
    pub(super) async fn runs_lately(
        &self,
        workflow: &str,
        most: u8,
        filter: Option<&str>,
    ) -> Result<Vec<RemoteRun>, Error> {
        let page = self.get_lately(&runs_path(workflow, most, filter), &format!("workflow {workflow}")).await?;
        Ok(self.read_runs(page))
    }

    fn read_runs(&self, page: RunsJson) -> Vec<RemoteRun> {
        page.workflow_runs.into_iter().map(|run| RemoteRun::read(run, self.workflows())).collect()
    }

    /// The newest runs of all workflows that build, newest first.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn runs_of_builds(&self, most: u8) -> Result<Vec<RemoteRun>, Error> {
        let builders = self.workflows().builders();
        let mut runs = Vec::new();
        for workflow in &builders {
            runs.extend(self.runs(workflow, most, None).await?);
        }
        // Of one workflow they come in their order.
        if builders.len() > 1 {
            runs.sort_by_key(|run| std::cmp::Reverse(run.created));
            runs.truncate(most.into());
        }
        Ok(runs)
    }

    /// One run.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn run(&self, id: u64) -> Result<RemoteRun, Error> {
        let shape: RunJson = self.get(&format!("/actions/runs/{id}"), &format!("run {id}")).await?;
        Ok(RemoteRun::read(shape, self.workflows()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("pending", None, State::Pending)]
    #[case("waiting", None, State::Queued)]
    #[case("requested", None, State::Queued)]
    #[case("in_progress", None, State::Running)]
    #[case("completed", Some("timed_out"), State::Ended(Conclusion::TimedOut))]
    #[case("completed", Some("startup_failure"), State::Ended(Conclusion::Other))]
    fn words_of_github(#[case] status: &str, #[case] conclusion: Option<&str>, #[case] state: State) {
        assert_eq!(State::parse(status, conclusion), state);
    }
}
