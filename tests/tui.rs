//! The real program in a terminal: opened, used, left, and the terminal as it was before.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "every word is our own")]

#[path = "support/pty.rs"]
mod pty;

use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use pty::Pty;
use rstest::rstest;
use tmpl::lab::{Lab, Options};
use tmpl::tui::terminal;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tmpl-tui");

/// An environment with nothing of ours in it.
fn bare(program: &str, home: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for name in ["PATH", "LANG", "USER", "LOGNAME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", home);
    command.env("TERM", "xterm-256color");
    command.env("TZ", "UTC");
    command.cwd(home);
    command
}

/// The demo on a screen of this size, once it shows its data.
fn demo(home: &Path, columns: u16, rows: u16) -> Pty {
    let mut command = bare(PROGRAM, home);
    command.args(["demo", "--images", "cells", "--speed", "50"]);
    let pty = Pty::start(command, columns, rows);
    pty.wait_for("SIMULATED");
    pty.wait_for("✓ live");
    pty
}

/// Leaves, builds or not.
fn quit(pty: &mut Pty) {
    pty.keys("\x03");
    pty.wait("the end or the question", |screen| {
        !screen.alternate_screen() || screen.contents().contains("Quit while work goes on?")
    });
    if pty.screen().contains("Quit while work goes on?") {
        pty.answer("l");
    }
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The folder that holds a matrix: this repository.
const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// The console on a vCenter that is not there.
fn unreachable(home: &Path) -> CommandBuilder {
    let mut command = bare(PROGRAM, home);
    command.args(["--repo", REPOSITORY, "--images", "cells"]);
    command.env("GOVC_URL", "http://127.0.0.1:9/sdk");
    command.env("GOVC_USERNAME", "nobody");
    command.env("GOVC_PASSWORD", "nothing-at-all");
    command
}

#[test]
fn it_opens_shows_the_lines_helps_and_gives_the_terminal_back() {
    let home = home();
    let mut pty = demo(home.path(), 120, 40);
    for key in ["ubuntu-2404", "debian-12", "windows-server-2025", "windows-desktop-11"] {
        pty.wait_for(key);
    }
    pty.keys("?");
    pty.wait_for("type to search");
    pty.keys("sweep");
    pty.wait_gone("Go to the next line in trouble");
    pty.keys("\x1b");
    pty.wait_for("Go to the next line in trouble");
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    pty.keys("/rocky\r");
    pty.wait_gone("ubuntu-2204");
    pty.keys("\x1b");
    pty.wait_for("ubuntu-2204");
    quit(&mut pty);
    assert_eq!(pty.exit(), 0);
    assert_eq!(pty.restored(), Ok(()));
}

#[rstest]
#[case(Signal::SIGTERM)]
#[case(Signal::SIGHUP)]
fn a_signal_gives_the_terminal_back(#[case] signal: Signal) {
    let home = home();
    let mut pty = demo(home.path(), 80, 24);
    pty.signal(signal);
    assert_eq!(pty.exit(), 130);
    assert_eq!(pty.restored(), Ok(()));
}

#[test]
fn a_storm_of_sizes_ends_with_a_whole_screen() {
    let home = home();
    let mut pty = demo(home.path(), 80, 24);
    for (columns, rows) in
        [(1, 1), (200, 60), (2, 40), (60, 15), (300, 3), (17, 9), (80, 2), (132, 50), (40, 10), (100, 30)]
    {
        pty.resize(columns, rows);
        pty.keys("\tj?\x1bf");
    }
    pty.resize(100, 30);
    pty.keys("\x1b\x1b\x1b\x1b");
    pty.wait("lines, log and hints", |screen| {
        let text = screen.contents();
        text.contains("╭ Lines") && text.contains("windows-desktop-11") && text.contains("? help")
    });
    quit(&mut pty);
    assert_eq!(pty.exit(), 0);
    assert_eq!(pty.restored(), Ok(()));
}

#[test]
fn suspended_to_the_shell_and_back() {
    let home = home();
    let mut shell = bare("bash", home.path());
    shell.args(["--norc", "--noprofile", "-i"]);
    let mut pty = Pty::start(shell, 90, 26);
    pty.keys(&format!("PS1='prompt> '; {PROGRAM} demo --images cells\r"));
    pty.wait_for("✓ live");
    pty.keys("\x1a");
    pty.wait("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    pty.keys("fg\r");
    let back = |pty: &Pty| {
        pty.wait("the console again", |screen| {
            screen.alternate_screen() && screen.contents().contains("windows-desktop-11")
        });
    };
    back(&pty);
    // Somebody else stops it: the console itself, below the shell's job that keeps the lab.
    let child = |of: u32| {
        let found = Command::new("pgrep").args(["-P", &of.to_string()]).output().expect("pgrep");
        String::from_utf8_lossy(&found.stdout).lines().next().and_then(|line| line.parse().ok()).expect("a child")
    };
    let console = i32::try_from(child(child(pty.id()))).expect("a process");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(console), Signal::SIGTSTP).expect("a signal");
    let stops = |screen: &vt100::Screen| screen.contents().matches("Stopped").count();
    pty.wait("the shell", |screen| !screen.alternate_screen() && stops(screen) == 2);
    pty.keys("fg\r");
    back(&pty);
    quit(&mut pty);
    pty.wait("the prompt", |screen| !screen.alternate_screen() && screen.contents().trim_end().ends_with("prompt>"));
    pty.keys("exit\r");
    pty.exit();
}

#[test]
fn an_unreachable_vcenter_is_said_and_the_console_stays() {
    let home = home();
    let mut pty = Pty::start(unreachable(home.path()), 100, 30);
    pty.wait_for("cannot reach vCenter");
    pty.wait_for("retry in");
    pty.keys("j?");
    pty.wait_for("no link to vCenter");
    // Esc and the next key together would be Alt and that key.
    pty.wait_for("type to search");
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(pty.restored(), Ok(()));
}

#[test]
fn a_missing_packer_is_said_and_the_console_stays() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lab = runtime.block_on(Lab::start(Options::default())).expect("a lab");
    let home = home();
    let mut command = unreachable(home.path());
    lab.environment().into_iter().for_each(|(name, value)| command.env(name, value));
    command.env("PATH", home.path());
    let mut pty = Pty::start(command, 100, 30);
    pty.wait_for("✓ live");
    pty.keys("b");
    pty.answer("y");
    pty.wait_for("start of the build failed");
    pty.wait_for("packer");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn the_deep_link_selects_its_line_and_read_only_says_so() {
    let home = home();
    let mut command = unreachable(home.path());
    command.args(["--read-only", "rocky-9"]);
    let mut pty = Pty::start(command, 100, 30);
    pty.wait_for("▸ rocky-9");
    pty.wait_for("read-only");
    pty.keys("b");
    pty.wait_for("nothing can be changed");
    pty.keys("\x1b");
    pty.wait_gone("nothing can be changed");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}

#[test]
fn a_build_from_the_key_is_seen_promoted_and_rolled_back() {
    let home = home();
    let mut pty = demo(home.path(), 140, 40);
    pty.keys("/debian-13\r");
    pty.wait_for("▸ debian-13");
    pty.keys("b");
    pty.wait_for("Build debian-13");
    pty.answer("y");
    pty.wait_for("build started");
    pty.wait_for("Waiting for IP");
    pty.wait_for("✓ built");
    pty.wait_gone("build started");
    pty.keys("p");
    pty.wait_for("vCenter does not object");
    pty.wait_for("-build → ");
    pty.answer("y");
    pty.wait_for("promoted; the one before is");
    pty.keys("R");
    pty.wait_for("vCenter does not object");
    pty.answer("it does not boot\r");
    pty.wait_for("[ roll back ]");
    pty.answer("y");
    pty.wait_for("rolled back and held");
    pty.wait_for("HELD");
    quit(&mut pty);
    assert_eq!(pty.exit(), 0);
    assert_eq!(pty.restored(), Ok(()));
}

#[test]
fn a_build_is_cancelled_and_its_vm_goes() {
    let home = home();
    let mut pty = demo(home.path(), 140, 40);
    // The demo's stuck build; it is selected.
    pty.wait_for("● wait for IP");
    // A picture of its guest, before the guest goes.
    pty.wait_for("v shows the picture");
    // On record, too: that of the console itself goes with the guest.
    pty.keys(":timeline\r");
    pty.wait("a recorded picture", |screen| {
        let recorded = |row: &str| row.contains(" Timeline 1 picture ") || row.contains("pictures ─");
        screen.contents().lines().any(recorded)
    });
    pty.keys(":picture\r");
    pty.wait_for(" old ─");
    pty.keys("x");
    pty.wait_for("ask packer to stop");
    pty.answer("y");
    pty.wait_for("⊘ cancelled");
    // The guest is gone; what its console showed last stands for it.
    pty.wait_for("last picture");
    quit(&mut pty);
    assert_eq!(pty.exit(), 0);
}

fn outside(home: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("HOME", home).env("TERM", "xterm").current_dir(home);
    command
}

#[test]
fn bad_input_is_one_line_and_exit_2() {
    let home = home();
    let missing = outside(home.path()).arg("--repo").arg(home.path()).assert().code(2);
    missing.stderr(contains("ci/matrix.json").and(contains("--repo")));

    std::fs::create_dir(home.path().join("ci")).expect("a folder");
    std::fs::write(home.path().join("ci/matrix.json"), "[{\"key\": 1}]").expect("a file");
    let malformed = outside(home.path()).arg("--repo").arg(home.path()).assert().code(2);
    malformed.stderr(contains("matrix.json:1:10"));

    let credentials = outside(home.path()).args(["--repo", REPOSITORY]).assert().code(2);
    credentials.stderr(contains("missing in the environment").and(contains("vsphere_password")));

    // What was typed comes before what is missing.
    let mut command = outside(home.path());
    command.args(["--repo", REPOSITORY, "debian-99"]);
    command.assert().code(2).stderr(contains("debian-99").and(contains("debian-12")));
}

#[test]
fn without_a_terminal_it_says_what_to_use_instead() {
    let home = home();
    let mut command = outside(home.path());
    command.args(["--repo", REPOSITORY]);
    command.env("GOVC_URL", "http://127.0.0.1:9/sdk").env("GOVC_USERNAME", "a").env("GOVC_PASSWORD", "b");
    command.assert().code(2).stderr(contains("needs a terminal")).stdout("");

    let mut dumb = unreachable(home.path());
    dumb.env("TERM", "dumb");
    let mut pty = Pty::start(dumb, 80, 24);
    assert_eq!(pty.exit(), 2);
    assert!(pty.screen().contains("TERM says dumb"), "{}", pty.screen());
}

#[test]
fn a_refused_password_is_tried_once_and_the_console_stays() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let lab = runtime.block_on(Lab::start(Options::default())).expect("a lab");
    let logins = || lab.calls().iter().filter(|call| *call == "Login").count();
    let home = home();
    let mut command = bare(PROGRAM, home.path());
    command.args(["--repo", REPOSITORY, "--images", "cells"]);
    lab.environment().into_iter().for_each(|(name, value)| command.env(name, value));
    command.env("PKR_VAR_vsphere_password", "not-the-password");
    let mut pty = Pty::start(command, 100, 30);
    pty.wait_for("refused the password");
    pty.wait_for("r retries");
    pty.keys("jp");
    pty.wait_for("no link to vCenter");
    assert_eq!(logins(), 1);
    // A person asks for another try.
    pty.keys("r");
    pty.wait_for("asking vCenter again");
    pty.wait("the second refusal", |screen| logins() == 2 && screen.contents().contains("r retries"));
    assert!(!pty.screen().contains("not-the-password"));
    pty.keys("\x03");
    assert_eq!(pty.exit(), 0);
    assert_eq!(pty.restored(), Ok(()));
}

/// Set in the process that panics on purpose.
const PANICS: &str = "TMPL_TEST_PANICS";

/// A console that panics while it draws, after one of its background tasks has.
fn panics() {
    terminal::guard_panics(std::thread::current().id());
    let _taken = terminal::take(true).expect("a terminal");
    let background = std::thread::spawn(|| panic!("in the background"));
    assert!(background.join().is_err());
    crossterm::execute!(std::io::stdout(), crossterm::style::Print("drawn")).expect("a terminal");
    crossterm::event::read().expect("a key");
    panic!("while drawing");
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_reported_there() {
    if std::env::var_os(PANICS).is_some() {
        panics();
    }
    let home = home();
    let this = std::env::current_exe().expect("this test");
    let mut command = bare(&this.to_string_lossy(), home.path());
    command.args(["--exact", "a_panic_gives_the_terminal_back_and_is_reported_there", "--nocapture"]);
    command.env(PANICS, "1");
    let mut pty = Pty::start(command, 100, 30);
    pty.wait("a drawn screen", |screen| screen.alternate_screen() && screen.contents().contains("drawn"));
    assert!(!pty.screen().contains("background"), "{}", pty.screen());
    pty.keys("x");
    pty.exit();
    assert_eq!(pty.restored(), Ok(()));
    assert!(pty.screen().contains("while drawing"), "{}", pty.screen());
}
