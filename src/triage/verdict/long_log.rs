//! A log of any length: of one that no build writes, head and tail are judged. Its middle is counted, so that lines keep
//! their numbers, and nothing else.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use super::Judge;

/// What of a log is judged, in bytes.
#[derive(Debug, Clone, Copy)]
struct Judged {
    /// at its start: how it began
    head: u64,
    /// at its end: why it ended
    tail: u64,
}

/// The log of an hour, with every detail, is a quarter of that.
const JUDGED: Judged = Judged { head: 32 << 20, tail: 96 << 20 };
/// Bytes read at once.
const CHUNK: usize = 256 << 10;

impl Judge<'_> {
    /// Reads a whole log from its start. Bytes of its middle that were only counted; 0 for any log of a usual length.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read_file(&mut self, file: File) -> io::Result<u64> {
        let length = file.metadata()?.len();
        // Files of /proc and pipes say that they are empty, and a log may grow meanwhile.
        if length <= JUDGED.head + JUDGED.tail {
            self.read(BufReader::with_capacity(CHUNK, file))?;
            return Ok(0);
        }
        self.read_within(&file, length, JUDGED)
    }

    /// The same of a log that is being written, as far as `end`, where a line ends.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read_so_far(&mut self, file: &File, end: u64) -> io::Result<u64> {
        self.read_within(file, end, JUDGED)
    }

    fn read_within(&mut self, file: &File, length: u64, Judged { head, tail }: Judged) -> io::Result<u64> {
        let mut log = BufReader::with_capacity(CHUNK, file);
        if length <= head + tail {
            self.read(log.take(length))?;
            return Ok(0);
        }
        self.read(log.by_ref().take(head))?;
        // The line that the head ends in was counted with it.
        let mut last = [0];
        log.seek(SeekFrom::Start(head.saturating_sub(1)))?;
        log.read_exact(&mut last)?;
        let mut lines = count(&mut log.by_ref().take(length - tail - head))?;
        let cut = log.read_until_end_of_line()?;
        lines += 1;
        self.lines += lines - u64::from(last != *b"\n");
        let rest = length.saturating_sub(log.stream_position()?);
        self.read(log.take(rest))?;
        Ok(length - tail - head + cut)
    }
}

/// Ends of lines.
fn count(bytes: &mut impl BufRead) -> io::Result<u64> {
    let mut lines = 0;
    loop {
        let piece = bytes.fill_buf()?;
        let length = piece.len();
        if length == 0 {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', piece).count() as u64;
        bytes.consume(length);
    }
}

/// What a reader lacks.
trait SkipLine {
    /// Skips to the next line, however far that is; how many bytes those were.
    fn read_until_end_of_line(&mut self) -> io::Result<u64>;
}

impl<R: BufRead> SkipLine for R {
    fn read_until_end_of_line(&mut self) -> io::Result<u64> {
        let mut skipped = 0;
        loop {
            let piece = self.fill_buf()?;
            let (used, done) = match memchr::memchr(b'\n', piece) {
                Some(end) => (end + 1, true),
                None => (piece.len(), piece.is_empty()),
            };
            self.consume(used);
            skipped += used as u64;
            if done {
                return Ok(skipped);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::text::Scrubber;
    use crate::triage::rules::Rules;

    #[test]
    fn of_a_long_log_lines_keep_their_numbers() {
        let rules = Rules::shipped().unwrap();
        let line = |number: usize| format!("2026/03/01 02:03:04 ui: ==> vsphere-iso.x: line {number}\n");
        let end = "2026/03/01 02:13:04 ui error: Build 'vsphere-iso.x' errored after 5 minutes: Timeout waiting for IP address\n";
        let text: String = (1..3000).map(line).collect::<String>() + end;
        for head in [line(1).len() as u64 * 3, 1000, 1001, 1017] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            file.rewind().unwrap();
            let mut judge = Judge::new(&rules).unwrap();
            let length = file.metadata().unwrap().len();
            let left = judge.read_within(&file, length, Judged { head, tail: 5000 }).unwrap();
            assert!(left > 100_000, "{left}");
            assert_eq!(judge.lines, 3000, "head of {head}");
            let verdict = judge.verdict(&Scrubber::default(), None);
            let cited: Vec<u64> = verdict.evidence.iter().filter_map(|evidence| evidence.line).collect();
            assert!(cited.contains(&3000), "{verdict:?}");
        }
    }
}
