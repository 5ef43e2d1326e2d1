//! From raw bytes to a line that may be shown: scrubbed, cut, harmless.

use std::fs::File;
use std::io;

use jiff::civil::DateTime;

use super::index::{LineSpan, read_full};
use super::line::LogLine;
use super::parse;
use crate::text::Scrubber;

/// Bytes of one line that are shown.
const SHOWN: usize = 16 << 10;
/// Bytes read beyond that, so that a secret across the cut is recognised.
const SLACK: usize = 16 << 10;

/// One line as read: its place, and its start (or, of a progress line, its end).
#[derive(Debug)]
pub struct Raw {
    /// where it lies
    pub place: LineSpan,
    /// whether the place's number is right
    pub numbered: bool,
    /// at most `SHOWN + SLACK` bytes
    pub bytes: Vec<u8>,
    /// there is text beyond them
    pub cut: bool,
}

impl Raw {
    /// Reads the part of a line that can be shown.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(file: &File, place: LineSpan, numbered: bool) -> io::Result<Self> {
        let most = (SHOWN + SLACK) as u64;
        let mut start = place.start;
        let mut bytes = part(file, start, (place.end - start).min(most))?;
        if bytes.first() == Some(&0) {
            // What a truncation under a running build leaves behind: zeros, then the next line.
            start = first_text(file, place)?;
            bytes = part(file, start, (place.end - start).min(most))?;
        }
        let cut = place.end - start > most;
        if cut && memchr::memchr(b'\r', &bytes).is_some() {
            bytes = part(file, place.end - most, most)?;
        }
        Ok(Self { place, numbered, bytes, cut })
    }

    /// Packer's clock at this line.
    pub fn stamp(&self) -> Option<DateTime> {
        parse::stamp(parse::visible(&self.bytes))
    }
}

fn part(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(SHOWN + SLACK)];
    let got = read_full(file, &mut bytes, at)?;
    bytes.truncate(got);
    Ok(bytes)
}

/// The first byte of a line that is not NUL; its end when there is none.
fn first_text(file: &File, place: LineSpan) -> io::Result<u64> {
    let mut at = place.start;
    while at < place.end {
        let bytes = part(file, at, (place.end - at).min(64 << 10))?;
        if bytes.is_empty() {
            break;
        }
        if let Some(found) = bytes.iter().position(|b| *b != 0) {
            return Ok(at + found as u64);
        }
        at += bytes.len() as u64;
    }
    Ok(place.end)
}

/// The line as it may be shown. `key` is the marker that replaces a typed key of a secret.
pub fn show(raw: &Raw, key: Option<&str>, scrubber: &Scrubber) -> LogLine {
    let lossy = String::from_utf8_lossy(parse::visible(&raw.bytes));
    // As the bytes stand: what parsing takes away may be letters of a secret.
    let scrubbed = scrubber.text(&lossy);
    let parsed = parse::parse(&scrubbed);
    let mut text = match key {
        Some(marker) => scrubber.safe(&format!("Sending char {marker}")),
        None => scrubber.safe(&parsed.text),
    };
    let cut = raw.cut || text.len() > SHOWN;
    text.truncate(SHOWN);
    LogLine {
        number: Some(raw.place.line).filter(|_| raw.numbered),
        stamp: parsed.stamp,
        origin: parsed.origin,
        level: parsed.level,
        source: parsed.source.map(|source| scrubber.safe(source)),
        problem: parse::problem(&parsed),
        text,
        bytes: raw.place.end - raw.place.start,
        cut,
    }
}
