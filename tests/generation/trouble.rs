//! vCenter fails, answers get lost, two programs act at once.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::generation::{Actor, ApplyError, Generations, Request, apply, plan};
use tmpl::lab::{Fault, Trouble as LabTrouble};
use tmpl::vcenter::audit::Audit;
use tmpl::vcenter::datastore::FilePath;
use tmpl::vcenter::gate::{Gate, GateError, Mode};

use super::proxy::Trouble;
use super::world::Ended;
use super::{BASE, KEY, Kind, World};

async fn a_lost_answer_is_looked_up(kind: Kind) {
    let world = World::steady(kind).await;
    let before = world.names().await;
    world.door.at_method("Rename_Task", 2, Trouble::CutAfter);
    world.run(&["promote", KEY]).await.is(0, "4/4");
    assert_eq!(world.names().await[""], before["-build"]);
    assert_eq!(world.listed().await, ["", "-prev"]);
    assert_eq!(world.changes(), ["Rename_Task", "Rename_Task", "Rename_Task", "Destroy_Task"], "nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_on_vcsim() {
    a_lost_answer_is_looked_up(Kind::Vcsim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_up_in_the_lab() {
    a_lost_answer_is_looked_up(Kind::Lab).await;
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
    let audit = Audit::new(world.home.path().join("audit.jsonl"), "svc", "lab");
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
    let closed = Gate::new(client.clone(), Mode::ReadOnly, [BASE.to_owned()], audit);
    let vm = client.vm(&vm.moid).await.unwrap().unwrap();
    let refused = closed.destroy("sweep", &vm, &|_| {}).await.unwrap_err();
    assert!(matches!(refused, GateError::ReadOnly(_)), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn media_go_into_the_folders_of_the_lines_and_nowhere_else() {
    let world = World::steady(Kind::Lab).await;
    let file = |path: &str| FilePath { datastore: tmpl::lab::DATASTORE.into(), path: path.into() };
    let path = world.home.path().join("audit.jsonl");
    let gate = Gate::new(world.client.clone(), Mode::ReadWrite, [], Audit::new(&path, "svc", "lab"));
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
