//! The log on its way out: scrubbed as a stream, bounded, and the lines that the page quotes.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, Write};

use crate::text::Scrubber;
use crate::text::lines::{LineSplitter, Piece};

/// Of a longer log the beginning and the end go out.
const HEAD_BYTES: usize = 8 << 20;
const TAIL_BYTES: usize = 56 << 20;
/// Lines quoted around a cited one, and at the end.
const CONTEXT_LINES: u64 = 4;
const LAST_LINES: usize = 60;
/// Characters of a line that are quoted.
const MAX_QUOTED_CHARS: usize = 600;

/// The lines of the log that the page quotes.
#[derive(Debug, Default)]
pub struct LogExcerpt {
    /// lines by their numbers, scrubbed and harmless
    pub lines: BTreeMap<u64, String>,
    /// how many there are in all
    pub count: u64,
    /// the middle was left out
    pub cut: bool,
    /// what it gave away, for [`Scrubber::knowing`]
    pub gave_away: Vec<Vec<u8>>,
}

/// Copies a log, scrubbed; collects the lines around the cited ones and the last ones.
///
/// # Errors
/// Those of reading and writing.
pub fn copy(mut log: impl BufRead, out: &mut impl Write, scrubber: &Scrubber, cited: &[u64]) -> io::Result<LogExcerpt> {
    copy_within(&mut log, out, scrubber, cited, HEAD_BYTES, TAIL_BYTES)
}

fn copy_within(
    log: &mut impl BufRead,
    out: &mut impl Write,
    scrubber: &Scrubber,
    cited: &[u64],
    head: usize,
    tail: usize,
) -> io::Result<LogExcerpt> {
    let mut output = HeadAndTail { room: head, tail: VecDeque::new(), most: tail, dropped: 0 };
    let mut quoted = Quoted { cited, excerpt: LogExcerpt::default(), last: VecDeque::new() };
    let mut lines = LineSplitter::new(MAX_QUOTED_CHARS * 4);
    let (mut stream, mut clear) = (scrubber.stream(), Vec::new());
    loop {
        let piece = log.fill_buf()?;
        let got = piece.len();
        if got == 0 {
            break;
        }
        stream.push(piece, &mut clear);
        log.consume(got);
        lines.push(&clear, &mut |piece| quoted.take(piece));
        output.take(&clear, out)?;
        clear.clear();
    }
    let gave_away = stream.finish_learning(&mut clear);
    lines.push(&clear, &mut |piece| quoted.take(piece));
    output.take(&clear, out)?;
    lines.finish(&mut |piece| quoted.take(piece));
    let cut = output.finish(out)?;
    Ok(LogExcerpt { cut, gave_away, ..quoted.finish(scrubber) })
}

/// Passes the first bytes on and holds the last ones.
struct HeadAndTail {
    room: usize,
    tail: VecDeque<u8>,
    most: usize,
    dropped: u64,
}

impl HeadAndTail {
    fn take(&mut self, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
        let now = bytes.len().min(self.room);
        out.write_all(&bytes[..now])?;
        self.room -= now;
        self.tail.extend(&bytes[now..]);
        let over = self.tail.len().saturating_sub(self.most);
        self.tail.drain(..over);
        self.dropped += over as u64;
        Ok(())
    }

    /// Whether something was left out.
    fn finish(mut self, out: &mut impl Write) -> io::Result<bool> {
        if self.dropped > 0 {
            // Up to the next line, so that no half line follows.
            let whole = self.tail.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1);
            self.tail.drain(..whole);
            writeln!(out, "\n[{} bytes are left out here]", self.dropped + whole as u64)?;
        }
        let (one, two) = self.tail.as_slices();
        out.write_all(one)?;
        out.write_all(two)?;
        Ok(self.dropped > 0)
    }
}

struct Quoted<'a> {
    cited: &'a [u64],
    excerpt: LogExcerpt,
    last: VecDeque<(u64, Vec<u8>)>,
}

impl Quoted<'_> {
    fn take(&mut self, piece: Piece<'_>) {
        if !piece.first {
            return;
        }
        self.excerpt.count += 1;
        let number = self.excerpt.count;
        if self.cited.iter().any(|cited| cited.abs_diff(number) <= CONTEXT_LINES) {
            self.excerpt.lines.insert(number, String::from_utf8_lossy(piece.bytes).into_owned());
        }
        self.last.push_back((number, piece.bytes.to_vec()));
        if self.last.len() > LAST_LINES {
            self.last.pop_front();
        }
    }

    fn finish(mut self, scrubber: &Scrubber) -> LogExcerpt {
        for (number, line) in &self.last {
            self.excerpt.lines.entry(*number).or_insert_with(|| String::from_utf8_lossy(line).into_owned());
        }
        for line in self.excerpt.lines.values_mut() {
            *line = scrubber.safe(line.trim_end()).chars().take(MAX_QUOTED_CHARS).collect();
        }
        self.excerpt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, cited: &[u64], head: usize, tail: usize) -> (String, LogExcerpt) {
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "correct-horse".to_owned())]);
        let mut out = Vec::new();
        let excerpt = copy_within(&mut text.as_bytes(), &mut out, &scrubber, cited, head, tail).unwrap();
        (String::from_utf8(out).unwrap(), excerpt)
    }

    fn numbered(count: usize) -> String {
        (1..=count).map(|n| format!("line {n}\n")).collect()
    }

    #[test]
    fn a_short_log_goes_out_whole_and_scrubbed() {
        let (out, excerpt) = copied("a\npassword correct-horse\nend", &[], HEAD_BYTES, TAIL_BYTES);
        assert_eq!(out, "a\npassword [REDACTED:PKR_VAR_build_password]\nend");
        assert_eq!((excerpt.count, excerpt.cut), (3, false));
    }

    #[test]
    fn of_a_long_log_both_ends_go_out_and_the_gap_is_said() {
        let (out, excerpt) = copied(&numbered(1000), &[], 40, 60);
        assert!(out.starts_with("line 1\n") && out.ends_with("line 1000\n"), "{out}");
        assert!(out.contains("bytes are left out here]") && out.len() < 200 && excerpt.cut, "{out}");
    }

    #[test]
    fn the_page_quotes_what_stands_around_the_evidence_and_the_end() {
        let (_, excerpt) = copied(&numbered(1000), &[500], HEAD_BYTES, TAIL_BYTES);
        let numbers: Vec<u64> = excerpt.lines.keys().copied().collect();
        assert_eq!(numbers[..9], [496, 497, 498, 499, 500, 501, 502, 503, 504]);
        assert_eq!((numbers[9], numbers.len(), excerpt.lines[&1000].as_str()), (941, 69, "line 1000"));
    }
}
