//! From one error or warning of a log to the next, from a worker thread.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::envelope::Envelope;
use super::facts::{LineFilter, Segment};
use super::file::LogFile;
use super::index::LineStart;
use super::line::Problem;
use super::parse;
use super::problem::problem;
use super::search::{Direction, read_chunk};

impl LogFile {
    /// The next error (or, with [`Problem::Warning`], the next of either), beginning with `from` itself. Cheap.
    ///
    /// # Errors
    /// Those of reading.
    pub fn next_problem(&self, least: Problem, from: u64, direction: Direction) -> io::Result<Option<u64>> {
        let filter = LineFilter::new();
        let segments = self.shared().state().segments.clone();
        let Some(snapshot) = self.snapshot(1) else { return Ok(None) };
        let facts = self.facts();
        let holds = |at: &usize| holds(&segments[*at], least);
        let here = segments.partition_point(|segment| segment.mark.line <= from).saturating_sub(1);
        let order: Vec<usize> = match direction {
            Direction::Forward => (here..segments.len()).filter(holds).collect(),
            Direction::Backward => (0..(here + 1).min(segments.len())).rev().filter(holds).collect(),
        };
        for at in order {
            let mut found = None;
            each_problem(&snapshot.file, &filter, &facts.envelope, segments[at], |line, problem| {
                let fits = problem >= least
                    && match direction {
                        Direction::Forward => line >= from && found.is_none(),
                        Direction::Backward => line <= from,
                    };
                if fits {
                    found = Some(line);
                }
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Which of the errors (or, with [`Problem::Warning`], of both) `line` is, counted from 1, and how many there are.
    /// `stop` ends it early.
    ///
    /// # Errors
    /// Those of reading.
    pub fn place_of_problem(&self, least: Problem, line: u64, stop: &AtomicBool) -> io::Result<(u64, u64)> {
        let filter = LineFilter::new();
        let segments = self.shared().state().segments.clone();
        let Some(snapshot) = self.snapshot(1) else { return Ok((0, 0)) };
        let facts = self.facts();
        let (mut before, mut all) = (0, 0);
        for segment in segments.into_iter().filter(|segment| holds(segment, least)) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            each_problem(&snapshot.file, &filter, &facts.envelope, segment, |at, problem| {
                if problem >= least {
                    all += 1;
                    before += u64::from(at <= line);
                }
            })?;
        }
        Ok((before, all))
    }
}

/// Whether such a problem may be in a part of the log.
fn holds(segment: &Segment, least: Problem) -> bool {
    segment.errors > 0 || least == Problem::Warning
}

fn each_problem(
    file: &std::fs::File,
    filter: &LineFilter,
    envelope: &Envelope,
    segment: Segment,
    mut on: impl FnMut(u64, Problem),
) -> io::Result<()> {
    let mut next = segment.mark;
    let mut buffer = Vec::new();
    while next.offset < segment.end {
        let whole = read_chunk(file, &mut buffer, next.offset, segment.end)?;
        let bytes = &buffer[..whole];
        filter.lines(bytes, next.line, |line, raw| {
            if let Some(problem) = problem(&parse::parse(&super::facts::head(envelope.strip(raw)))) {
                on(line, problem);
            }
        });
        let breaks = memchr::memchr_iter(b'\n', bytes).count() as u64;
        next = LineStart { offset: next.offset + whole as u64, line: next.line + breaks };
        if whole == 0 {
            break;
        }
    }
    Ok(())
}
