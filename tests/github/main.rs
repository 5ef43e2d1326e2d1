//! The pipeline on GitHub, against a server on this machine that speaks the shapes of its REST API.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod client;
mod evidence;
mod names;
mod operations;
mod schedule;
mod verbs;

use std::path::Path;

use tmpl::github::{BUILD, Client, Settings};
use tmpl::lab::github::{GitHub, Job, Run, World};
use tmpl::pipeline::Key;

/// A client of the server.
fn client(github: &GitHub) -> Client {
    client_in(github, Path::new("."))
}

/// The same, in a checkout that names things as it likes.
fn client_in(github: &GitHub, repo: &Path) -> Client {
    let environment = github.environment();
    let get = |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    Client::new(Settings::from_env(&get, repo).unwrap()).unwrap()
}

fn key(text: &str) -> Key {
    Key(text.into())
}

/// A run for one line that stands like this.
fn run(id: u64, line: &str, status: &'static str, conclusion: Option<&'static str>) -> Run {
    let job = match status {
        "pending" => "queued",
        status => status,
    };
    Run {
        id,
        workflow: BUILD,
        title: format!("build-templates {line}"),
        event: "workflow_dispatch",
        status,
        conclusion,
        created: ago(10),
        ended: conclusion.map(|_| ago(2)),
        jobs: vec![Job::build(line, job, conclusion)],
        artifacts: Vec::new(),
    }
}

/// A repository with these runs, newest first.
fn world(runs: Vec<Run>) -> World {
    World { runs, ..World::empty() }
}

fn ago(minutes: i64) -> jiff::Timestamp {
    jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes)
}
