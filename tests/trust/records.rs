//! Files of ours that are not as we wrote them.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use super::console::{console, ready};
use super::terminal::run_on_record;
use super::{KEY, Kind, World, figure};

fn state(world: &World) -> PathBuf {
    world.home.path().join(".local/state/tmpl-tui")
}

/// What a record may have become: by a full disk of old, a crash of the machine, a newer version, a person.
const ODD: [(&str, &str); 7] = [
    ("", "is empty"),
    ("\n", "is empty"),
    ("{\"key\":\"debian-12\",\"base_na", "is not a run's record"),
    ("{\"version\":9,\"lines\":[]}", "was written by a newer tmpl-tui"),
    ("[]", "is not a run's record"),
    ("\u{0}\u{0}\u{0}\u{0}", "is not a run's record"),
    ("null", "is not a run's record"),
];

/// A world with a run that can be read, and a newer record of this text.
async fn with_record(text: &str) -> World {
    let world = World::steady(Kind::Lab).await;
    run_on_record(&world, "failed");
    let odd = state(&world).join("runs").join(KEY).join("20260302T000000.000Z");
    std::fs::create_dir_all(&odd).unwrap();
    std::fs::write(odd.join("run.json"), text).unwrap();
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_stops_nothing_and_is_said() {
    for (text, reason) in ODD {
        let world = with_record(text).await;
        for (verb, exit) in [
            (&["log", KEY][..], 0),
            (&["triage", KEY], 0),
            (&["hold", KEY, "--reason", "x"], 0),
            (&["release", KEY], 0),
            (&["rollback", KEY, "--reason", "x", "--dry-run"], 0),
            (&["sweep", KEY, "--dry-run"], 0),
            (&["promote", KEY], 0),
        ] {
            let ended = world.run(verb).await;
            assert_eq!(ended.exit, exit, "{verb:?} with {text:?}: {}", ended.err);
            let said = ended.err.lines().filter(|line| line.contains(reason) && line.contains("rm -r")).count();
            assert_eq!(said, 1, "{verb:?} with {text:?}: {}", ended.err);
        }
    }
    figure(&format!("records empty, torn, of the future: {} kinds, 7 verbs each went on and said so", ODD.len()));
}

/// The console opens beside them, says each once and what to do, and goes through the runs that can be read.
#[tokio::test(flavor = "multi_thread")]
async fn the_console_says_once_which_record_it_cannot_read() {
    for (text, reason) in ODD {
        let world = with_record(text).await;
        let mut console = ready(&world, console(&world));
        console.wait_for("rm -r");
        // A look at the records a second: none of them says it again.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let screen = console.screen();
        assert_eq!(screen.matches("rm -r").count(), 1, "{text:?}:\n{screen}");
        let flat = screen.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(reason), "{text:?} {reason}:\n{screen}");
        console.keys("[]]?");
        console.wait_for("type to search");
        console.keys("\x1b");
        console.wait_gone("type to search");
        console.keys("q");
        assert_eq!(console.exit(), 0, "{text:?}");
        assert!(world.changes().is_empty());
    }
    figure(&format!(
        "records that cannot be read: {} kinds, the console opened beside them and said it once",
        ODD.len()
    ));
}

/// Whoever is at work has the lock, whatever became of its record.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_at_work_whose_record_is_torn_is_still_a_build() {
    let world = World::steady(Kind::Lab).await;
    let dir = state(&world).join("runs").join(KEY);
    std::fs::create_dir_all(dir.join("20260302T000000.000Z")).unwrap();
    std::fs::write(dir.join("20260302T000000.000Z/run.json"), "").unwrap();
    let lock = tmpl::fs::FileLock::take(&dir.join("lock")).unwrap().expect("nobody else");
    let refused = world.run(&["promote", KEY]).await;
    assert!(refused.exit != 0 && refused.err.contains("it is being built"), "{} {}", refused.exit, refused.err);
    assert!(world.changes().is_empty());
    drop(lock);
    world.run(&["promote", KEY]).await.is(0, "is empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_log_that_is_no_file_refuses_and_waits_for_nobody() {
    let world = World::steady(Kind::Lab).await;
    std::fs::create_dir_all(state(&world)).unwrap();
    let audit = state(&world).join("audit.jsonl");
    nix::unistd::mkfifo(&audit, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(180), world.run(&["promote", KEY])).await.expect("it ends");
    ended.is(3, "is no regular file");
    assert!(ended.err.contains(&audit.display().to_string()), "{}", ended.err);
    assert!(world.changes().is_empty());
    figure("a pipe as audit log: refused by name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_folder_that_others_may_write_is_refused() {
    for mode in [0o777, 0o775, 0o702] {
        let world = World::steady(Kind::Lab).await;
        std::fs::create_dir_all(state(&world)).unwrap();
        std::fs::set_permissions(state(&world), std::fs::Permissions::from_mode(mode)).unwrap();
        world.run(&["promote", KEY]).await.is(2, "chmod go-w");
        assert!(world.changes().is_empty());
        std::fs::set_permissions(state(&world), std::fs::Permissions::from_mode(0o700)).unwrap();
        world.run(&["promote", KEY]).await.is(0, "");
    }
    figure("a state folder that others may write: 3 modes refused");
}

/// A file where a folder should be is named, as is whatever else keeps us from writing.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_is_named() {
    let world = World::steady(Kind::Lab).await;
    std::fs::create_dir_all(world.home.path().join(".local/state")).unwrap();
    std::fs::write(state(&world), "").unwrap();
    let refused = world.run(&["promote", KEY]).await;
    assert!(
        refused.exit != 0 && refused.err.lines().all(|line| line.contains("tmpl-tui/") || line.contains("/tmpl-tui")),
        "{}",
        refused.err
    );
    assert!(world.changes().is_empty());
}
