//! Searching a log like `grep` does: on the lines as the file has them, forwards and backwards, from a worker thread.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use regex::bytes::{Regex, RegexBuilder};

use super::file::LogFile;
use super::index::{LineStart, read_full};

/// Bytes searched at a time.
const SEARCH_CHUNK: usize = 1 << 20;

/// Which way to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// to higher line numbers
    Forward,
    /// to lower ones
    Backward,
}

/// What to look for: a regular expression; upper case matters only if there is some.
#[derive(Debug, Clone)]
pub struct Pattern {
    lines: Regex,
    text: regex::Regex,
}

impl Pattern {
    /// A regular expression in smart case.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        let insensitive = !has_upper(pattern);
        let lines = RegexBuilder::new(pattern).case_insensitive(insensitive).multi_line(true).crlf(true).build()?;
        let text = regex::RegexBuilder::new(pattern).case_insensitive(insensitive).build()?;
        Ok(Self { lines, text })
    }

    /// A plain string in smart case.
    ///
    /// # Errors
    /// When it is too long to be one.
    pub fn literal(text: &str) -> Result<Self, regex::Error> {
        Self::new(&regex::escape(text))
    }

    /// Where a shown text matches, for highlighting.
    pub fn spans(&self, text: &str) -> Vec<Range<usize>> {
        self.text.find_iter(text).map(|hit| hit.range()).filter(|range| !range.is_empty()).collect()
    }

    /// The first line of `bytes` (whole lines) that matches: start of the line.
    fn first_in(&self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(hit) = self.lines.find_at(bytes, at) {
            let start = memchr::memrchr(b'\n', &bytes[..hit.start()]).map_or(0, |p| p + 1);
            let end = memchr::memchr(b'\n', &bytes[hit.start()..]).map_or(bytes.len(), |p| hit.start() + p);
            // `\s` and the like can run over a line break; a line counts when it matches by itself.
            if hit.end() <= end || self.lines.is_match(&bytes[start..end]) {
                return Some(start).filter(|start| *start < bytes.len());
            }
            at = end + 1;
            if at > bytes.len() {
                break;
            }
        }
        None
    }

    /// The last line of `bytes` that matches.
    fn last_in(&self, bytes: &[u8]) -> Option<usize> {
        let mut last = None;
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| self.first_in(rest)) {
            last = Some(at + found);
            at = memchr::memchr(b'\n', &bytes[at + found..]).map_or(bytes.len(), |p| at + found + p + 1);
        }
        last
    }
}

/// Upper case letters, those of escapes like `\S` and `\W` not counted.
fn has_upper(pattern: &str) -> bool {
    let mut escaped = false;
    pattern.chars().any(|c| {
        let counts = !escaped && c.is_uppercase();
        escaped = !escaped && c == '\\';
        counts
    })
}

impl LogFile {
    /// The next line that matches, counted from 1, beginning with `from` itself; `None` when there is none that way.
    /// Reads the file: call it from a worker. `stop` ends it early.
    ///
    /// # Errors
    /// Those of reading.
    pub fn find(
        &self,
        pattern: &Pattern,
        from: u64,
        direction: Direction,
        stop: &AtomicBool,
    ) -> io::Result<Option<u64>> {
        match direction {
            Direction::Forward => self.search_forward(from, stop, |bytes| pattern.first_in(bytes)),
            Direction::Backward => self.search_backward(from, stop, |bytes| pattern.last_in(bytes)),
        }
    }

    /// How many lines match, as far as `most`.
    ///
    /// # Errors
    /// Those of reading.
    pub fn count(&self, pattern: &Pattern, max: u64, stop: &AtomicBool) -> io::Result<u64> {
        let mut hits = 0;
        self.search_forward(1, stop, |bytes| {
            let mut at = 0;
            while let Some(found) = bytes.get(at..).and_then(|rest| pattern.first_in(rest)) {
                hits += 1;
                at = memchr::memchr(b'\n', &bytes[at + found..]).map_or(bytes.len(), |p| at + found + p + 1);
            }
            (hits >= max).then_some(0)
        })?;
        Ok(hits.min(max))
    }

    /// Which of the matching lines `line` is, counted from 1, and how many there are.
    ///
    /// # Errors
    /// Those of reading.
    pub fn place(&self, pattern: &Pattern, line: u64, stop: &AtomicBool) -> io::Result<(u64, u64)> {
        let (mut before, mut all, mut first) = (0, 0, 1);
        self.search_forward(1, stop, |bytes| {
            let (mut at, mut here) = (0, first);
            while let Some(found) = bytes.get(at..).and_then(|rest| pattern.first_in(rest)) {
                here += memchr::memchr_iter(b'\n', &bytes[at..at + found]).count() as u64;
                all += 1;
                before += u64::from(here <= line);
                here += 1;
                at = memchr::memchr(b'\n', &bytes[at + found..]).map_or(bytes.len(), |p| at + found + p + 1);
            }
            first += memchr::memchr_iter(b'\n', bytes).count() as u64;
            None
        })?;
        Ok((before, all))
    }

    /// Blocks of whole lines from a line on; `hit` answers with the start of a line in the block.
    fn search_forward(
        &self,
        from: u64,
        stop: &AtomicBool,
        mut hit: impl FnMut(&[u8]) -> Option<usize>,
    ) -> io::Result<Option<u64>> {
        let Some(snapshot) = self.snapshot(from) else { return Ok(None) };
        let mut next = line_start(&snapshot.file, snapshot.mark, from, snapshot.end)?;
        let mut buffer = Vec::new();
        while next.offset < snapshot.end && !stop.load(Ordering::Relaxed) {
            let whole = read_chunk(&snapshot.file, &mut buffer, next.offset, snapshot.end)?;
            if whole == 0 {
                break;
            }
            let bytes = &buffer[..whole];
            if let Some(at) = hit(bytes) {
                return Ok(Some(next.line + memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64));
            }
            let breaks = memchr::memchr_iter(b'\n', bytes).count() as u64;
            next = LineStart { offset: next.offset + whole as u64, line: next.line + breaks };
        }
        Ok(None)
    }

    /// The same towards the start of the file, the line `from` included.
    fn search_backward(
        &self,
        from: u64,
        stop: &AtomicBool,
        mut hit: impl FnMut(&[u8]) -> Option<usize>,
    ) -> io::Result<Option<u64>> {
        let Some(snapshot) = self.snapshot(from.saturating_add(1)) else { return Ok(None) };
        let mut end =
            line_start(&snapshot.file, snapshot.mark, from.saturating_add(1), snapshot.end)?.offset.min(snapshot.end);
        let mut buffer = Vec::new();
        while end > 0 && !stop.load(Ordering::Relaxed) {
            let start = self.shared().state().index.before_offset(end.saturating_sub(SEARCH_CHUNK as u64));
            buffer.resize(usize::try_from(end - start.offset).unwrap_or(0), 0);
            let got = read_full(&snapshot.file, &mut buffer, start.offset)?;
            let bytes = &buffer[..got];
            if let Some(at) = hit(bytes) {
                return Ok(Some(start.line + memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64));
            }
            end = start.offset;
        }
        Ok(None)
    }
}

/// Where a line begins, walking from a mark before it.
fn line_start(file: &std::fs::File, mark: LineStart, line: u64, end: u64) -> io::Result<LineStart> {
    let mut cursor = super::index::LineCursor::new(file, mark, end);
    let mut last = mark;
    while last.line < line {
        let Some(span) = cursor.next()? else { return Ok(LineStart { offset: end, line: last.line }) };
        last = LineStart { offset: span.end + 1, line: span.line + 1 };
    }
    Ok(last)
}

/// Fills the buffer with a block that ends with a line (or with the file); says how many bytes of it count.
pub(super) fn read_chunk(file: &std::fs::File, buffer: &mut Vec<u8>, at: u64, end: u64) -> io::Result<usize> {
    let mut want = SEARCH_CHUNK;
    loop {
        let length = usize::try_from(end - at).unwrap_or(usize::MAX).min(want);
        buffer.resize(length, 0);
        let got = read_full(file, buffer, at)?;
        buffer.truncate(got);
        if at + got as u64 >= end || got < length {
            return Ok(got);
        }
        if let Some(last) = memchr::memrchr(b'\n', buffer) {
            return Ok(last + 1);
        }
        // A line longer than the block; up to this size it is searched whole.
        if want >= 32 * SEARCH_CHUNK {
            return Ok(got);
        }
        want *= 4;
    }
}
