//! vCenter fails, answers get lost, two programs act at once.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::generation::{Actor, ApplyError, Generations, Request, apply, plan};
use tmpl::lab::{Fault, Trouble as LabTrouble};
use tmpl::vcenter::audit::AuditLog;
use tmpl::vcenter::datastore::DatastorePath;
use tmpl::vcenter::gate::{Gate, GateError, Mode};

use super::proxy::Trouble;
use super::world::Ended;
use super::{BASE, KEY, Kind, World};

async fn a_lost_answer_is_looked_up(kind: Kind) {
    let world = World::steady(kind).await;
    let before = world.names().await;
    world.door.at_method("Rename_Task", 2, Trouble::CutAfter);
    world.run(&["promote", KEY]).await.is(0, "5/5");
    assert_eq!(world.names().await[""], before["-build"]);
    assert_eq!(world.listed().await, ["", "-prev"]);
    // vcsim wants notes of templates without the condition.
    let mut changes = world.changes();
    changes.retain(|call| call != "ReconfigVM_Task");
    assert_eq!(changes, ["Rename_Task", "Rename_Task", "Rename_Task", "Destroy_Task"], "nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_on_vcsim() {
    a_lost_answer_is_looked_up(Kind::Vcsim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_in_the_lab() {
    a_lost_answer_is_looked_up(Kind::Lab).await;
}

/// vCenter is overloaded: the answer is lost, and the task that it was about waits its turn.
#[rstest::rstest]
#[case::from_live(2)]
#[case::to_live(3)]
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_about_a_task_that_takes_its_time(#[case] rename: usize) {
    let world = World::with_tasks(Kind::Lab, &["-prev", "", "-build"], 14.0).await;
    let before = world.names().await;
    world.door.at_method("Rename_Task", rename, Trouble::CutAfter);
    let ended = world.run(&["promote", KEY]).await;
    if ended.exit != 0 {
        // Whatever was queued has happened by then.
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    }
    let names = world.names().await;
    assert!(names.contains_key(""), "no live template: {names:?} {}", ended.err);
    assert!(!ended.err.contains("THERE IS NO"), "{}", ended.err);
    ended.is(0, "5/5");
    assert_eq!(names[""], before["-build"]);
}

/// vCenter restarts while it renames, and knows the task no more: what it did is looked at, not guessed.
#[rstest::rstest]
#[case::from_live(2)]
#[case::to_live(3)]
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_vcenter_forgot_is_looked_up(#[case] rename: usize) {
    let world = World::with_tasks(Kind::Lab, &["-prev", "", "-build"], 1.0).await;
    let before = world.names().await;
    world.door.at_method("Rename_Task", rename, Trouble::HoldAfter);
    let promotion = world.run(&["promote", KEY]);
    let forgets = async {
        while !world.door.held() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.lab().trouble("RetrievePropertiesEx", 1, LabTrouble::Fail(Fault::forgotten_task("task-1")));
        world.door.let_go();
    };
    let (ended, ()) = tokio::join!(promotion, forgets);
    ended.is(0, "5/5");
    assert_eq!(world.names().await[""], before["-build"]);
    let audit = std::fs::read_to_string(world.home.path().join(".local/state/tmpl-tui/audit.jsonl")).unwrap();
    assert!(!audit.contains("failed"), "{audit}");
}

/// Between the plan and the deed somebody powers the leftover on: the plan did not say that a running VM goes.
#[tokio::test(flavor = "multi_thread")]
async fn what_runs_meanwhile_is_not_destroyed() {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    let vm = world.names().await["-build"].clone();
    world.door.at_method("HasPrivilegeOnEntities", 1, Trouble::HoldAfter);
    let sweep = world.run(&["sweep", KEY, "--yes"]);
    let powered = async {
        while !world.door.held() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.lab().power(&vm, true).unwrap();
        world.door.let_go();
    };
    let (ended, ()) = tokio::join!(sweep, powered);
    ended.is(3, "has changed since");
    assert!(world.changes().is_empty(), "{:?}", world.changes());
}

/// A VM that was powered off and then is another one: it was changed, so that is no refusal.
#[tokio::test(flavor = "multi_thread")]
async fn powered_off_and_not_destroyed_is_no_refusal() {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    let vm = world.names().await["-build"].clone();
    world.lab().power(&vm, true).unwrap();
    world.door.at_method("PowerOffVM_Task", 1, Trouble::HoldAfter);
    let sweep = world.run(&["sweep", KEY, "--yes"]);
    let renamed = async {
        while !world.door.held() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        world.govc(&["object.rename", &format!("vm/Templates/{BASE}-build"), "mine-now"]).await;
        world.door.let_go();
    };
    let (ended, ()) = tokio::join!(sweep, renamed);
    ended.is(1, "powered off");
    assert_eq!(world.changes(), ["PowerOffVM_Task"]);
}

/// A hold written in the moment between a release's last look and its change stays.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_comes_in_between_is_not_overwritten() {
    let world = World::steady(Kind::Lab).await;
    world.run(&["hold", KEY, "--reason", "first"]).await.is(0, "");
    world.lab().trouble("ReconfigVM_Task", 1, LabTrouble::Delay(std::time::Duration::from_secs(3)));
    let release = world.run(&["release", KEY]);
    let second = async {
        let changing = || world.lab().calls().iter().filter(|call| *call == "ReconfigVM_Task").count() > 1;
        while !changing() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let notes = r#"tmpl-tui hold: {"reason":"second","by":"op","since":"2026-01-01T00:00:00Z"}"#;
        world.govc(&["vm.change", "-vm", BASE, "-annotation", notes]).await;
    };
    let (ended, ()) = tokio::join!(release, second);
    assert_eq!(world.hold().await.map(|hold| hold.reason), Some("second".into()), "{}", ended.err);
    ended.is(3, "at the same moment");
}

/// Two datacenters of one name, in different folders: none is taken for the other.
#[tokio::test(flavor = "multi_thread")]
async fn two_datacenters_of_one_name() {
    let world = World::steady(Kind::Vcsim).await;
    for folder in ["/Europe", "/Asia"] {
        world.govc(&["folder.create", folder]).await;
        world.govc(&["datacenter.create", "-folder", folder, "DC7"]).await;
        world.govc(&["folder.create", &format!("{folder}/DC7/vm/Templates")]).await;
    }
    let status = async |datacenter: &str| {
        let mut program = world.program(&["status", "--json"]);
        Ended::of(program.env("PKR_VAR_vsphere_datacenter", datacenter).output().await.unwrap())
    };
    let refused = status("DC7").await;
    refused.is(2, "Europe/DC7");
    refused.is(2, "Asia/DC7");
    for named in ["/Europe/DC7", "Asia/DC7"] {
        let ended = status(named).await;
        assert!(ended.exit == 0 && !ended.out.contains("\"vm-"), "{named}: {} {}", ended.out, ended.err);
    }
    assert!(status("DC0").await.out.contains("\"vm-"));
}

/// What is cloned is not swapped, also where some other task is forgotten while its tasks are read.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_forgotten_meanwhile_hides_no_clone() {
    let world = World::with_tasks(Kind::Lab, &["-prev", "", "-build"], 5.0).await;
    let live = tmpl::vcenter::Moid(world.names().await[""].clone());
    let clone = world.govc(&["vm.clone", "-vm", BASE, "-ds", "vsanDatastore", "-folder", "vm", "-on=false", "web-01"]);
    let refused = async {
        while world.client.being_cloned(std::slice::from_ref(&live)).await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        world.lab().trouble("RetrievePropertiesEx", 1, LabTrouble::Fail(Fault::forgotten_task("task-1")));
        assert_eq!(world.client.being_cloned(std::slice::from_ref(&live)).await.unwrap(), std::slice::from_ref(&live));
    };
    tokio::select! {
        text = clone => panic!("the clone ended: {text}"),
        () = refused => {}
    }
}

/// A packer whose build fails after a moment, in which a recorder has asked vCenter.
const FAILS: &str = "#!/bin/sh\ncase $1 in version) echo 'Packer v1.16.0';; build) sleep 1; exit 1;; esac\n";

/// A packer that is deaf to signals and succeeds.
const DEAF: &str = "#!/bin/sh\ntrap '' TERM\ncase $1 in version) echo 'Packer v1.16.0';; build) touch \"$HOME/waiting\"; sleep 2; touch \"$HOME/ending\"; while [ -e \"$HOME/ending\" ]; do sleep 0.02; done; echo '==> Builds finished. The artifacts of successful builds are:'; echo '--> vsphere-iso.x: linux-debian-12-main-build';; esac\n";

/// Somebody asks for the end of a build that is to be promoted, and it is too late for packer: it is not promoted.
#[rstest::rstest]
#[case::while_it_builds(false)]
#[case::before_the_first_rename(true)]
#[tokio::test(flavor = "multi_thread")]
async fn what_was_to_be_stopped_is_not_promoted(#[case] built: bool) {
    let world = World::new(Kind::Lab, &["-prev", ""]).await;
    world.while_built(stopped_too_late(&world, built)).await;
}

async fn stopped_too_late(world: &World, built: bool) {
    let (before, packer) = (world.names().await, world.home.path().join("packer"));
    std::fs::write(&packer, DEAF).unwrap();
    std::fs::set_permissions(&packer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut program = world.program(&["build", KEY, "--promote", "--packer", packer.to_str().unwrap()]);
    program.env("PATH", std::env::var_os("PATH").unwrap()).stderr(Stdio::piped());
    if built {
        world.door.at_method("HasPrivilegeOnEntities", 1, Trouble::HoldAfter);
    }
    let program = program.spawn().unwrap();
    while if built { !world.door.held() } else { !world.home.path().join("waiting").exists() } {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    kill(Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()), Signal::SIGTERM).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    world.door.let_go();
    let ended = Ended::of(program.wait_with_output().await.unwrap());
    ended.is(130, "built, but not promoted: asked to stop");
    let mut names = world.names().await;
    assert!(names.remove("-build").is_some());
    assert_eq!(names, before);
    assert!(world.changes().iter().all(|call| call == "ReconfigVM_Task"), "its claim: {:?}", world.changes());
}

/// A password is tried once by a process, however many sessions it would like to have.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_refused_for_all() {
    let world = World::steady(Kind::Lab).await;
    let packer = world.home.path().join("packer");
    std::fs::write(&packer, FAILS).unwrap();
    std::fs::set_permissions(&packer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut program = world.program(&["build", KEY, "--packer", packer.to_str().unwrap()]);
    program.env("PATH", std::env::var_os("PATH").unwrap()).env("PKR_VAR_vsphere_password", "not-the-password");
    let ended = Ended::of(program.output().await.unwrap());
    assert_eq!(ended.exit, 2, "{}", ended.err);
    let logins = world.door.calls().iter().filter(|call| *call == "Login").count();
    assert!(logins <= 1, "{logins} logins: {}", ended.err);
}

/// A picture by way of the datastore, and a server that never sends it: an end all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_never_comes_is_given_up() {
    let account = tmpl::lab::Account::new("svc-packer@lab.internal", "lab-password");
    let account = account.without(&["VirtualMachine.Interact.ConsoleInteract"]);
    let options = tmpl::lab::Options { accounts: vec![account], task_scale: 0.0, ..Default::default() };
    let world = World::with(Kind::Lab, &["", "-build="], options).await;
    let vm = world.names().await["-build"].clone();
    world.lab().power(&vm, true).unwrap();
    let name = format!("{BASE}-build");
    let verb = ["console", "--vm", &name, "-o", "-"];
    let mut picture = world.program(&verb);
    let there = picture.output().await.unwrap();
    assert!(there.status.success(), "{}", String::from_utf8_lossy(&there.stderr));
    let download = world.door.calls().iter().position(|call| call.starts_with("/folder/")).unwrap() + 1;
    world.door.reset();
    world.door.at(download, Trouble::Never);
    let given_up = world.program(&verb).output().await.unwrap();
    let said = String::from_utf8_lossy(&given_up.stderr).into_owned();
    assert!(given_up.status.code() == Some(1) && said.contains("did not answer download within 20s"), "{said}");
    assert!(world.door.calls().iter().any(|call| call == "DeleteDatastoreFile_Task"), "{:?}", world.door.calls());
}

/// A signal in the middle, where there is no live template: the promotion comes to its end first.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_in_the_middle_waits_for_the_end() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let world = World::steady(Kind::Lab).await;
        let before = world.names().await;
        world.door.at_method("Rename_Task", 2, Trouble::HoldAfter);
        let mut program = world.program(&["promote", KEY]);
        let program = program.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        assert!(world.door.wait_held(), "the second rename never came");
        assert!(!world.names().await.contains_key(""), "there is no live template now");
        let id = Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap());
        // CI sends several.
        kill(id, signal).unwrap();
        kill(id, signal).unwrap();
        world.door.let_go();
        let ended = Ended::of(program.wait_with_output().await.unwrap());
        ended.is(0, "finishing this first");
        assert_eq!(world.names().await[""], before["-build"], "{signal}");
        assert_eq!(world.listed().await, ["", "-prev"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn live_is_put_back_when_the_new_one_cannot_take_its_place() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    // Not the first two renames: build → live.
    let fault = Fault::new("ResourceInUse", "The resource is in use.");
    world.lab().trouble("Rename_Task", 3, LabTrouble::Fail(fault));
    let failed = world.run(&["promote", KEY]).await;
    failed.is(1, "The resource is in use.");
    assert!(failed.err.contains("run promote again") && failed.err.contains("again"), "{}", failed.err);
    let names = world.names().await;
    assert_eq!((&names[""], &names["-build"]), (&before[""], &before["-build"]), "people clone from this name");
    world.run(&["promote", KEY]).await.is(0, "");
    assert_eq!(world.listed().await, ["", "-prev"]);
    assert_eq!(world.names().await["-prev"], before[""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_lose_nothing() {
    for _ in 0..5 {
        let world = World::steady(Kind::Vcsim).await;
        let before = world.names().await;
        let rollback = ["rollback", KEY, "--reason", "x", "--yes"];
        let (one, two) = tokio::join!(world.run(&["promote", KEY]), world.run(&rollback));
        let names = world.names().await;
        assert!(names.values().any(|id| *id == before[""]), "{names:?} {} {}", one.err, two.err);
        assert!(names.values().any(|id| *id == before["-prev"]) || one.exit == 0, "{names:?} {}", one.err);
        // Whatever they left, one more run puts it in order.
        world.run(&["rollback", KEY, "--reason", "tidy up", "--yes"]).await.is(0, "");
        let names = world.names().await;
        assert!(names.contains_key("") && names.contains_key("-prev") && !names.contains_key("-swapping"), "{names:?}");
    }
}

/// The library's own check, under the command line's: a plan is bound to the world it was made from.
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_another_world_is_not_applied() {
    let world = World::steady(Kind::Lab).await;
    let client = world.client.clone();
    let made = async |request| {
        let now = Generations::read(BASE, &client.vms().await.unwrap());
        plan(&request, &now, &Actor("op@host".into()), jiff::Timestamp::now()).unwrap()
    };
    let audit = AuditLog::new(world.home.path().join("audit.jsonl"), "svc", "lab");
    let gate = Gate::new(client.clone(), Mode::ReadWrite, [BASE.to_owned()], audit.clone());
    let promote = made(Request::Promote).await;
    // Somebody holds the line while the plan is being read.
    let hold = made(Request::Hold { reason: "wait".into() }).await;
    apply(&gate, &hold, &|_| {}).await.unwrap();
    world.door.reset();
    let stale = apply(&gate, &promote, &|_| {}).await.unwrap_err();
    assert!(matches!(stale, ApplyError::Stale(_)) && stale.nothing_changed(), "{stale}");

    // The gate, alone: the object it is handed is not what it was.
    let vm = world.vms().await.into_iter().find(|vm| vm.name == BASE).unwrap();
    world.govc(&["object.rename", &format!("vm/Templates/{BASE}"), &format!("{BASE}-swapping")]).await;
    let stale = gate.rename("promote", &vm, &format!("{BASE}-prev"), &|_| {}).await.unwrap_err();
    assert!(matches!(stale, GateError::Stale { .. }), "{stale}");
    let notes = gate.annotate("hold", &vm, "x", &|_| {}).await.unwrap_err();
    assert!(matches!(notes, GateError::Stale { .. }), "{notes}");
    let foreign = gate.rename("promote", &vm, "domain-controller", &|_| {}).await.unwrap_err();
    assert!(matches!(foreign, GateError::ForeignName(_)), "{foreign}");
    let closed = Gate::new(client.clone(), Mode::asked(true), [BASE.to_owned()], audit);
    let vm = client.vm(&vm.moid).await.unwrap().unwrap();
    let refused = closed.destroy("sweep", &vm, &|_| {}).await.unwrap_err();
    assert!(matches!(refused, GateError::ReadOnly(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn media_go_into_the_folders_of_the_lines_and_nowhere_else() {
    let world = World::steady(Kind::Lab).await;
    let file = |path: &str| DatastorePath { datastore: tmpl::lab::DATASTORE.into(), path: path.into() };
    let path = world.home.path().join("audit.jsonl");
    let gate = Gate::new(world.client.clone(), Mode::ReadWrite, [], AuditLog::new(&path, "svc", "lab"));
    let gate = gate.with_media([file("iso/debian")]);
    gate.make_folder("iso upload", &file("iso/debian")).await.unwrap();
    let part = file("iso/debian/.a.iso.partial");
    gate.upload("iso upload", &part, 5, "bytes".into()).await.unwrap();
    gate.move_file("iso upload", &part, &file("iso/debian/a.iso")).await.unwrap();
    assert_eq!(world.lab().file_size("[vsanDatastore] iso/debian/a.iso"), Some(5));
    for elsewhere in ["iso/b.iso", "iso/debian/deep/b.iso", "iso/debian/..", "iso/debian/", "packer_cache/b.iso"] {
        let refused = gate.upload("iso upload", &file(elsewhere), 5, "bytes".into()).await.unwrap_err();
        assert!(matches!(refused, GateError::ForeignName(_)), "{elsewhere}: {refused}");
        let refused = gate.move_file("iso upload", &file("iso/debian/a.iso"), &file(elsewhere)).await.unwrap_err();
        assert!(matches!(refused, GateError::ForeignName(_)), "{elsewhere}: {refused}");
        assert!(gate.delete_file("iso upload", &file(elsewhere)).await.is_err(), "{elsewhere}");
    }
    gate.delete_file("iso upload", &file("iso/debian/a.iso")).await.unwrap();
    assert_eq!(world.lab().file_size("[vsanDatastore] iso/debian/a.iso"), None);
    assert_eq!(std::fs::read_to_string(path).unwrap().lines().count(), 8, "four calls, before and after");
}
