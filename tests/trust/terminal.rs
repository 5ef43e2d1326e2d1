//! What others wrote never reaches the terminal as a command, and the terminal is given back whatever it is.

use super::console::{console, ready};
use super::pty::Pty;
use super::world::{Ended, PROGRAM};
use super::{BASE, KEY, Kind, World, figure};
use tmpl::lab::github::{GitHub, Job, Run, World as Hub, archive};
use tmpl::lab::{Fault, Trouble};

/// Titles, clipboards, device reports, alternate screens, and C1 forms of them; DEL; what turns, hides and carries letters;
/// commands to the runner of a workflow. Each says PWNED.
pub const ATTACKS: [&str; 13] = [
    "\u{1b}]0;PWNED\u{7}",
    "\u{1b}]52;c;UFdORUQ=\u{7}",
    "\u{1b}[?1049lPWNED",
    "\u{1b}Pq#0PWNED\u{1b}\\",
    "\u{9d}0;PWNED\u{9c}",
    "\u{9b}6nPWNED",
    "\u{1b}[2J\u{8}\u{8}PWNED\r",
    "\u{7f}\u{84}\u{8d}PWNED\u{90}",
    "\u{202e}PWNED\u{2066}",
    "\u{200b}PWNED\u{feff}",
    "\u{e0050}PWNED\u{e007f}",
    "##[error]PWNED",
    "\n::error::PWNED",
];

/// A run of the line whose log and output were written by the enemy.
pub fn run_on_record(world: &World, state: &str) {
    let dir = world.home.path().join(".local/state/tmpl-tui/runs").join(KEY).join("20260301T020304.000Z");
    std::fs::create_dir_all(dir.join("frames")).unwrap();
    let all = ATTACKS.map(|attack| format!("2026/03/01 02:03:04 ui: ==> x: {attack} after\n")).concat();
    for name in ["packer-build.log", "output.log"] {
        let end = format!("2026/03/01 02:03:05 ui error: Error: Unset variable \"{}\"\n", ATTACKS[..11].concat());
        std::fs::write(dir.join(name), format!("{all}{end}")).unwrap();
    }
    let supervisor = serde_json::to_value(tmpl::packer_run::Process::current().unwrap()).unwrap();
    let record = serde_json::json!({
        "key": KEY, "base_name": BASE, "state": state, "exit": 1, "reason": ATTACKS[0],
        "started": "2026-03-01T02:03:04Z", "ended": "2026-03-01T02:04:04Z", "supervisor": supervisor, "packer": null,
        "argv": ["packer", ATTACKS[0]], "packer_version": "1.11.2", "on_error": "cleanup", "promote": false,
        "log": dir.join("packer-build.log"), "temporary": dir.join("tmp"),
    });
    std::fs::write(dir.join("run.json"), record.to_string()).unwrap();
}

/// None of the attacks is in what was written to a terminal, whole or in part.
#[track_caller]
pub fn harmless(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for attack in &ATTACKS[..11] {
        assert!(!text.contains(attack), "{what}: {attack:?} reached the terminal");
    }
    let disturbing = |c: char| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    assert!(!text.contains(disturbing), "{what}: {:?} reached the terminal", text.matches(disturbing).next());
}

/// The same of a verb, which has nothing to tell a terminal but lines, and the runner of a workflow nothing at all.
#[track_caller]
pub fn lines(what: &str, ended: &Ended) {
    for (stream, text) in [("stdout", &ended.out), ("stderr", &ended.err)] {
        harmless(&format!("{what} {stream}"), text.as_bytes());
        let control = text.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(control, None, "{what} {stream}: {text:?}");
        let command = text.lines().find(|line| line.contains("##[") || line.trim_start().starts_with("::"));
        assert_eq!(command, None, "{what} {stream}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_others_wrote_commands_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    run_on_record(&world, "failed");
    let reason = serde_json::to_string(&ATTACKS.concat()).unwrap();
    let notes = format!("tmpl-tui hold: {{\"reason\":{reason},\"by\":{reason},\"since\":\"2026-01-01T00:00:00Z\"}}");
    world.govc(&["vm.change", "-vm", BASE, "-annotation", &notes]).await;
    for verb in [
        &["status"][..],
        &["promote", KEY],
        &["log", KEY],
        &["log", KEY, "--errors"],
        &["triage", KEY],
        &["rollback", KEY, "--reason", ATTACKS[0], "--dry-run"],
        &["console", "--vm", ATTACKS[0]],
        &["build", ATTACKS[1], "--dry-run"],
    ] {
        lines(&format!("{verb:?}"), &world.run(verb).await);
    }
    world.run(&["release", KEY]).await.is(0, "");
    world.lab().trouble("Rename_Task", 1, Trouble::Fail(Fault::new("ResourceInUse", ATTACKS.concat())));
    let failed = world.run(&["promote", KEY]).await;
    assert_eq!(failed.exit, 1);
    lines("a fault's message", &failed);

    let mut pty = ready(&world, console(&world));
    pty.wait_for("PWNED");
    world.lab().trouble("Rename_Task", 1, Trouble::Fail(Fault::new("ResourceInUse", ATTACKS.concat())));
    pty.keys("p");
    pty.wait_for("vCenter does not object");
    pty.answer("y");
    pty.wait_for("failed");
    pty.keys("\x1b");
    pty.signal(nix::sys::signal::Signal::SIGTERM);
    pty.exit();
    harmless("the console", &pty.bytes());
    assert_eq!(pty.restored(), Ok(()));
    figure(&format!(
        "escape sequences: {} kinds in log, record, notes and fault, none reached the terminal",
        ATTACKS.len()
    ));
}

/// Titles, jobs, steps and logs on GitHub are written by whoever may push.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_github_commands_the_terminal() {
    let world = World::steady(Kind::Lab).await;
    let all = ATTACKS.concat();
    let evil =
        |line: &str| Job { name: format!("build ({line}{all})"), ..Job::build(line, "completed", Some("failure")) };
    let created = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(9);
    let log = archive(&[("packer-build.log", format!("2026/03/01 02:03:04 ui: ==> x: {all} after\n").as_bytes())]);
    let run = Run {
        id: 9001,
        workflow: tmpl::github::BUILD,
        title: format!("build-templates {all}"),
        event: "schedule",
        status: "completed",
        conclusion: Some("failure"),
        created,
        ended: Some(created),
        jobs: vec![evil("rocky-9"), Job::build(KEY, "completed", Some("failure"))],
        artifacts: vec![(format!("{KEY}-build-debug-log"), log)],
    };
    let github = GitHub::start(Hub { runs: vec![run], remaining: u64::MAX, ..Hub::empty() }).await.unwrap();
    for verb in [
        &["runs"][..],
        &["runs", "--json"],
        &["runs", "watch"],
        &["runs", "cancel", "--json"],
        &["runs", "log"],
        &["triage", KEY],
        &["runs", "rerun", "77"],
    ] {
        let ended = Ended::of(world.program(verb).envs(github.environment()).output().await.unwrap());
        assert!(!ended.out.is_empty() || !ended.err.is_empty(), "{verb:?}");
        lines(&format!("{verb:?}"), &ended);
    }
    let mut console = console(&world);
    github.environment().into_iter().for_each(|(name, value)| console.env(name, value));
    let mut pty = ready(&world, console);
    pty.keys("W");
    pty.wait_for("PWNED");
    pty.signal(nix::sys::signal::Signal::SIGTERM);
    pty.exit();
    harmless("the runs' screen", &pty.bytes());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_locales_and_terminals() {
    let world = World::steady(Kind::Lab).await;
    for (name, value) in [("LC_ALL", "C"), ("LC_ALL", "de_DE.ISO-8859-1"), ("TERM", "vt100"), ("TERM", "screen")] {
        let mut command = console(&world);
        command.env(name, value);
        let mut pty = Pty::start(command, 80, 24);
        pty.wait_for("debian-12");
        pty.keys("q");
        assert_eq!(pty.exit(), 0, "{name}={value}");
        assert_eq!(pty.restored(), Ok(()), "{name}={value}");
    }
}

/// In tmux, with its own answers to everything the console asks a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn within_tmux() {
    let world = World::steady(Kind::Lab).await;
    let mut tmux = world.in_terminal("tmux");
    tmux.env("TMUX_TMPDIR", world.home.path());
    tmux.args(["-u", "-f", "/dev/null", "-L", "trust", "new-session"]);
    tmux.arg(format!(
        "{PROGRAM} --repo {} {KEY}; echo left with $?; stty -a | grep -o ' icanon'; read wait",
        world.repo.display()
    ));
    let mut pty = Pty::start(tmux, 120, 40);
    pty.wait_for("▸ debian-12");
    pty.wait_for("R rolls back to it");
    for (columns, rows) in [(1, 1), (200, 60), (20, 5), (120, 40)] {
        pty.resize(columns, rows);
    }
    pty.wait_for("R rolls back to it");
    pty.keys("q");
    pty.wait_for("left with 0");
    pty.wait_for("icanon");
    pty.keys("\r");
    pty.exit();
}

/// In screen, which knows less than most.
#[tokio::test(flavor = "multi_thread")]
async fn within_screen() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::steady(Kind::Lab).await;
    let sockets = world.home.path().join("screens");
    std::fs::create_dir(&sockets).unwrap();
    std::fs::set_permissions(&sockets, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut screen = world.in_terminal("screen");
    screen.env("SCREENDIR", &sockets);
    screen.args(["-U", "-c", "/dev/null", "sh", "-c"]);
    screen.arg(format!(
        "{PROGRAM} --repo {} {KEY}; echo left with $?; stty -a | grep -o ' icanon'; read wait",
        world.repo.display()
    ));
    let mut pty = Pty::start(screen, 120, 40);
    pty.wait_for("▸ debian-12");
    pty.wait_for("R rolls back to it");
    pty.keys("q");
    pty.wait_for("left with 0");
    pty.wait_for("icanon");
    pty.keys("\r");
    pty.exit();
}
