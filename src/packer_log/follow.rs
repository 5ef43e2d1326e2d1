//! The thread behind an open log: it indexes what is there, then follows the file as it grows, shrinks or is replaced.
//!
//! The file is polled ten times a second (one `stat`): that works on every file system, and packer's own truncation
//! of a running build's log (any other packer command with the same `PACKER_LOG_PATH` does that) is found by comparing
//! the bytes around the ends of what was read with what stands there now.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use super::facts::{Facts, LineFilter, Segment};
use super::index::{FIRST_LINE, LineIndex, LineStart, read_full, read_up_to};
use super::line::Problem;
use super::unpack;

/// How often the file's metadata is read.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How often listeners are notified while a big file is read.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(50);
/// Bytes read at a time for the line table.
const READ_CHUNK: usize = 1 << 20;
/// Bytes read at a time for the facts.
const SCAN_CHUNK: usize = 256 << 10;
/// Bytes compared at each end to notice that the file was replaced.
const SAMPLE_BYTES: usize = 256;

/// Device, inode, length and time of a packed file: it does not grow, it is replaced.
type FileId = (u64, u64, u64, i64);

fn id(file: &Metadata) -> FileId {
    (file.dev(), file.ino(), file.len(), file.mtime_nsec() ^ file.mtime())
}

/// What readers see of a log. Every lock on it is short.
#[derive(Debug, Default)]
pub struct LogState {
    /// the open file, unpacked; `None` while there is none
    pub file: Option<Arc<File>>,
    /// of a packed one, what stands under its name
    pub packed: Option<FileId>,
    /// line table
    pub index: LineIndex,
    /// problems per segment of the file
    pub segments: Vec<Segment>,
    /// what was read so far
    pub facts: Arc<Facts>,
    /// bytes that the facts cover
    pub read: u64,
    /// counts how often the file was truncated or replaced
    pub generation: u64,
    /// why the file cannot be read, in one line
    pub error: Option<String>,
    /// the thread has caught up with the file at least once since the last reset
    pub caught_up: bool,
}

/// Shared between the readers and the thread.
pub struct Shared {
    /// the file's name
    pub path: PathBuf,
    state: RwLock<LogState>,
    stop: AtomicBool,
    on_change: Box<dyn Fn() + Send + Sync>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Shared {
    /// Opens the file when it is there; a missing one is waited for.
    ///
    /// # Errors
    /// Those of opening; a folder is refused.
    pub fn open(path: &Path, on_change: Box<dyn Fn() + Send + Sync>) -> io::Result<Arc<Self>> {
        let state = match open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => LogState::default(),
            other => other?,
        };
        let state = RwLock::new(state);
        Ok(Arc::new(Self { path: path.to_owned(), state, stop: AtomicBool::new(false), on_change }))
    }

    /// The state, to read.
    pub fn state(&self) -> RwLockReadGuard<'_, LogState> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, LogState> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread at its next poll.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn open(path: &Path) -> io::Result<LogState> {
    let there = std::fs::metadata(path)?;
    let file = unpack::open(path)?;
    let ours = file.metadata()?;
    let packed = ((ours.dev(), ours.ino()) != (there.dev(), there.ino())).then(|| id(&there));
    Ok(LogState { file: Some(Arc::new(file)), packed, ..LogState::default() })
}

/// State of the thread that indexes and follows.
pub struct Follower {
    shared: Arc<Shared>,
    filter: LineFilter,
    /// facts of finished lines only
    facts: Facts,
    /// where the facts go on
    next: LineStart,
    samples: Samples,
    last_notified: Instant,
}

impl Follower {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(shared: Arc<Shared>) -> io::Result<()> {
        let filter = LineFilter::new();
        let facts = Facts::default();
        let last_notified = Instant::now();
        let follower = Self { shared, filter, facts, next: FIRST_LINE, samples: Samples::default(), last_notified };
        std::thread::Builder::new().name("log".into()).spawn(move || follower.run()).map(drop)
    }

    fn run(mut self) {
        while !self.shared.stopped() {
            let before = self.fingerprint();
            if let Err(error) = self.poll() {
                self.shared.state_mut().error = Some(format!("{}: {error}", self.shared.path.display()));
            }
            if self.fingerprint() != before {
                (self.shared.on_change)();
            }
            std::thread::park_timeout(POLL_INTERVAL);
        }
    }

    /// Differs whenever a reader could see something new.
    fn fingerprint(&self) -> (u64, u64, u64, bool, Option<String>) {
        let state = self.shared.state();
        (state.index.end(), state.read, state.generation, state.caught_up, state.error.clone())
    }

    fn poll(&mut self) -> io::Result<()> {
        let now = match std::fs::metadata(&self.shared.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Rotated away: what was read stays on screen until a new file stands there.
                self.shared.state_mut().caught_up = true;
                return Ok(());
            }
            other => other?,
        };
        if self.was_replaced(&now)? {
            self.reset()?;
        }
        let file = self.shared.state().file.clone();
        if let Some(file) = file {
            self.index(&file)?;
            self.scan(&file)?;
            self.samples.take(&file, self.shared.state().index.end())?;
        }
        let mut state = self.shared.state_mut();
        (state.caught_up, state.error) = (true, None);
        Ok(())
    }

    /// Whether the name now stands for other bytes than those that were read.
    fn was_replaced(&self, now: &Metadata) -> io::Result<bool> {
        let state = self.shared.state();
        let Some(file) = state.file.clone() else { return Ok(true) };
        let (end, packed) = (state.index.end(), state.packed);
        drop(state);
        if let Some(packed) = packed {
            return Ok(packed != id(now));
        }
        let ours = file.metadata()?;
        if (ours.dev(), ours.ino()) != (now.dev(), now.ino()) || now.len() < end {
            return Ok(true);
        }
        Ok(!self.samples.match_file(&file)?)
    }

    fn reset(&mut self) -> io::Result<()> {
        let opened = open(&self.shared.path)?;
        (self.facts, self.next, self.samples) = (Facts::default(), FIRST_LINE, Samples::default());
        let mut state = self.shared.state_mut();
        let generation = state.generation + u64::from(state.file.is_some());
        *state = LogState { generation, ..opened };
        Ok(())
    }

    /// Takes new bytes into the line table.
    fn index(&mut self, file: &File) -> io::Result<()> {
        let mut buffer = Vec::new();
        loop {
            let at = self.shared.state().index.end();
            let left = usize::try_from(file.metadata()?.len().saturating_sub(at)).unwrap_or(usize::MAX);
            buffer.resize(left.min(READ_CHUNK), 0);
            let got = read_full(file, &mut buffer, at)?;
            if got == 0 || self.shared.stopped() {
                return Ok(());
            }
            self.shared.state_mut().index.extend(&buffer[..got]);
            self.notify_at_intervals();
        }
    }

    /// Reads the facts of the lines that the table covers. The unfinished last line counts until more of it comes.
    fn scan(&mut self, file: &File) -> io::Result<()> {
        let (end, finished) = {
            let state = self.shared.state();
            if state.read == state.index.end() {
                return Ok(());
            }
            (state.index.end(), state.index.tail())
        };
        let mut buffer = Vec::new();
        while self.next.offset < finished && !self.shared.stopped() {
            self.scan_segment(file, &mut buffer, finished)?;
            self.publish(self.next.offset, None);
            self.notify_at_intervals();
        }
        let mut last = Vec::new();
        if end > finished {
            let length = usize::try_from(end - finished).unwrap_or(usize::MAX).min(super::facts::MAX_LINE_BYTES);
            last = read_up_to(file, finished, length)?;
        }
        if !self.shared.stopped() {
            self.publish(end, Some(last).filter(|last| !last.is_empty()));
        }
        Ok(())
    }

    /// One segment of whole lines; of a line longer than the buffer only the start is looked at.
    fn scan_segment(&mut self, file: &File, buffer: &mut Vec<u8>, limit: u64) -> io::Result<()> {
        let length = usize::try_from(limit - self.next.offset).unwrap_or(usize::MAX).min(SCAN_CHUNK);
        buffer.resize(length, 0);
        let got = read_full(file, buffer, self.next.offset)?;
        if got == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file shrank while it was read"));
        }
        let bytes = &buffer[..got];
        let (whole, skip) = match memchr::memrchr(b'\n', bytes) {
            Some(last) => (&bytes[..=last], last as u64 + 1),
            None => (bytes, self.rest_of_line(file, got as u64, limit)?),
        };
        let (mut errors, mut warnings) = (0, 0);
        let facts = &mut self.facts;
        self.filter.lines(whole, self.next.line, |number, raw| match facts.observe(raw, number) {
            Some(Problem::Error) => errors += 1,
            Some(Problem::Warning) => warnings += 1,
            None => {}
        });
        if errors + warnings > 0 {
            let end = self.next.offset + skip;
            self.shared.state_mut().segments.push(Segment { mark: self.next, end, errors, warnings });
        }
        let breaks = memchr::memchr_iter(b'\n', whole).count().max(1) as u64;
        self.next = LineStart { offset: self.next.offset + skip, line: self.next.line + breaks };
        Ok(())
    }

    /// Length of a line of which `seen` bytes had no line break, with its break.
    fn rest_of_line(&self, file: &File, seen: u64, limit: u64) -> io::Result<u64> {
        let start = LineStart { offset: self.next.offset + seen, line: self.next.line };
        let mut cursor = super::index::LineCursor::new(file, start, limit);
        Ok(cursor.next()?.map_or(limit - self.next.offset, |span| span.end + 1 - self.next.offset))
    }

    fn publish(&self, read: u64, last: Option<Vec<u8>>) {
        let mut facts = self.facts.clone();
        if let Some(last) = last {
            facts.observe(&last, self.next.line);
        }
        let mut state = self.shared.state_mut();
        (state.facts, state.read) = (Arc::new(facts), read);
    }

    fn notify_at_intervals(&mut self) {
        if self.last_notified.elapsed() >= NOTIFY_INTERVAL {
            (self.shared.on_change)();
            self.last_notified = Instant::now();
        }
    }
}

/// A few bytes of both ends of what was read.
#[derive(Debug, Default)]
struct Samples {
    head: Vec<u8>,
    tail: (u64, Vec<u8>),
}

impl Samples {
    fn take(&mut self, file: &File, end: u64) -> io::Result<()> {
        let length = usize::try_from(end).unwrap_or(SAMPLE_BYTES).min(SAMPLE_BYTES);
        let at = end - length as u64;
        self.head = read_up_to(file, 0, length)?;
        self.tail = (at, read_up_to(file, at, length)?);
        Ok(())
    }

    fn match_file(&self, file: &File) -> io::Result<bool> {
        let (at, tail) = &self.tail;
        Ok(read_up_to(file, 0, self.head.len())? == self.head && read_up_to(file, *at, tail.len())? == *tail)
    }
}
