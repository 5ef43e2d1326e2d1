use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::text::Secret;

#[test]
fn a_tasks_name_holds_no_secret_and_turns_no_letters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("packer-build.log");
    let said = "ui:     vsphere-iso.x: TASK [login : with hunter\u{1b}[1m2-is-long and \u{202e}hunter2-is-long] ****";
    let log = "2026/03/01 02:03:04 ui: ==> vsphere-iso.x: Provisioning with Ansible...\n".to_owned();
    std::fs::write(&path, format!("{log}2026/03/01 02:03:05 {said}\n")).unwrap();
    let scrubber = Arc::new(Scrubber::new([Secret::new("PW", "hunter2-is-long")]));
    let log = LogFile::open(&path, scrubber.clone()).unwrap();
    while !log.status().caught_up {
        std::thread::yield_now();
    }
    let phase = facts(&log, &scrubber).unwrap().phase.unwrap();
    assert_eq!(phase, "provision: login : with [REDACTED:PW] and \u{fffd}[REDACTED:PW]");
}

/// A reader, and what it reports.
fn reader() -> (Reader, UnboundedReceiver<Msg>) {
    let (sender, heard) = unbounded_channel();
    let report: Report = Arc::new(move |msg| drop(sender.send(msg)));
    (Reader::new(report, Arc::default(), PathBuf::new()), heard)
}

/// Waits until a log has so many lines, and all of it was read.
async fn settled(heard: &mut UnboundedReceiver<Msg>, of: RequestId, wanted: u64) -> u64 {
    let wait = async {
        loop {
            if let Msg::LogGrew { request, answer: Ok(facts) } = heard.recv().await.unwrap()
                && request == of
                && facts.settled
                && facts.lines == wanted
            {
                return facts.generation;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap()
}

fn written(folder: &Path, name: &str, lines: &[&str]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, lines.iter().map(|line| format!("2026/03/01 02:03:04 ui: {line}\n")).collect::<String>())
        .unwrap();
    path
}

async fn texts(reader: &Reader) -> Vec<String> {
    reader.rows(0, 10).await.unwrap().1.iter().map(|row| row.text.to_string()).collect()
}

#[tokio::test]
async fn whoever_turns_to_a_log_and_back_finds_it_open() {
    let folder = tempfile::tempdir().unwrap();
    let (mut reader, mut heard) = reader();
    let a = written(folder.path(), "a.log", &["one", "two"]);
    let b = written(folder.path(), "b.log", &["three"]);
    reader.open(RequestId(1), a.clone());
    settled(&mut heard, RequestId(1), 2).await;
    let before = reader.current().unwrap();
    reader.open(RequestId(2), b);
    assert!(reader.current().is_err(), "nothing of another log is shown");
    settled(&mut heard, RequestId(2), 1).await;
    assert_eq!(texts(&reader).await, ["three"]);
    reader.open(RequestId(3), a);
    // At once: nobody had a turn that could have opened it.
    assert!(Arc::ptr_eq(&before, &reader.current().unwrap()));
    assert_eq!(texts(&reader).await, ["one", "two"]);
    settled(&mut heard, RequestId(3), 2).await;
}

#[tokio::test]
async fn no_more_logs_stay_open_than_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (mut reader, mut heard) = reader();
    let mut logs = Vec::new();
    for number in 0..=KEPT as u64 + 1 {
        reader.open(RequestId(number), written(folder.path(), &format!("{number}.log"), &["line"]));
        settled(&mut heard, RequestId(number), 1).await;
        logs.push(Arc::downgrade(&reader.current().unwrap()));
    }
    // The one on screen and those before it; the follower of the first one lets go of it when it is next woken.
    assert_eq!(reader.kept.len(), KEPT);
    let wait = async {
        while logs[0].upgrade().is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.unwrap();
    assert!(logs[1..].iter().all(|log| log.upgrade().is_some()));
}

#[tokio::test]
async fn a_log_that_was_replaced_while_another_was_looked_at_is_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (mut reader, mut heard) = reader();
    let a = written(folder.path(), "a.log", &["one", "two"]);
    reader.open(RequestId(1), a.clone());
    let generation = settled(&mut heard, RequestId(1), 2).await;
    reader.open(RequestId(2), written(folder.path(), "b.log", &["three"]));
    settled(&mut heard, RequestId(2), 1).await;
    std::fs::rename(written(folder.path(), "new.log", &["new one", "new two", "new three"]), &a).unwrap();
    reader.open(RequestId(3), a);
    let now = settled(&mut heard, RequestId(3), 3).await;
    assert!(now > generation, "line numbers start anew");
    assert_eq!(texts(&reader).await, ["new one", "new two", "new three"]);
}
