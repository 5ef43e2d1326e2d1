//! What others do to the images of a line, before, between and while: the last good one stays, and what somebody meant is
//! respected.

use rstest::rstest;
use serde_json::Value;
use tmpl::lab::Seed;

use super::proxy::Trouble;
use super::{BASE, KEY, Kind, Names, World, figure};

const PROMOTE: &[&str] = &["promote", KEY];
const ROLLBACK: &[&str] = &["rollback", KEY, "--reason", "does not boot", "--yes"];
const SWEEP: &[&str] = &["sweep", KEY, "--yes"];

fn audit(world: &World) -> String {
    std::fs::read_to_string(world.home.path().join(".local/state/tmpl-tui/audit.jsonl")).unwrap()
}

fn promoted(before: &Names) -> Names {
    Names::from([(String::new(), before["-build"].clone()), ("-prev".into(), before[""].clone())])
}

/// A proxy that retries delivers a call twice, and hands back what the second one met.
#[rstest]
#[case::promote(PROMOTE, &["ReconfigVM_Task", "Rename_Task", "Rename_Task", "Rename_Task", "Destroy_Task"])]
#[case::rollback(ROLLBACK, &["ReconfigVM_Task", "Rename_Task", "Rename_Task", "Rename_Task"])]
#[case::sweep(SWEEP, &["PowerOffVM_Task", "Destroy_Task"])]
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_delivered_twice_is_done(
    #[case] verb: &[&str],
    #[case] calls: &[&str],
    #[values(Kind::Vcsim, Kind::Lab)] kind: Kind,
) {
    for (index, call) in calls.iter().enumerate() {
        let swept = verb == SWEEP;
        let world = World::new(kind, if swept { &["-prev", "", "-build="] } else { &["-prev", "", "-build"] }).await;
        if swept && kind == Kind::Lab {
            world.lab().power(&world.names().await["-build"], true).unwrap();
        }
        let nth = calls[..=index].iter().filter(|other| *other == call).count();
        world.door.at_method(call, nth, Trouble::Twice);
        let ended = world.run(verb).await;
        let context = format!("{kind:?}, {call} {nth} twice: {}", ended.err);
        assert_eq!(ended.exit, 0, "{context}");
        let audit = audit(&world);
        assert!(!audit.contains("failed") && !audit.contains("unknown"), "{context}: {audit}");
    }
    figure(&format!("changes delivered twice in {} ({kind:?}): {} tried, all done", verb[0], calls.len()));
}

/// Somebody holds the line while it is being promoted, and is told that it is held.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_written_meanwhile_wins(
    #[values(1, 2, 3)] rename: usize,
    #[values(Kind::Vcsim, Kind::Lab)] kind: Kind,
) {
    let world = World::steady(kind).await;
    let before = world.names().await;
    for suffix in ["-prev", "", "-build"] {
        // vcsim keeps notes that are to become empty.
        world.govc(&["vm.change", "-vm", &format!("{BASE}{suffix}"), "-annotation", "by hand"]).await;
    }
    world.door.at_method("Rename_Task", rename, Trouble::HoldAfter);
    let promotion = world.run(PROMOTE);
    let held = async {
        while !world.door.held() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let hold = world.program(&["hold", KEY, "--reason", "wait for me"]).output();
        // It may wait for the promotion to end.
        let (hold, ()) = tokio::join!(hold, async {
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
            world.door.let_go();
        });
        super::world::Ended::of(hold.unwrap())
    };
    let (ended, hold) = tokio::join!(promotion, held);
    let context = format!("promote {}: {}; hold {}: {}", ended.exit, ended.err, hold.exit, hold.err);
    assert_eq!((ended.exit, hold.exit), (3, 0), "{context}");
    assert_eq!(world.names().await, before, "{context}");
    assert!(ended.err.contains("taken back"), "{context}");
    world.run(PROMOTE).await.is(3, "wait for me");
    // Nothing of the attempt stays in the way of the next one.
    world.run(&["release", KEY]).await.is(0, "");
    world.run(PROMOTE).await.is(0, "");
    assert_eq!(world.names().await, promoted(&before));
    assert!(world.vms().await.iter().filter(|vm| vm.name.starts_with(BASE)).all(|vm| vm.annotation == "by hand"));
    figure(&format!("a hold written at rename {rename} of a promotion ({kind:?}): it held"));
}

/// A person parks live under a name of ours, and promotes.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_parked_as_retired_is_not_destroyed(#[values(Kind::Vcsim, Kind::Lab)] kind: Kind) {
    let world = World::new(kind, &["-prev", "", "-retired", "-build"]).await;
    let before = world.names().await;
    world.run(PROMOTE).await.is(3, "was not retired by a promotion");
    world.run(&["promote", KEY, "--ignore-age"]).await.is(3, "was not retired by a promotion");
    assert_eq!((world.names().await, world.changes().len()), (before, 0));
    figure(&format!("a template parked as -retired ({kind:?}): survived"));
}

/// A template with a snapshot, on whose disks linked clones may hang.
#[tokio::test(flavor = "multi_thread")]
async fn what_linked_clones_may_hang_on_is_not_destroyed() {
    for suffix in ["-prev", "-build"] {
        let world = World::steady(Kind::Vcsim).await;
        let name = format!("{BASE}{suffix}");
        world.govc(&["vm.markasvm", "-pool", "DC0_C0/Resources", &name]).await;
        world.govc(&["snapshot.create", "-vm", &name, "for-clones"]).await;
        world.govc(&["vm.markastemplate", &name]).await;
        let before = world.names().await;
        world.door.reset();
        let verb = if suffix == "-prev" { PROMOTE } else { SWEEP };
        world.run(verb).await.is(3, "has a snapshot");
        assert_eq!((world.names().await, world.changes().len()), (before, 0), "{suffix}");
    }
    figure("templates with snapshots that would be destroyed (Vcsim): 2 tried, all survived");
}

/// A clone that begins after vCenter was asked: nobody's disks go while they are read.
#[rstest]
#[case::of_live("", 3)]
#[case::of_prev("-prev", 1)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_cloned_since_the_guard_looked_stays(#[case] suffix: &str, #[case] exit: i32) {
    let world = World::with_tasks(Kind::Lab, &["-prev", "", "-build"], 0.2).await;
    let before = world.names().await;
    world.door.at_method("Rename_Task", 1, Trouble::HoldAfter);
    let promotion = world.run(PROMOTE);
    let moid = tmpl::vcenter::Moid(before[suffix].clone());
    let source = if suffix.is_empty() { BASE.to_owned() } else { format!("{BASE}-retired") };
    let ended = async {
        let named = || async { world.vms().await.into_iter().any(|vm| vm.name == source) };
        while !world.door.held() || !named().await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let arguments = ["vm.clone", "-vm", &source, "-ds", "vsanDatastore", "-folder", "vm", "-on=false", "web-01"];
        let clone = world.govc(&arguments);
        let begun = async {
            while world.client.being_cloned(std::slice::from_ref(&moid)).await.unwrap().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            world.door.let_go();
        };
        tokio::join!(clone, begun)
    };
    let (promoted, _) = tokio::join!(promotion, ended);
    promoted.is(exit, "is being cloned right now");
    assert!(world.names().await.values().any(|id| *id == moid.0), "{}", promoted.err);
    world.run(PROMOTE).await.is(0, "");
    figure(&format!("a clone of {suffix:?} begun after the guard (Lab): survived"));
}

/// What was a leftover when the plan was made has become the finished template.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_of_its_objects(#[values(Kind::Vcsim, Kind::Lab)] kind: Kind) {
    let world = World::new(kind, &["-prev", "", "-build="]).await;
    let plan = async |verb: &[&str]| {
        let arguments = [verb, &["--dry-run", "--json"]].concat();
        let ended = world.run(&arguments).await;
        let report: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err));
        report["plan"].as_str().unwrap().to_owned()
    };
    let name = format!("{BASE}-build");
    let sweep = plan(&["sweep", KEY]).await;
    if kind == Kind::Vcsim {
        world.govc(&["vm.power", "-off", &name]).await;
    }
    world.govc(&["vm.markastemplate", &name]).await;
    let before = world.names().await;
    world.door.reset();
    world.run(&["sweep", KEY, "--yes", "--plan", &sweep]).await.is(3, "has changed since");
    assert_eq!((world.names().await, world.changes().len()), (before, 0));
    // A hold for another reason is another plan.
    let hold = plan(&["hold", KEY, "--reason", "clock drifts"]).await;
    world.run(&["hold", KEY, "--reason", "no network", "--plan", &hold]).await.is(3, "has changed since");
    world.run(&["hold", KEY, "--reason", "clock drifts", "--plan", &hold]).await.is(0, "");
    figure(&format!("plans of another world ({kind:?}): 2 tried, all refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_leaves_without_secrets() {
    let world = World::steady(Kind::Lab).await;
    let mut program = world.program(&["hold", KEY, "--reason", "login fails with Tr0ub4dor-and-3"]);
    let output = program.env("PKR_VAR_build_password", "Tr0ub4dor-and-3").output().await.unwrap();
    super::world::Ended::of(output).is(0, "");
    let notes: Vec<String> = world.vms().await.into_iter().map(|vm| vm.annotation).collect();
    assert!(notes.iter().any(|notes| notes.contains("login fails with [REDACTED")), "{notes:?}");
    assert!(!notes.concat().contains("Tr0ub4dor") && !audit(&world).contains("Tr0ub4dor"), "{notes:?}");
}

/// A hold as people write it.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_by_hand_holds_whatever_it_looks_like() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    let written =
        ["  tmpl-tui hold: ask Jo", "TMPL-TUI Hold: ask Jo", "tmpl-tui hold:ask Jo", "- tmpl-tui hold ask Jo"];
    for notes in written {
        for name in ["", "-prev", "-build"] {
            let name = format!("{BASE}{name}");
            world.govc(&["vm.change", "-vm", &name, "-annotation", &format!("built by hand\n{notes}")]).await;
            world.run(PROMOTE).await.is(3, "ask Jo");
            world.run(&["release", KEY]).await.is(0, "");
        }
    }
    assert_eq!(world.names().await, before);
    figure(&format!("holds written by hand: {} tried, all held", 3 * written.len()));
}

/// Live was made while a clock was wrong: for years every build would be older.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_template_from_the_future_can_be_promoted_over() {
    let world = World::new(Kind::Lab, &["-prev"]).await;
    world.lab().add(&Seed::template(BASE, -900));
    world.lab().add(&Seed::template(format!("{BASE}-build"), 1));
    let before = world.names().await;
    world.run(PROMOTE).await.is(3, "--ignore-age");
    world.run(&["promote", KEY, "--ignore-age"]).await.is(0, "");
    assert_eq!(world.names().await, promoted(&before));
    // And the one from the future goes the way of all others.
    world.lab().add(&Seed::template(format!("{BASE}-build"), 0));
    world.run(PROMOTE).await.is(3, "--ignore-age");
    world.run(&["promote", KEY, "--ignore-age"]).await.is(0, "");
    assert_eq!(world.listed().await, ["", "-prev"]);
}
