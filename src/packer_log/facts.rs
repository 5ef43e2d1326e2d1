//! What the whole log says: phases of every build, counts of errors and warnings, and where they are.
//!
//! The bytes are searched for the few words that can matter; only lines that hold one are taken apart. That keeps a
//! gigabyte of ssh traffic cheap.

use jiff::civil::DateTime;

use super::envelope::Envelope;
use super::index::LineStart;
use super::line::Problem;
use super::parse::{self, Parsed};
use super::phase::{PHASE_STARTS, Tracks};
use super::problem::problem;
use crate::text::quads::Quads;

/// Bytes of a line that are looked at; more is data, not a message.
pub const MAX_LINE_BYTES: usize = 16 << 10;

/// What is known about a log so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// the builds and their phases
    pub tracks: Tracks,
    /// lines that are errors
    pub errors: u64,
    /// lines that are warnings
    pub warnings: u64,
    /// packer's clock at the newest line that matters
    pub latest: Option<DateTime>,
    /// what stands in front of every line
    pub envelope: Envelope,
}

/// A segment of the file and how many problems it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// where it begins
    pub mark: LineStart,
    /// byte behind its last line
    pub end: u64,
    /// errors in it
    pub errors: u32,
    /// warnings in it
    pub warnings: u32,
}

/// Finds the lines that matter.
#[derive(Debug)]
pub struct LineFilter(Quads<&'static str>);

impl LineFilter {
    /// Words of which a line that matters holds at least one.
    pub fn new() -> Self {
        const WORDS: &[&str] = &[
            "ui error:",
            ",ui,error,",
            "[ERROR]",
            "[ERR]",
            "[WARN",
            "\u{1b}[1;31m",
            "fatal: [",
            "failed: [",
            "ERROR! ",
            "panic: ",
            "fatal error: ",
            "PACKER CRASH",
            "TASK [",
            "RUNNING HANDLER [",
            "IP address: ",
            "Build '",
            "Error: ",
            "up to total timeout: ",
            "up to timeout: ",
            "Waiting a maximum of ",
            "Cancelling build",
            "output will be in this color",
            " for boot",
        ];
        let starts = PHASE_STARTS.iter().map(|(start, _)| *start).filter(|start| *start != "Waiting ");
        let mut quads = Quads::default();
        for word in WORDS.iter().copied().chain(starts) {
            word.as_bytes().first_chunk().into_iter().for_each(|begins| quads.enter(*begins, word));
        }
        Self(quads)
    }

    /// Calls `on` with every line of `bytes` (whole lines) that may matter; lines are counted from `first`.
    pub fn lines<'b>(&self, bytes: &'b [u8], first: u64, mut on: impl FnMut(u64, &'b [u8])) {
        let mut number = first;
        let mut counted = 0;
        let mut at = 0;
        while let Some((hit, words)) = self.0.next(bytes, at) {
            at = hit + 1;
            if !words.iter().any(|word| bytes[hit..].starts_with(word.as_bytes())) {
                continue;
            }
            let start = memchr::memrchr(b'\n', &bytes[counted..hit]).map_or(counted, |p| counted + p + 1);
            let end = memchr::memchr(b'\n', &bytes[hit..]).map_or(bytes.len(), |p| hit + p);
            number += memchr::memchr_iter(b'\n', &bytes[counted..start]).count() as u64;
            on(number, &bytes[start..end]);
            counted = start;
            at = end;
        }
    }
}

impl Facts {
    /// Takes one line into account; says whether it is a problem.
    pub fn observe(&mut self, raw: &[u8], number: u64) -> Option<Problem> {
        let text = head(self.envelope.learn(raw));
        self.tracks.enter_leg(self.envelope.leg());
        let line = parse::parse(&text);
        self.take(&line, number)
    }

    fn take(&mut self, line: &Parsed<'_>, number: u64) -> Option<Problem> {
        self.tracks.observe(line, number);
        self.latest = line.stamp.or(self.latest);
        let problem = problem(line);
        match problem {
            Some(Problem::Error) => self.errors += 1,
            Some(Problem::Warning) => self.warnings += 1,
            None => {}
        }
        problem
    }
}

/// The visible start of a line as text.
pub fn head(raw: &[u8]) -> std::borrow::Cow<'_, str> {
    let raw = parse::visible(raw);
    String::from_utf8_lossy(raw.get(..MAX_LINE_BYTES).unwrap_or(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_matter_are_found_with_their_numbers() {
        let log = b"noise\n2026/11/23 04:00:00 ui error: ==> a.b: boom [ERROR] twice\nnoise\n\n2026/11/23 04:00:01 [WARN] hm\n";
        let mut facts = Facts::default();
        let mut seen = Vec::new();
        LineFilter::new().lines(log, 1, |number, raw| seen.push((number, facts.observe(raw, number))));
        assert_eq!(seen, [(2, Some(Problem::Error)), (5, Some(Problem::Warning))]);
        assert_eq!((facts.errors, facts.warnings), (1, 1));
        assert_eq!(facts.tracks.all().len(), 1);
    }

    #[test]
    fn the_sieve_lets_every_opening_of_a_stage_through() {
        let filter = LineFilter::new();
        for (start, _) in PHASE_STARTS.iter().filter(|(start, _)| *start != "Waiting ") {
            let mut hits = 0;
            filter.lines(format!("2026/11/23 04:00:00 ui: ==> a.b: {start}\n").as_bytes(), 1, |_, _| hits += 1);
            assert_eq!(hits, 1, "{start}");
        }
    }
}
