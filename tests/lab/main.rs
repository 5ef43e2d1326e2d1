//! The lab from outside: real govc talks to it, its guests do what their scenarios say, its packer prints what packer prints.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/pty.rs"]
mod pty;
#[path = "../support/tools.rs"]
mod tools;

mod demo;
mod govc;
mod guests;
mod packer;
mod protocol;
mod real;
mod real_packer;

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tmpl::lab::{Lab, Options, Seed};

/// A line with two generations.
const BASE: &str = "linux-debian-12-main";

async fn lab(options: Options) -> Lab {
    let seeds = vec![Seed::template(BASE, 74).with_notes("built by hand"), Seed::template(format!("{BASE}-prev"), 242)];
    Lab::start(Options { seeds, ..options }).await.unwrap()
}

/// A lab where nothing takes time but what is asked of its clock, and guests wait for their keys.
fn quick() -> Options {
    Options { task_scale: 0.0, patient: true, ..Options::default() }
}

/// A command with the lab's environment and nothing else of ours.
fn command(lab: &Lab, program: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(lab.environment()).env("GOVC_PERSIST_SESSION", "false").env("HOME", "/nonexistent");
    command
}

/// Runs a command without blocking the lab, which lives in this process.
async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Waits until `ready` says so.
async fn until(what: &str, mut ready: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(180);
    while !ready() {
        assert!(Instant::now() < end, "waited a minute for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
