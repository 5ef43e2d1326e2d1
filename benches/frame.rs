//! The program in a pseudo-terminal of 200×60 on the lab: first frame after exec, key to whole frame, idle CPU; and all
//! that beside a build at work whose log of 1 GB grows and is judged.
//!
//! Budgets: first frame ≤ 50 ms, frame p99 ≤ 4 ms, idle ≤ 0.5 % of a core. `cargo bench --bench frame`
#![expect(clippy::disallowed_methods, reason = "every word is our own")]

use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::Context;
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use tmpl::lab::{Lab, Options, Seed};

/// Ends each frame that the program draws.
const FRAME_END: &[u8] = b"\x1b[?2026l";
const PATIENCE: Duration = Duration::from_secs(20);

struct Console {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    /// moments at which frames were complete
    frames: Receiver<Instant>,
    started: Instant,
}

impl Console {
    fn start(lab: &Lab, home: &Path, key: &str) -> anyhow::Result<Self> {
        let size = PtySize { rows: 60, cols: 200, pixel_width: 1800, pixel_height: 1080 };
        let pair = native_pty_system().openpty(size)?;
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command.env_clear();
        lab.environment().into_iter().for_each(|(name, value)| command.env(name, value));
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.args(["--repo", env!("CARGO_MANIFEST_DIR"), "--images", "cells", key]);
        let mut output = pair.master.try_clone_reader()?;
        let keys = pair.master.take_writer()?;
        let started = Instant::now();
        let child = pair.slave.spawn_command(command)?;
        let (send, frames) = channel();
        let master = pair.master;
        std::thread::spawn(move || {
            let _open = master;
            let mut tail = Vec::new();
            let mut buffer = [0; 65536];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                let now = Instant::now();
                tail.extend_from_slice(&buffer[..length]);
                while let Some(at) = memchr::memmem::find(&tail, FRAME_END) {
                    tail.drain(..at + FRAME_END.len());
                    let _ = send.send(now);
                }
            }
        });
        Ok(Self { child, keys, frames, started })
    }

    /// Until no frame came for half a second.
    fn settle(&self) {
        while self.frames.recv_timeout(Duration::from_millis(500)).is_ok() {}
    }

    /// From the key to the end of the next frame.
    fn press(&mut self, key: &[u8]) -> anyhow::Result<Duration> {
        while self.frames.try_recv().is_ok() {}
        let pressed = Instant::now();
        self.keys.write_all(key)?;
        let frame = self.frames.recv_timeout(PATIENCE).context("no frame after a key")?;
        Ok(frame.duration_since(pressed))
    }

    /// Until it has read and judged what was there before it: less than a tenth of a core, five seconds long. On a busy
    /// machine who reads may get none for a second or two.
    fn calm(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut calm = 0;
        while calm < 5 {
            anyhow::ensure!(began.elapsed() < 4 * PATIENCE, "it never came to rest");
            calm = if self.idle(Duration::from_secs(1))? < 10.0 { calm + 1 } else { 0 };
        }
        Ok(())
    }

    /// Share of a core that it takes while nobody touches it.
    fn idle(&self, span: Duration) -> anyhow::Result<f64> {
        let pid = self.child.process_id().context("it runs")?;
        let before = ticks(pid)?;
        std::thread::sleep(span);
        // The kernel counts a hundred a second.
        Ok((ticks(pid)? - before) / 100.0 / span.as_secs_f64() * 100.0)
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time of a process so far.
fn ticks(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields = stat.rsplit_once(')').context("stat")?.1.split_whitespace();
    Ok(fields.skip(11).take(2).map(|field| field.parse().unwrap_or(0.0)).sum())
}

/// A build at work: its packer takes a log of 1 GB for its own and adds ten lines a second.
struct Build(std::process::Child);

impl Build {
    fn start(lab: &Lab, home: &Path, key: &str) -> anyhow::Result<Self> {
        let (packer, log) = (home.join("packer"), home.join("log"));
        let mut file = std::io::BufWriter::new(std::fs::File::create(&log)?);
        let head = "2026/03/14 03:00:00 ui: ==> vsphere-iso.rocky: ";
        writeln!(file, "{head}Waiting for IP...")?;
        writeln!(file, "{head}IP address: 10.0.0.7\n{head}Using SSH communicator to connect: 10.0.0.7")?;
        let line = "2026/03/14 03:00:01 packer-plugin-vsphere_v2.1.0_x5.0_linux_amd64 plugin: 2026/03/14 03:00:01 [DEBUG] TCP \
                    connection to SSH ip/port failed: dial tcp 10.0.0.7:22: connect: connection refused\n";
        for _ in 0..(1 << 30) / line.len() {
            file.write_all(line.as_bytes())?;
        }
        file.flush()?;
        let script = format!(
            "#!/bin/sh\ncase \"$1\" in version) echo 'Packer v1.16.0';; build) mv {} \"$PACKER_LOG_PATH\"\n\
             while sleep 0.1; do printf '%s' '{line}' >>\"$PACKER_LOG_PATH\"; done;; esac\n",
            log.display()
        );
        std::fs::write(&packer, script)?;
        std::fs::set_permissions(&packer, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
        command.env_clear().envs(lab.environment()).env("HOME", home).env("PATH", "/usr/bin:/bin");
        command.args(["--repo", env!("CARGO_MANIFEST_DIR"), "build", key, "--packer"]).arg(packer);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let build = Self(command.spawn()?);
        let taken = Instant::now();
        while log.exists() {
            anyhow::ensure!(taken.elapsed() < PATIENCE, "packer was not started");
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(build)
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        // Packer is its to end.
        let pid = i32::try_from(self.0.id()).map(nix::unistd::Pid::from_raw);
        let _ = pid.map(|pid| nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM));
        let _ = self.0.wait();
    }
}

fn report(what: &str, mut times: Vec<Duration>) -> std::io::Result<()> {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    let (half, most, worst) = (at(50), at(99), at(100));
    writeln!(std::io::stdout(), "{what:<42} p50 {half:7.2} ms   p99 {most:7.2} ms   max {worst:7.2} ms")
}

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let options = Options { task_scale: 0.0, patient: true, ..Options::default() };
    let lab = runtime.block_on(Lab::start(options))?;
    for base in ["linux-debian-12-main", "linux-rocky-9-main", "linux-ubuntu-24.04-lts-main"] {
        lab.add(&Seed::template(base, 74));
        lab.add(&Seed::template(format!("{base}-prev"), 242));
    }
    let guest = lab.add(&Seed::vm("linux-debian-12-main-build", 0));
    lab.set_guest(&guest, "no-operating-system");
    lab.power(&guest, true).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
    lab.advance(Duration::from_secs(600));
    let home = tempfile::tempdir()?;

    let mut first = Vec::new();
    for _ in 0..20 {
        let console = Console::start(&lab, home.path(), "debian-12")?;
        first.push(console.frames.recv_timeout(PATIENCE)?.duration_since(console.started));
    }
    report("exec to first frame", first)?;

    let mut console = Console::start(&lab, home.path(), "debian-12")?;
    console.settle();
    // Not Esc: with the next key right behind it, it would be that key with Alt.
    for (what, keys) in [("key to frame, another line", ["j", "k"]), ("key to frame, help and back", ["?", "q"])] {
        let presses = (0..300).map(|n| console.press(keys[n % 2].as_bytes()));
        report(what, presses.collect::<anyhow::Result<_>>()?)?;
    }
    console.settle();
    let mut out = std::io::stdout();
    writeln!(
        out,
        "idle, a still guest's picture every 2 s     {:.2} % of a core",
        console.idle(Duration::from_secs(10))?
    )?;
    drop(console);
    let console = Console::start(&lab, home.path(), "rocky-9")?;
    console.settle();
    writeln!(
        out,
        "idle, no guest                              {:.2} % of a core",
        console.idle(Duration::from_secs(10))?
    )?;
    drop(console);
    let build = Build::start(&lab, home.path(), "rocky-9")?;
    let mut console = Console::start(&lab, home.path(), "rocky-9")?;
    console.calm()?;
    for (what, keys) in
        [("1 GB log at work, another line", ["j", "k"]), ("1 GB log at work, back and on in it", ["\t", "\x02"])]
    {
        let presses = (0..300).map(|n| console.press(keys[n % 2].as_bytes()));
        report(what, presses.collect::<anyhow::Result<_>>()?)?;
    }
    writeln!(
        out,
        "a build at work, ten lines a second         {:.2} % of a core",
        console.idle(Duration::from_secs(10))?
    )?;
    drop(console);
    drop(build);
    Ok(())
}
