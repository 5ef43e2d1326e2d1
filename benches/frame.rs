//! The program in a pseudo-terminal of 200×60 on the lab: first frame after exec, key to whole frame, idle CPU.
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
    Ok(())
}
