//! A guest's console: its picture, and keys at the pace at which it takes them.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};

use super::keys::Press;
use super::qmp::Qmp;

/// Between two keys, by the clock and by the work of the guest, which may get little of a busy machine: a PS/2 keyboard
/// holds sixteen bytes, a key has up to six. One that sleeps works for nobody.
pub const KEY: Duration = Duration::from_millis(40);
const KEY_WORK: Duration = Duration::from_millis(70);
const KEY_ASLEEP: Duration = Duration::from_millis(500);
/// Drives that were read from and then not while the guest worked for so long: what was booted waits for somebody, or a
/// command is through.
const QUIET: Duration = Duration::from_millis(2500);
/// A guest that sleeps while it waits does no work: then so long by the clock.
const ASLEEP: Duration = Duration::from_secs(15);
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
    /// the reads of its drives, since when they are so many, the work done by then
    read: (u64, Instant, Duration),
    /// when the last key was typed, and the work done by then
    typed: (Instant, Duration),
}

impl Console {
    /// Connects to the QEMU of this number; its files begin with `base`.
    ///
    /// # Errors
    /// Those of the monitor.
    pub async fn open(base: &Path, pid: u32) -> io::Result<Self> {
        let qmp = Qmp::connect(&base.with_extension("qmp")).await?;
        let now = Instant::now();
        let work = work_of(pid);
        let (read, typed) = ((0, now, work), (now, work));
        Ok(Self { qmp, pid, powered_on: now, waiting: VecDeque::new(), read, typed })
    }

    /// Whether keys wait.
    pub fn has_keys(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes keys. What comes in one call was not to be waited for in between, but for what a line makes the guest do.
    pub fn queue(&mut self, keys: Vec<Press>) {
        let mut waits = true;
        for press in keys {
            let ends_a_line = press.ends_a_line();
            self.waiting.push_back((press, waits));
            waits = ends_a_line;
        }
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
        tokio::fs::read(file).await.map(Bytes::from)
    }

    /// Types the next key once what reads it is ready. A slow machine boots later than packer's `boot_wait` says, and loads
    /// a kernel for longer than it waits; a person would look at the screen.
    ///
    /// # Errors
    /// Those of the monitor.
    pub async fn type_next(&mut self) -> io::Result<()> {
        let (typed, worked) = (self.typed.0.elapsed(), work_of(self.pid).saturating_sub(self.typed.1));
        if worked < KEY_WORK && typed < KEY_ASLEEP {
            return Ok(());
        }
        let waits = self.waiting.front().is_some_and(|(_, waits)| *waits);
        if waits && self.powered_on.elapsed() < BOOTS && !self.settled().await? {
            return Ok(());
        }
        let Some((press, _)) = self.waiting.pop_front() else { return Ok(()) };
        self.typed = (Instant::now(), work_of(self.pid));
        (self.read.1, self.read.2) = self.typed;
        self.qmp.ask("input-send-event", press.events()).await.map(drop)
    }

    async fn settled(&mut self) -> io::Result<bool> {
        let stats = self.qmp.ask("query-blockstats", json!({})).await?;
        let reads = |drive: &Value| {
            let name = drive.get("device").and_then(Value::as_str).unwrap_or_default();
            let of_a_drive = name == "disk" || name.starts_with("cd");
            drive.pointer("/stats/rd_operations").and_then(Value::as_u64).filter(|_| of_a_drive).unwrap_or(0)
        };
        let read = stats.as_array().map_or(0, |drives| drives.iter().map(reads).sum());
        if read != self.read.0 {
            self.read = (read, Instant::now(), work_of(self.pid));
        }
        let worked = work_of(self.pid).saturating_sub(self.read.2);
        Ok(read > 0 && (worked >= QUIET || self.read.1.elapsed() >= ASLEEP))
    }
}

/// The processor time that a process has had, from `/proc/PID/stat`: fields 14 and 15, in hundredths of a second.
fn work_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let hundredths = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum::<u64>();
    Duration::from_millis(hundredths * 10)
}
