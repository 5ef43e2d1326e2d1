//! Packer's output on its way to a person: read from the file while it grows, scrubbed, line by line.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::triage::log::clean;
use crate::triage::redact::{Scrubber, Stream};

/// What a build tells while it runs. Safe to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// a line of packer's
    Packer(String),
    /// a word of ours
    Note(String),
}

/// Reads a growing file from its start.
#[derive(Debug)]
pub struct Tail<'s> {
    file: File,
    scrubber: &'s Scrubber,
    stream: Stream<'s>,
    /// scrubbed, without a line's end yet
    partial: Vec<u8>,
    /// length of the unfinished line at the last look, and whether it was shown already
    resting: (usize, bool),
}

impl<'s> Tail<'s> {
    /// Opens the file.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open(path: &Path, scrubber: &'s Scrubber) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            scrubber,
            stream: scrubber.stream(),
            partial: Vec::new(),
            resting: (0, false),
        })
    }

    /// Hands the lines on that were finished since the last call. An unfinished one (packer's question what to do with
    /// a failed VM has no line break) goes out when it has not grown between two calls and none of it waits to be told
    /// from a secret.
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(&mut self, on: &dyn Fn(Progress)) -> io::Result<()> {
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes)?;
        self.stream.push(&bytes, &mut self.partial);
        self.lines(on);
        Ok(())
    }

    fn lines(&mut self, on: &dyn Fn(Progress)) {
        while let Some(end) = memchr::memchr(b'\n', &self.partial) {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let (shown, already) = std::mem::take(&mut self.resting);
            let line = if already { &line[shown.min(line.len())..] } else { &line[..] };
            self.show(line, on);
        }
        let length = self.partial.len();
        match self.resting {
            (seen, false) if length > 0 && seen == length && !self.stream.waits() => {
                self.show(&self.partial, on);
                self.resting = (length, true);
            }
            (_, true) => {}
            _ => self.resting = (length, false),
        }
    }

    /// The rest, when nobody writes any more.
    ///
    /// # Errors
    /// Those of reading.
    pub fn finish(mut self, on: &dyn Fn(Progress)) -> io::Result<()> {
        self.read(on)?;
        let rest = std::mem::replace(&mut self.stream, self.scrubber.stream());
        rest.finish(&mut self.partial);
        self.lines(on);
        let shown = if self.resting.1 { self.resting.0 } else { 0 };
        self.show(&self.partial[shown.min(self.partial.len())..], on);
        Ok(())
    }

    fn show(&self, line: &[u8], on: &dyn Fn(Progress)) {
        let text = String::from_utf8_lossy(line);
        // Without colours in between, letters may come together.
        let text = clean(text.trim_end_matches(['\r', '\n']));
        if !text.trim().is_empty() {
            on(Progress::Packer(self.scrubber.text(&text).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_come_once_and_whole_and_a_question_comes_without_its_end() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "hunter2-hunter2".to_owned())]);
        let said = RefCell::new(Vec::new());
        let on = |progress: Progress| said.borrow_mut().push(progress);
        let mut tail = Tail::open(file.path(), &scrubber).unwrap();
        file.write_all(b"\x1b[1;32m==> one\x1b[0m\r\n\n==> tw").unwrap();
        tail.read(&on).unwrap();
        file.write_all(b"o\n[c] Clean up, [a] abort? ").unwrap();
        tail.read(&on).unwrap();
        tail.read(&on).unwrap();
        file.write_all(b"a\nlast").unwrap();
        tail.finish(&on).unwrap();
        let packer = |text: &str| Progress::Packer(text.into());
        let expected = ["==> one", "==> two", "[c] Clean up, [a] abort? ", "a", "last"].map(packer);
        assert_eq!(*said.borrow(), expected);
    }

    #[test]
    fn nothing_is_cut_off_where_a_secret_may_begin() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "dragon-dragon".to_owned())]);
        let said = RefCell::new(Vec::new());
        let on = |progress: Progress| said.borrow_mut().push(progress);
        let mut tail = Tail::open(file.path(), &scrubber).unwrap();
        file.write_all(b"the very last word").unwrap();
        tail.read(&on).unwrap();
        tail.read(&on).unwrap();
        assert!(said.borrow().is_empty());
        tail.finish(&on).unwrap();
        assert_eq!(*said.borrow(), [Progress::Packer("the very last word".into())]);
    }
}
