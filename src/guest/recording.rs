//! What the flight recorder keeps of a build: console pictures that differ, and what vCenter said beside them.
//!
//! A run's folder holds `frames/<ms>.png` (milliseconds since 1970, written whole or not at all) and `timeline.jsonl`:
//! one [`TimelineEvent`] per line, only ever added to. A recorder that was killed leaves a torn last line; it is not read before
//! it is finished. A line that cannot be read is passed over, so that one bad byte never hides a build.

mod guest_state;
mod newest_frames;
mod shown;
mod stillness;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::screen::Motion;

pub use guest_state::GuestState;
use newest_frames::is_frame;
pub use shown::Shown;
pub use stillness::{Activity, Stillness};

/// The file in the run's folder.
pub const TIMELINE: &str = "timeline.jsonl";
/// The folder of the pictures, within the run's folder.
pub const FRAMES: &str = "frames";
/// Bytes of a timeline that are read: more than any recorder writes.
const MAX_TIMELINE_BYTES: u64 = 64 << 20;

/// A box of pixels, edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// leftmost column
    pub left: u32,
    /// topmost row
    pub top: u32,
    /// rightmost column
    pub right: u32,
    /// bottom row
    pub bottom: u32,
}

/// One picture that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFrame {
    /// when it was taken
    pub at: Timestamp,
    /// `frames/<ms>.png`, relative to the run's folder
    pub file: String,
    /// when it was last seen on the screen; as long as the timeline is read, [`Recording`] moves it on
    pub until: Timestamp,
    /// where it differs from the picture before; `None` for the first one and after a change of resolution
    pub changed: Option<Area>,
    /// length of packer-build.log then, in bytes
    pub log: u64,
    /// what the console was doing
    pub kind: Motion,
}

/// A task or event of vCenter on the VM of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskState {
    /// when the recorder saw it like this
    pub at: Timestamp,
    /// vCenter's id of it, e.g. `task-42`, `event-4711`
    pub id: String,
    /// e.g. `VirtualMachine.powerOn`, `VmPoweredOnEvent`
    pub name: String,
    /// vSphere's word: `queued`, `running`, `success`, `error`; `event` for an event
    pub state: String,
    /// what vCenter said: the reason of a failure, the text of an event; scrubbed
    pub error: Option<String>,
}

/// What a kept picture shows, read once it stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenReading {
    /// when it was read
    pub at: Timestamp,
    /// the picture's file, as in [`RecordedFrame::file`]
    pub file: String,
    /// name of the screen, if its words are known
    pub label: Option<String>,
    /// the state such a screen is in, if known: `frozen`, `waiting-for-input`, `progress`, …
    pub state: Option<String>,
    /// its lines, scrubbed
    pub rows: Vec<String>,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum TimelineEvent {
    /// the console shows something new
    Frame(RecordedFrame),
    /// the newest picture was still on the screen
    Still {
        /// then
        at: Timestamp,
        /// what the console was doing: a spinner may have turned without a picture being kept
        kind: Motion,
    },
    /// a picture was removed to stay within the bound; the one before it stands for its time
    Dropped {
        /// as in [`RecordedFrame::file`]
        file: String,
    },
    /// what a picture shows
    Reading(ScreenReading),
    /// the guest's properties changed
    Guest(GuestState),
    /// a task began or changed
    Task(TaskState),
    /// how many seconds pass for the guest while one passes here; only a simulated one is not at 1
    Pace {
        /// since when
        at: Timestamp,
        /// the factor
        speed: f64,
    },
    /// the recorder itself: why there are no pictures, that it began or ended
    Note {
        /// when
        at: Timestamp,
        /// one line
        text: String,
    },
}

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
            TimelineEvent::Reading(_) | TimelineEvent::Guest(_) | TimelineEvent::Note { .. } => {}
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
