//! The thread behind an open log: it indexes what is there, then follows the file as it grows, shrinks or is replaced.
//!
//! The file is asked about ten times a second (one `stat`): that works on every file system, and packer's own truncation
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
use super::index::{Index, Mark, START, read_full};
use super::line::Problem;

/// How often the file is asked about.
const POLL_EVERY: Duration = Duration::from_millis(100);
/// How often listeners hear of progress while a big file is read.
const NEWS: Duration = Duration::from_millis(50);
/// Bytes read at a time for the line table.
const READ_CHUNK: usize = 1 << 20;
/// Bytes read at a time for the facts.
const SCAN_CHUNK: usize = 256 << 10;
/// Bytes compared at each end to notice that a file is another one.
const SAMPLE: usize = 256;

/// What readers see of a log. Every lock on it is short.
#[derive(Debug, Default)]
pub struct State {
    /// the open file; `None` while there is none
    pub file: Option<Arc<File>>,
    /// line table
    pub index: Index,
    /// problems per segment of the file
    pub segments: Vec<Segment>,
    /// what was read so far
    pub facts: Arc<Facts>,
    /// bytes that the facts cover
    pub read: u64,
    /// counts how often the file was truncated or replaced
    pub generation: u64,
    /// why the file cannot be read, in one line
    pub trouble: Option<String>,
    /// the thread has caught up with the file at least once since the last reset
    pub settled: bool,
}

/// Shared between the readers and the thread.
pub struct Shared {
    /// the file's name
    pub path: PathBuf,
    state: RwLock<State>,
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
        let file = match open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            other => Some(Arc::new(other?)),
        };
        let state = RwLock::new(State { file, ..State::default() });
        Ok(Arc::new(Self { path: path.to_owned(), state, stop: AtomicBool::new(false), on_change }))
    }

    /// The state, to read.
    pub fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread at its next look.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder, not a log file"));
    }
    Ok(file)
}

/// The thread's own memory.
pub struct Follower {
    shared: Arc<Shared>,
    filter: LineFilter,
    /// facts of finished lines only
    facts: Facts,
    /// where the facts go on
    next: Mark,
    samples: Samples,
    told: Instant,
}

impl Follower {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(shared: Arc<Shared>) -> io::Result<()> {
        let filter = LineFilter::new();
        let facts = Facts::default();
        let told = Instant::now();
        let follower = Self { shared, filter, facts, next: START, samples: Samples::default(), told };
        std::thread::Builder::new().name("log".into()).spawn(move || follower.run()).map(drop)
    }

    fn run(mut self) {
        while !self.shared.stopped() {
            let before = self.fingerprint();
            if let Err(error) = self.look() {
                self.shared.change().trouble = Some(format!("{}: {error}", self.shared.path.display()));
            }
            if self.fingerprint() != before {
                (self.shared.on_change)();
            }
            std::thread::park_timeout(POLL_EVERY);
        }
    }

    /// Differs whenever a reader could see something new.
    fn fingerprint(&self) -> (u64, u64, u64, bool, Option<String>) {
        let state = self.shared.state();
        (state.index.end(), state.read, state.generation, state.settled, state.trouble.clone())
    }

    fn look(&mut self) -> io::Result<()> {
        let now = match std::fs::metadata(&self.shared.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Rotated away: what was read stays on screen until a new file stands there.
                self.shared.change().settled = true;
                return Ok(());
            }
            other => other?,
        };
        if self.is_another(&now)? {
            self.reset()?;
        }
        let file = self.shared.state().file.clone();
        if let Some(file) = file {
            self.index(&file)?;
            self.read(&file)?;
            self.samples.take(&file, self.shared.state().index.end())?;
        }
        let mut state = self.shared.change();
        (state.settled, state.trouble) = (true, None);
        Ok(())
    }

    /// Whether the name now stands for other bytes than those that were read.
    fn is_another(&self, now: &Metadata) -> io::Result<bool> {
        let state = self.shared.state();
        let Some(file) = state.file.clone() else { return Ok(true) };
        let end = state.index.end();
        drop(state);
        let ours = file.metadata()?;
        if (ours.dev(), ours.ino()) != (now.dev(), now.ino()) || now.len() < end {
            return Ok(true);
        }
        Ok(!self.samples.still_there(&file)?)
    }

    fn reset(&mut self) -> io::Result<()> {
        let file = Some(Arc::new(open(&self.shared.path)?));
        (self.facts, self.next, self.samples) = (Facts::default(), START, Samples::default());
        let mut state = self.shared.change();
        let generation = state.generation + u64::from(state.file.is_some());
        *state = State { file, generation, ..State::default() };
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
            self.shared.change().index.extend(&buffer[..got]);
            self.tell();
        }
    }

    /// Reads the facts of the lines that the table covers. The unfinished last line counts until more of it comes.
    fn read(&mut self, file: &File) -> io::Result<()> {
        let (end, finished) = {
            let state = self.shared.state();
            if state.read == state.index.end() {
                return Ok(());
            }
            (state.index.end(), state.index.tail())
        };
        let mut buffer = Vec::new();
        while self.next.offset < finished && !self.shared.stopped() {
            self.segment(file, &mut buffer, finished)?;
            self.publish(self.next.offset, None);
            self.tell();
        }
        let mut last = Vec::new();
        if end > finished {
            let length = usize::try_from(end - finished).unwrap_or(usize::MAX).min(super::facts::HEAD);
            last.resize(length, 0);
            let got = read_full(file, &mut last, finished)?;
            last.truncate(got);
        }
        if !self.shared.stopped() {
            self.publish(end, Some(last).filter(|last| !last.is_empty()));
        }
        Ok(())
    }

    /// One segment of whole lines; of a line longer than the buffer only the start is looked at.
    fn segment(&mut self, file: &File, buffer: &mut Vec<u8>, limit: u64) -> io::Result<()> {
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
            self.shared.change().segments.push(Segment { mark: self.next, end, errors, warnings });
        }
        let breaks = memchr::memchr_iter(b'\n', whole).count().max(1) as u64;
        self.next = Mark { offset: self.next.offset + skip, line: self.next.line + breaks };
        Ok(())
    }

    /// Length of a line of which `seen` bytes had no line break, with its break.
    fn rest_of_line(&self, file: &File, seen: u64, limit: u64) -> io::Result<u64> {
        let start = Mark { offset: self.next.offset + seen, line: self.next.line };
        let mut cursor = super::index::Cursor::new(file, start, limit);
        Ok(cursor.next()?.map_or(limit - self.next.offset, |place| place.end + 1 - self.next.offset))
    }

    fn publish(&self, read: u64, last: Option<Vec<u8>>) {
        let mut facts = self.facts.clone();
        if let Some(last) = last {
            facts.observe(&last, self.next.line);
        }
        let mut state = self.shared.change();
        (state.facts, state.read) = (Arc::new(facts), read);
    }

    fn tell(&mut self) {
        if self.told.elapsed() >= NEWS {
            (self.shared.on_change)();
            self.told = Instant::now();
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
        let length = usize::try_from(end).unwrap_or(SAMPLE).min(SAMPLE);
        let at = end - length as u64;
        self.head = sample(file, 0, length)?;
        self.tail = (at, sample(file, at, length)?);
        Ok(())
    }

    fn still_there(&self, file: &File) -> io::Result<bool> {
        let (at, tail) = &self.tail;
        Ok(sample(file, 0, self.head.len())? == self.head && sample(file, *at, tail.len())? == *tail)
    }
}

fn sample(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let got = read_full(file, &mut bytes, at)?;
    bytes.truncate(got);
    Ok(bytes)
}
