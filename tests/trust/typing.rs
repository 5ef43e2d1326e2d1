//! Keys that were not meant for what they meet: typed ahead, pasted without brackets, sent by the terminal itself.

use std::time::Duration;

use rstest::rstest;

use super::console::{console, ready};
use super::pty::Pty;
use super::world::PROGRAM;
use super::{BASE, KEY, Kind, World, figure};

/// One write a key, or one for all.
async fn type_at(pty: &mut Pty, keys: &str, pause: u64) {
    if pause == 0 {
        return pty.keys(keys);
    }
    for key in keys.chars() {
        pty.keys(&key.to_string());
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

/// The dialog is open and listens; nothing was done.
#[track_caller]
fn unanswered(world: &World, pty: &mut Pty, context: &str) {
    let before = pty.written();
    pty.wait(&format!("the dialog after {context}"), |screen| {
        let text = screen.contents();
        text.contains("y does it") || text.contains("Enter to continue")
    });
    assert!(before <= pty.written());
    let screen = pty.screen();
    assert!(
        !screen.contains("started") && !screen.contains("promoted;") && !screen.contains("rolled back"),
        "{screen}"
    );
    assert!(world.changes().is_empty(), "{context}: {:?}", world.changes());
    assert!(!world.home.path().join(".local/state/tmpl-tui/runs").join(KEY).exists(), "{context}: a build");
    pty.keys("\x1b");
    pty.wait_for("nothing done");
    pty.keys("\x1b");
    pty.wait_gone("nothing done");
}

#[rstest]
#[case::at_once(0)]
#[case::ten_milliseconds(10)]
#[case::a_hundred(100)]
#[tokio::test(flavor = "multi_thread")]
async fn type_ahead_confirms_nothing(#[case] pause: u64) {
    let world = World::steady(Kind::Lab).await;
    let mut pty = ready(&world, console(&world));
    world.door.reset();
    let mut tried = 0;
    for keys in ["by", "b\r", "b ", "bl\r", "py", "pyyyy", "p\t\r", "Rit does not boot\ry", "Rx\r\ty\r", "b\ny"] {
        type_at(&mut pty, keys, pause).await;
        unanswered(&world, &mut pty, &format!("{keys:?} at {pause} ms a key"));
        tried += 1;
    }
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert!(world.changes().is_empty());
    figure(&format!("type-ahead into dialogs at {pause} ms a key: {tried} tried, none confirmed"));
}

/// The name of what is destroyed, pasted behind the key that asks for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_name_destroys_nothing() {
    for (pause, paste) in [(0, false), (10, false), (100, false), (0, true)] {
        let world = World::new(Kind::Lab, &["-prev", "", "-build="]).await;
        let mut command = console(&world);
        // Without a token there, GitHub has no say.
        command.env("GITHUB_ACTIONS", "true");
        let mut pty = Pty::start(command, 120, 40);
        pty.wait("the line", |screen| {
            screen.contents().lines().any(|row| row.contains("▸ debian-12") && row.contains("off"))
        });
        world.door.reset();
        let name = format!("{BASE}-build");
        let keys = if paste { format!("S\x1b[200~{name}\x1b[201~\r") } else { format!("S{name}\r") };
        type_at(&mut pty, &keys, pause).await;
        unanswered(&world, &mut pty, &format!("{keys:?} at {pause} ms a key"));
        // Somebody who reads destroys it.
        pty.keys("S");
        pty.wait_for("vCenter does not object");
        pty.answer(&format!("{name}\r"));
        pty.wait("the end of the VM", |_| world.lab().inventory().iter().all(|(known, ..)| *known != name));
        pty.signal(nix::sys::signal::Signal::SIGTERM);
        pty.exit();
    }
    figure("a pasted name behind the key that sweeps: 4 ways, nothing destroyed");
}

/// What xterm, kitty and tmux answer late, each with letters that are keys here.
const ANSWERS: [&str; 8] = [
    "\x1b[?63;1;2;4;6;9;15;22c",
    "\x1b[>41;388;0c",
    "\x1b[24;80R",
    "\x1b_Gi=31;ENOTSUPPORTED:by\x1b\\",
    "\x1bP>|XTerm(388) py\x1b\\",
    "\x1b]11;rgb:bbbb/yyyy/0000\x07",
    "\x1b[?2026;2$y",
    "\x1b[?1;0;256S",
];

#[tokio::test(flavor = "multi_thread")]
async fn late_answers_of_a_terminal_are_no_keys_and_a_paste_without_an_end_ends() {
    let world = World::steady(Kind::Lab).await;
    let mut pty = ready(&world, console(&world));
    for answer in ANSWERS {
        for half in [0, answer.len() / 2, answer.len()] {
            pty.keys(&answer[..half]);
            tokio::time::sleep(Duration::from_millis(100)).await;
            pty.keys(&answer[half..]);
        }
    }
    pty.keys("?");
    pty.wait_for("type to search");
    assert!(!pty.screen().contains("y does it"));
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    // Whatever follows is text until it ends by itself.
    pty.keys("\x1b[200~by");
    tokio::time::sleep(Duration::from_secs(5)).await;
    pty.keys("?");
    pty.wait_for("type to search");
    pty.keys("\x1b");
    pty.wait_gone("type to search");
    pty.keys("\x1b[200~by\x03");
    assert_eq!(pty.exit(), 0);
    assert_eq!(pty.restored(), Ok(()));
    assert!(world.changes().is_empty());
    figure(&format!("late answers of terminals: {} kinds, whole and in halves, none was a key", ANSWERS.len()));
}

/// The window is closed while the console is idle: that is an end, not a failure.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_is_no_panic() {
    let world = World::steady(Kind::Lab).await;
    let ended = world.home.path().join("ended");
    // The terminal within the terminal goes with `script`; the shell in it stays to tell.
    let run = world.home.path().join("run");
    let command = format!("{PROGRAM} --repo {} --images cells {KEY}", world.repo.display());
    let said = world.home.path().join("said");
    std::fs::write(&run, format!("trap : HUP\n{command}\necho $? >{}.part\nmv {0}.part {0}\n", ended.display()))
        .unwrap();
    let mut script = world.in_terminal("script");
    script.args(["--quiet", "--flush", "--command"]);
    script.arg(format!("exec sh {}", run.display()));
    script.arg(&said);
    let pty = Pty::start(script, 120, 40);
    pty.wait_for("R rolls back to it");
    pty.signal(nix::sys::signal::Signal::SIGKILL);
    let began = std::time::Instant::now();
    while !ended.exists() {
        assert!(began.elapsed() < Duration::from_secs(180), "it never ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let code = std::fs::read_to_string(&ended).unwrap();
    assert_eq!(code.trim(), "130");
    figure("a closed terminal under the console: an end, no panic");
}
