//! The console in a terminal while things are taken away from it.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use portable_pty::CommandBuilder;
use rstest::rstest;

use tmpl::generation::{Actor, Claim};
use tmpl::lab::{Options, Seed};
use tmpl::vcenter::Moid;

use super::proxy::Trouble;
use super::pty::Pty;
use super::world::PROGRAM;
use super::{BASE, KEY, Kind, World};

/// The console of a world, on its line.
pub fn console(world: &World) -> CommandBuilder {
    world.console(KEY)
}

/// The console once it knows the line.
pub fn ready(world: &World, console: CommandBuilder) -> Pty {
    let pty = Pty::start(console, 120, 40);
    pty.wait_for("▸ debian-12");
    // At rest the overview is there; the cause, of a run.
    let ran = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY).exists();
    pty.wait_for(if ran { "Next:" } else { "R rolls back to it" });
    assert!(!world.door.calls().is_empty());
    pty
}

/// A promotion asked for by key that waits where there is no live template.
fn half_way(world: &World, console: CommandBuilder) -> Pty {
    world.door.at_method("Rename_Task", 2, Trouble::HoldAfter);
    let mut pty = ready(world, console);
    pty.keys("p");
    pty.wait_for("vCenter does not object");
    pty.answer("y");
    assert!(world.door.wait_held(), "the second rename never came:\n{}", pty.screen());
    pty
}

/// What a build on another branch left is shown with its line, swept by key and by its own name, and nothing else is.
#[tokio::test(flavor = "multi_thread")]
async fn what_another_branch_left_is_shown_and_swept() {
    const ORPHAN: &str = "linux-debian-12-fix2-build";
    let (by, moid) = (Actor("mona@ops3".into()), Moid("vm-103".into()));
    let claim = Claim::new(tmpl::pipeline::Key(KEY.into()), &by, "r1".into(), moid, jiff::Timestamp::now());
    let seeds = vec![
        Seed::template(format!("{BASE}-prev"), 9),
        Seed::template(BASE, 5),
        Seed::template(ORPHAN, 2).with_notes(claim.ended(&claim.write(""))),
        Seed::template("linux-debian-12-fix3-build", 2),
    ];
    let world = World::in_lab(Options { seeds, task_scale: 0.0, ..Options::default() }).await;
    let before = world.names().await;
    let mut pty = ready(&world, console(&world));
    pty.wait_for("was built on another branch: S sweeps it");
    pty.keys("S");
    pty.wait_for("vCenter does not object");
    pty.answer(&format!("{ORPHAN}\r"));
    pty.wait_for(&format!("{ORPHAN} destroyed"));
    pty.wait_gone("was built on another branch");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
    assert_eq!(world.names().await, before);
    let left = world.govc(&["ls", "vm/Templates"]).await;
    assert!(!left.contains(ORPHAN) && left.contains("fix3-build"), "nobody knows whose that is: {left}");
}

#[rstest]
#[case(Signal::SIGTERM)]
#[case(Signal::SIGHUP)]
#[case(Signal::SIGINT)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_finishes_the_promotion_under_way(#[case] signal: Signal) {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    let mut pty = half_way(&world, console(&world));
    pty.signal(signal);
    pty.signal(signal);
    pty.wait_for("finishing the change under way first");
    world.door.let_go();
    pty.wait_for("promoted; the one before is");
    assert_eq!(pty.exit(), 130);
    assert_eq!(pty.restored(), Ok(()));
    assert_eq!(world.names().await[""], before["-build"]);
    assert_eq!(world.listed().await, ["", "-prev"]);
}

/// Suspended where there is no live template, it would stay so until somebody remembers.
#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_under_way_is_not_suspended() {
    let world = World::steady(Kind::Lab).await;
    let mut pty = half_way(&world, console(&world));
    pty.signal(Signal::SIGTSTP);
    pty.keys("\x1a");
    pty.wait_for("not while a change is under way");
    world.door.let_go();
    pty.wait_for("promoted; the one before is");
    pty.signal(Signal::SIGTERM);
    pty.exit();
    assert_eq!(world.listed().await, ["", "-prev"]);
}

/// The window is closed, the connection lost: the terminal is gone, the promotion is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_closed_terminal_finishes_the_promotion_under_way() {
    let world = World::steady(Kind::Lab).await;
    let before = world.names().await;
    // The terminal within the terminal goes with `script`.
    let mut script = world.in_terminal("script");
    script.args(["--quiet", "--flush", "--command"]);
    script.arg(format!("exec {PROGRAM} --repo {} --images cells {KEY}", world.repo.display()));
    script.arg("/dev/null");
    let pty = half_way(&world, script);
    pty.signal(Signal::SIGKILL);
    world.door.let_go();
    let began = Instant::now();
    while world.names().await.len() != 2 {
        assert!(began.elapsed() < Duration::from_secs(180), "never finished: {:?}", world.names().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(world.names().await[""], before["-build"]);
}
