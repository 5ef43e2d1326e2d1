//! The demo in a terminal: its builds start by themselves, know the lab only, and end with it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use tmpl::packer_run::{self, Run, RunState};
use tmpl::paths::StateDir;
use tmpl::pipeline::Key;

use crate::pty::Pty;

/// Starts the demo; its temporary folder is made in `temporary`.
fn demo(temporary: &Path, arguments: &[&str]) -> Pty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    command.args(["demo", "--images", "cells"]);
    command.args(arguments);
    command.env("TMPDIR", temporary);
    command.env("TERM", "xterm-256color");
    command.env("PKR_VAR_vsphere_password", "of-the-real-world");
    command.env("GOVC_URL", "https://vc01.example.com");
    // Wide enough for cause and picture beside each other.
    Pty::start(command, 170, 45)
}

/// The demo's own folder, once it is there.
fn folder(temporary: &Path) -> Option<PathBuf> {
    let mut entries = std::fs::read_dir(temporary).unwrap().flatten().map(|entry| entry.path());
    entries.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tmpl-tui-demo-")))
}

/// The run that the demo began itself, not one of those it says were there before.
fn run(temporary: &Path, key: &str) -> Option<Run> {
    let state = StateDir::at(folder(temporary)?.join("state/tmpl-tui"));
    packer_run::latest(&state, &Key(key.into())).unwrap().filter(|run| run.supervisor.pid != 0)
}

/// Waits until there is what is looked for.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited a minute for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn quit(pty: &mut Pty) {
    pty.keys("\x03");
    pty.wait("the end or the question", |screen| {
        !screen.alternate_screen() || screen.contents().contains("Quit while work goes on?")
    });
    if pty.screen().contains("Quit while work goes on?") {
        pty.answer("l");
    }
}

#[test]
fn one_build_goes_right_and_one_goes_wrong_and_nothing_stays() {
    let temporary = tempfile::tempdir().unwrap();
    let mut pty = demo(temporary.path(), &["--speed", "100"]);
    pty.wait_for("SIMULATED");
    let right = until("the good build", || run(temporary.path(), "debian-12"));
    let wrong = until("the bad build", || run(temporary.path(), "windows-server-2025"));
    // Our own process lets nobody look into it.
    let packer = until("the bad build's packer", || wrong.refresh().ok()?.packer);
    let environment = std::fs::read(format!("/proc/{}/environ", packer.pid)).unwrap();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("PKR_VAR_vsphere_endpoint=http://127.0.0.1:"), "{environment}");
    assert!(!environment.contains("of-the-real-world") && !environment.contains("vc01.example.com"), "{environment}");

    let right = until("the end of the good build", || right.refresh().ok().filter(|run| !run.state.live()));
    assert_eq!(right.state, RunState::Succeeded, "{}", std::fs::read_to_string(&right.output).unwrap());
    assert!(wrong.refresh().unwrap().state.live(), "the bad build waits for its address for an hour of lab time");
    pty.wait("the picture of the stuck guest", |screen| screen.contents().contains('▀'));

    quit(&mut pty);
    assert_eq!(pty.exit(), 0);
    pty.restored().unwrap();
    assert!(folder(temporary.path()).is_none(), "the demo's folder is still there");
    until("the end of the supervisor", || (!wrong.supervisor.alive()).then_some(()));
}

#[test]
fn a_signal_ends_the_demo_and_its_builds() {
    let temporary = tempfile::tempdir().unwrap();
    let mut pty = demo(temporary.path(), &["--scenario", "no-address"]);
    pty.wait_for("SIMULATED");
    let run = until("the build", || run(temporary.path(), "debian-12"));
    pty.signal(nix::sys::signal::SIGTERM);
    pty.exit();
    pty.restored().unwrap();
    assert!(folder(temporary.path()).is_none(), "the demo's folder is still there");
    until("the end of the supervisor", || (!run.supervisor.alive()).then_some(()));
}

#[test]
fn what_a_killed_demo_left_goes_with_the_next_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let temporary = tempfile::tempdir().unwrap();
    let before = nix::sys::stat::umask(nix::sys::stat::Mode::empty());
    let mut first = demo(temporary.path(), &["--scenario", "no-address"]);
    nix::sys::stat::umask(before);
    first.wait_for("SIMULATED");
    let run = until("the build", || run(temporary.path(), "debian-12"));
    let left = folder(temporary.path()).expect("a folder");
    assert_eq!(std::fs::metadata(&left).unwrap().permissions().mode() & 0o777, 0o700);
    let entries = std::fs::read_dir(temporary.path()).unwrap().flatten().map(|entry| entry.path());
    let packers: Vec<_> = entries.filter(|path| path.join(".tmpl-tui-run").exists()).collect();
    let stranger = temporary.path().join("tmpl-tui-demo-of-somebody");
    std::fs::create_dir(&stranger).unwrap();
    let console = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", first.id())).unwrap();
    first.signal(nix::sys::signal::SIGKILL);
    let console = console.split_whitespace().next().and_then(|pid| pid.parse().ok()).expect("the console");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(console), nix::sys::signal::SIGKILL).unwrap();
    first.exit();
    assert!(left.exists());

    let mut second = demo(temporary.path(), &["--scenario", "no-address"]);
    second.wait_for("SIMULATED");
    assert!(!left.exists() && stranger.exists(), "{}", left.display());
    assert!(!run.supervisor.alive(), "its build is still at work");
    assert!(
        !packers.is_empty() && !packers.iter().any(|folder| folder.exists()),
        "packer's temporary files: {packers:?}"
    );
    second.signal(nix::sys::signal::SIGTERM);
    second.exit();
}

#[test]
fn scenarios_are_listed_and_unknown_ones_refused() {
    let program = |arguments: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_tmpl-tui")).args(arguments).output().unwrap()
    };
    let list = String::from_utf8(program(&["demo", "--list"]).stdout).unwrap();
    assert!(list.lines().any(|line| line.starts_with("licensing ") && line.contains("windows-server-2025")), "{list}");
    let refused = program(&["demo", "--scenario", "flood"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(refused.stderr).unwrap(),
        "tmpl-tui: no scenario \"flood\"; `demo --list` names them\n"
    );
}
