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
            while world.hold().await.is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
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

/// A running VM that a build may be at work on, and nobody can be asked: it stays, whatever is answered in advance.
#[tokio::test(flavor = "multi_thread")]
async fn what_github_may_be_building_is_not_swept() {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    let before = world.names().await;
    world.lab().power(&before["-build"], true).unwrap();
    let sweep = async |more: &[(&str, &str)], verb: &[&str]| {
        let mut program = world.program(verb);
        program.env("GITHUB_REPOSITORY", "acme/images").envs(more.iter().copied());
        program.env("PATH", std::env::var_os("PATH").unwrap());
        super::world::Ended::of(program.output().await.unwrap())
    };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = format!("http://{closed}");
    let blind = [vec![], vec![("GITHUB_TOKEN", "ghp_x"), ("GITHUB_API_URL", unreachable.as_str())]];
    for more in &blind {
        let refused = sweep(more, SWEEP).await;
        refused.is(3, "may be being built");
        refused.is(3, "--take-over");
    }
    assert_eq!((world.names().await, world.changes().len()), (before, 0));
    let verb = [SWEEP, &["--take-over", "built by nobody, I looked"]].concat();
    sweep(&[], &verb).await.is(0, "power off and destroy");
    assert!(audit(&world).contains("built by nobody, I looked"));
    figure(&format!("sweeps of a running VM while GitHub is silent: {} tried, all refused", blind.len()));
}

/// Claims as they may stand in notes.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_binds_while_it_is_fresh() {
    let claim = |vm: &str, seen: jiff::Timestamp| {
        format!(
            r#"by hand
tmpl-tui claim: {{"key":"{KEY}","by":"jo@elsewhere","run":"20260301T020304.000Z","vm":"{vm}","since":"2026-03-01T02:03:04Z","seen":"{seen}"}}"#
        )
    };
    let now = jiff::Timestamp::now();
    let minutes = |minutes: i64| now - jiff::SignedDuration::from_mins(minutes);
    // Fresh, of a clock that runs ahead, unreadable: it binds. Stale, or copied from another VM: it does not.
    type Notes<'a> = &'a dyn Fn(&str) -> String;
    let cases: [(Notes<'_>, i32, &str); 5] = [
        (&|vm| claim(vm, now), 3, "is being built by jo@elsewhere"),
        (&|vm| claim(vm, minutes(-90)), 3, "is being built by jo@elsewhere"),
        (&|_| "tmpl-tui claim: Jo is at it".into(), 3, "Jo is at it"),
        (&|vm| claim(vm, minutes(11)), 0, "too long ago to bind"),
        (&|_| claim("vm-9999", now), 0, ""),
    ];
    for (notes, exit, part) in cases {
        for template in [false, true] {
            let world = World::new(Kind::Lab, &["-prev", "", if template { "-build" } else { "-build=" }]).await;
            let vm = world.names().await["-build"].clone();
            world.govc(&["vm.change", "-vm", &format!("{BASE}-build"), "-annotation", &notes(&vm)]).await;
            world.door.reset();
            world.run(SWEEP).await.is(exit, part);
            assert_eq!(world.changes().is_empty(), exit == 3);
            if exit == 3 && template {
                world.run(PROMOTE).await.is(3, part);
                assert!(world.changes().is_empty());
                world.run(&["promote", KEY, "--take-over", "Jo is on leave"]).await.is(0, "taken over");
            }
        }
    }
    figure("claims of other machines in notes: 10 tried, all told apart");
}

/// packer ends well, and what has the name was there before.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_build_is_not_promoted_for_a_new_one() {
    use std::os::unix::fs::PermissionsExt;
    let artifacts = [
        "",
        "echo '--> vsphere-iso.linux: linux-debian-12-main-build'",
        "echo '--> vsphere-iso.linux: linux-debian-12-fix2-build'",
    ];
    for artifact in artifacts {
        let world = World::steady(Kind::Lab).await;
        let (before, packer) = (world.names().await, world.home.path().join("packer"));
        let header = "==> Builds finished. The artifacts of successful builds are:";
        let script = format!(
            "#!/bin/sh\ncase $1 in version) echo 'Packer v1.16.0';; build) echo '{header}'; {};; esac\n",
            if artifact.is_empty() { "true" } else { artifact }
        );
        std::fs::write(&packer, script).unwrap();
        std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut program = world.program(&["build", KEY, "--promote", "--packer", packer.to_str().unwrap()]);
        program.env("PATH", std::env::var_os("PATH").unwrap());
        let ended = super::world::Ended::of(program.output().await.unwrap());
        ended.is(1, "packer");
        // That it begins and is over, in the notes of the live template, and nothing else.
        assert!(world.changes().iter().all(|call| call == "ReconfigVM_Task"), "{artifact}: {:?}", world.changes());
        assert_eq!(world.names().await, before, "{artifact}: {}", ended.err);
        assert!(!ended.err.contains("is built"), "{}", ended.err);
    }
    figure(&format!("builds that made no template: {} tried, none promoted", artifacts.len()));
}

/// Two machines begin to build one line in the same moment, before either has a VM: one does, the other is told whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_builds_that_begin_in_one_moment_one_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    let tries: usize = if super::full() { 12 } else { 4 };
    for nth in 0..tries {
        let world = World::new(Kind::Lab, &["-prev", ""]).await;
        world.govc(&["vm.change", "-vm", BASE, "-annotation", "by hand"]).await;
        let (before, packer) = (world.names().await, world.home.path().join("packer"));
        let script = "#!/bin/sh\ncase $1 in version) echo 'Packer v1.16.0';; build) echo $$ >>$0.builds; sleep 4; exit 1;; esac\n";
        std::fs::write(&packer, script).unwrap();
        std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
        let build = |host: &str| {
            let mut program = world.program(&["build", KEY, "--packer", packer.to_str().unwrap()]);
            program.env("PATH", std::env::var_os("PATH").unwrap());
            program.env("XDG_STATE_HOME", world.home.path().join(host)).output()
        };
        // At once, and in the moments in which the other one writes.
        let later = async {
            tokio::time::sleep(std::time::Duration::from_millis(40 * nth as u64)).await;
            build("two").await
        };
        let (one, two) = tokio::join!(build("one"), later);
        let ended = [one, two].map(|output| super::world::Ended::of(output.unwrap()));
        let said = format!("{nth}: {} / {}", ended[0].err, ended[1].err);
        let mut exits = ended.each_ref().map(|ended| ended.exit);
        exits.sort_unstable();
        assert_eq!(exits, [1, 3], "{said}");
        let refused = ended.iter().find(|ended| ended.exit == 3).unwrap();
        assert!(refused.err.contains("is being built by") && refused.err.contains("--take-over"), "{said}");
        let builds = std::fs::read_to_string(world.home.path().join("packer.builds")).unwrap();
        assert_eq!(builds.lines().count(), 1, "{said}");
        // Nothing of it stays in the notes.
        assert_eq!(world.names().await, before);
        assert!(world.vms().await.iter().all(|vm| !vm.annotation.contains("tmpl-tui")), "{said}");
        assert!(world.vms().await.iter().any(|vm| vm.name == BASE && vm.annotation == "by hand"), "{said}");
    }
    figure(&format!("two hosts that begin to build one line in one moment: {tries} tried, one built each time"));
}

/// One that was killed as it began is known to be over here; elsewhere it binds for ten minutes, or until somebody says why.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_was_killed_as_it_began_is_in_nobodys_way_for_long() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(Kind::Lab, &["-prev", ""]).await;
    let build = |exit: i32| {
        let packer = world.home.path().join(format!("packer{exit}"));
        let script = format!(
            "#!/bin/sh\ncase $1 in version) echo 'Packer v1.16.0';; build) sleep {}; exit 1;; esac\n",
            exit * 30
        );
        std::fs::write(&packer, script).unwrap();
        std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut program = world.program(&["build", KEY, "--packer", packer.to_str().unwrap()]);
        program.env("PATH", std::env::var_os("PATH").unwrap());
        program.env("XDG_STATE_HOME", world.home.path().join(format!("host{exit}")));
        program
    };
    let mut killed = build(1).stderr(std::process::Stdio::null()).spawn().unwrap();
    let told =
        || async { world.vms().await.iter().any(|vm| vm.name == BASE && vm.annotation.contains("tmpl-tui claim")) };
    while !told().await {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let other = super::world::Ended::of(build(0).output().await.unwrap());
    other.is(3, "is being built by");
    killed.kill().await.unwrap();
    assert!(told().await);
    super::world::Ended::of(build(0).output().await.unwrap()).is(1, "");
    assert!(!told().await);
}
