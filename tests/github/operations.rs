//! Operations: what the command line and the console share.

use tmpl::github::{Client, RemoteRun};
use tmpl::lab::github::{GitHub, Reply};
use tmpl::ops::{Error, Exit, GitHubRefusal, Refusal, remote};
use tmpl::paths::StateDir;
use tmpl::vcenter::gate::Mode;

use super::{client, key, run, world};

/// A state folder, and its audit log so far: verb, object and outcome of each line.
struct State(tempfile::TempDir);

impl State {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> StateDir {
        StateDir::at(self.0.path().to_owned())
    }

    fn audit(&self) -> Vec<(String, String, String)> {
        let text = std::fs::read_to_string(self.dir().audit_log()).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let word = |line: &serde_json::Value, name: &str| line[name].as_str().unwrap().to_owned();
        lines
            .map(|line| {
                assert!(line["github"].is_string() && line["vcenter"].is_null(), "{line}");
                (word(&line, "verb"), word(&line, "object"), word(&line, "outcome"))
            })
            .collect()
    }
}

/// A run at work, and who may change it.
async fn at_work() -> (State, GitHub, Client, RemoteRun) {
    let state = State::new();
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let running = client.run(9001).await.unwrap();
    (state, github, client, running)
}

#[tokio::test]
async fn a_run_is_cancelled_although_github_does_not_tell_its_legs() {
    let (state, github, client, running) = at_work().await;
    github.plan("/jobs", Reply::error(404, "Not Found"));
    assert_eq!(remote::cancel((&state.dir(), Mode::ReadWrite), &client, &running, false).await.unwrap(), []);
    let error = remote::rerun((&state.dir(), Mode::ReadWrite), &client, &running).await.unwrap_err();
    assert!(
        matches!(&error, Error::Refused(why) if matches!(**why, Refusal::GitHub(GitHubRefusal::Runs(_)))),
        "{error}"
    );
    assert_eq!((error.exit(), error.to_string()), (Exit::Refused, "run #1 is not over yet".to_owned()));
    let page = running.url.clone();
    let told = |verb: &str, outcome: &str| (verb.to_owned(), page.clone(), outcome.to_owned());
    let expected = [
        told("cancel", "started"),
        told("cancel", "done"),
        told("rerun", "started"),
        told("rerun", "failed: run #1 is not over yet"),
    ];
    assert_eq!(state.audit(), expected);
}

#[tokio::test]
async fn without_an_audit_log_nothing_begins_and_everything_can_be_stopped() {
    let state = State::new();
    std::fs::create_dir(state.dir().audit_log()).unwrap();
    let github = GitHub::start(world(vec![run(9001, "rocky-9", "in_progress", None)])).await.unwrap();
    let client = client(&github);
    let running = client.run(9001).await.unwrap();
    let refused = remote::enable_schedule((&state.dir(), Mode::ReadWrite), &client).await.unwrap_err();
    assert!(refused.exit() == Exit::Refused && refused.to_string().contains("audit.jsonl"), "{refused}");
    assert!(github.seen().iter().all(|(method, ..)| method == "GET"));
    remote::cancel((&state.dir(), Mode::ReadWrite), &client, &running, false).await.unwrap();
}

#[tokio::test]
async fn a_cancelled_run_names_the_lines_whose_vm_may_stay_behind() {
    let (state, _github, client, running) = at_work().await;
    assert_eq!(
        remote::cancel((&state.dir(), Mode::ReadWrite), &client, &running, false).await.unwrap(),
        [key("rocky-9")]
    );
}

#[tokio::test]
async fn read_only_changes_nothing_at_github() {
    let (state, github, client, running) = at_work().await;
    let refused = [
        remote::cancel((&state.dir(), Mode::asked(true)), &client, &running, true).await.map(drop),
        remote::rerun((&state.dir(), Mode::asked(true)), &client, &running).await,
        remote::enable_schedule((&state.dir(), Mode::asked(true)), &client).await,
    ];
    for answer in refused {
        assert!(matches!(answer, Err(Error::Refused(why)) if matches!(*why, Refusal::ReadOnly(_))));
    }
    assert!(github.seen().iter().all(|(method, ..)| method == "GET"));
    assert_eq!(state.audit(), []);
}

/// Whose answer is lost may have been done.
#[tokio::test]
async fn what_github_may_have_done_is_not_said_to_have_failed() {
    let (state, github, client, running) = at_work().await;
    let cut = Reply { cut: true, ..Reply::error(202, "half of it") };
    for (answer, outcome) in [
        (Reply::error(502, "Bad Gateway"), "unknown: GitHub is in trouble (502)"),
        (cut, "unknown: no answer from GitHub"),
        (Reply::error(403, "not you"), "failed: "),
    ] {
        github.plan("/cancel", answer);
        remote::cancel((&state.dir(), Mode::ReadWrite), &client, &running, false).await.unwrap_err();
        let (_, _, last) = state.audit().pop().unwrap();
        assert!(last.starts_with(outcome), "{last}");
        assert!(!last.contains("times"), "it is asked once: {last}");
    }
}

#[tokio::test]
async fn a_dispatch_that_named_its_run_is_done_although_the_run_cannot_be_looked_at() {
    let github = GitHub::start(world(vec![run(9001, "all", "completed", Some("success"))])).await.unwrap();
    (0..3).for_each(|_| github.plan("/actions/runs/9002", Reply::error(503, "Unavailable")));
    let run = client(&github).dispatch(&key("debian-12"), None).await.unwrap();
    assert_eq!((run.id, run.line.clone(), run.called()), (9002, Some(key("debian-12")), "run 9002".to_owned()));
    assert!(run.url.starts_with("http"), "{}", run.url);
}
