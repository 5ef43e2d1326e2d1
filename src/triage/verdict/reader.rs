//! Reads a log once, from start to end, and lets every build's case hear what concerns it.

use std::collections::VecDeque;
use std::io::{self, BufRead};
use std::sync::Arc;

use super::Verdict;
use super::case::{Case, Message, Patterns};
use super::lines::{begins_clean_up, reason};
use super::phrasing::QUOTED;
use super::scene::Scene;
use crate::packer_log::parse::{self, Parsed};
use crate::packer_log::{Deadline, Origin, Phase, Problem, Tracks};
use crate::text::{Scrubber, lines};
use crate::triage::rules::Rules;

/// Bytes of one line that are looked at.
const LINE: usize = 4 << 20;
/// Lines kept of the end of the log.
const TAIL: usize = 3;
/// Errors kept that stand in the clean-up.
const AFTERWARDS: usize = 32;

/// What packer validate says when all is well.
const VALID: &str = "The configuration is valid";

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// the log cannot be read
    #[error("cannot read the log: {0}")]
    Read(#[from] io::Error),
    /// the rules are too many
    #[error("the rules cannot be used together: {0}")]
    Rules(#[from] regex::Error),
}

/// The verdict on a log; `scene` is what else is known (the name of the last picture alone, or more).
///
/// # Errors
/// When the log cannot be read.
pub fn judge(
    log: impl BufRead,
    rules: &Rules,
    scrubber: &Scrubber,
    scene: impl Into<Scene>,
) -> Result<Verdict, JudgeError> {
    let mut judge = Judge::new(rules)?;
    judge.read(log)?;
    Ok(judge.verdict(scrubber, scene))
}

/// Hears a log that may still grow, and says at any moment what is to be thought of it.
pub struct Judge<'r> {
    pub(super) rules: &'r Rules,
    patterns: Arc<Patterns>,
    pub(super) tracks: Tracks,
    /// before any build: configuration and the like
    pub(super) common: Case,
    pub(super) cases: Vec<Case>,
    /// deadlines outlive the stage they were set for
    pub(super) waits: Vec<Option<Deadline>>,
    /// the build (index of case; `None` is the common one) that the last message was about
    speaker: Option<usize>,
    /// lines heard
    lines: u64,
    /// the last of them that say something
    pub(super) tail: VecDeque<(u64, String)>,
    /// plugins' own lines stand in the log
    pub(super) debug: bool,
    /// line that says that the configuration is valid
    pub(super) valid: Option<u64>,
    /// packer came to its own end
    pub(super) ended: bool,
}

impl<'r> Judge<'r> {
    /// Nothing heard yet.
    ///
    /// # Errors
    /// When the rules are too many for one machine.
    pub fn new(rules: &'r Rules) -> Result<Self, JudgeError> {
        Ok(Self::with(rules, Arc::new(Patterns::new(rules)?)))
    }

    /// A judge by the same rules who has heard nothing; cheaper than a new one.
    pub fn fresh(&self) -> Self {
        Self::with(self.rules, Arc::clone(&self.patterns))
    }

    fn with(rules: &'r Rules, patterns: Arc<Patterns>) -> Self {
        Self {
            rules,
            patterns,
            tracks: Tracks::default(),
            common: Case::new(None, rules),
            cases: Vec::new(),
            waits: Vec::new(),
            speaker: None,
            lines: 0,
            tail: VecDeque::new(),
            debug: false,
            valid: None,
            ended: false,
        }
    }

    /// Hears what the log says, or says further: whole lines (the last line of a log may lack its end).
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(&mut self, log: impl BufRead) -> io::Result<()> {
        lines::each(log, LINE, |piece| {
            if piece.first {
                self.lines += 1;
                let torn = piece.bytes.starts_with(b"\0");
                let text = String::from_utf8_lossy(parse::visible(piece.bytes));
                let line = parse::parse(&text);
                self.line(&line, self.lines, torn);
                self.keep(&line.text);
            }
        })
    }

    /// Keeps the end of the log, for the case that nothing else can be quoted.
    fn keep(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.tail.push_back((self.lines, text.chars().take(QUOTED).collect()));
            self.tail.drain(..self.tail.len().saturating_sub(TAIL));
        }
    }

    /// What is to be thought of it so far.
    pub fn verdict(&self, scrubber: &Scrubber, scene: impl Into<Scene>) -> Verdict {
        Verdict::of(self.findings(scrubber, &scene.into()))
    }

    fn line(&mut self, line: &Parsed<'_>, number: u64, torn: bool) {
        if torn {
            self.common.torn = true;
            self.cases.iter_mut().for_each(|case| case.torn = true);
        }
        self.tracks.observe(line, number);
        while self.cases.len() < self.tracks.all().len() {
            let track = &self.tracks.all()[self.cases.len()];
            let mut case = Case::new(Some(track.source.clone()), self.rules);
            case.torn = self.common.torn;
            self.cases.push(case);
            self.waits.push(None);
        }
        for (wait, track) in self.waits.iter_mut().zip(self.tracks.all()) {
            if track.deadline.is_some() {
                wait.clone_from(&track.deadline);
            }
        }
        match line.origin {
            Origin::Machine => {}
            Origin::Plugin | Origin::Core => self.overheard(line, number),
            Origin::Ui | Origin::UiError => self.spoken(line, number),
            Origin::Continuation => self.continued(line, number),
        }
    }

    /// A line of a plugin or the core names no build: every build that runs may be meant.
    fn overheard(&mut self, line: &Parsed<'_>, number: u64) {
        self.debug |= line.origin == Origin::Plugin;
        self.ended |= line.text.starts_with("waiting for all plugin processes");
        let problem = parse::problem(line);
        let mut meant = false;
        for (case, track) in self.cases.iter_mut().zip(self.tracks.all()) {
            let crash = line.text.starts_with("panic: ") || line.text.contains(".CreateVM(");
            if case.last_word.is_none() && !case.over || crash {
                meant = true;
                let message = Message { line: number, origin: line.origin, text: &line.text, phase: track.phase() };
                case.hear(message, self.rules, &self.patterns);
                if problem == Some(Problem::Error) {
                    case.remember_error(number, &line.text, false);
                }
            }
        }
        if !meant {
            let message = Message { line: number, origin: line.origin, text: &line.text, phase: Phase::Prepare };
            self.common.hear(message, self.rules, &self.patterns);
        }
    }

    fn spoken(&mut self, line: &Parsed<'_>, number: u64) {
        if line.text.starts_with(VALID) {
            self.valid = Some(number);
        }
        self.ended |= line.text.starts_with("==> Wait completed") || line.text.starts_with("==> Builds finished");
        if line.text.starts_with("Cancelling build after receiving") {
            for case in self.cases.iter_mut().filter(|case| !case.over && case.last_word.is_none()) {
                case.cancelled = Some((number, line.text.to_string()));
                case.over = true;
            }
            self.common.cancelled.get_or_insert((number, line.text.to_string()));
            return;
        }
        let at = line.source.and_then(|source| self.tracks.all().iter().position(|track| track.source == source));
        self.speaker = at;
        match at {
            Some(at) => self.about(at, line, number),
            None if line.source.is_none() => self.about_all(line, number),
            None => {}
        }
    }

    /// A message about one build.
    fn about(&mut self, at: usize, line: &Parsed<'_>, number: u64) {
        let track = &self.tracks.all()[at];
        let case = &mut self.cases[at];
        if line.text.starts_with("--> ") {
            return;
        }
        case.newest = Some((number, line.text.to_string()));
        if let Some(reason) = reason(&line.text) {
            let message = Message { line: number, origin: Origin::UiError, text: reason, phase: track.failed_in() };
            return case.conclude(message, self.rules, &self.patterns);
        }
        case.over |= track.phase() == Phase::CleanUp || begins_clean_up(&line.text);
        if !case.over && line.origin == Origin::UiError {
            case.last_error = Some(line.text.to_string());
        }
        if !case.over {
            let message = Message { line: number, origin: line.origin, text: &line.text, phase: track.phase() };
            case.hear(message, self.rules, &self.patterns);
            if parse::problem(line) == Some(Problem::Error) {
                case.remember_error(number, &line.text, true);
            }
        } else if line.origin == Origin::UiError && case.afterwards.len() < AFTERWARDS {
            case.afterwards.push((number, line.text.to_string()));
        }
    }

    /// A message of packer itself.
    fn about_all(&mut self, line: &Parsed<'_>, number: u64) {
        let message = Message { line: number, origin: line.origin, text: &line.text, phase: Phase::Prepare };
        self.common.hear(message, self.rules, &self.patterns);
        if line.origin == Origin::UiError {
            self.common.remember_error(number, &line.text, true);
        }
        for case in self.cases.iter_mut().filter(|case| !case.over && case.last_word.is_none()) {
            let crash = line.text.starts_with("panic: ") || line.text.contains("PACKER CRASH");
            if crash {
                case.hear(message, self.rules, &self.patterns);
            }
        }
    }

    /// A further line of the last message.
    fn continued(&mut self, line: &Parsed<'_>, number: u64) {
        let crash = line.text.starts_with("panic: ") || line.text.contains(".CreateVM(");
        if line.text.starts_with(VALID) {
            self.valid = Some(number);
        }
        let case = match self.speaker {
            Some(at) => &mut self.cases[at],
            None => &mut self.common,
        };
        let phase = self.speaker.map_or(Phase::Prepare, |at| self.tracks.all()[at].failed_in());
        let message = Message { line: number, origin: Origin::UiError, text: line.text.trim_start(), phase };
        if let Some(word) = &mut case.last_word {
            if word.text.len() < QUOTED * 4 {
                word.text.push('\n');
                word.text.push_str(&line.text);
            }
            case.hear(message, self.rules, &self.patterns);
        } else if !case.over {
            case.hear(message, self.rules, &self.patterns);
        }
        if crash {
            self.cases.iter_mut().for_each(|case| case.hear(message, self.rules, &self.patterns));
        }
    }
}
