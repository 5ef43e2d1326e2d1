//! What the flight recorder keeps of a build: console pictures that differ, and what vCenter said beside them.
//!
//! A run's folder holds `frames/<ms>.png` (milliseconds since 1970, written whole or not at all) and `timeline.jsonl`:
//! one [`TimelineEvent`] per line, only ever added to. A recorder that was killed leaves a torn last line; it is not read before
//! it is finished. A line that cannot be read is passed over, so that one bad byte never hides a build.

mod event;
mod guest_state;
mod newest_frames;
mod shown;
mod stillness;
mod task;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::screen::Motion;
use crate::vcenter::PowerState;

pub use event::{Area, RecordedFrame, ScreenReading, TimelineEvent, Typed};
pub use guest_state::GuestState;
use newest_frames::is_frame;
pub use shown::Shown;
pub use stillness::{Activity, Stillness};
pub use task::TaskState;

/// The file in the run's folder.
pub const TIMELINE: &str = "timeline.jsonl";
/// The folder of the pictures, within the run's folder.
pub const FRAMES: &str = "frames";
/// Bytes of a timeline that are read: more than any recorder writes.
const MAX_TIMELINE_BYTES: u64 = 64 << 20;

/// A record as read so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    /// pictures, oldest first
    pub frames: Vec<RecordedFrame>,
    /// what pictures show, in the order of reading
    pub readings: Vec<ScreenReading>,
    /// properties of the guest, oldest first
    pub guests: Vec<GuestState>,
    /// tasks and events of the VM, each in its newest state
    pub tasks: Vec<TaskState>,
    /// when somebody typed into the guest, oldest first
    pub typed: Vec<Typed>,
    /// notes of the recorder
    pub notes: Vec<(Timestamp, String)>,
    /// when the console was last seen, and what it was doing
    pub seen: Option<(Timestamp, Motion)>,
    /// when new lines were last read, and how old they were by then
    last_growth: Option<(Instant, Duration)>,
    pace: Option<f64>,
    dir: PathBuf,
    read: u64,
}

/// Events of each kind that are kept of a timeline, which may come from another machine: more than any build has.
const MAX_ENTRIES: usize = 5_000;

impl Recording {
    /// Reads the record of the run in `dir`. A run without one (older, or its recorder had nothing to say yet) is an
    /// empty recording.
    ///
    /// # Errors
    /// Those of reading, apart from a missing file.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let mut recording = Self { dir: dir.to_owned(), ..Self::default() };
        recording.read_more()?;
        Ok(recording)
    }

    /// Reads what was added since; whether there was anything.
    ///
    /// # Errors
    /// Those of reading, apart from a missing file.
    pub fn read_more(&mut self) -> io::Result<bool> {
        let mut file = match File::open(self.dir.join(TIMELINE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            other => other?,
        };
        if file.metadata()?.len() < self.read {
            // Nobody shortens a timeline; this is another one.
            *self = Self { dir: std::mem::take(&mut self.dir), ..Self::default() };
        }
        let modified = file.metadata()?.modified()?;
        file.seek(SeekFrom::Start(self.read))?;
        let mut bytes = Vec::new();
        file.take(MAX_TIMELINE_BYTES.saturating_sub(self.read)).read_to_end(&mut bytes)?;
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        self.read += whole as u64;
        for line in bytes[..whole].split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(event) => self.take(event),
                Err(error) => tracing::debug!(%error, dir = %self.dir.display(), "a line of the timeline is not read"),
            }
        }
        if whole > 0 {
            self.last_growth = Some((Instant::now(), modified.elapsed().unwrap_or_default()));
        }
        Ok(whole > 0)
    }

    /// How long ago the newest line was added, by our own clock: the recorder may run on another machine, and either clock
    /// may be wrong.
    fn silence(&self) -> Option<Duration> {
        self.last_growth.map(|(at, age)| at.elapsed() + age)
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty() && self.guests.is_empty() && self.notes.is_empty()
    }

    /// How many seconds pass for the guest while one passes here, where that is not one.
    pub fn pace(&self) -> Option<f64> {
        self.pace
    }

    /// The picture before those that are black, when the newest ones are, and how long it stood, by the guest's clock.
    /// `None` where it was left: the guest was off since, or it never stood still.
    pub fn behind_black(&self) -> Option<(&RecordedFrame, Duration)> {
        let last = self.frames.last().filter(|last| last.kind.is_blank())?;
        let at = self.frames.iter().rposition(|frame| !frame.kind.is_blank())?;
        let (frame, next) = (&self.frames[at], self.frames.get(at + 1)?);
        (!self.was_left(frame, last.until)).then(|| (frame, self.guest_time(frame.at, next.at)))
    }

    /// Whether what a picture shows was gone by then: the guest was found off, or it never stood still.
    fn was_left(&self, frame: &RecordedFrame, until: Timestamp) -> bool {
        let mut since = self.guests.iter().rev().take_while(|guest| guest.at > frame.at);
        frame.kind == Motion::Spinner
            || since.any(|guest| guest.at <= until && guest.power != Some(PowerState::PoweredOn))
    }

    /// How long it was for the guest from one moment to another.
    fn guest_time(&self, from: Timestamp, to: Timestamp) -> Duration {
        let passed = Duration::try_from(to.duration_since(from)).unwrap_or_default();
        passed.mul_f64(self.pace.unwrap_or(1.0).clamp(0.001, 1e6))
    }

    /// Where a picture lies.
    pub fn path(&self, frame: &RecordedFrame) -> PathBuf {
        self.dir.join(&frame.file)
    }

    /// What a picture shows, if it was read.
    pub fn reading(&self, frame: &RecordedFrame) -> Option<&ScreenReading> {
        self.readings.iter().rev().find(|reading| reading.file == frame.file)
    }

    /// The picture that was on the screen at a moment; the first one before there was any.
    pub fn frame_at(&self, at: Timestamp) -> Option<usize> {
        let after = self.frames.partition_point(|frame| frame.at <= at);
        Some(after.saturating_sub(1)).filter(|_| !self.frames.is_empty())
    }

    /// The picture that was on the screen when packer's log was `offset` bytes long.
    pub fn frame_at_log(&self, offset: u64) -> Option<usize> {
        let after = self.frames.partition_point(|frame| frame.log <= offset);
        Some(after.saturating_sub(1)).filter(|_| !self.frames.is_empty())
    }

    /// How long packer's log was at a moment, in bytes, as far as the pictures tell.
    pub fn log_offset_at(&self, at: Timestamp) -> Option<u64> {
        self.frame_at(at).map(|frame| self.frames[frame].log)
    }

    /// The guest's properties at a moment.
    pub fn guest_at(&self, at: Timestamp) -> Option<&GuestState> {
        self.guests.iter().rev().find(|guest| guest.at <= at)
    }

    fn take(&mut self, event: TimelineEvent) {
        match event {
            TimelineEvent::Frame(frame) if is_frame(&frame.file) && self.frames.len() < MAX_ENTRIES => {
                // Clocks may be set back; the order of the timeline is the truth.
                let at = self.frames.last().map_or(frame.at, |last| last.at.max(frame.at));
                self.seen = Some((at, frame.kind));
                self.frames.push(RecordedFrame { at, until: frame.until.max(at), ..frame });
            }
            TimelineEvent::Frame(_) => {}
            TimelineEvent::Still { at, kind } => {
                let at = self.frames.last().map_or(at, |last| last.until.max(at));
                self.seen = Some((at, kind));
                if let Some(last) = self.frames.last_mut() {
                    last.until = at;
                }
            }
            TimelineEvent::Dropped { file } => self.drop_frame(&file),
            TimelineEvent::Reading(reading) if self.readings.len() < MAX_ENTRIES => self.readings.push(reading),
            TimelineEvent::Guest(guest) if self.guests.len() < MAX_ENTRIES => self.guests.push(guest),
            TimelineEvent::Task(task) => match self.tasks.iter().position(|known| known.id == task.id) {
                Some(known) => self.tasks[known] = task,
                None if self.tasks.len() < MAX_ENTRIES => self.tasks.push(task),
                None => {}
            },
            TimelineEvent::Pace { speed, .. } => {
                self.pace = Some(speed).filter(|speed| speed.is_finite() && *speed > 0.0)
            }
            TimelineEvent::Note { at, text } if self.notes.len() < MAX_ENTRIES => self.notes.push((at, text)),
            TimelineEvent::Typed(typed) if self.typed.len() < MAX_ENTRIES => self.typed.push(typed),
            TimelineEvent::Reading(_)
            | TimelineEvent::Guest(_)
            | TimelineEvent::Typed(_)
            | TimelineEvent::Note { .. } => {}
        }
    }

    fn drop_frame(&mut self, file: &str) {
        let Some(at) = self.frames.iter().position(|frame| frame.file == file) else { return };
        let gone = self.frames.remove(at);
        if let Some(before) = at.checked_sub(1).and_then(|before| self.frames.get_mut(before)) {
            before.until = before.until.max(gone.until);
        }
    }
}

#[cfg(test)]
mod tests;
