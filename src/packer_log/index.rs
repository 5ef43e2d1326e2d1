//! Where lines begin: a sparse table, one entry per 64 KB of file, and a cursor that walks lines from any entry.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes between two entries, and the size of one read.
const BLOCK_BYTES: usize = 64 << 10;

/// Where a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineStart {
    /// byte in the file
    pub offset: u64,
    /// number of the line that begins there, counted from 1
    pub line: u64,
}

/// Start of the first line.
pub const FIRST_LINE: LineStart = LineStart { offset: 0, line: 1 };

/// The sparse table. 1 GB of log takes 256 KB of it.
#[derive(Debug, Clone, Default)]
pub struct LineIndex {
    marks: Vec<LineStart>,
    breaks: u64,
    end: u64,
    tail: u64,
}

impl LineIndex {
    /// Bytes covered.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Lines covered; an unfinished last line counts.
    pub fn lines(&self) -> u64 {
        self.breaks + u64::from(self.end > self.tail)
    }

    /// Where the last line begins that is not finished by a line break (the end, when it is).
    pub fn tail(&self) -> u64 {
        self.tail
    }

    /// Takes the bytes that follow [`Self::end`] into the table.
    pub fn extend(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(BLOCK_BYTES) {
            if let (Some(first), Some(last)) = (memchr::memchr(b'\n', piece), memchr::memrchr(b'\n', piece)) {
                self.marks.push(LineStart { offset: self.end + first as u64 + 1, line: self.breaks + 2 });
                self.breaks += memchr::memchr_iter(b'\n', piece).count() as u64;
                self.tail = self.end + last as u64 + 1;
            }
            self.end += piece.len() as u64;
        }
    }

    /// The entry at or before a line.
    pub fn before_line(&self, line: u64) -> LineStart {
        let after = self.marks.partition_point(|mark| mark.line <= line);
        after.checked_sub(1).and_then(|at| self.marks.get(at)).copied().unwrap_or(FIRST_LINE)
    }

    /// The entry at or before a byte.
    pub fn before_offset(&self, offset: u64) -> LineStart {
        let after = self.marks.partition_point(|mark| mark.offset <= offset);
        after.checked_sub(1).and_then(|at| self.marks.get(at)).copied().unwrap_or(FIRST_LINE)
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[LineStart] {
        &self.marks
    }
}

/// Where one line lies; the line break is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSpan {
    /// counted from 1
    pub line: u64,
    /// first byte
    pub start: u64,
    /// byte behind the last one
    pub end: u64,
}

/// Walks the lines of a file from a mark up to a byte, with one bounded buffer.
#[derive(Debug)]
pub struct LineCursor<'f> {
    file: &'f File,
    next: LineStart,
    limit: u64,
    buffer: Vec<u8>,
    at: u64,
}

impl<'f> LineCursor<'f> {
    /// Lines from `from` on, as far as `limit` (bytes).
    pub fn new(file: &'f File, from: LineStart, limit: u64) -> Self {
        Self { file, next: from, limit, buffer: Vec::new(), at: from.offset }
    }

    /// The next line; `None` at the limit.
    ///
    /// # Errors
    /// Those of reading.
    pub fn next(&mut self) -> io::Result<Option<LineSpan>> {
        if self.next.offset >= self.limit {
            return Ok(None);
        }
        let LineStart { offset: start, line } = self.next;
        let mut look = start;
        let end = loop {
            let rest = self.bytes_at(look)?;
            if rest.is_empty() {
                break look;
            }
            if let Some(at) = memchr::memchr(b'\n', rest) {
                break look + at as u64;
            }
            look += rest.len() as u64;
        };
        self.next = LineStart { offset: end + 1, line: line + 1 };
        Ok(Some(LineSpan { line, start, end }))
    }

    /// Buffered bytes from `offset` on, read when they are not there.
    fn bytes_at(&mut self, offset: u64) -> io::Result<&[u8]> {
        let inside = offset >= self.at && offset < self.at + self.buffer.len() as u64;
        if !inside {
            let want = usize::try_from(self.limit.saturating_sub(offset)).unwrap_or(usize::MAX).min(BLOCK_BYTES);
            self.buffer.resize(want, 0);
            let got = read_full(self.file, &mut self.buffer, offset)?;
            self.buffer.truncate(got);
            self.at = offset;
        }
        let skip = usize::try_from(offset - self.at).unwrap_or(0);
        Ok(self.buffer.get(skip..).unwrap_or(&[]))
    }
}

/// Up to `length` bytes from `offset` on; fewer where the file ends.
///
/// # Errors
/// Those of reading.
pub fn read_up_to(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let got = read_full(file, &mut bytes, offset)?;
    bytes.truncate(got);
    Ok(bytes)
}

/// Reads until the buffer is full or the file ends; returns the number of bytes read.
///
/// # Errors
/// Those of reading.
pub fn read_full(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match file.read_at(&mut buffer[got..], offset + got as u64) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn walk(bytes: &[u8], from: LineStart) -> Vec<LineSpan> {
        let file = file(bytes);
        let mut cursor = LineCursor::new(&file, from, bytes.len() as u64);
        std::iter::from_fn(|| cursor.next().unwrap()).collect()
    }

    #[test]
    fn an_unfinished_last_line_counts() {
        let mut index = LineIndex::default();
        index.extend(b"one\ntwo\nthr");
        assert_eq!((index.lines(), index.tail()), (3, 8));
        index.extend(b"ee\n");
        assert_eq!((index.lines(), index.tail()), (3, 14));
    }

    #[test]
    fn a_line_longer_than_the_step_has_one_place() {
        let mut bytes = vec![b'x'; 3 * BLOCK_BYTES];
        bytes.extend_from_slice(b"\nnext\n");
        let spans = walk(&bytes, FIRST_LINE);
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[1], LineSpan { line: 2, start: 3 * BLOCK_BYTES as u64 + 1, end: 3 * BLOCK_BYTES as u64 + 5 });
    }

    proptest! {
        #[test]
        fn every_mark_begins_the_line_it_names(lines in prop::collection::vec(0_usize..9000, 0..200), cut in 1_usize..100_000) {
            let mut bytes = Vec::new();
            for length in &lines {
                bytes.extend(std::iter::repeat_n(b'.', *length));
                bytes.push(b'\n');
            }
            let mut index = LineIndex::default();
            bytes.chunks(cut).for_each(|piece| index.extend(piece));
            prop_assert_eq!(index.lines(), lines.len() as u64);
            let all = walk(&bytes, FIRST_LINE);
            for mark in index.entries() {
                if mark.line <= index.lines() {
                    prop_assert_eq!(all[mark.line as usize - 1].start, mark.offset);
                }
            }
        }
    }
}
