//! What keeps a build, a promotion and a sweep from taking what is somebody else's.

use std::process::Stdio;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tmpl::generation::{Actor, Claim};
use tmpl::lab::{Options, Seed};
use tmpl::pipeline::Key;
use tmpl::vcenter::{Moid, Vm};
use tokio::process::Command;

use super::world::Ended;
use super::{BASE, KEY, Kind, World};

/// A packer that notes that it was asked to build, and waits until `release` is there.
const PACKER: &str = "#!/bin/sh\ncase $1 in version) echo 'Packer v1.16.0';; build) touch \"$HOME/waiting\"; \
                      while [ ! -e \"$HOME/release\" ]; do sleep 0.02; done; exit 1;; esac\n";

fn build(world: &World) -> Command {
    let packer = world.home.path().join("packer");
    std::fs::write(&packer, PACKER).unwrap();
    std::fs::set_permissions(&packer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut program = world.program(&["build", KEY, "--packer", packer.to_str().unwrap()]);
    program.env("PATH", std::env::var_os("PATH").unwrap()).stderr(Stdio::piped());
    program
}

fn packer_was_called(world: &World) -> bool {
    world.home.path().join("waiting").exists()
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(180);
    while !holds().await {
        assert!(Instant::now() < end, "waited a minute for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Where it is known which vCenter it is, what keeps us from asking it keeps packer from destroying what has the name.
#[tokio::test(flavor = "multi_thread")]
async fn without_what_it_needs_to_ask_vcenter_nothing_is_built() {
    let world = World::steady(Kind::Lab).await;
    let broken = [("TMPL_CONSOLE_USERNAME", "viewer"), ("PKR_VAR_vsphere_insecure_connection", "perhaps")];
    for (name, value) in broken {
        let refused = Ended::of(build(&world).env(name, value).output().await.unwrap());
        assert_eq!((refused.exit, packer_was_called(&world)), (2, false), "{name}: {}", refused.err);
        assert!(refused.err.contains("TMPL_CONSOLE") || refused.err.contains("insecure"), "{}", refused.err);
    }
    let knows_better = ["build", KEY, "--take-over", "it is mine", "--packer", "/bin/false"];
    let ended = Ended::of(world.program(&knows_better).env("TMPL_CONSOLE_USERNAME", "viewer").output().await.unwrap());
    assert!(!ended.err.contains("go together"), "{}", ended.err);
}

/// Packer takes the live template's place, and its notes with it: the hold that stands in them holds the build.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_on_a_line_that_is_replaced_in_place_holds_its_build() {
    let world = World::new(Kind::Lab, &[""]).await.with_own_repository();
    std::fs::write(world.repo.join("tmpl.toml"), "[names]\nin_place = true\n").unwrap();
    world.run(&["hold", KEY, "--reason", "the only good one"]).await.is(0, "");
    let refused = Ended::of(build(&world).output().await.unwrap());
    refused.is(3, "the only good one");
    assert!(!packer_was_called(&world));
    world.run(&["release", KEY]).await.is(0, "");
    std::fs::write(world.home.path().join("release"), "").unwrap();
    build(&world).output().await.unwrap();
    assert!(packer_was_called(&world));
}

/// A build of another machine that has no VM yet says so in the notes of the live template.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_machine_begins_to_build_is_neither_promoted_nor_swept() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    let (live, by) = (Moid(before[""].clone()), Actor("root@other".into()));
    let claim = Claim::new(Key(KEY.into()), &by, "begins-4242-7-another".into(), live, Timestamp::now());
    world.govc(&["vm.change", "-vm", BASE, "-annotation", &claim.write("")]).await;
    for verb in [&["promote", KEY][..], &["sweep", KEY, "--yes"], &["promote", KEY, "--dry-run"]] {
        world.run(verb).await.is(3, "is being built by root@other");
    }
    assert_eq!(world.names().await, before);
    world.run(&["promote", KEY, "--take-over", "that host is gone"]).await.is(0, "5/5");
}

/// What has the clone's name and no mark of ours is somebody's, whatever state it is in.
#[tokio::test(flavor = "multi_thread")]
async fn a_vm_with_the_name_of_the_clone_is_no_leftover() {
    let seeds = vec![
        Seed::vm(format!("{BASE}-smoke"), 1).with_notes("Jo's, do not touch"),
        Seed::vm(format!("{BASE}-build"), 1),
        Seed::template(BASE, 2),
    ];
    let world = World::in_lab(Options { seeds, task_scale: 0.0, ..Options::default() }).await;
    let before = world.names().await;
    world.lab().power(&before["-smoke"], true).unwrap();
    world.run(&["sweep", KEY, "--yes"]).await.is(0, &format!("{BASE}-build"));
    assert_eq!(world.names().await["-smoke"], before["-smoke"]);
    world.run(&["sweep", KEY, "--yes"]).await.is(0, "nothing");
    let status = world.run(&["status", "--os", KEY]).await;
    assert!(!status.out.contains("smoke test"), "{}", status.out);
    assert_eq!(world.names().await["-smoke"], before["-smoke"]);
}

/// The audit log cannot be written for a while: the claim comes late, and it is said at once that it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_could_not_be_written_is_written_later() {
    let world = World::new(Kind::Lab, &["-prev", ""]).await;
    let mut child = build(&world).spawn().unwrap();
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(child.stderr.take().unwrap()));
    until("packer", async || packer_was_called(&world)).await;
    let audit = world.home.path().join(".local/state/tmpl-tui/audit.jsonl");
    std::fs::rename(&audit, audit.with_extension("kept")).unwrap();
    std::fs::create_dir(&audit).unwrap();
    let moid = Moid(world.lab().add(&Seed::vm(format!("{BASE}-build"), 0)));
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.contains("its VM is not claimed") {
            break;
        }
        assert!(!line.contains("exit"), "it is said while packer builds");
    }
    std::fs::remove_dir(&audit).unwrap();
    until("the claim", async || {
        let vm: Option<Vm> = world.client.vm(&moid).await.unwrap();
        vm.as_ref().is_some_and(|vm| Claim::of(vm).is_some())
    })
    .await;
    std::fs::write(world.home.path().join("release"), "").unwrap();
    child.wait().await.unwrap();
}
