//! A night of nine builds at once, recorded and watched: eight hours of the lab's time in minutes. Nothing grows, no
//! change of a guest is missed, and sessions that end are renewed.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tmpl::guest::recording::Recording;
use tmpl::lab::{Options, Seed};
use tmpl::packer_run;
use tmpl::paths::StateDir;
use tmpl::pipeline::{Line, Matrix};
use tmpl::vcenter::PowerState;

use super::console::console;
use super::pty::Pty;
use super::world::PROGRAM;
use super::{Kind, World, figure, full};

/// Lab seconds per second.
const SPEED: f64 = 240.0;
/// Lab minutes from one change of every guest to the next.
const MINUTES: u64 = 15;
/// What the nine guests show; each stays at it, or turns, for as long as nobody builds.
const GUESTS: [&str; 9] = [
    "licensing",
    "no-address",
    "kernel-panic",
    "no-boot-device",
    "emergency",
    "preseed-command",
    "link-local",
    "stop-error",
    "missed-keys",
];
/// Works until it is told to end, as packer does, which waits for an address for hours.
const PACKER: &str = r#"#!/bin/sh
case "$1" in
version) echo 'Packer v1.16.0';;
build) trap 'echo "Cleanly cancelled builds after being interrupted."; exit 1' TERM INT
  while :; do echo '==> Waiting for IP...'; sleep 0.2; done;;
esac
"#;

/// What a process holds: KiB of memory, descriptors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    memory: u64,
    descriptors: usize,
}

fn held(id: u32) -> Held {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it is at work");
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
    let descriptors = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    Held { memory: memory.unwrap(), descriptors }
}

/// The console's, and the builds' taken together.
fn both(console: &Pty, builds: &[Child]) -> [Held; 2] {
    let builds: Vec<Held> = builds.iter().map(|build| held(build.id())).collect();
    let memory = builds.iter().map(|held| held.memory).sum();
    [held(console.id()), Held { memory, descriptors: builds.iter().map(|held| held.descriptors).sum() }]
}

struct Night {
    world: World,
    lines: Vec<Line>,
    /// ids of the VMs being built, in the order of the lines
    guests: Vec<String>,
}

impl Night {
    async fn begin() -> Self {
        let options = Options { speed: SPEED, patient: true, ..Options::default() };
        let world = World::with(Kind::Lab, &["-prev", ""], options).await;
        let lines = Matrix::load(&world.repo).unwrap().lines;
        assert_eq!(lines.len(), GUESTS.len());
        let mut guests = Vec::new();
        for (line, guest) in lines.iter().zip(GUESTS) {
            let id = world.lab().add(&Seed::vm(line.build_name(), 0));
            world.lab().set_guest(&id, guest);
            world.lab().power(&id, true).unwrap();
            guests.push(id);
        }
        for (name, text) in [("packer", PACKER), ("ansible-playbook", "#!/bin/true\n")] {
            let path = world.home.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { world, lines, guests }
    }

    fn build(&self, line: &Line) -> Child {
        let home = self.world.home.path();
        let path = format!("{}:{}", home.display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(PROGRAM);
        command.arg("--repo").arg(&self.world.repo).args(["build", &line.key.0, "--packer"]).arg(home.join("packer"));
        command.env_clear().envs(self.world.environment()).env("PATH", path).env("HOME", home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn recording(&self, line: &Line) -> Recording {
        let state = StateDir::at(self.world.home.path().join(".local/state/tmpl-tui"));
        let run = packer_run::latest(&state, &line.key).unwrap();
        run.and_then(|run| Recording::read(&run.dir).ok()).unwrap_or_default()
    }

    /// Whether every recorder and the console have seen it.
    async fn seen_by_all(&self, console: &Pty, power: PowerState) {
        let since = Instant::now();
        for line in &self.lines {
            while self.recording(line).guests.last().and_then(|guest| guest.power) != Some(power) {
                let notes = self.recording(line).notes;
                assert!(since.elapsed() < Duration::from_secs(180), "{} was never {power:?}: {notes:?}", line.key);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let word = if power == PowerState::PoweredOn { "on" } else { "off" };
        // The picture has the room of the guest's column, and its title says the same: of this guest, once, in that word.
        console.wait(word, |screen| {
            let text = screen.contents();
            let told: Vec<&str> = text.split("linux-debian-12-main-build · ").skip(1).collect();
            text.lines().any(|row| row.contains("▸ debian-12"))
                && matches!(told[..], [told] if told.split([' ', ',', '─', '┐', '╮', '\n']).next() == Some(word))
        });
    }

    fn power(&self, on: bool) {
        self.guests.iter().for_each(|id| self.world.lab().power(id, on).unwrap());
    }
}

/// How often each method was called.
fn count(night: &Night, method: &str) -> usize {
    night.world.lab().calls().iter().filter(|call| *call == method).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_nine_builds() {
    let rounds = if full() { 32 } else { 2 };
    let night = Night::begin().await;
    let mut builds: Vec<Child> = night.lines.iter().map(|line| night.build(line)).collect();
    let mut console = ready_to_watch(&night.world);
    night.seen_by_all(&console, PowerState::PoweredOn).await;
    let mut held = Vec::new();
    for round in 0..rounds {
        let next = Instant::now() + Duration::from_secs_f64((MINUTES * 60) as f64 / SPEED);
        if round % 4 == 1 {
            night.world.lab().expire_sessions();
        }
        night.power(false);
        night.seen_by_all(&console, PowerState::PoweredOff).await;
        night.power(true);
        night.seen_by_all(&console, PowerState::PoweredOn).await;
        tokio::time::sleep_until(next.into()).await;
        held.push(both(&console, &builds));
    }
    let logins = count(&night, "Login");
    console.signal(Signal::SIGTERM);
    console.exit();
    for build in &mut builds {
        kill(Pid::from_raw(i32::try_from(build.id()).unwrap()), Signal::SIGTERM).unwrap();
    }
    for (build, line) in builds.iter_mut().zip(&night.lines) {
        assert_eq!(build.wait().unwrap().code(), Some(130), "{}", line.key);
        nothing_missed(&night.recording(line), rounds, line);
    }
    assert!(logins > 10 * (rounds / 4).max(1), "{logins} logins: sessions were not renewed");
    flat(&held);
    let [console, builds] = held[held.len() - 1];
    figure(&format!(
        "soak: {} simulated minutes of nine builds, {} changes of guests, none missed; {logins} logins; at the end {} MiB \
         and {} descriptors for the console, {} MiB and {} for the nine builds",
        rounds as u64 * MINUTES,
        rounds * 2 * night.lines.len(),
        console.memory >> 10,
        console.descriptors,
        builds.memory >> 10,
        builds.descriptors,
    ));
}

fn ready_to_watch(world: &World) -> Pty {
    let pty = Pty::start(console(world), 160, 50);
    pty.wait_for("▸ debian-12");
    pty
}

/// On and off, as often as it was done, with nothing in between.
fn nothing_missed(recording: &Recording, rounds: usize, line: &Line) {
    let mut powers: Vec<_> = recording.guests.iter().map(|guest| guest.power).collect();
    powers.dedup();
    let mut wanted = vec![Some(PowerState::PoweredOn)];
    wanted.extend([Some(PowerState::PoweredOff), Some(PowerState::PoweredOn)].repeat(rounds));
    assert_eq!(powers, wanted, "{}: {:?}", line.key, recording.notes);
    assert!(!recording.frames.is_empty(), "{}: {:?}", line.key, recording.notes);
}

/// After the first quarter, in which pictures and logs fill what is kept of them, nothing grows any more.
fn flat(held: &[[Held; 2]]) {
    let from = held.len() / 4;
    for (who, name) in ["the console", "the builds"].into_iter().enumerate() {
        let (first, last) = (held[from][who], held[held.len() - 1][who]);
        let all: Vec<_> = held.iter().map(|held| held[who]).collect();
        assert!(last.descriptors <= first.descriptors + 9, "descriptors of {name}: {all:?}");
        assert!(last.memory <= first.memory * 5 / 4 + (8 << 10), "memory of {name}: {all:?}");
    }
}
