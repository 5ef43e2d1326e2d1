//! The smoke test before a promotion: passed, not passed, killed at every step, and what others have to do with it.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tmpl::generation::{Actor, Claim};
use tmpl::lab::{Account, Options, Seed};
use tmpl::pipeline::Key;
use tmpl::vcenter::Moid;

use super::killed::killed_after;
use super::pty::Pty;
use super::world::Ended;
use super::{BASE, KEY, Kind, Names, World};

const PROMOTE: &[&str] = &["promote", KEY, "--smoke"];
/// Seconds that pass for a guest while one passes here.
const PACE: &str = "600";
const DEAD: &str = "clone-no-boot";

/// Live, prev and a fresh build; the clone boots `guest`.
async fn with_guest(guest: &str) -> World {
    with(&["-prev", "", "-build"], guest).await
}

async fn with(templates: &[&str], guest: &str) -> World {
    let guests = [(format!("{BASE}-smoke"), guest.to_owned())].into();
    let options = Options { guests, task_scale: 0.0, speed: PACE.parse().unwrap(), ..Options::default() };
    World::with(Kind::Lab, templates, options).await
}

async fn run(world: &World, arguments: &[&str]) -> Ended {
    Ended::of(world.program(arguments).env("TMPL_SIMULATED", PACE).output().await.unwrap())
}

fn promoted(before: &Names) -> Names {
    Names::from([(String::new(), before["-build"].clone()), ("-prev".into(), before[""].clone())])
}

fn picture(world: &World) -> PathBuf {
    world.home.path().join(".local/state/tmpl-tui/smoke").join(format!("{KEY}.png"))
}

fn calls(world: &World, name: &str) -> usize {
    world.door.calls().iter().filter(|call| *call == name).count()
}

/// Waits until the clone was powered on.
fn until_on(world: &World) {
    let end = Instant::now() + Duration::from_secs(180);
    while calls(world, "PowerOnVM_Task") == 0 {
        assert!(Instant::now() < end, "{:?}", world.door.calls());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[rstest::rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_clone_comes_up_is_promoted(#[values(Kind::Vcsim, Kind::Lab)] kind: Kind) {
    let world = match kind {
        Kind::Lab => with_guest("clone").await,
        Kind::Vcsim => World::steady(kind).await,
    };
    let before = world.names().await;
    let dry = run(&world, &["promote", KEY, "--smoke", "--dry-run"]).await;
    dry.is(0, "");
    assert!(
        dry.out.starts_with(&format!("try {BASE}-smoke, a clone of {BASE}-build: boot, wait for tools")),
        "{}",
        dry.out
    );
    assert_eq!(calls(&world, "CloneVM_Task"), 0);
    // The pace of vcsim's guests is the real one: fifteen minutes may pass for a second of theirs.
    let ended = match kind {
        Kind::Lab => run(&world, PROMOTE).await,
        Kind::Vcsim => world.run(PROMOTE).await,
    };
    ended.is(0, &format!("1/6 try {BASE}-smoke"));
    assert!(
        ended.err.contains("tools run and it has the address") && ended.err.contains("6/6 destroy"),
        "{}",
        ended.err
    );
    assert_eq!(world.names().await, promoted(&before), "and no clone is left");
    assert_eq!([calls(&world, "CloneVM_Task"), calls(&world, "PowerOnVM_Task")], [1, 1]);
    assert!(std::fs::read(picture(&world)).unwrap().starts_with(b"\x89PNG"), "its picture is kept");
    let audit = std::fs::read_to_string(world.home.path().join(".local/state/tmpl-tui/audit.jsonl")).unwrap();
    let of_clone = |line: &&str| line.contains("CloneVM_Task") && line.contains(&format!("{BASE}-smoke"));
    assert_eq!(audit.lines().filter(of_clone).count(), 2, "begun and done: {audit}");
    // The clone is not one that anybody uses.
    world.run(&["rollback", KEY, "--reason", "x", "--yes"]).await.is(0, "no VM was cloned from today's live");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_whose_clone_does_not_come_up_is_refused_with_its_picture() {
    let world = with_guest(DEAD).await;
    let before = world.names().await;
    let ended = run(&world, PROMOTE).await;
    ended.is(3, "did not pass the smoke test: VMware Tools do not run, 15 min after power-on; nothing was promoted");
    let path = picture(&world);
    assert!(ended.err.contains(path.to_str().unwrap()) && path.is_file(), "{}", ended.err);
    assert_eq!(world.names().await, before);
    assert_eq!(calls(&world, "Rename_Task"), 0);
    let bare = run(&world, &["promote", KEY]).await;
    bare.is(0, "5/5");
}

/// Killed after every call up to the first rename (every third on vcsim), then again.
#[rstest::rstest]
#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_it_leaves_nothing_that_is_not_swept(#[values(Kind::Vcsim, Kind::Lab)] kind: Kind) {
    let (mut nth, mut left_over) = (1, 0);
    loop {
        let world = match kind {
            Kind::Lab => with_guest("clone").await,
            Kind::Vcsim => World::steady(kind).await,
        };
        let before = world.names().await;
        assert!(killed_after(&world, PROMOTE, nth).await, "call {nth} was never made");
        if calls(&world, "Rename_Task") > 0 {
            break;
        }
        let after = format!("{kind:?}, killed after call {nth}: {:?}", world.door.calls());
        // A vcsim of its own each time takes long.
        nth += if kind == Kind::Vcsim { 3 } else { 1 };
        let mut left = world.names().await;
        let clone = left.remove("-smoke");
        assert_eq!(left, before, "{after}");
        // Before it can do harm there is nothing that another run could meet.
        if clone.is_none() {
            continue;
        }
        left_over += 1;
        world.door.reset();
        let status = world.run(&["status", "--os", KEY]).await;
        // vcsim gives a clone its notes later than vCenter does.
        assert!(kind == Kind::Vcsim || status.out.contains(&format!("{BASE}-smoke")), "{}", status.out);
        if kind == Kind::Lab && left_over % 2 == 0 {
            // As a cancelled job on CI ends: the clone goes, the build stays.
            world.run(&["sweep", KEY, "--yes"]).await.is(0, &format!("{BASE}-smoke"));
            assert_eq!(world.names().await, before, "{after}: sweep");
        }
        let again = world.run(PROMOTE).await;
        if again.exit == 3 {
            assert!(kind == Kind::Vcsim && again.err.contains("rename or remove it"), "{after}: {}", again.err);
            world.govc(&["vm.destroy", &format!("{BASE}-smoke")]).await;
            world.run(PROMOTE).await.is(0, "6/6");
        } else {
            again.is(0, "6/6");
        }
        assert_eq!(world.names().await, promoted(&before), "{after}, again");
    }
    assert!(left_over >= 2, "only {left_over} clones were left");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_interrupts_it_ends_it_and_nothing_is_left() {
    let world = with_guest(DEAD).await;
    let before = world.names().await;
    // By the real clock it would take a quarter of an hour.
    let child = world.spawn(PROMOTE);
    tokio::task::block_in_place(|| until_on(&world));
    kill(Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()), Signal::SIGINT).unwrap();
    let ended = child.wait_with_output().await.unwrap();
    assert_eq!(ended.status.code(), Some(130));
    assert_eq!(world.names().await, before);
    assert_eq!(calls(&world, "Rename_Task"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_at_the_console_stops_it_and_nothing_is_left() {
    let world = asked_by_the_matrix(r#"{"minutes": 15}"#, DEAD, "exit 9").await;
    let before = world.names().await;
    tokio::task::block_in_place(|| {
        let mut pty = Pty::start(world.console(KEY), 140, 40);
        pty.wait_for("R rolls back to it");
        pty.keys("p");
        pty.wait_for(&format!("try {BASE}-smoke"));
        pty.wait_for("vCenter does not object");
        pty.answer("y");
        pty.wait_for("1/6 try");
        until_on(&world);
        pty.keys("x");
        pty.wait_for("Stop the smoke test");
        pty.answer("y");
        pty.wait_for("was stopped: nothing was promoted");
        pty.keys("q");
        assert_eq!(pty.exit(), 0);
    });
    assert_eq!(world.names().await, before);
    assert_eq!(calls(&world, "Rename_Task"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clone_of_another_machine_is_left_alone_while_that_is_at_work() {
    let test = |minutes: i64| {
        let seen = Timestamp::now() - SignedDuration::from_mins(minutes);
        let by = Actor("jo@elsewhere".into());
        Claim::new(Key(KEY.into()), &by, "smoke-7".into(), Moid("vm-1".into()), seen).notes_of_clone()
    };
    let world = async |notes: String| {
        let seeds = vec![
            Seed::vm(format!("{BASE}-smoke"), 0).with_notes(notes),
            Seed::template(format!("{BASE}-build"), 1),
            Seed::template(BASE, 2),
        ];
        World::in_lab(Options { seeds, task_scale: 0.0, speed: PACE.parse().unwrap(), ..Options::default() }).await
    };
    let fresh = world(test(2)).await;
    let before = fresh.names().await;
    for verb in [PROMOTE, &["sweep", KEY, "--yes"]] {
        run(&fresh, verb).await.is(3, &format!("{BASE}-smoke is being built by jo@elsewhere"));
    }
    assert_eq!((fresh.names().await, fresh.changes().len()), (before, 0));
    run(&fresh, &["sweep", KEY, "--yes", "--take-over", "that host is gone"]).await.is(0, "destroy");
    assert!(!fresh.names().await.contains_key("-smoke") && fresh.names().await.contains_key("-build"));
    // One that nobody has been heard of is removed.
    let stale = world(test(30)).await;
    run(&stale, PROMOTE).await.is(0, "tools run");

    // What no test made is not taken for one.
    let foreign = world("Jo's".into()).await;
    run(&foreign, PROMOTE).await.is(3, "has the name that the smoke test needs, and none made it");
    run(&foreign, &["sweep", KEY, "--yes"]).await.is(0, &format!("{BASE}-build"));
    assert_eq!(foreign.listed().await, ["", "-smoke"], "what nobody marked is not touched");
    let parked = World::new(Kind::Lab, &["-smoke", "", "-build"]).await;
    parked.run(PROMOTE).await.is(3, "has the name that is needed");
    parked.run(&["sweep", KEY, "--yes"]).await.is(0, "");
    assert_eq!(parked.listed().await, ["", "-smoke"], "a template is none of ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_not_clone_is_refused_before_anything_is_done() {
    let lacks = "VirtualMachine.Provisioning.DeployTemplate";
    let account = Account::new("svc-packer@lab.internal", "lab-password").without(&[lacks]);
    let options = Options { accounts: vec![account], task_scale: 0.0, ..Options::default() };
    let world = World::with(Kind::Lab, &["-prev", "", "-build"], options).await;
    world.run(PROMOTE).await.is(3, &format!("lacks {lacks}"));
    assert_eq!((calls(&world, "CloneVM_Task"), world.changes().len()), (0, 0));
    world.run(&["promote", KEY]).await.is(0, "5/5");
}

/// A copy of the repository whose matrix asks for a smoke test, and a stand-in for ssh that notes what it was called with.
async fn asked_by_the_matrix(field: &str, guest: &str, ssh: &str) -> World {
    asked_of(with_guest(guest).await, field, ssh)
}

fn asked_of(world: World, field: &str, ssh: &str) -> World {
    let world = world.with_own_repository();
    let bin = world.home.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let file = world.repo.join("ci/matrix.json");
    let matrix = std::fs::read_to_string(&file).unwrap();
    let key = format!("\"key\": \"{KEY}\",");
    std::fs::write(file, matrix.replace(&key, &format!("{key} \"smoke\": {field},"))).unwrap();
    let called = world.home.path().join("called");
    let script = format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >>{}\nenv >>{0}.env\n{ssh}\n", called.display());
    std::fs::write(bin.join("ssh"), script).unwrap();
    std::fs::set_permissions(bin.join("ssh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    world
}

async fn promote(world: &World) -> Ended {
    let mut program = world.program(&["promote", KEY]);
    let path = format!("{}:/usr/bin:/bin", world.home.path().join("bin").display());
    Ended::of(program.env("TMPL_SIMULATED", PACE).env("PATH", path).output().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_matrix_asks_for_it_and_for_a_command_in_the_clone() {
    let field = r#"{"command": "systemctl is-system-running", "user": "ansible"}"#;
    let world = asked_by_the_matrix(field, "clone", "exit 0").await;
    let dry = Ended::of(world.program(&["promote", KEY, "--dry-run", "--json"]).output().await.unwrap());
    let plan: Value = serde_json::from_str(&dry.out).unwrap();
    assert_eq!(plan["smoke"]["command"], "systemctl is-system-running", "{plan}");
    promote(&world).await.is(0, "`systemctl is-system-running` passed");
    let called = std::fs::read_to_string(world.home.path().join("called")).unwrap();
    let words: Vec<&str> = called.lines().collect();
    let [.., account, end, address, command] = words[..] else { panic!("{called}") };
    assert!(address.starts_with("10.0.8."), "{called}");
    assert_eq!((account, end, command), ("ansible", "--", "systemctl is-system-running"));
    let knows = std::fs::read_to_string(world.home.path().join("called.env")).unwrap();
    assert!(!knows.contains("PKR_VAR_") && !knows.contains(&world.account.1), "{knows}");

    let failing = asked_by_the_matrix(field, "clone", "echo degraded; exit 1").await;
    let before = failing.names().await;
    promote(&failing).await.is(3, "but `systemctl is-system-running` ended with exit status 1: degraded");
    assert_eq!(failing.names().await, before);

    let off = asked_by_the_matrix(r#"{"network": false}"#, "clone", "exit 9").await;
    promote(&off).await.is(0, "tools run after");
    assert!(!off.home.path().join("called").exists());
    assert!(calls(&off, "ReconfigVM_Task") > 0, "its network card was taken out");
}

/// Packer, of whose template the clone comes up, or does not.
const BUILDS: &str = "#!/bin/sh\ncase $1 in version) echo 'Packer v1.16.0';; build) touch \"$HOME/ending\"; while [ -e \"$HOME/ending\" ]; do sleep 0.02; done; echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: linux-debian-12-main-build';; esac\n";

async fn build(world: &World) -> Ended {
    let packer = world.home.path().join("packer");
    std::fs::write(&packer, BUILDS).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut program = world.program(&["build", KEY, "--promote", "--packer", packer.to_str().unwrap()]);
    program.env("TMPL_SIMULATED", PACE).env("PATH", std::env::var_os("PATH").unwrap());
    Ended::of(world.while_built(program.output()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_built_is_tried_before_it_goes_live() {
    let world = asked_of(with(&["-prev", ""], "clone").await, r#"{"minutes": 120}"#, "exit 9");
    let before = world.names().await;
    build(&world).await.is(0, "tools run and it has the address");
    let after = world.names().await;
    assert_eq!((after["-prev"].clone(), calls(&world, "CloneVM_Task")), (before[""].clone(), 1));
    assert!(after[""] != before[""] && !after.contains_key("-smoke") && !after.contains_key("-build"), "{after:?}");

    let world = asked_of(with(&["-prev", ""], DEAD).await, r#"{"minutes": 15}"#, "exit 9");
    let before = world.names().await;
    build(&world).await.is(3, "did not pass the smoke test");
    let mut after = world.names().await;
    assert!(after.remove("-build").is_some(), "the build stays, to be looked at");
    assert_eq!(after, before);
}
