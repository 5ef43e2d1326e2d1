//! Starting a run for one line, without pushing another one out of the queue.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::client::parse_json;
use super::{Board, Client, Error, RemoteRun, State};
use crate::pipeline::Key;

/// How long a dispatched run may take to be listed, where GitHub does not name it in its response.
const APPEAR_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_secs(2);

#[derive(Serialize)]
struct DispatchBody<'a> {
    r#ref: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    inputs: BTreeMap<&'a str, &'a str>,
    /// since 2026 GitHub then answers with the run; older servers answer 204 and say nothing
    return_run_details: bool,
}

#[derive(Deserialize)]
struct DispatchedRunJson {
    workflow_run_id: u64,
    #[serde(default)]
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct RepositoryJson {
    default_branch: String,
}

impl Client {
    /// Dispatches a build of `key` on `branch` (the default one when `None`) and returns its run.
    ///
    /// # Errors
    /// [`Error::Refused`] before anything is asked for; [`Error::Shape`] when the run does not appear, which does not
    /// mean that there is none.
    pub async fn dispatch(&self, key: &Key, branch: Option<&str>) -> Result<RemoteRun, Error> {
        let before = self.board(30).await?;
        let named = self.workflows().of(key);
        let workflow = named.build_file();
        before.check_dispatch(key, workflow)?;
        let branch = match branch {
            Some(branch) => branch.to_owned(),
            None => self.get::<RepositoryJson>("", "repository").await?.default_branch,
        };
        let asked = Timestamp::now();
        // One without such an input builds one line, whatever it is told.
        let inputs = named.input().map(|input| (input, key.0.as_str())).into_iter().collect();
        let dispatch = DispatchBody { r#ref: &branch, inputs, return_run_details: true };
        let path = format!("/actions/workflows/{workflow}/dispatches");
        let body = self.post(&path, &dispatch, &format!("a dispatch of {workflow}")).await?;
        match body {
            Some(body) => {
                let details: DispatchedRunJson = parse_json(&body, "the dispatch")?;
                let named = self.dispatched(key, branch, asked, &details);
                // It is there, whether or not it can be looked at.
                Ok(self.run(named.id).await.unwrap_or(named))
            }
            None => self.wait_for_run(key, &before, asked).await,
        }
    }

    /// What is known of a run from the answer to its dispatch alone; its number is not.
    fn dispatched(&self, key: &Key, branch: String, asked: Timestamp, details: &DispatchedRunJson) -> RemoteRun {
        let named = self.workflows().of(key);
        let DispatchedRunJson { workflow_run_id: id, html_url } = details;
        RemoteRun {
            id: *id,
            number: 0,
            attempt: 1,
            title: format!(
                "{} {key}",
                named.build_file().rsplit_once('.').map_or(named.build_file(), |(stem, _)| stem)
            ),
            event: "workflow_dispatch".into(),
            branch: Some(branch),
            sha: String::new(),
            state: State::Queued,
            created: asked,
            started: None,
            updated: asked,
            actor: None,
            url: html_url.clone().unwrap_or_else(|| format!("run {id}")),
            workflow: named.build_file().to_owned(),
            line: Some(key.clone()),
        }
    }

    /// The run that was not there before and carries the line in its title.
    async fn wait_for_run(&self, key: &Key, before: &Board, asked: Timestamp) -> Result<RemoteRun, Error> {
        // Clocks differ.
        let earliest = asked - SignedDuration::from_mins(5);
        let deadline = tokio::time::Instant::now() + APPEAR_TIMEOUT;
        while tokio::time::Instant::now() < deadline {
            let workflow = self.workflows().of(key).build_file();
            let runs = self.runs(workflow, 10, Some("event=workflow_dispatch")).await?;
            let new =
                |run: &RemoteRun| !before.runs.iter().any(|known| known.run.id == run.id) && run.created > earliest;
            if let Some(run) = runs.into_iter().find(|run| new(run) && run.line.as_ref() == Some(key)) {
                return Ok(run);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        let reason =
            format!("no run of {key} appeared within {} s; look before dispatching again", APPEAR_TIMEOUT.as_secs());
        Err(Error::Shape { what: "the dispatch".into(), reason })
    }
}
