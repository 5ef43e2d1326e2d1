//! Lines of a log as the judge needs them.

use std::io::{self, BufRead};

/// Bytes of one line that are looked at.
const LINE: usize = 4 << 20;

/// The reason in `Build '…' errored after 3 seconds: reason`.
pub fn reason(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Build '")?.split_once("' errored after ")?.1;
    Some(rest.split_once(": ").map_or("", |(_, reason)| reason))
}

/// How packer begins to give up, apart from the stages it announces.
pub fn begins_clean_up(text: &str) -> bool {
    text.starts_with("Step \"") && text.ends_with("failed, aborting...")
        || text.starts_with("aborted: skipping cleanup")
}

/// One line without its break; of a longer one the start. False at the end of the file.
pub fn read_line(log: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut any = false;
    loop {
        let available = log.fill_buf()?;
        if available.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = memchr::memchr(b'\n', available);
        let piece = &available[..end.unwrap_or(available.len())];
        // Zeros in front are what a truncation left; they need no room.
        let zeros = if line.len() <= 1 { piece.iter().take_while(|b| **b == 0).count() } else { 0 };
        if zeros > 0 && line.is_empty() {
            line.push(0);
        }
        let piece = &piece[zeros..];
        let room = LINE.saturating_sub(line.len());
        line.extend_from_slice(&piece[..piece.len().min(room)]);
        let used = end.map_or(available.len(), |at| at + 1);
        log.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}
