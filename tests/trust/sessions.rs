//! Nobody leaves a session behind: vCenter keeps each for half an hour and has room for some hundreds.

use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::console::console;
use super::{BASE, KEY, Kind, World, figure};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_logs_out() {
    let world = World::steady(Kind::Lab).await;
    world.names().await;
    let before = world.lab().open_sessions();
    let image = format!("{BASE}-build");
    let verbs: [&[&str]; 8] = [
        &["status"],
        &["doctor"],
        &["promote", KEY, "--dry-run"],
        &["hold", KEY, "--reason", "x"],
        &["promote", KEY],
        &["release", KEY],
        &["console", "--vm", &image, "-o", "-"],
        &["promote", KEY],
    ];
    for verb in verbs {
        world.run(verb).await;
        assert_eq!(world.lab().open_sessions(), before, "{verb:?} left a session");
    }
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut program = world.program(&["status", "--watch", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
        BufReader::new(program.stdout.as_mut().unwrap()).lines().next_line().await.unwrap();
        kill(Pid::from_raw(i32::try_from(program.id().unwrap()).unwrap()), signal).unwrap();
        assert_eq!(program.wait().await.unwrap().code(), Some(130), "{signal}");
        assert_eq!(world.lab().open_sessions(), before, "status --watch left a session at {signal}");
    }
    world.door.reset();
    for signal in [None, Some(Signal::SIGTERM), Some(Signal::SIGHUP)] {
        let mut pty = super::pty::Pty::start(console(&world), 120, 40);
        pty.wait_for("✓ live");
        match signal {
            Some(signal) => pty.signal(signal),
            None => pty.keys("q"),
        }
        pty.exit();
        assert_eq!(world.lab().open_sessions(), before, "the console left a session ({signal:?})");
    }
    figure(&format!("sessions: {} ways to leave, none left behind in vCenter", verbs.len() + 6));
}
