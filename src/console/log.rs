//! The log pane: what is shown of the log of the selected line's newest run.
//!
//! The log itself stays outside: the driver reads the few lines on screen when asked. Lines are counted from 0.

mod fold;
mod moves;
mod search;
mod seek;
mod stamps;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::DateTime;

pub use fold::Fold;
pub use search::{Found, Search, Sought};
pub use stamps::Stamps;

use super::effect::Effect;
use super::message::{Reply, RequestId};
use crate::packer_log::{LogLine, Problem, Track};
use crate::pipeline::Key;

/// What is known of the whole log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFacts {
    /// lines so far, an unfinished last one included
    pub lines: u64,
    /// bytes so far; tells growth of a line that is not complete
    pub bytes: u64,
    /// rises when the file was truncated or replaced
    pub generation: u64,
    /// all of it has been read once
    pub settled: bool,
    /// where packer is, e.g. `wait for IP`
    pub phase: Option<String>,
    /// the stages of the build; with several builds in one log, those of the one that is behind
    pub track: Option<Box<Track>>,
}

/// Lines at hand, read around what is shown.
#[derive(Debug, Clone, Default)]
struct Window {
    first: u64,
    rows: Vec<LogLine>,
    /// what the log was when they were read
    bytes: u64,
}

impl Window {
    fn end(&self) -> u64 {
        self.first + self.rows.len() as u64
    }
}

/// The pane's state.
#[derive(Debug, Clone)]
pub struct LogPane {
    source: Option<(Key, PathBuf)>,
    open: Option<RequestId>,
    facts: LogFacts,
    trouble: Option<String>,
    window: Window,
    /// the last lines of a log that is still being read for the first time
    early: Vec<LogLine>,
    reading: Option<RequestId>,
    seeking: Option<RequestId>,
    search: Option<Search>,
    /// of what was found last: its line, which one it is, how many there are
    place: Option<(u64, u64, u64)>,
    /// what was looked for last was a problem, and no match of the search
    problem: Option<Problem>,
    /// marked lines, and packer's clock there
    marks: BTreeMap<u64, Option<DateTime>>,
    top: u64,
    cursor: u64,
    follow: bool,
    /// length of the log when following stopped
    paused_at: u64,
    /// long lines go on in the next row
    pub wrap: bool,
    /// which lines are hidden
    pub fold: Fold,
    /// which times are shown
    pub stamps: Stamps,
    left: u16,
    rows: u16,
}

impl Default for LogPane {
    fn default() -> Self {
        Self {
            source: None,
            open: None,
            facts: LogFacts::default(),
            trouble: None,
            window: Window::default(),
            early: Vec::new(),
            reading: None,
            seeking: None,
            search: None,
            place: None,
            problem: None,
            marks: BTreeMap::new(),
            top: 0,
            cursor: 0,
            follow: true,
            paused_at: 0,
            wrap: false,
            fold: Fold::Keys,
            stamps: Stamps::Clock,
            left: 0,
            rows: 0,
        }
    }
}

/// Lines put on the clipboard at once, at most.
pub const MOST_COPIED: u64 = 2_000;

impl LogPane {
    /// The line whose log it is.
    pub fn key(&self) -> Option<&Key> {
        self.source.as_ref().map(|(key, _)| key)
    }

    /// Whether there is a log with lines in it.
    pub fn has_lines(&self) -> bool {
        self.facts.lines > 0
    }

    /// What is known of the whole log.
    pub fn facts(&self) -> &LogFacts {
        &self.facts
    }

    /// Why it cannot be read.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether the end is followed.
    pub fn follows(&self) -> bool {
        self.follow
    }

    /// Lines that came since following stopped.
    pub fn new_lines(&self) -> u64 {
        if self.follow { 0 } else { self.facts.lines.saturating_sub(self.paused_at) }
    }

    /// The line that mark, copy and search start from.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// First visible line, when lines are not wrapped.
    pub fn top(&self) -> u64 {
        self.top
    }

    /// Columns scrolled to the right.
    pub fn left(&self) -> u16 {
        if self.wrap { 0 } else { self.left }
    }

    /// Marked lines.
    pub fn marked(&self, line: u64) -> bool {
        self.marks.contains_key(&line)
    }

    /// The search, if one is on.
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// Whether a search is under way.
    pub fn seeking(&self) -> bool {
        self.seeking.is_some()
    }

    /// A line at hand.
    pub fn row(&self, line: u64) -> Option<&LogLine> {
        let index = line.checked_sub(self.window.first)?;
        self.window.rows.get(usize::try_from(index).ok()?)
    }

    /// First line to draw: what was asked for, or as near to it as there are lines at hand, so that a following log
    /// does not blink while its newest lines are on their way.
    pub fn shown_from(&self) -> u64 {
        if self.row(self.top).is_some() && !self.follow {
            return self.top;
        }
        let rows = u64::from(self.rows);
        if self.follow && !self.window.rows.is_empty() {
            return self.window.end().min(self.facts.lines).saturating_sub(rows);
        }
        self.top
    }

    /// Shows the log of another run, or none.
    pub fn show(&mut self, source: Option<(Key, PathBuf)>, request: RequestId) -> Option<Effect> {
        if source == self.source {
            return None;
        }
        let (wrap, fold, stamps, rows) = (self.wrap, self.fold, self.stamps, self.rows);
        let search = self.search.take();
        *self = Self { wrap, fold, stamps, rows, search, source, ..Self::default() };
        let Some((_, path)) = &self.source else { return Some(Effect::CloseLog) };
        self.open = Some(request);
        Some(Effect::OpenLog { request, path: path.clone() })
    }

    /// Opens a log anew that could not be read.
    pub fn retry(&mut self) {
        if self.trouble.is_some() {
            self.source = None;
        }
    }

    /// The log was opened, grew or shrank.
    pub fn grew(&mut self, request: RequestId, answer: Reply<LogFacts>) -> bool {
        if self.open != Some(request) {
            return false;
        }
        match answer {
            Ok(facts) => {
                if facts.generation != self.facts.generation {
                    // Truncated: packer began anew.
                    self.window = Window::default();
                    self.marks.clear();
                    self.reading = None;
                }
                self.trouble = None;
                self.facts = facts;
                if self.facts.settled {
                    self.early = Vec::new();
                }
                self.settle();
            }
            Err(reason) => self.trouble = Some(reason.into()),
        }
        true
    }

    /// Lines arrived.
    pub fn read(&mut self, request: RequestId, answer: Reply<(u64, Vec<LogLine>)>) -> bool {
        if self.reading != Some(request) {
            return false;
        }
        self.reading = None;
        match answer {
            Ok((first, rows)) => {
                self.window.first = first;
                self.window.rows = rows;
            }
            Err(reason) => self.trouble = Some(reason.into()),
        }
        true
    }

    /// The last lines, before their numbers are known.
    pub fn tailed(&mut self, request: RequestId, rows: Vec<LogLine>) -> bool {
        if self.open != Some(request) {
            return false;
        }
        self.early = rows;
        true
    }

    /// The last lines, while a long log is still being read for the first time.
    pub fn early(&self) -> Option<&[LogLine]> {
        (self.follow && !self.facts.settled && !self.early.is_empty()).then_some(self.early.as_slice())
    }

    /// What must be read for what is shown.
    pub fn wants(&mut self, request: RequestId) -> Option<Effect> {
        self.open?;
        if self.reading.is_some() || self.facts.lines == 0 || self.trouble.is_some() {
            return None;
        }
        let rows = u64::from(self.rows.max(1));
        let end = (self.top + rows).min(self.facts.lines);
        // A folded page takes more lines than it has rows.
        let slack = self.fold.around() / 2;
        let below = (end + slack).min(self.facts.lines);
        let covered = self.window.first <= self.top.saturating_sub(slack) && below <= self.window.end();
        let stale_end = self.window.bytes != self.facts.bytes && below == self.facts.lines;
        if covered && !stale_end {
            return None;
        }
        let around = self.fold.around().max(rows);
        let from = self.top.saturating_sub(around);
        self.window.bytes = self.facts.bytes;
        self.reading = Some(request);
        Some(Effect::ReadLog { request, from, count: rows + 2 * around })
    }
}
