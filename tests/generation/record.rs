//! What is left on disk: the audit log and the program's own log.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use super::{KEY, Kind, World};

fn state(world: &World) -> PathBuf {
    world.home.path().join(".local/state/tmpl-tui")
}

fn audit(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(state(world).join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_recorded_before_and_after() {
    let world = World::steady(Kind::Vcsim).await;
    let before = world.names().await;
    world.run(&["promote", KEY]).await.is(0, "");
    let lines = audit(&world);
    let calls: Vec<_> = lines.iter().map(|line| (&line["call"], &line["object"], &line["outcome"])).collect();
    // What follows the rename of live without delay is on record before it.
    let steps = [
        ("ReconfigVM_Task", "-prev", "started"),
        ("ReconfigVM_Task", "-prev", "done"),
        ("Rename_Task", "-prev", "started"),
        ("Rename_Task", "-prev", "done"),
        ("Rename_Task", "-build", "started"),
        ("Rename_Task", "", "started"),
        ("Rename_Task", "", "done"),
        ("Rename_Task", "-build", "done"),
        ("Destroy_Task", "-prev", "started"),
        ("Destroy_Task", "-prev", "done"),
    ];
    let expected = steps
        .map(|(call, suffix, outcome)| (Value::from(call), Value::from(before[suffix].clone()), Value::from(outcome)));
    let expected: Vec<_> = expected.iter().map(|(call, id, outcome)| (call, id, outcome)).collect();
    assert_eq!(calls, expected);
    for line in &lines {
        assert_eq!((&line["verb"], &line["account"]), (&"promote".into(), &world.account.0.clone().into()));
        assert!(line["who"].as_str().unwrap().contains('@') && line["vcenter"].as_str().unwrap().contains(':'));
    }
    let mode = std::fs::metadata(state(&world).join("audit.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_nothing_is_changed() {
    let world = World::steady(Kind::Lab).await;
    std::fs::create_dir_all(state(&world).join("audit.jsonl")).unwrap();
    world.run(&["promote", KEY]).await.is(3, "audit.jsonl cannot be written");
    assert!(world.changes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_write_at_once_keep_their_lines_apart() {
    let world = World::steady(Kind::Lab).await;
    let holds: Vec<_> = (0..4).map(|_| world.run(&["hold", KEY, "--reason", "x"])).collect();
    let mut done = 0;
    for ended in futures_util::future::join_all(holds).await {
        assert!(matches!(ended.exit, 0 | 3), "{} {}", ended.exit, ended.err);
        done += usize::from(ended.exit == 0);
    }
    assert!(done >= 1);
    assert!(audit(&world).len() >= 2 * done);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_in_any_file_however_much_is_logged() {
    let world = World::steady(Kind::Lab).await;
    for arguments in [&["status"][..], &["hold", KEY, "--reason", "x"], &["release", KEY], &["promote", KEY]] {
        let mut program = world.program(arguments);
        let output = program.env("TMPL_LOG", "trace").env("RUST_LOG", "trace").output().await.unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(!String::from_utf8(output.stderr).unwrap().contains("INFO"), "the log is not for the terminal");
    }
    let mut program = world.program(&["status"]);
    let output = program.env("PKR_VAR_vsphere_password", "not-the-password").output().await.unwrap();
    assert_eq!(output.status.code(), Some(2));

    let mut files = BTreeSet::new();
    let mut folders = vec![state(&world)];
    while let Some(folder) = folders.pop() {
        assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path);
            }
        }
    }
    assert!(files.iter().any(|path| path.extension().is_some_and(|end| end == "log")), "{files:?}");
    let mut all = String::new();
    for path in &files {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{path:?}");
        all.push_str(&std::fs::read_to_string(path).unwrap());
    }
    for verb in ["status", "hold", "release", "promote"] {
        assert!(all.contains(&format!("verb=\"{verb}\"")), "{verb} is not in the log");
    }
    assert!(all.contains("Rename_Task"), "changes are in the log");
    for secret in [world.account.1.as_str(), "not-the-password", "vmware_soap_session"] {
        assert!(!all.contains(secret), "{secret} is in the state folder");
    }
}
