//! An open log: cheap questions for the thread that draws, longer ones for a worker.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::DateTime;

use super::facts::Facts;
use super::follow::{Follower, Shared};
use super::index::{Cursor, LineSpan, Mark, START, read_full};
use super::line::LogLine;
use super::show::{Raw, show};
use super::typed;
use crate::text::Scrubber;

/// Most lines that one call returns.
const MOST_LINES: u64 = 10_000;
/// Most bytes read backwards for a tail.
const TAIL: u64 = 4 << 20;

/// A packer log that is read while it grows. Nothing here waits for the index: what is not indexed yet is not shown yet.
#[derive(Debug)]
pub struct LogFile {
    shared: Arc<Shared>,
    scrubber: Arc<Scrubber>,
}

/// How far the reading has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// lines in the table, an unfinished last one included
    pub lines: u64,
    /// bytes in the table
    pub bytes: u64,
    /// bytes that [`LogFile::facts`] covers
    pub read: u64,
    /// rises when the file was truncated or replaced: line numbers start anew, marks and positions are void
    pub generation: u64,
    /// the table has caught up with the file
    pub settled: bool,
    /// there is no file of this name (yet)
    pub missing: bool,
    /// why the file cannot be read, in one line
    pub trouble: Option<String>,
}

impl LogFile {
    /// Opens a log and starts to index and follow it. A file that does not exist is waited for.
    ///
    /// # Errors
    /// No permission, a folder, no thread.
    pub fn open(path: &Path, scrubber: Arc<Scrubber>) -> io::Result<Self> {
        Self::watch(path, scrubber, || {})
    }

    /// The same; `on_change` is called from another thread whenever there is something new to see. Keep it short.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn watch(
        path: &Path,
        scrubber: Arc<Scrubber>,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Shared::open(path, Box::new(on_change))?;
        Follower::start(shared.clone())?;
        Ok(Self { shared, scrubber })
    }

    /// The file's name.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// How far the reading has come. No IO.
    pub fn status(&self) -> Status {
        let state = self.shared.state();
        Status {
            lines: state.index.lines(),
            bytes: state.index.end(),
            read: state.read,
            generation: state.generation,
            settled: state.settled && state.read == state.index.end(),
            missing: state.file.is_none(),
            trouble: state.trouble.clone(),
        }
    }

    /// Stages, current task, deadlines and counts, of everything read so far. No IO.
    pub fn facts(&self) -> Arc<Facts> {
        self.shared.state().facts.clone()
    }

    /// Lines by number (counted from 1, end exclusive); those that are not indexed yet are left out. Reads a few blocks.
    ///
    /// # Errors
    /// Those of reading.
    pub fn lines(&self, range: Range<u64>) -> io::Result<Vec<LogLine>> {
        let Some(snapshot) = self.snapshot(range.start) else { return Ok(Vec::new()) };
        let wanted = range.start..range.end.min(range.start.saturating_add(MOST_LINES));
        let mut raws = Vec::new();
        let mut cursor = Cursor::new(&snapshot.file, snapshot.mark, snapshot.end);
        while let Some(place) = cursor.next()?.filter(|place| place.line < wanted.end) {
            if place.line >= wanted.start {
                raws.push(Raw::read(&snapshot.file, place, true)?);
            }
        }
        self.shown(&snapshot.file, raws)
    }

    /// The last lines of the file as it is now, found from its end: they are there before the index is. Lines that the
    /// index has not reached carry no number.
    ///
    /// # Errors
    /// Those of reading.
    pub fn tail(&self, rows: usize) -> io::Result<Vec<LogLine>> {
        let Some(snapshot) = self.snapshot(u64::MAX) else { return Ok(Vec::new()) };
        let size = snapshot.file.metadata()?.len();
        let places = last_places(&snapshot.file, size, rows)?;
        let numbered = size == snapshot.end;
        let first = (snapshot.lines + 1).saturating_sub(places.len() as u64);
        let raws = places
            .into_iter()
            .zip(first..)
            .map(|(place, line)| Raw::read(&snapshot.file, LineSpan { line, ..place }, numbered));
        let raws = raws.collect::<io::Result<Vec<_>>>()?;
        self.shown(&snapshot.file, raws)
    }

    /// The first line at or after a moment of packer's clock.
    ///
    /// # Errors
    /// Those of reading.
    pub fn line_at(&self, moment: DateTime) -> io::Result<Option<u64>> {
        let (file, marks, end) = {
            let state = self.shared.state();
            let Some(file) = state.file.clone() else { return Ok(None) };
            (file, state.index.marks().to_vec(), state.index.end())
        };
        let (mut low, mut high) = (0, marks.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match first_stamp(&file, marks[middle], end)? {
                Some((_, stamp)) if stamp < moment => low = middle + 1,
                _ => high = middle,
            }
        }
        let mut cursor = Cursor::new(&file, low.checked_sub(1).map_or(START, |at| marks[at]), end);
        while let Some(place) = cursor.next()? {
            if Raw::read(&file, place, true)?.stamp().is_some_and(|stamp| stamp >= moment) {
                return Ok(Some(place.line));
            }
        }
        Ok(None)
    }

    /// The line that was the last one when the log had `offset` bytes, counted from 1.
    ///
    /// # Errors
    /// Those of reading.
    pub fn line_of(&self, offset: u64) -> io::Result<Option<u64>> {
        let last = offset.saturating_sub(1);
        let (file, mark, end) = {
            let state = self.shared.state();
            let Some(file) = state.file.clone() else { return Ok(None) };
            (file, state.index.before_offset(last), state.index.end())
        };
        let mut cursor = Cursor::new(&file, mark, end);
        let mut line = None;
        while let Some(place) = cursor.next()?.filter(|place| place.start <= last) {
            line = Some(place.line);
        }
        Ok(line)
    }

    /// The file and the place to start from for a line.
    pub(super) fn snapshot(&self, line: u64) -> Option<Snapshot> {
        let state = self.shared.state();
        let (mark, end, lines) = (state.index.before_line(line), state.index.end(), state.index.lines());
        Some(Snapshot { file: state.file.clone()?, mark, end, lines })
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    fn shown(&self, file: &File, raws: Vec<Raw>) -> io::Result<Vec<LogLine>> {
        let typed = typed::secret_keys(file, &raws, &self.scrubber)?;
        let shown = |raw: &Raw| show(raw, typed.get(&raw.place.start).map(String::as_str), &self.scrubber);
        Ok(raws.iter().map(shown).collect())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// A consistent look at the table, taken under one short lock.
pub(super) struct Snapshot {
    /// the file
    pub file: Arc<File>,
    /// entry at or before the wanted line
    pub mark: Mark,
    /// bytes in the table
    pub end: u64,
    /// lines in the table
    pub lines: u64,
}

/// Places of the last `rows` lines before `size`; their line numbers are not known and left at 0.
fn last_places(file: &File, size: u64, rows: usize) -> io::Result<Vec<LineSpan>> {
    let mut window = 64 << 10;
    loop {
        let start = size.saturating_sub(window);
        let mut bytes = vec![0; usize::try_from(size - start).unwrap_or(0)];
        let got = read_full(file, &mut bytes, start)?;
        bytes.truncate(got);
        let places = places_in(&bytes, start);
        // The first piece may be the end of a line that began before the window.
        let whole = places.len().saturating_sub(usize::from(start > 0));
        if whole >= rows || start == 0 || window >= TAIL {
            let skip = places.len().saturating_sub(rows);
            return Ok(places[skip..].to_vec());
        }
        window *= 8;
    }
}

fn places_in(bytes: &[u8], offset: u64) -> Vec<LineSpan> {
    let mut start = 0;
    let mut places = Vec::new();
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        if end > start || end < bytes.len() {
            places.push(LineSpan { line: 0, start: offset + start as u64, end: offset + end as u64 });
        }
        start = end + 1;
    }
    places
}

/// The first stamped line from a mark on.
fn first_stamp(file: &File, mark: Mark, end: u64) -> io::Result<Option<(u64, DateTime)>> {
    let mut cursor = Cursor::new(file, mark, end);
    while let Some(place) = cursor.next()? {
        if let Some(stamp) = Raw::read(file, place, true)?.stamp() {
            return Ok(Some((place.line, stamp)));
        }
    }
    Ok(None)
}

#[cfg(test)]
#[path = "file/tests.rs"]
mod tests;
