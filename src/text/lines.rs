//! Lines of a log whose length nobody bounds, in memory that is bounded.

use std::io::{self, BufRead};

use super::cut;

/// A line, or a part of one that is longer than a reader wants to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// its bytes, without the line break; of zeros at the begin of a line (what a truncation leaves behind) only one is left
    pub bytes: &'a [u8],
    /// a line begins here
    pub first: bool,
    /// it ends here
    pub last: bool,
}

/// Cuts bytes, as they come, into lines.
#[derive(Debug)]
pub struct LineSplitter {
    longest: usize,
    partial: Vec<u8>,
    /// a part of this line went out
    continued: bool,
}

impl LineSplitter {
    /// Lines longer than `longest` bytes come in pieces, cut between characters and escape sequences.
    pub fn new(longest: usize) -> Self {
        Self { longest, partial: Vec::new(), continued: false }
    }

    /// Takes bytes; hands on the lines that are whole now.
    pub fn push(&mut self, bytes: &[u8], on: &mut impl FnMut(Piece<'_>)) {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = (self.without_zeros(&rest[..end]), &rest[end + 1..]);
            if self.partial.is_empty() {
                self.end(line, on);
            } else {
                self.partial.extend_from_slice(line);
                let line = std::mem::take(&mut self.partial);
                self.end(&line, on);
            }
            rest = after;
        }
        let rest = self.without_zeros(rest);
        self.partial.extend_from_slice(rest);
        if self.partial.len() > self.longest {
            let partial = std::mem::take(&mut self.partial);
            self.partial = self.pieces(&partial, on).to_vec();
        }
    }

    /// The end: hands on a last line that has no line break.
    pub fn finish(&mut self, on: &mut impl FnMut(Piece<'_>)) {
        if self.continued || !self.partial.is_empty() {
            let line = std::mem::take(&mut self.partial);
            self.end(&line, on);
        }
    }

    /// What stands of a line that is not finished, unless a part of it went out.
    pub fn unfinished(&self) -> &[u8] {
        if self.continued { &[] } else { &self.partial }
    }

    /// Takes it out: what follows is a line of its own.
    pub fn take_unfinished(&mut self) -> Vec<u8> {
        if self.continued { Vec::new() } else { std::mem::take(&mut self.partial) }
    }

    fn without_zeros<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        let zeros = match self.partial[..] {
            [] | [0] if !self.continued => bytes.iter().take_while(|byte| **byte == 0).count(),
            _ => 0,
        };
        &bytes[zeros.saturating_sub(usize::from(self.partial.is_empty()))..]
    }

    fn end(&mut self, line: &[u8], on: &mut impl FnMut(Piece<'_>)) {
        let bytes = self.pieces(line, on);
        on(Piece { bytes, first: !self.continued, last: true });
        self.continued = false;
    }

    /// Hands on what is too long to be kept; returns what is left.
    fn pieces<'l>(&mut self, mut line: &'l [u8], on: &mut impl FnMut(Piece<'_>)) -> &'l [u8] {
        while line.len() > self.longest {
            let (bytes, after) = line.split_at(cut(line, self.longest));
            on(Piece { bytes, first: !self.continued, last: false });
            self.continued = true;
            line = after;
        }
        line
    }
}

/// Reads a log to its end, line by line.
///
/// # Errors
/// Those of reading.
pub fn each(mut log: impl BufRead, longest: usize, mut on: impl FnMut(Piece<'_>)) -> io::Result<()> {
    let mut splitter = LineSplitter::new(longest);
    loop {
        let available = match log.fill_buf() {
            Ok([]) => break,
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        splitter.push(available, &mut on);
        let used = available.len();
        log.consume(used);
    }
    splitter.finish(&mut on);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pieces(chunks: &[&[u8]], longest: usize) -> Vec<(Vec<u8>, bool, bool)> {
        let (mut splitter, mut out) = (LineSplitter::new(longest), Vec::new());
        let mut on = |piece: Piece<'_>| out.push((piece.bytes.to_vec(), piece.first, piece.last));
        chunks.iter().for_each(|chunk| splitter.push(chunk, &mut on));
        splitter.finish(&mut on);
        out
    }

    #[test]
    fn a_long_line_comes_in_pieces() {
        let piece = |text: &str, first, last| (text.as_bytes().to_vec(), first, last);
        let expected = [piece("ab", true, true), piece("", true, true), piece("abcd", true, false)];
        let rest = [piece("efgh", false, false), piece("i", false, true), piece("z", true, true)];
        let expected = [expected, rest].concat();
        assert_eq!(pieces(&[b"ab\n\nabcdefghi\nz"], 4), expected);
        assert_eq!(pieces(&[b"a", b"b\n", b"\nabcdefg", b"hi", b"\nz"], 4), expected);
    }

    #[test]
    fn of_the_zeros_that_a_truncation_left_one_stays() {
        let zeros = [0; 100];
        let expected = [(b"\0text \0".to_vec(), true, true)];
        assert_eq!(pieces(&[&zeros, &zeros, b"text \0\n"], 8), expected);
        assert_eq!(pieces(&[&[&zeros[..], b"text \0"].concat()], 8), expected);
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(
            bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(0), Just(b'a'), any::<u8>()], 0..200),
            size in 1_usize..9,
        ) {
            let whole = pieces(&[&bytes], 1 << 10);
            let chunked = pieces(&bytes.chunks(size).collect::<Vec<_>>(), 1 << 10);
            prop_assert_eq!(&whole, &chunked);
            let mut read = Vec::new();
            each(&bytes[..], 1 << 10, |piece| read.push((piece.bytes.to_vec(), piece.first, piece.last))).unwrap();
            prop_assert_eq!(&whole, &read);
            let count = bytes.split_inclusive(|byte| *byte == b'\n').count();
            prop_assert_eq!(pieces(&[&bytes], 3).iter().filter(|(_, _, last)| *last).count(), count);
        }
    }
}
