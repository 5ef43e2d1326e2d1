//! The recorder's files: pictures written whole or not at all, a timeline that only grows, both bounded.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::fs::{Access, WholeFile, append_private};
use crate::guest::recording::{RecordedFrame, TIMELINE, TimelineEvent};

/// What one run's record may take.
#[derive(Debug, Clone, Copy)]
pub struct RecordingLimits {
    /// pictures
    pub frames: usize,
    /// bytes of all pictures
    pub bytes: u64,
    /// bytes of the timeline
    pub timeline: u64,
}

impl Default for RecordingLimits {
    /// 400 pictures, 32 MiB of them, 8 MiB of timeline: the longest builds stay far below.
    fn default() -> Self {
        Self { frames: 400, bytes: 32 << 20, timeline: 8 << 20 }
    }
}

/// A picture that was shown for this long is worth more than those that passed by.
const LONG_SHOWN: Duration = Duration::from_secs(30);

/// A picture that was kept, with what decides whether it stays.
#[derive(Debug)]
struct KeptFrame {
    frame: RecordedFrame,
    bytes: u64,
    /// pixels that differ from the picture before
    pixels: u32,
}

/// Writes one run's record.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    bounds: RecordingLimits,
    timeline: File,
    written: u64,
    full: bool,
    /// the last line may have come half only
    torn: bool,
    kept: Vec<KeptFrame>,
}

impl Store {
    /// Begins the record of the run in `dir`.
    ///
    /// # Errors
    /// Those of creating the timeline.
    pub fn create(dir: &Path, bounds: RecordingLimits) -> io::Result<Self> {
        let timeline = append_private(&dir.join(TIMELINE))?;
        let written = timeline.metadata()?.len();
        Ok(Self { dir: dir.to_owned(), bounds, timeline, written, full: false, torn: false, kept: Vec::new() })
    }

    /// Adds a line. A timeline at its bound says so in its last one and takes nothing more.
    ///
    /// # Errors
    /// Those of writing.
    pub fn add(&mut self, event: &TimelineEvent) -> io::Result<()> {
        if self.full {
            return Ok(());
        }
        if self.written >= self.bounds.timeline {
            self.full = true;
            let (at, text) = (Timestamp::now(), "the record is full; nothing more is recorded".to_owned());
            return self.write(&TimelineEvent::Note { at, text });
        }
        self.write(event)?;
        if let (TimelineEvent::Still { at, .. }, Some(last)) = (event, self.kept.last_mut()) {
            last.frame.until = *at;
        }
        Ok(())
    }

    fn write(&mut self, event: &TimelineEvent) -> io::Result<()> {
        let mut line = if self.torn { "\n".to_owned() } else { String::new() };
        // What others say in it was made safe before; a name of a file must stay what it is.
        line.push_str(&crate::text::harmless_json(&serde_json::to_string(event).map_err(io::Error::other)?));
        line.push('\n');
        self.torn = true;
        // One call: a reader meets a torn line only when we were killed in the middle of it.
        self.timeline.write_all(line.as_bytes())?;
        self.torn = false;
        self.written += line.len() as u64;
        Ok(())
    }

    /// Keeps a picture: the file first, then the line that tells of it.
    ///
    /// # Errors
    /// Those of writing.
    pub fn keep(&mut self, png: &[u8], frame: RecordedFrame, pixels: u32) -> io::Result<()> {
        if self.full {
            return Ok(());
        }
        let file = self.dir.join(&frame.file);
        WholeFile::new(&file, Access::Private).unsynced().write(|out| out.write_all(png))?;
        self.write(&TimelineEvent::Frame(frame.clone()))?;
        self.kept.push(KeptFrame { frame, bytes: png.len() as u64, pixels });
        while self.kept.len() > self.bounds.frames || self.bytes() > self.bounds.bytes {
            let Some(at) = self.least_needed() else { break };
            self.drop_frame(at)?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.kept.iter().map(|kept| kept.bytes).sum()
    }

    /// The picture that is missed least: one that passed by and hardly differs from the one before, the oldest of these.
    /// The first and the newest two stay.
    fn least_needed(&self) -> Option<usize> {
        let stood = |kept: &KeptFrame| {
            Duration::try_from(kept.frame.until.duration_since(kept.frame.at)).is_ok_and(|time| time >= LONG_SHOWN)
        };
        let middle = 1..self.kept.len().saturating_sub(2);
        middle.min_by_key(|at| (stood(&self.kept[*at]), self.kept[*at].pixels, *at))
    }

    fn drop_frame(&mut self, at: usize) -> io::Result<()> {
        let gone = self.kept.remove(at);
        self.kept[at - 1].frame.until = gone.frame.until;
        // The line first: a reader never looks for a file that is gone.
        self.write(&TimelineEvent::Dropped { file: gone.frame.file.clone() })?;
        std::fs::remove_file(self.dir.join(&gone.frame.file))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::guest::recording::{FRAMES, Recording};
    use crate::guest::screen::Motion;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn run() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FRAMES)).unwrap();
        dir
    }

    fn keep(store: &mut Store, second: i64, pixels: u32) {
        let file = format!("{FRAMES}/{}.png", at(second).as_millisecond());
        let frame =
            RecordedFrame { at: at(second), file, until: at(second), changed: None, log: 0, kind: Motion::Progress };
        store.keep(&[7; 100], frame, pixels).unwrap();
    }

    fn seconds(dir: &Path) -> Vec<i64> {
        let recording = Recording::read(dir).unwrap();
        assert!(recording.frames.iter().all(|frame| recording.path(frame).exists()));
        assert_eq!(std::fs::read_dir(dir.join(FRAMES)).unwrap().count(), recording.frames.len());
        recording.frames.iter().map(|frame| frame.at.as_second() - 1_800_000_000).collect()
    }

    #[test]
    fn a_full_record_loses_what_passed_by_and_keeps_first_last_and_what_stood() {
        let dir = run();
        let mut store = Store::create(dir.path(), RecordingLimits { frames: 5, ..RecordingLimits::default() }).unwrap();
        keep(&mut store, 0, 0);
        keep(&mut store, 10, 900);
        keep(&mut store, 20, 5);
        store.add(&TimelineEvent::Still { at: at(60), kind: Motion::Idle }).unwrap();
        keep(&mut store, 70, 30);
        keep(&mut store, 80, 30);
        assert_eq!(seconds(dir.path()), [0, 10, 20, 70, 80]);
        keep(&mut store, 90, 1);
        assert_eq!(seconds(dir.path()), [0, 10, 20, 80, 90], "70 passed by; 20 stood, although it hardly differed");
        keep(&mut store, 100, 1);
        assert_eq!(seconds(dir.path()), [0, 10, 20, 90, 100]);
    }

    #[test]
    fn bytes_are_bounded_too_and_so_is_the_timeline() {
        let dir = run();
        let mut store = Store::create(dir.path(), RecordingLimits { frames: 100, bytes: 450, timeline: 6000 }).unwrap();
        (0..30).for_each(|second| keep(&mut store, second, 1));
        let recording = Recording::read(dir.path()).unwrap();
        assert!(recording.frames.len() <= 4 && recording.frames[0].at == at(0), "{:?}", recording.frames);
        store.add(&TimelineEvent::Still { at: at(31), kind: Motion::Idle }).unwrap();
        store.add(&TimelineEvent::Still { at: at(32), kind: Motion::Idle }).unwrap();
        let mut recording = recording;
        recording.read_more().unwrap();
        assert_eq!(recording.notes.len(), 1);
        keep(&mut store, 40, 1);
        assert_eq!(seconds(dir.path()).len(), recording.frames.len(), "what is full takes nothing more");
        assert!(std::fs::metadata(dir.path().join(TIMELINE)).unwrap().len() < 6500);
    }

    #[test]
    fn the_record_is_its_owners_alone() {
        let dir = run();
        let mut store = Store::create(dir.path(), RecordingLimits::default()).unwrap();
        keep(&mut store, 0, 0);
        for file in [TIMELINE.to_owned(), format!("{FRAMES}/{}.png", at(0).as_millisecond())] {
            let mode = std::fs::metadata(dir.path().join(&file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
