//! From raw bytes to a line that may be shown: scrubbed, cut, harmless.

use std::fs::File;
use std::io;

use jiff::civil::DateTime;

use super::envelope::Envelope;
use super::index::{LineSpan, read_up_to};
use super::line::LogLine;
use super::parse;
use super::problem::problem;
use crate::text::Scrubber;

/// Bytes of one line that are shown.
const MAX_SHOWN_BYTES: usize = 16 << 10;
/// Bytes read beyond that, so that a secret across the cut is recognised.
const SECRET_OVERLAP: usize = 16 << 10;

/// One line as read: its place, and its start (or, of a progress line, its end).
#[derive(Debug)]
pub struct RawLine {
    /// where it lies
    pub span: LineSpan,
    /// whether the place's number is right
    pub numbered: bool,
    /// at most `MAX_SHOWN_BYTES + SECRET_OVERLAP` bytes
    pub bytes: Vec<u8>,
    /// there is text beyond them
    pub cut: bool,
}

impl RawLine {
    /// Reads the part of a line that can be shown.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(file: &File, span: LineSpan, numbered: bool) -> io::Result<Self> {
        let most = (MAX_SHOWN_BYTES + SECRET_OVERLAP) as u64;
        let mut start = span.start;
        let mut bytes = part(file, start, (span.end - start).min(most))?;
        if bytes.first() == Some(&0) {
            // What a truncation under a running build leaves behind: zeros, then the next line.
            start = first_text(file, span)?;
            bytes = part(file, start, (span.end - start).min(most))?;
        }
        let cut = span.end - start > most;
        if cut && memchr::memchr(b'\r', &bytes).is_some() {
            bytes = part(file, span.end - most, most)?;
        }
        Ok(Self { span, numbered, bytes, cut })
    }

    /// Packer's clock at this line.
    pub fn stamp(&self, envelope: &Envelope) -> Option<DateTime> {
        parse::stamp(parse::visible(envelope.strip(&self.bytes)))
    }
}

fn part(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    read_up_to(file, at, usize::try_from(length).unwrap_or(MAX_SHOWN_BYTES + SECRET_OVERLAP))
}

/// The first byte of a line that is not NUL; its end when there is none.
fn first_text(file: &File, span: LineSpan) -> io::Result<u64> {
    let mut at = span.start;
    while at < span.end {
        let bytes = part(file, at, (span.end - at).min(64 << 10))?;
        if bytes.is_empty() {
            break;
        }
        if let Some(found) = bytes.iter().position(|b| *b != 0) {
            return Ok(at + found as u64);
        }
        at += bytes.len() as u64;
    }
    Ok(span.end)
}

/// The line as it may be shown. `key` is the marker that replaces a typed key of a secret.
pub fn render(raw: &RawLine, key: Option<&str>, envelope: &Envelope, scrubber: &Scrubber) -> LogLine {
    let lossy = String::from_utf8_lossy(parse::visible(envelope.strip(&raw.bytes)));
    // As the bytes stand: what parsing takes away may be letters of a secret.
    let scrubbed = scrubber.text(&lossy);
    let parsed = parse::parse(&scrubbed);
    let mut text = match key {
        Some(marker) => scrubber.safe(&format!("Sending char {marker}")),
        None => scrubber.safe(&parsed.text),
    };
    let cut = raw.cut || text.len() > MAX_SHOWN_BYTES;
    text.truncate(MAX_SHOWN_BYTES);
    LogLine {
        number: Some(raw.span.line).filter(|_| raw.numbered),
        stamp: parsed.stamp,
        origin: parsed.origin,
        level: parsed.level,
        source: parsed.source.map(|source| scrubber.safe(source)),
        problem: problem(&parsed),
        text,
        bytes: raw.span.end - raw.span.start,
        cut,
    }
}
