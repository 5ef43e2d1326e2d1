//! Trouble at every call of a watch: it comes back by itself, misses no change, and never shows a live template as gone.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::ChildStdout;

use super::faults::troubles;
use super::proxy::Trouble;
use super::{BASE, KEY, Kind, World, at_once, figure, full};

/// Waits for a report of the line that is as wanted; every report on the way must know the live template.
async fn report(reports: &mut Lines<BufReader<ChildStdout>>, context: &str, wanted: impl Fn(&Value) -> bool) {
    let found = async {
        loop {
            let text = reports.next_line().await.unwrap().unwrap_or_else(|| panic!("it ended: {context}"));
            let rows: Vec<Value> = serde_json::from_str(&text).expect("a whole report");
            let row = rows.into_iter().find(|row| row["key"] == KEY).expect("the line");
            assert!(row["live"]["template"] == true, "live is said to be gone: {context}: {text}");
            if wanted(&row) {
                return;
            }
        }
    };
    let stall_timeout = std::time::Duration::from_secs(150);
    assert!(tokio::time::timeout(stall_timeout, found).await.is_ok(), "the change was never shown: {context}");
}

/// Watches with trouble at one call, through two changes; returns how many calls there were.
async fn watched(nth: usize, trouble: Trouble) -> usize {
    let context = format!("{trouble:?} at call {nth}");
    let world = World::steady(Kind::Lab).await;
    world.door.at(nth, trouble);
    let mut program = world.program(&["status", "--watch", "--json"]);
    let mut program = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut reports = BufReader::new(program.stdout.take().unwrap()).lines();
    report(&mut reports, &context, |row| row["hold"].is_null() && row["build"]["template"] == true).await;
    let notes = r#"tmpl-tui hold: {"reason":"wait","by":"op","since":"2026-01-01T00:00:00Z"}"#;
    world.govc(&["vm.change", "-vm", BASE, "-annotation", notes]).await;
    report(&mut reports, &context, |row| row["hold"]["reason"] == "wait").await;
    world.govc(&["vm.destroy", &format!("{BASE}-build")]).await;
    report(&mut reports, &context, |row| row["build"].is_null()).await;
    let calls = world.door.calls();
    kill(Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()), Signal::SIGINT).unwrap();
    let ended = program.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(130), "{context}: {said}");
    // Before it tries again it says so; what it cleans up comes first.
    let again = calls.iter().skip(nth).any(|call| !call.starts_with("Destroy"));
    if !matches!(trouble, Trouble::Expire | Trouble::Late) && again {
        assert!(said.contains("trying again"), "{context} of {calls:?}: nothing was said: {said}");
    }
    assert!(world.changes().is_empty(), "a watch changed something: {context}");
    calls.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_comes_back_from_any_trouble() {
    let calls = watched(10_000, Trouble::Garble).await;
    let mut troubles = troubles(calls);
    if full() {
        troubles.extend((1..=calls).map(|nth| (nth, Trouble::Never)));
    }
    let tried = troubles.len();
    at_once(
        12,
        troubles.into_iter().map(|(nth, trouble)| async move {
            watched(nth, trouble).await;
        }),
    )
    .await;
    figure(&format!("faults in status --watch (Lab): {tried} tried, all survived"));
}
