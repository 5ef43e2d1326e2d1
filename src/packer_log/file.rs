//! An open log: cheap calls for the thread that draws, longer ones for a worker.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::DateTime;

use super::envelope::Envelope;
use super::facts::Facts;
use super::follow::{Follower, Shared};
use super::index::{FIRST_LINE, LineCursor, LineSpan, LineStart, read_up_to};
use super::line::LogLine;
use super::show::{RawLine, render};
use super::typed_keys;
use crate::text::Scrubber;

/// Most lines that one call returns.
const MAX_LINES: u64 = 10_000;
/// Most bytes read backwards for a tail.
const MAX_TAIL_BYTES: u64 = 4 << 20;

/// A packer log that is read while it grows. Nothing here waits for the index: what is not indexed yet is not shown yet.
#[derive(Debug)]
pub struct LogFile {
    shared: Arc<Shared>,
    scrubber: Arc<Scrubber>,
}

/// How much of a log was read so far, and what keeps the rest from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStatus {
    /// lines in the table, an unfinished last one included
    pub lines: u64,
    /// bytes in the table
    pub bytes: u64,
    /// bytes that [`LogFile::facts`] covers
    pub read: u64,
    /// rises when the file was truncated or replaced: line numbers start anew, marks and positions are void
    pub generation: u64,
    /// the table has caught up with the file
    pub caught_up: bool,
    /// there is no file of this name (yet)
    pub missing: bool,
    /// why the file cannot be read, in one line
    pub error: Option<String>,
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
    pub fn status(&self) -> LogStatus {
        let state = self.shared.state();
        LogStatus {
            lines: state.index.lines(),
            bytes: state.index.end(),
            read: state.read,
            generation: state.generation,
            caught_up: state.caught_up && state.read == state.index.end(),
            missing: state.file.is_none(),
            error: state.error.clone(),
        }
    }

    /// Phases, current task, deadlines and counts, of everything read so far. No IO.
    pub fn facts(&self) -> Arc<Facts> {
        self.shared.state().facts.clone()
    }

    /// Lines by number (counted from 1, end exclusive); those that are not indexed yet are left out. Reads a few blocks.
    ///
    /// # Errors
    /// Those of reading.
    pub fn lines(&self, range: Range<u64>) -> io::Result<Vec<LogLine>> {
        let Some(snapshot) = self.snapshot(range.start) else { return Ok(Vec::new()) };
        let wanted = range.start..range.end.min(range.start.saturating_add(MAX_LINES));
        let mut raws = Vec::new();
        let mut cursor = LineCursor::new(&snapshot.file, snapshot.mark, snapshot.end);
        while let Some(span) = cursor.next()?.filter(|span| span.line < wanted.end) {
            if span.line >= wanted.start {
                raws.push(RawLine::read(&snapshot.file, span, true)?);
            }
        }
        self.rendered(&snapshot.file, raws)
    }

    /// The last lines of the file as it is now, found from its end: they are there before the index is. Lines that the
    /// index has not reached carry no number.
    ///
    /// # Errors
    /// Those of reading.
    pub fn tail(&self, rows: usize) -> io::Result<Vec<LogLine>> {
        let Some(snapshot) = self.snapshot(u64::MAX) else { return Ok(Vec::new()) };
        let size = snapshot.file.metadata()?.len();
        let spans = last_spans(&snapshot.file, size, rows)?;
        let numbered = size == snapshot.end;
        let first = (snapshot.lines + 1).saturating_sub(spans.len() as u64);
        let raws = spans
            .into_iter()
            .zip(first..)
            .map(|(span, line)| RawLine::read(&snapshot.file, LineSpan { line, ..span }, numbered));
        let raws = raws.collect::<io::Result<Vec<_>>>()?;
        self.rendered(&snapshot.file, raws)
    }

    /// The first line at or after a moment of packer's clock.
    ///
    /// # Errors
    /// Those of reading.
    pub fn line_at(&self, moment: DateTime) -> io::Result<Option<u64>> {
        let (file, marks, end) = {
            let state = self.shared.state();
            let Some(file) = state.file.clone() else { return Ok(None) };
            (file, state.index.entries().to_vec(), state.index.end())
        };
        let facts = self.facts();
        let (mut low, mut high) = (0, marks.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            match first_stamp(&file, marks[middle], end, &facts.envelope)? {
                Some((_, stamp)) if stamp < moment => low = middle + 1,
                _ => high = middle,
            }
        }
        let mut cursor = LineCursor::new(&file, low.checked_sub(1).map_or(FIRST_LINE, |at| marks[at]), end);
        while let Some(span) = cursor.next()? {
            if RawLine::read(&file, span, true)?.stamp(&facts.envelope).is_some_and(|stamp| stamp >= moment) {
                return Ok(Some(span.line));
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
        let mut cursor = LineCursor::new(&file, mark, end);
        let mut line = None;
        while let Some(span) = cursor.next()?.filter(|span| span.start <= last) {
            line = Some(span.line);
        }
        Ok(line)
    }

    /// The file, and where to start reading for a line.
    pub(super) fn snapshot(&self, line: u64) -> Option<Snapshot> {
        let state = self.shared.state();
        let (mark, end, lines) = (state.index.before_line(line), state.index.end(), state.index.lines());
        Some(Snapshot { file: state.file.clone()?, mark, end, lines })
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    fn rendered(&self, file: &File, raws: Vec<RawLine>) -> io::Result<Vec<LogLine>> {
        let typed = typed_keys::secret_keys(file, &raws, &self.scrubber)?;
        let facts = self.facts();
        let key = |raw: &RawLine| typed.get(&raw.span.start).map(String::as_str);
        let rendered = |raw: &RawLine| render(raw, key(raw), &facts.envelope, &self.scrubber);
        Ok(raws.iter().map(rendered).collect())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

/// A consistent view of the table, taken under one short lock.
pub(super) struct Snapshot {
    /// the file
    pub file: Arc<File>,
    /// entry at or before the wanted line
    pub mark: LineStart,
    /// bytes in the table
    pub end: u64,
    /// lines in the table
    pub lines: u64,
}

/// Spans of the last `rows` lines before `size`; their line numbers are not known and left at 0.
fn last_spans(file: &File, size: u64, rows: usize) -> io::Result<Vec<LineSpan>> {
    let mut window = 64 << 10;
    loop {
        let start = size.saturating_sub(window);
        let bytes = read_up_to(file, start, usize::try_from(size - start).unwrap_or(0))?;
        let spans = spans_in(&bytes, start);
        // The first piece may be the end of a line that began before the window.
        let whole = spans.len().saturating_sub(usize::from(start > 0));
        if whole >= rows || start == 0 || window >= MAX_TAIL_BYTES {
            let skip = spans.len().saturating_sub(rows);
            return Ok(spans[skip..].to_vec());
        }
        window *= 8;
    }
}

fn spans_in(bytes: &[u8], offset: u64) -> Vec<LineSpan> {
    let mut start = 0;
    let mut spans = Vec::new();
    for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
        if end > start || end < bytes.len() {
            spans.push(LineSpan { line: 0, start: offset + start as u64, end: offset + end as u64 });
        }
        start = end + 1;
    }
    spans
}

/// The first stamped line from a mark on.
fn first_stamp(file: &File, mark: LineStart, end: u64, envelope: &Envelope) -> io::Result<Option<(u64, DateTime)>> {
    let mut cursor = LineCursor::new(file, mark, end);
    while let Some(span) = cursor.next()? {
        if let Some(stamp) = RawLine::read(file, span, true)?.stamp(envelope) {
            return Ok(Some((span.line, stamp)));
        }
    }
    Ok(None)
}

#[cfg(test)]
#[path = "file/tests.rs"]
mod tests;
