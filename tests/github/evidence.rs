//! What a failed leg left: fetched, unpacked, kept as a run, judged like a local one.

use std::path::Path;
use std::time::Duration;

use assert_fs::TempDir;
use tmpl::github::artifact::MAX_ARTIFACT_BYTES;
use tmpl::github::{Client, Error, Leg, RemoteRun};
use tmpl::lab::github::{GitHub, Reply, World, archive};
use tmpl::packer_run;
use tmpl::paths::StateDir;
use tmpl::pipeline::{Line, Matrix};
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::judge;

use super::{client, run, world};

const LINE: &str = "windows-server-2022";

fn line() -> Line {
    Matrix::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().line(LINE).unwrap().clone()
}

/// A run whose leg failed and left these artifacts.
async fn failed(artifacts: Vec<(String, Vec<u8>)>) -> GitHub {
    let mut run = run(9001, LINE, "completed", Some("failure"));
    run.artifacts = artifacts;
    GitHub::start(world(vec![run])).await.unwrap()
}

async fn newest(client: &Client) -> (RemoteRun, Leg) {
    let board = client.board(1).await.unwrap();
    (board.runs[0].run.clone(), board.runs[0].legs[0].clone())
}

async fn fetched(client: &Client, home: &TempDir) -> Result<packer_run::Run, Error> {
    let (run, leg) = newest(client).await;
    client.evidence(&run, &leg, &line(), &StateDir::at(home.path()), &|_| {}).await
}

fn left_over(home: &TempDir) -> usize {
    std::fs::read_dir(home.path().join("runs").join(LINE)).map_or(0, Iterator::count)
}

#[tokio::test]
async fn the_artifact_opens_as_a_run_and_its_verdict_is_that_of_the_log() {
    let github = GitHub::start(World::demo(&[LINE.into(), "debian-12".into()], LINE)).await.unwrap();
    let client = client(&github);
    let home = TempDir::new().unwrap();
    let kept = fetched(&client, &home).await.unwrap();
    assert_eq!(kept.state, packer_run::RunState::Failed { exit: None });
    assert_eq!(kept.packer_version, "1.16.0");
    assert!(kept.reason.as_deref().unwrap().contains("run #87 failed, step Build and promote"), "{kept:?}");
    assert!(kept.origin.as_deref().unwrap().ends_with("/actions/runs/9087"));
    let latest = packer_run::latest(&StateDir::at(home.path()), &line().key).unwrap().unwrap();
    assert_eq!((latest.dir, latest.log.exists()), (kept.dir.clone(), true));
    let verdict = |path: &Path| {
        let log = std::io::BufReader::new(std::fs::File::open(path).unwrap());
        judge(log, &Rules::for_repo(Path::new(".")).unwrap(), &Scrubber::of_process(), None).unwrap()
    };
    let local = verdict(Path::new("tests/logs/24-windows-ansible-task-failed/packer-build.log"));
    assert_eq!(verdict(&kept.log), local);
    assert_eq!(local.class, "ansible_task_failed");
    let asked = github.seen().len();
    fetched(&client, &home).await.unwrap();
    assert!(github.seen()[asked..].iter().all(|(_, path, _)| !path.contains("artifacts")), "it is here already");
}

#[tokio::test]
async fn an_artifact_whose_log_is_gone_is_fetched_again() {
    let log = archive(&[("packer-build.log", b"log")]);
    let github = failed(vec![(format!("{LINE}-build-debug-log"), log)]).await;
    let (client, home) = (client(&github), TempDir::new().unwrap());
    let first = fetched(&client, &home).await.unwrap();
    std::fs::remove_file(&first.log).unwrap();
    let again = fetched(&client, &home).await.unwrap();
    assert_eq!((again.dir, std::fs::read_to_string(again.log).unwrap().as_str()), (first.dir, "log"));
    assert_eq!(left_over(&home), 1);
}

#[tokio::test]
async fn a_transfer_that_breaks_off_is_begun_anew_and_one_that_stays_broken_leaves_nothing() {
    let log = archive(&[("packer-build.log", b"log")]);
    let github = failed(vec![(format!("{LINE}-build-debug-log"), log.clone())]).await;
    let client = client(&github);
    let home = TempDir::new().unwrap();
    let half = Reply { body: log[..20].to_vec(), cut: true, ..Reply::error(200, "") };
    (0..3).for_each(|_| github.plan("/blob/", half.clone()));
    let error = fetched(&client, &home).await.unwrap_err();
    assert!(matches!(&error, Error::Network { .. }), "{error}");
    assert!(!error.to_string().contains("/blob/"), "the store's address is a credential: {error}");
    assert_eq!(left_over(&home), 0);
    github.plan("/blob/", half);
    github.plan("/blob/", Reply { delay: Duration::from_millis(300), body: log, ..Reply::error(200, "") });
    assert_eq!(std::fs::read_to_string(fetched(&client, &home).await.unwrap().log).unwrap(), "log");
}

#[tokio::test]
async fn what_cannot_be_opened_is_said_and_leaves_nothing() {
    let whole = archive(&[("packer-build.log", b"log")]);
    let cases = [
        (b"<html>".to_vec(), "no whole zip file"),
        (whole[..whole.len() - 9].to_vec(), "no whole zip file"),
        (archive(&[("../../packer-build.log", b"evil")]), "leads out of it"),
        (archive(&[("notes.txt", b"hello")]), "holds no log"),
    ];
    for (zip, said) in cases {
        let github = failed(vec![(format!("{LINE}-build-debug-log"), zip)]).await;
        let home = TempDir::new().unwrap();
        let error = fetched(&client(&github), &home).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
        assert_eq!(left_over(&home), 0, "{said}");
    }
}

#[tokio::test]
async fn an_artifact_that_is_gone_missing_or_huge_is_not_fetched() {
    let github = failed(Vec::new()).await;
    let client = client(&github);
    let home = TempDir::new().unwrap();
    let error = fetched(&client, &home).await.unwrap_err().to_string();
    assert!(error.contains("run #1 has no windows-server-2022-build-debug-log"), "{error}");
    for (expired, size, said) in
        [(true, 9, "GitHub has deleted"), (false, MAX_ARTIFACT_BYTES + 1, "larger than 1024 MiB")]
    {
        let artifact = serde_json::json!({"id": 1, "name": format!("{LINE}-build-debug-log"), "size_in_bytes": size,
            "expired": expired, "created_at": "2026-03-14T03:12:00Z"});
        let body = serde_json::json!({"total_count": 1, "artifacts": [artifact]}).to_string().into_bytes();
        github.plan("/artifacts", Reply { body, ..Reply::error(200, "") });
        let error = fetched(&client, &home).await.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    assert!(github.seen().iter().all(|(_, path, _)| !path.contains("/blob/")));
}

#[tokio::test]
async fn a_leg_at_work_has_no_log_yet() {
    let github = GitHub::start(world(vec![run(9001, LINE, "in_progress", None)])).await.unwrap();
    let error = fetched(&client(&github), &TempDir::new().unwrap()).await.unwrap_err();
    assert!(matches!(&error, Error::Refused(why) if why.to_string().contains("still running")), "{error}");
}
