//! Scrubbing bytes as they come: what may still become a secret waits, everything else goes on at once.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use super::keys::{KeyMatcher, PHRASE, typed_key};
use super::needles::Hit;
use super::scan::Scan;
use super::scrubber::Scrubber;

/// An unfinished line that may become one with a typed key waits as long as it is shorter than this.
const KEY_LINE: usize = 1024;
/// Bytes of lines that wait for the end of a typed secret. With more, its keys are hidden unseen.
const WAITING: usize = 1 << 20;
/// Keys of an unfinished typed secret that give it away.
const TELLING: usize = 3;
/// Bytes copied at a time.
const READ_CHUNK: usize = 256 << 10;

/// Scrubs a stream of bytes. The number of lines stays the same.
pub struct Stream<'s> {
    scrubber: &'s Scrubber,
    /// not settled yet
    buffer: Vec<u8>,
    scan: Scan,
    keys: KeyLines<'s>,
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("waiting", &self.buffer.len()).finish_non_exhaustive()
    }
}

impl<'s> Stream<'s> {
    pub(super) fn new(scrubber: &'s Scrubber) -> Self {
        Self { scrubber, buffer: Vec::new(), scan: scrubber.scan(), keys: KeyLines::new(scrubber) }
    }

    /// Whether the last bytes wait because they may become a secret.
    pub fn waits(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Takes bytes; appends what can go out to `out`.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.buffer.extend_from_slice(bytes);
        self.settle(false, out);
    }

    /// The end: appends the rest to `out`.
    pub fn finish(self, out: &mut Vec<u8>) {
        drop(self.finish_learning(out));
    }

    /// The same; what the text gave away, for [`Scrubber::knowing`].
    pub(crate) fn finish_learning(mut self, out: &mut Vec<u8>) -> Vec<Vec<u8>> {
        self.settle(true, out);
        self.keys.finish(out);
        self.scan.learned.into_values()
    }

    fn settle(&mut self, last: bool, out: &mut Vec<u8>) {
        let count = self.scan.go_on(self.scrubber.sought(), &self.buffer, last);
        let settled = &self.buffer[..count];
        let hits = self.scan.take(settled);
        if hits.is_empty() && self.keys.idle(settled) {
            out.extend_from_slice(settled);
        } else {
            let mut clean = Vec::with_capacity(settled.len());
            replace(self.scrubber, settled, &hits, &mut clean);
            self.keys.push(&clean, out);
        }
        self.buffer.drain(..count);
    }
}

impl Scrubber {
    /// Copies bytes without their secrets, otherwise as they are. What is settled goes out at once: a reader may wait for it.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn copy(&self, input: &mut dyn Read, out: &mut dyn Write) -> io::Result<()> {
        let mut stream = self.stream();
        let (mut chunk, mut clear) = (vec![0; READ_CHUNK], Vec::new());
        loop {
            match input.read(&mut chunk) {
                Ok(0) => break,
                Ok(read) => stream.push(&chunk[..read], &mut clear),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            out.write_all(&clear)?;
            out.flush()?;
            clear.clear();
        }
        stream.finish(&mut clear);
        out.write_all(&clear)?;
        out.flush()
    }
}

/// Puts markers in the place of the hits. Line breaks are kept.
fn replace(scrubber: &Scrubber, bytes: &[u8], hits: &[Hit], out: &mut Vec<u8>) {
    let mut at = 0;
    for hit in hits {
        out.extend_from_slice(&bytes[at..hit.start]);
        out.extend_from_slice(scrubber.marker(hit.name).as_bytes());
        let breaks = memchr::memchr_iter(b'\n', &bytes[hit.start..hit.end]).count();
        out.extend(std::iter::repeat_n(b'\n', breaks));
        at = hit.end;
    }
    out.extend_from_slice(&bytes[at..]);
}

/// Lines with typed keys, held until it is known whether they spell a secret.
struct KeyLines<'s> {
    scrubber: &'s Scrubber,
    matcher: KeyMatcher<'s, u64>,
    waiting: VecDeque<(Vec<u8>, Option<usize>)>,
    /// number of the first waiting line
    base: u64,
    bytes: usize,
    partial: Vec<u8>,
}

impl<'s> KeyLines<'s> {
    fn new(scrubber: &'s Scrubber) -> Self {
        let matcher = KeyMatcher::new(scrubber.keys());
        Self { scrubber, matcher, waiting: VecDeque::new(), base: 0, bytes: 0, partial: Vec::new() }
    }

    /// Whether these bytes can pass without a look: nothing waits, they hold no key and end with a line.
    fn idle(&self, bytes: &[u8]) -> bool {
        let free = self.waiting.is_empty() && self.partial.is_empty();
        free && bytes.last().is_none_or(|b| *b == b'\n') && memchr::memmem::find(bytes, PHRASE).is_none()
    }

    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut rest = bytes;
        if !self.partial.is_empty() {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
            self.partial.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
            if self.partial.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                self.line(line, out);
            }
        }
        if self.waiting.is_empty() && self.partial.is_empty() && memchr::memmem::find(rest, PHRASE).is_none() {
            let lines = memchr::memrchr(b'\n', rest).map_or(0, |at| at + 1);
            out.extend_from_slice(&rest[..lines]);
            rest = &rest[lines..];
        }
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.partial.extend_from_slice(&rest[..=at]);
            let line = std::mem::take(&mut self.partial);
            self.line(line, out);
            rest = &rest[at + 1..];
        }
        self.partial.extend_from_slice(rest);
        // Prompts and progress have no line break; only packer's stamped lines are worth the wait.
        let stamped = self.partial.first().is_some_and(u8::is_ascii_digit) && self.partial.len() < KEY_LINE;
        if !stamped && !self.partial.is_empty() {
            let piece = std::mem::take(&mut self.partial);
            self.line(piece, out);
        }
    }

    fn line(&mut self, line: Vec<u8>, out: &mut Vec<u8>) {
        let id = self.base + self.waiting.len() as u64;
        let key = typed_key(&line);
        self.bytes += line.len();
        self.waiting.push_back((line, None));
        if let Some((_, key)) = key {
            let (base, waiting, scrubber) = (self.base, &mut self.waiting, self.scrubber);
            self.matcher.push(id, key, |id, name| mark(scrubber, waiting, base, *id, name));
        }
        if self.bytes > WAITING {
            return self.give_up(1, out);
        }
        self.release(out);
    }

    /// Lets lines go that can no longer be part of a secret.
    fn release(&mut self, out: &mut Vec<u8>) {
        let until = self.matcher.undecided().copied().unwrap_or(u64::MAX);
        while self.base < until {
            let Some((line, name)) = self.waiting.pop_front() else { return };
            self.base += 1;
            self.bytes -= line.len();
            match (name, typed_key(&line)) {
                (Some(name), Some((at, _))) => {
                    let marker = self.scrubber.marker(name);
                    let end: &[u8] = if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
                    out.extend_from_slice(&line[..at]);
                    out.extend_from_slice(b"Sending char ");
                    out.extend_from_slice(marker.as_bytes());
                    out.extend_from_slice(if line.ends_with(b"\n") { end } else { b"" });
                }
                _ => out.extend_from_slice(&line),
            }
        }
    }

    fn give_up(&mut self, least: usize, out: &mut Vec<u8>) {
        let (base, waiting, scrubber) = (self.base, &mut self.waiting, self.scrubber);
        self.matcher.give_up(least, |id, name| mark(scrubber, waiting, base, *id, name));
        self.release(out);
    }

    fn finish(mut self, out: &mut Vec<u8>) {
        let partial = std::mem::take(&mut self.partial);
        if !partial.is_empty() {
            self.line(partial, out);
        }
        self.give_up(TELLING, out);
    }
}

fn mark(scrubber: &Scrubber, waiting: &mut VecDeque<(Vec<u8>, Option<usize>)>, base: u64, id: u64, name: usize) {
    if scrubber.shows(name) {
        return;
    }
    let line = id.checked_sub(base).and_then(|at| usize::try_from(at).ok()).and_then(|at| waiting.get_mut(at));
    if let Some((_, marked)) = line {
        *marked = Some(name);
    }
}
