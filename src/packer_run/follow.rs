//! Packer's output on its way to a person: read from the file while it grows, scrubbed, line by line.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::text::{Safe, SafeLines, Scrubber};

/// Bytes read at a time: between two chunks the supervisor handles requests to stop.
const READ_CHUNK: u64 = 256 << 10;

/// Output of a build while it runs. Safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// a line of packer's output
    Packer(String),
    /// a message of the supervisor
    Note(String),
}

/// Receives the output of a build.
pub trait ProgressListener: Sync {
    /// Takes one line; must not block.
    fn on_progress(&self, progress: Progress);

    /// Whether it can take more of packer's output, which stays in its file until then.
    fn has_room(&self) -> bool {
        true
    }
}

impl<F: Fn(Progress) + Sync> ProgressListener for F {
    fn on_progress(&self, progress: Progress) {
        self(progress);
    }
}

/// Reads a growing file from its start.
#[derive(Debug)]
pub struct OutputTail<'s> {
    file: File,
    lines: SafeLines<'s>,
    /// length of the unfinished line at the last look
    unfinished_length: usize,
    /// the unfinished line was shown already, as far as it had come
    shown: bool,
}

impl<'s> OutputTail<'s> {
    /// Opens the file.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open(path: &Path, scrubber: &'s Scrubber) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, lines: SafeLines::new(scrubber), unfinished_length: 0, shown: false })
    }

    /// Hands on the lines that were finished since the last call; whether there is more to read. An unfinished one
    /// (packer's question what to do with a failed VM has no line break) goes out when it has not grown between two
    /// calls and none of it waits to be told from a secret.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(&mut self, on: &dyn ProgressListener) -> io::Result<bool> {
        let mut bytes = Vec::new();
        let got = (&mut self.file).take(READ_CHUNK).read_to_end(&mut bytes)?;
        let Self { lines, unfinished_length, shown, .. } = self;
        lines.push(&bytes, &mut |text, _| {
            (*unfinished_length, *shown) = (0, false);
            emit(text, on);
        });
        self.emit_idle_line(on);
        Ok(got as u64 == READ_CHUNK)
    }

    /// Goes on behind what was taken out of the file's middle, when it has come so far; how many bytes that leaves out.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn skip(&mut self, (from, to): (u64, u64), on: &dyn ProgressListener) -> io::Result<Option<u64>> {
        let at = self.file.stream_position()?;
        if at + READ_CHUNK <= from || at >= to {
            return Ok(None);
        }
        self.finish(on);
        self.file.seek(SeekFrom::Start(to))?;
        Ok(Some(to - at))
    }

    /// The rest, when nobody writes any more and all was read.
    pub fn finish(&mut self, on: &dyn ProgressListener) {
        self.lines.finish(&mut |text, _| emit(text, on));
    }

    fn emit_idle_line(&mut self, on: &dyn ProgressListener) {
        let length = self.lines.unfinished();
        if length == self.unfinished_length
            && !self.shown
            && let Some(text) = self.lines.take_unfinished()
        {
            self.shown = true;
            emit(text, on);
        }
        self.unfinished_length = length;
    }
}

fn emit(text: Safe, on: &dyn ProgressListener) {
    if !text.trim().is_empty() {
        on.on_progress(Progress::Packer(text.into()));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use super::*;
    use crate::text::LONGEST;

    #[test]
    fn lines_come_once_and_whole_and_a_question_comes_without_its_end() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "hunter2-hunter2".to_owned())]);
        let said = Mutex::new(Vec::new());
        let on = |progress: Progress| said.lock().unwrap().push(progress);
        let mut tail = OutputTail::open(file.path(), &scrubber).unwrap();
        file.write_all(b"\x1b[1;32m==> one\x1b[0m\r\n\n==> tw").unwrap();
        tail.read(&on).unwrap();
        file.write_all(b"o\n[c] Clean up, [a] abort? ").unwrap();
        tail.read(&on).unwrap();
        tail.read(&on).unwrap();
        file.write_all(b"a\nlast").unwrap();
        tail.read(&on).unwrap();
        tail.finish(&on);
        let packer = |text: &str| Progress::Packer(text.into());
        let expected = ["==> one", "==> two", "[c] Clean up, [a] abort? ", "a", "last"].map(packer);
        assert_eq!(*said.lock().unwrap(), expected);
    }

    #[test]
    fn nothing_is_cut_off_where_a_secret_may_begin() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "dragon-dragon".to_owned())]);
        let said = Mutex::new(Vec::new());
        let on = |progress: Progress| said.lock().unwrap().push(progress);
        let mut tail = OutputTail::open(file.path(), &scrubber).unwrap();
        file.write_all(b"the very last word").unwrap();
        tail.read(&on).unwrap();
        tail.read(&on).unwrap();
        assert!(said.lock().unwrap().is_empty());
        tail.finish(&on);
        assert_eq!(*said.lock().unwrap(), [Progress::Packer("the very last word".into())]);
    }

    /// What a tail hands on of a file that is whole.
    fn told_of(content: &[u8], scrubber: &Scrubber) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let said = Mutex::new(Vec::new());
        let on = |progress: Progress| match progress {
            Progress::Packer(line) | Progress::Note(line) => said.lock().unwrap().push(line),
        };
        let mut tail = OutputTail::open(file.path(), scrubber).unwrap();
        while tail.read(&on).unwrap() {}
        tail.finish(&on);
        said.into_inner().unwrap()
    }

    #[test]
    fn a_line_without_an_end_goes_out_in_pieces_and_so_do_many_lines() {
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "hunter2-hunter2".to_owned())]);
        let told = told_of(&vec![b'x'; 4 << 20], &scrubber);
        assert!(told.iter().all(|piece| piece.len() <= LONGEST + 32), "{:?}", told.iter().map(String::len).max());
        assert_eq!(told.iter().map(String::len).sum::<usize>(), 4 << 20);
        assert_eq!(told_of(&b"y\n".repeat(1 << 18), &scrubber).len(), 1 << 18);
    }

    #[test]
    fn no_secret_shows_through_a_cut() {
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "hunter2-hunter2".to_owned())]);
        for secret in ["hunter2-hunter2", "hun\u{1b}[1;31mter2-hu\u{1b}[0mnter2"] {
            for before in LONGEST - secret.len() - 2..LONGEST + 2 {
                let told = told_of(format!("{}{secret}{}\n", "x".repeat(before), "z".repeat(9)).as_bytes(), &scrubber);
                let whole = told.concat();
                assert!(whole.contains("x[REDACTED:PKR_VAR_build_password]z"), "{before}: {:?}", &whole[before - 9..]);
            }
        }
    }
}
