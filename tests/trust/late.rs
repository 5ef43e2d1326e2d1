//! Builds whose time is up, and what becomes of their VM.

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use tmpl::lab::{Options, Seed};

use super::world::Ended;
use super::{BASE, KEY, Kind, World, figure};

/// Hangs, whatever it is told.
const PACKER: &str = r#"#!/bin/sh
case "$1" in
version) echo 'Packer v1.16.0';;
build) trap '' TERM INT HUP; touch HOME/waiting; while :; do sleep 0.05; done;;
esac
"#;

/// A build whose time is up; `age` is that of the VM, in hours, which is there when packer is killed.
async fn killed_by_the_clock(world: &World, age: i64, more: &[&str]) -> Ended {
    let home = world.home.path();
    let packer = home.join("packer");
    std::fs::write(&packer, PACKER.replace("HOME", &home.display().to_string())).unwrap();
    std::fs::set_permissions(&packer, std::fs::Permissions::from_mode(0o755)).unwrap();
    let verb = ["build", KEY, "--timeout", "5s", "--grace", "1s", "--packer", packer.to_str().unwrap()];
    let mut program = world.program(&[&verb, more].concat());
    // Without a token there, GitHub has no say.
    program
        .env("GITHUB_ACTIONS", "true")
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let program = program.spawn().unwrap();
    while !home.join("waiting").exists() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    world.lab().add(&Seed::vm(format!("{BASE}-build"), age));
    Ended::of(program.wait_with_output().await.unwrap())
}

async fn world() -> World {
    World::with(Kind::Lab, &["-prev", ""], Options { task_scale: 0.0, ..Options::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vm_of_a_build_that_took_too_long_is_swept() {
    let world = world().await;
    let before = world.names().await;
    killed_by_the_clock(&world, 0, &[]).await.is(1, "was swept");
    assert_eq!(world.names().await, before);
    let audit = std::fs::read_to_string(world.home.path().join(".local/state/tmpl-tui/audit.jsonl")).unwrap();
    assert!(audit.contains("Destroy_Task") && audit.contains("\"done\""), "{audit}");
    figure("a packer that ignores SIGTERM: killed after its grace, with all it started; its VM swept");
}

/// Notes are written on what is being built.
fn destroyed(world: &World) -> bool {
    world.changes().iter().any(|call| call != "ReconfigVM_Task")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_there_before_or_is_kept_on_purpose_stays() {
    let old = world().await;
    killed_by_the_clock(&old, 5, &[]).await.is(1, "was there before and stays");
    assert!(old.names().await.contains_key("-build") && !destroyed(&old));
    let kept = world().await;
    killed_by_the_clock(&kept, 0, &["--on-error", "abort"]).await.is(1, "is still there");
    assert!(kept.names().await.contains_key("-build") && !destroyed(&kept));
}
