//! A guest's console: its picture, and keys at the pace at which it takes them.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::keys::{Press, Typing};
use super::qmp::Qmp;

/// How often it is looked whether the next key can go.
pub const KEY: Duration = Duration::from_millis(40);
/// Between two keys, by the work of the guest, which may get little of a busy machine: a PS/2 keyboard holds sixteen bytes,
/// a key has up to six. One that sleeps works for nobody: then so long by the clock.
const KEY_WORK: Duration = Duration::from_millis(70);
const KEY_ASLEEP: Duration = Duration::from_millis(500);
/// Drives that were read from and then not while the guest worked for so long: what was booted waits for somebody, or a
/// command is through.
const QUIET: Duration = Duration::from_millis(2500);
/// The same before the first key: a boot loader has its own work to do before it draws its menu, and forgets what was typed
/// before. What waits for any key at all, as Windows' CD does, waits for five seconds.
const LOADS: Duration = Duration::from_secs(8);
const ASLEEP: Duration = Duration::from_secs(15);
/// A boot loader shows what it has read, and a prompt after each command; where nothing is shown, this has to do.
const SHOWS_NOTHING: Duration = Duration::from_secs(60);
/// So long after power-on a boot loader may have been reached; who types later looks at the screen himself.
const BOOTS: Duration = Duration::from_secs(900);

/// QEMU's monitor and the keys that wait.
#[derive(Debug)]
pub struct Console {
    qmp: Qmp,
    pid: u32,
    powered_on: Instant,
    /// keys, and whether each waits until the guest is ready for it
    waiting: VecDeque<(Press, bool)>,
    typing: Typing,
    /// the reads of its drives
    reads: u64,
    /// when they became so many, or the last key was typed
    quiet: Moment,
    /// when the last key was typed
    typed: Moment,
    any_typed: bool,
    /// the last picture, and when it became another one
    shown: (Bytes, Instant),
}

/// A moment in the life of a QEMU.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: Instant,
    /// the processor time that it has had
    worked: Duration,
    /// that, and the time that it has waited for a processor
    wanted: Duration,
}

impl Moment {
    /// Now, from `/proc/PID/task/*/schedstat`: nanoseconds on a processor, and in the queue for one.
    fn of(pid: u32) -> Self {
        let (mut worked, mut waited) = (0, 0);
        for thread in std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let stat = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let mut fields = stat.split_whitespace().map(|field| field.parse::<u64>().unwrap_or(0));
            worked += fields.next().unwrap_or(0);
            waited += fields.next().unwrap_or(0);
        }
        let (worked, waited) = (Duration::from_nanos(worked), Duration::from_nanos(waited));
        Self { at: Instant::now(), worked, wanted: worked + waited }
    }

    /// Whether it has worked for so long since, or slept for so long by the clock.
    fn is_past(self, now: Self, work: Duration, asleep: Duration) -> bool {
        let elapsed = now.at.saturating_duration_since(self.at);
        let sleeps = now.wanted.saturating_sub(self.wanted) < elapsed / 2;
        now.worked.saturating_sub(self.worked) >= work || elapsed >= asleep && sleeps
    }
}

impl Console {
    /// Connects to the QEMU of this number; its files begin with `base`.
    ///
    /// # Errors
    /// Those of the monitor.
    pub async fn open(base: &Path, pid: u32) -> io::Result<Self> {
        let qmp = Qmp::connect(&base.with_extension("qmp")).await?;
        let now = Moment::of(pid);
        Ok(Self {
            qmp,
            pid,
            powered_on: now.at,
            waiting: VecDeque::new(),
            typing: Typing::default(),
            reads: 0,
            quiet: now,
            typed: now,
            any_typed: false,
            shown: (Bytes::new(), now.at),
        })
    }

    /// Whether keys wait.
    pub fn has_keys(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes keys of one call.
    pub fn queue(&mut self, keys: Vec<Press>) {
        self.waiting.extend(self.typing.goes_on(keys, Instant::now()));
    }

    /// Presses the power button.
    ///
    /// # Errors
    /// Those of the monitor.
    pub async fn press_power(&mut self) -> io::Result<()> {
        self.qmp.ask("system_powerdown", json!({})).await.map(drop)
    }

    /// The picture now, by way of a file.
    ///
    /// # Errors
    /// Those of the monitor and of the file.
    pub async fn picture(&mut self, file: &Path) -> io::Result<Bytes> {
        self.qmp.ask("screendump", json!({ "filename": file, "format": "png" })).await?;
        let picture = tokio::fs::read(file).await.map(Bytes::from)?;
        if picture != self.shown.0 {
            self.shown = (picture.clone(), Instant::now());
        }
        Ok(picture)
    }

    /// Types the next key once what reads it is ready. A slow machine boots later than packer's `boot_wait` says, and loads
    /// a kernel for longer than it waits; a person would look at the screen.
    ///
    /// # Errors
    /// Those of the monitor.
    pub async fn type_next(&mut self) -> io::Result<()> {
        let now = Moment::of(self.pid);
        if !self.typed.is_past(now, KEY_WORK, KEY_ASLEEP) {
            return Ok(());
        }
        let Some((press, waits)) = self.waiting.front() else { return Ok(()) };
        let loads = if self.any_typed || press.is_any_key() { QUIET } else { LOADS };
        if *waits && self.powered_on.elapsed() < BOOTS && !self.settled(now, loads).await? {
            return Ok(());
        }
        let Some((press, _)) = self.waiting.pop_front() else { return Ok(()) };
        (self.typed, self.quiet, self.any_typed) = (now, now, true);
        self.qmp.ask("input-send-event", press.events()).await.map(drop)
    }

    /// Whether the drives were read from, something was shown of that, and nothing is done any more.
    async fn settled(&mut self, now: Moment, work: Duration) -> io::Result<bool> {
        let stats = self.qmp.ask("query-blockstats", json!({})).await?;
        let reads = |drive: &Value| {
            let name = drive.get("device").and_then(Value::as_str).unwrap_or_default();
            let of_a_drive = name == "disk" || name.starts_with("cd");
            drive.pointer("/stats/rd_operations").and_then(Value::as_u64).filter(|_| of_a_drive).unwrap_or(0)
        };
        let reads = stats.as_array().map_or(0, |drives| drives.iter().map(reads).sum());
        if reads != self.reads {
            (self.reads, self.quiet) = (reads, now);
        }
        let shown = self.shown.1 >= self.quiet.at || self.quiet.at.elapsed() >= SHOWS_NOTHING;
        Ok(reads > 0 && shown && self.quiet.is_past(now, work, ASLEEP))
    }
}
