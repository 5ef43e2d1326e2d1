//! Secrets that the boot command types: the debug log has one key per line.

use std::collections::HashMap;
use std::fs::File;
use std::io;

use super::index::{LineCursor, LineStart, read_up_to};
use super::show::RawLine;
use crate::text::redact::{KeyMatcher, Scrubber, typed_key};

/// Bytes looked at before and behind the lines that are shown; a typed password of 500 letters fits.
const CONTEXT_BYTES: u64 = 128 << 10;

/// For the lines that show a key of a typed secret: start of the line → the marker to show instead. What is being typed
/// right now is hidden as soon as it could become a secret.
///
/// # Errors
/// Those of reading.
pub fn secret_keys(file: &File, raws: &[RawLine], scrubber: &Scrubber) -> io::Result<HashMap<u64, String>> {
    let mut marks = HashMap::new();
    let (Some(first), Some(last)) = (raws.first(), raws.last()) else { return Ok(marks) };
    if !raws.iter().any(|raw| typed_key(&raw.bytes).is_some()) {
        return Ok(marks);
    }
    let mut matcher = KeyMatcher::new(scrubber.keys());
    let mut mark = |start: &u64, name: usize| drop(marks.insert(*start, scrubber.marker(name).to_owned()));
    let from = line_start(file, first.span.start.saturating_sub(CONTEXT_BYTES), first.span.start)?;
    let mut cursor = LineCursor::new(file, LineStart { offset: from, line: 1 }, last.span.end + CONTEXT_BYTES);
    while let Some(span) = cursor.next()? {
        if span.start > last.span.end && matcher.undecided().is_none() {
            return Ok(marks);
        }
        if let Some((_, key)) = typed_key(&RawLine::read(file, span, false)?.bytes) {
            matcher.push(span.start, key, &mut mark);
        }
    }
    matcher.give_up(1, &mut mark);
    Ok(marks)
}

/// The first line that begins at or behind `at`.
fn line_start(file: &File, at: u64, limit: u64) -> io::Result<u64> {
    if at == 0 {
        return Ok(0);
    }
    let bytes = read_up_to(file, at, usize::try_from(limit - at).unwrap_or(0))?;
    Ok(memchr::memchr(b'\n', &bytes).map_or(limit, |found| at + found as u64 + 1))
}
