//! Clocks that disagree: vCenter's is ahead, ours was set back, a hold is from the end of all time; and ours is set while
//! something is under way.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rstest::rstest;
use tmpl::lab::Seed;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::console::{console, ready};
use super::proxy::Trouble;
use super::world::Ended;
use super::{BASE, KEY, Kind, World, figure};

/// A clock of one program's own, for the time of day alone.
struct Clock(PathBuf);

impl Clock {
    fn new(home: &Path) -> Self {
        let clock = Self(home.join("clock"));
        clock.set("+0");
        clock
    }

    /// `-3h`: three hours before the real one.
    fn set(&self, offset: &str) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, offset).unwrap();
        std::fs::rename(new, &self.0).unwrap();
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        let library = std::fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
        let library = library.map(|path| path.join("faketime/libfaketimeMT.so.1")).find(|path| path.exists());
        [
            ("LD_PRELOAD", library.expect("libfaketime").display().to_string()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }
}

/// Waits until the door holds an answer.
async fn held(world: &World) {
    while !world.door.held() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[rstest]
#[case("-3h")]
#[case("+3h")]
#[case("-2y")]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_under_a_promotion(#[case] jump: &str) {
    let world = World::steady(Kind::Lab).await;
    let (before, clock) = (world.names().await, Clock::new(world.home.path()));
    world.door.at_method("Rename_Task", 2, Trouble::HoldAfter);
    let mut program = world.program(&["promote", KEY]);
    let promotion = program.envs(clock.environment()).output();
    let set = async {
        held(&world).await;
        clock.set(jump);
        world.door.let_go();
    };
    let (output, ()) = tokio::join!(promotion, set);
    Ended::of(output.unwrap()).is(0, "5/5");
    assert_eq!(world.names().await[""], before["-build"]);
    figure(&format!("clock set by {jump} under a promotion, a watch, a build: survived"));
}

#[rstest]
#[case("-3h")]
#[case("+3h")]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_under_a_watch(#[case] jump: &str) {
    let world = World::steady(Kind::Lab).await;
    let clock = Clock::new(world.home.path());
    let mut program = world.program(&["status", "--watch", "--json"]);
    let mut program = program.envs(clock.environment()).stdout(Stdio::piped()).spawn().unwrap();
    let mut reports = BufReader::new(program.stdout.take().unwrap()).lines();
    reports.next_line().await.unwrap().unwrap();
    clock.set(jump);
    world.govc(&["vm.destroy", &format!("{BASE}-build")]).await;
    let gone =
        async { while !reports.next_line().await.unwrap().expect("it goes on").contains("\"build\":null,\"hold\"") {} };
    assert!(
        tokio::time::timeout(std::time::Duration::from_secs(180), gone).await.is_ok(),
        "the change was never shown"
    );
}

/// Works until it is released.
const PACKER: &str = r#"#!/bin/sh
case "$1" in
version) echo 'Packer v1.16.0';;
build) echo '==> Waiting for IP...'; touch HOME/waiting
  while [ ! -e HOME/release ]; do sleep 0.05; done
  touch HOME/ending; while [ -e HOME/ending ]; do sleep 0.02; done
  echo '==> Builds finished. The artifacts of successful builds are:'
  echo '--> vsphere-iso.linux: linux-debian-12-main-build';;
esac
"#;

/// What is built in a time that was before is still the newest, and no end comes early or never.
#[rstest]
#[case("-3h")]
#[case("+3h")]
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_under_a_build(#[case] jump: &str) {
    let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
    let (clock, home) = (Clock::new(world.home.path()), world.home.path());
    let packer = home.join("packer");
    std::fs::write(&packer, PACKER.replace("HOME", &home.display().to_string())).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let state = tmpl::paths::StateDir::at(home.join(".local/state/tmpl-tui"));
    let latest = || tmpl::packer_run::latest(&state, &tmpl::pipeline::Key(KEY.into())).unwrap().unwrap();
    let build = || {
        let mut program: Command =
            world.program(&["build", KEY, "--timeout", "60", "--packer", packer.to_str().unwrap()]);
        program.env("PATH", std::env::var_os("PATH").unwrap()).envs(clock.environment());
        program.stderr(Stdio::piped()).spawn().unwrap()
    };
    let first = build();
    while !home.join("waiting").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    clock.set(jump);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(latest().state.live(), "{:?}", latest());
    std::fs::write(home.join("release"), "").unwrap();
    Ended::of(world.while_built(first.wait_with_output()).await.unwrap()).is(0, "is built");
    let dir = latest().dir;
    Ended::of(world.while_built(build().wait_with_output()).await.unwrap()).is(0, "is built");
    assert!(latest().dir > dir && latest().state == tmpl::packer_run::RunState::Succeeded, "{:?}", latest());
    world.run(&["log", KEY]).await.is(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_from_the_future_are_templates() {
    let world = World::new(Kind::Lab, &[]).await;
    for (suffix, hours) in [("-prev", -900), ("", -1000), ("-build", -1001)] {
        world.lab().add(&Seed::template(format!("{BASE}{suffix}"), hours));
    }
    let before = world.names().await;
    let status = world.run(&["status"]).await;
    assert!(status.exit == 0 && status.out.contains(KEY), "{}", status.err);
    let mut pty = ready(&world, console(&world));
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    world.run(&["promote", KEY]).await.is(0, "");
    assert_eq!(world.names().await[""], before["-build"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_any_time_holds() {
    let world = World::steady(Kind::Lab).await;
    for since in ["9999-12-30T22:00:00Z", "-009999-01-03T00:00:00Z", "1969-12-31T23:59:59Z"] {
        let notes = format!("tmpl-tui hold: {{\"reason\":\"wait\",\"by\":\"op\",\"since\":\"{since}\"}}");
        world.govc(&["vm.change", "-vm", BASE, "-annotation", &notes]).await;
        let status = world.run(&["status"]).await;
        assert!(status.exit == 0 && status.out.contains("held by op"), "{since}: {} {}", status.out, status.err);
        world.run(&["promote", KEY]).await.is(3, "wait");
        let mut pty = super::pty::Pty::start(console(&world), 120, 40);
        pty.wait_for("HELD");
        pty.keys("q");
        assert_eq!(pty.exit(), 0, "{since}");
    }
    assert!(world.changes().is_empty());
}
