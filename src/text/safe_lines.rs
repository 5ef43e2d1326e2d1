//! Logs on their way to a person: scrubbed as they come, line by line made safe.

use super::lines::{LineSplitter, Piece};
use super::{Safe, Scrubber, Stream, clean};

/// A longer line is handed on in pieces.
pub(crate) const LONGEST: usize = 64 << 10;

/// Makes the lines of a log of any size [`Safe`].
#[derive(Debug)]
pub struct SafeLines<'s> {
    scrubber: &'s Scrubber,
    stream: Stream<'s>,
    splitter: LineSplitter,
    /// a line that goes out in pieces
    long: Option<LongLine<'s>>,
    across: AcrossLines<'s>,
}

impl<'s> SafeLines<'s> {
    /// Nothing yet.
    pub fn new(scrubber: &'s Scrubber) -> Self {
        Self::with_longest(scrubber, LONGEST)
    }

    fn with_longest(scrubber: &'s Scrubber, longest: usize) -> Self {
        let across = AcrossLines { stream: scrubber.stream(), ready: Vec::new(), begins: true };
        Self { scrubber, stream: scrubber.stream(), splitter: LineSplitter::new(longest), long: None, across }
    }

    /// Takes bytes; hands on the lines that are whole now, and pieces of one that is too long to be kept. `on` learns
    /// whether the line ends there.
    pub fn push(&mut self, bytes: &[u8], on: &mut impl FnMut(Safe, bool)) {
        let mut clear = Vec::new();
        self.stream.push(bytes, &mut clear);
        let Self { scrubber, splitter, long, across, .. } = self;
        splitter.push(&clear, &mut |piece| {
            hand_on(scrubber, long, piece, &mut |text, ends| across.push(&text, ends, on));
        });
    }

    /// The end: hands on the rest.
    pub fn finish(&mut self, on: &mut impl FnMut(Safe, bool)) {
        let mut clear = Vec::new();
        std::mem::replace(&mut self.stream, self.scrubber.stream()).finish(&mut clear);
        let Self { scrubber, splitter, long, across, .. } = self;
        let mut hand = |piece: Piece<'_>| {
            hand_on(scrubber, long, piece, &mut |text, ends| across.push(&text, ends, on));
        };
        splitter.push(&clear, &mut hand);
        splitter.finish(&mut hand);
        let stream = std::mem::replace(&mut self.across.stream, self.scrubber.stream());
        stream.finish(&mut self.across.ready);
        self.across.hand_on(on);
        self.across.rest(on);
    }

    /// Bytes of a line that is not finished.
    pub fn unfinished(&self) -> usize {
        self.splitter.unfinished().len()
    }

    /// The line that is not finished, as far as it came; what follows is a line of its own. `None` when some of it waits
    /// to be told from a secret.
    pub fn take_unfinished(&mut self) -> Option<Safe> {
        let ready = self.unfinished() > 0 && !self.stream.waits() && !self.across.stream.waits();
        ready.then(|| whole(self.scrubber, &self.splitter.take_unfinished()))
    }
}

/// Looks once more at what is shown, across the ends of lines: without the colours in between, two lines may hold a secret.
#[derive(Debug)]
struct AcrossLines<'s> {
    stream: Stream<'s>,
    /// looked at, and not handed on yet
    ready: Vec<u8>,
    /// nothing of the line went out
    begins: bool,
}

impl AcrossLines<'_> {
    fn push(&mut self, text: &str, ends: bool, on: &mut impl FnMut(Safe, bool)) {
        self.stream.push(text.as_bytes(), &mut self.ready);
        if ends {
            self.stream.push(b"\n", &mut self.ready);
        }
        self.hand_on(on);
        if !ends {
            self.rest(on);
        }
    }

    /// Whole lines.
    fn hand_on(&mut self, on: &mut impl FnMut(Safe, bool)) {
        while let Some(end) = memchr::memchr(b'\n', &self.ready) {
            let rest = self.ready.split_off(end + 1);
            let line = std::mem::replace(&mut self.ready, rest);
            on(Safe::piece(&String::from_utf8_lossy(&line[..end]), self.begins), true);
            self.begins = true;
        }
    }

    /// The beginning of a line that has no end yet, up to a whole character.
    fn rest(&mut self, on: &mut impl FnMut(Safe, bool)) {
        let whole = match std::str::from_utf8(&self.ready) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.ready.len(),
        };
        if whole == 0 {
            return;
        }
        let rest = self.ready.split_off(whole);
        let text = std::mem::replace(&mut self.ready, rest);
        on(Safe::piece(&String::from_utf8_lossy(&text), self.begins), false);
        self.begins = false;
    }
}

fn hand_on<'s>(
    scrubber: &'s Scrubber,
    long: &mut Option<LongLine<'s>>,
    piece: Piece<'_>,
    on: &mut impl FnMut(Safe, bool),
) {
    if piece.first && piece.last {
        return on(whole(scrubber, piece.bytes), true);
    }
    let mut line = long.take().unwrap_or_else(|| LongLine::new(scrubber));
    on(line.piece(piece), piece.last);
    *long = Some(line).filter(|_| !piece.last);
}

fn whole(scrubber: &Scrubber, line: &[u8]) -> Safe {
    scrubber.settled(String::from_utf8_lossy(without_returns(line)))
}

fn without_returns(line: &[u8]) -> &[u8] {
    &line[..line.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1)]
}

/// A line of which only a part is held at any time.
#[derive(Debug)]
struct LongLine<'s> {
    /// looks again at what is shown, across the cuts
    stream: Option<Stream<'s>>,
    /// of the characters that begin a command, and of one that is not whole yet
    held: Vec<u8>,
    /// only white space went out
    blank: bool,
}

impl<'s> LongLine<'s> {
    fn new(scrubber: &'s Scrubber) -> Self {
        Self { stream: Some(scrubber.stream()), held: Vec::new(), blank: true }
    }

    fn piece(&mut self, piece: Piece<'_>) -> Safe {
        let bytes = if piece.last { without_returns(piece.bytes) } else { piece.bytes };
        let cleaned = clean(&String::from_utf8_lossy(bytes));
        if let Some(stream) = &mut self.stream {
            stream.push(cleaned.as_bytes(), &mut self.held);
        }
        if piece.last {
            self.stream.take().into_iter().for_each(|stream| stream.finish(&mut self.held));
        }
        let ready = if piece.last { self.held.len() } else { self.ready() };
        let rest = self.held.split_off(ready);
        let text = std::mem::replace(&mut self.held, rest);
        let text = String::from_utf8_lossy(&text);
        let begins = self.blank;
        self.blank &= text.trim().is_empty();
        Safe::piece(&text, begins)
    }

    /// Bytes that mean the same whatever follows.
    fn ready(&self) -> usize {
        let whole = match std::str::from_utf8(&self.held) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.held.len(),
        };
        let signs = self.held[..whole].iter().rev().take(2).take_while(|byte| b"#:".contains(byte)).count();
        whole - signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Secret, needs_care};

    const SHORT: usize = 512;

    fn shown(chunks: &[&[u8]]) -> String {
        let scrubber = Scrubber::new([Secret::new("PW", "hunter2-is-long")]);
        let (mut lines, mut out) = (SafeLines::with_longest(&scrubber, SHORT), String::new());
        let mut on = |text: Safe, ends: bool| {
            assert!(!text.contains(needs_care), "{text:?}");
            out.push_str(&text);
            out.extend(ends.then_some('\n'));
        };
        chunks.iter().for_each(|chunk| lines.push(chunk, &mut on));
        lines.finish(&mut on);
        out
    }

    #[test]
    fn lines_come_out_one_by_one() {
        assert_eq!(shown(&[b"a\r\n\n\x1b[1mhunt\x1b[0mer2-is-long\n::x", b"y"]), "a\n\n[REDACTED:PW]\n: :xy\n");
    }

    #[test]
    fn a_secret_over_two_coloured_lines_is_hidden() {
        let scrubber = Scrubber::new([Secret::new("PW", "correct horse battery")]);
        let (mut lines, mut out) = (SafeLines::new(&scrubber), String::new());
        let mut on = |text: Safe, _: bool| out.push_str(&text);
        lines.push(b"a correct horse\x1b[0m\n\x1b[1;32mbattery b\n", &mut on);
        lines.finish(&mut on);
        assert_eq!(out, "a [REDACTED:PW] b");
    }

    #[test]
    fn no_cut_makes_a_command_or_shows_a_secret() {
        for (text, expected) in [
            ("##[error]", "# #[error]"),
            ("#\u{1b}[1m#[error]", "# #[error]"),
            ("é::é", "é::é"),
            ("hunter2-is\u{1b}]0;x\u{7}-long", "[REDACTED:PW]"),
        ] {
            for before in SHORT - text.len() - 2..SHORT + 2 {
                let line = format!("{}{text}{}", "x".repeat(before), "z".repeat(9));
                assert_eq!(
                    shown(&[line.as_bytes()]),
                    format!("{}{expected}zzzzzzzzz\n", "x".repeat(before)),
                    "{before}"
                );
            }
        }
        for before in SHORT - 4..SHORT + 2 {
            let line = format!("{}::error::x", " ".repeat(before));
            assert_eq!(shown(&[line.as_bytes()]).trim(), ": :error::x", "{before}");
        }
    }
}
