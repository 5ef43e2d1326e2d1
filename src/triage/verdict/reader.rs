//! Reads a log once, from start to end, and collects what it says about every build.

use std::io::{self, BufRead};
use std::sync::Arc;

use super::Verdict;
use super::context::BuildContext;
use super::legs::Leg;
use super::lines::{begins_clean_up, reason};
use super::observations::{BuildObservations, Message};
use super::patterns::Patterns;
use super::phrasing::QUOTED;
use crate::packer_log::parse::{self, Parsed};
use crate::packer_log::{Deadline, Envelope, Origin, Phase, Problem, Track, Tracks};
use crate::text::{Scrubber, lines};
use crate::triage::rules::Rules;

/// Bytes of one line that are looked at.
const MAX_LINE_BYTES: usize = 4 << 20;
/// Most errors of the clean-up that are kept of one build.
const MAX_CLEAN_UP_ERRORS: usize = 32;

/// A runner says no more than this on one line.
const MAX_RUNNERS_BYTES: usize = 4 << 10;

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

/// The verdict on a log; `context` is what else is known (the name of the last picture alone, or more).
///
/// # Errors
/// When the log cannot be read.
pub fn judge(
    log: impl BufRead,
    rules: &Rules,
    scrubber: &Scrubber,
    context: impl Into<BuildContext>,
) -> Result<Verdict, JudgeError> {
    let mut judge = Judge::new(rules)?;
    judge.read(log)?;
    Ok(judge.verdict(scrubber, context))
}

/// Reads a log that may still grow, and gives a verdict on it at any moment.
#[derive(Clone)]
pub struct Judge<'r> {
    pub(super) rules: &'r Rules,
    patterns: Arc<Patterns>,
    envelope: Envelope,
    pub(super) tracks: Tracks,
    /// the jobs of the log; never empty
    pub(super) legs: Vec<Leg>,
    pub(super) builds: Vec<BuildObservations>,
    /// deadlines outlive the stage they were set for
    pub(super) waits: Vec<Option<Deadline>>,
    /// the build (index of case; `None` is the common one) that the last message was about
    last_build: Option<usize>,
    /// lines read
    pub(super) lines: u64,
    /// plugins' own lines stand in the log
    pub(super) debug: bool,
}

impl<'r> Judge<'r> {
    /// A judge that has read nothing yet.
    ///
    /// # Errors
    /// When the rules are too many for one machine.
    pub fn new(rules: &'r Rules) -> Result<Self, JudgeError> {
        Ok(Self::with(rules, Arc::new(Patterns::new(rules)?)))
    }

    /// A judge with the same rules that has read nothing; cheaper than a new one, whose patterns must be compiled.
    pub fn fresh(&self) -> Self {
        Self::with(self.rules, Arc::clone(&self.patterns))
    }

    fn with(rules: &'r Rules, patterns: Arc<Patterns>) -> Self {
        Self {
            rules,
            patterns,
            envelope: Envelope::default(),
            tracks: Tracks::default(),
            legs: vec![Leg::new(None, rules)],
            builds: Vec::new(),
            waits: Vec::new(),
            last_build: None,
            lines: 0,
            debug: false,
        }
    }

    /// Reads the log, or what was added to it: whole lines (the last line of a log may lack its end).
    ///
    /// # Errors
    /// Those of reading.
    pub fn read(&mut self, log: impl BufRead) -> io::Result<()> {
        lines::each(log, MAX_LINE_BYTES, |piece| {
            if piece.first {
                self.lines += 1;
                let torn = piece.bytes.starts_with(b"\0");
                let bytes = self.envelope.learn(piece.bytes);
                let text = String::from_utf8_lossy(parse::visible(bytes));
                self.enter_leg();
                let line = parse::parse(&text);
                self.line(&line, self.lines, torn);
                let number = self.lines;
                self.leg().keep(number, &line.text);
            }
        })
    }

    /// The job that the log is at.
    fn leg(&mut self) -> &mut Leg {
        let newest = self.legs.len() - 1;
        &mut self.legs[newest]
    }

    fn enter_leg(&mut self) {
        let name = self.envelope.leg();
        if self.legs.last().is_none_or(|leg| leg.name.as_deref() != name) {
            self.tracks.enter_leg(name);
            let leg = Leg::new(name, self.rules);
            // What stands before the first job belongs to none.
            if self.builds.is_empty() && self.legs.len() == 1 && self.legs[0].name.is_none() {
                self.legs.clear();
            }
            self.legs.push(leg);
            self.last_build = None;
        }
    }

    /// The verdict on what was read so far.
    pub fn verdict(&self, scrubber: &Scrubber, context: impl Into<BuildContext>) -> Verdict {
        let context = context.into();
        let mut builds = self.build_verdicts(scrubber, &context);
        context.account_for_the_end(&mut builds);
        let outlook = self.foretell(&mut builds, scrubber, &context);
        Verdict { outlook, ..Verdict::of(builds) }
    }

    /// The builds of the log and their stages so far.
    pub fn tracks(&self) -> &Tracks {
        &self.tracks
    }

    fn line(&mut self, line: &Parsed<'_>, number: u64, torn: bool) {
        if torn {
            self.leg().packer.start_lost = true;
            self.builds.iter_mut().for_each(|observations| observations.start_lost = true);
        }
        self.tracks.observe(line, number);
        while self.builds.len() < self.tracks.all().len() {
            let track = &self.tracks.all()[self.builds.len()];
            let mut observations = BuildObservations::new(Some(track.source.clone()), self.rules);
            observations.start_lost = self.leg().packer.start_lost;
            self.builds.push(observations);
            self.waits.push(None);
        }
        for (wait, track) in self.waits.iter_mut().zip(self.tracks.all()) {
            if track.deadline.is_some() {
                wait.clone_from(&track.deadline);
            }
        }
        match line.origin {
            Origin::Machine => {}
            Origin::Plugin | Origin::Core => self.plugin_or_core_line(line, number),
            Origin::Ui | Origin::UiError => self.ui_line(line, number),
            Origin::Continuation => self.continuation_line(line, number),
        }
    }

    /// Builds of the job that have neither ended nor been given up, with their stages.
    fn at_work(&mut self) -> impl Iterator<Item = (&mut BuildObservations, &Track)> {
        let leg = self.legs.last().and_then(|leg| leg.name.as_deref());
        let builds = self.builds.iter_mut().zip(self.tracks.all());
        builds.filter(move |(observations, track)| observations.final_error.is_none() && track.leg.as_deref() == leg)
    }

    /// A line of a plugin or the core names no build: every build that runs may be meant.
    fn plugin_or_core_line(&mut self, line: &Parsed<'_>, number: u64) {
        self.debug |= line.origin == Origin::Plugin;
        self.leg().ended |= line.text.starts_with("waiting for all plugin processes");
        let problem = parse::problem(line);
        let crash = line.text.starts_with("panic: ") || line.text.contains(".CreateVM(");
        let (rules, patterns) = (self.rules, Arc::clone(&self.patterns));
        let mut meant = false;
        for (observations, track) in self.builds.iter_mut().zip(self.tracks.all()) {
            if observations.final_error.is_none() && !observations.clean_up_begun || crash {
                meant = true;
                let message = message(line, number, track.phase());
                observations.observe(message, rules, &patterns);
                if problem == Some(Problem::Error) {
                    observations.remember_error(number, &line.text, false);
                }
            }
        }
        if !meant {
            self.leg().packer.observe(message(line, number, Phase::Prepare), rules, &patterns);
        }
    }

    fn ui_line(&mut self, line: &Parsed<'_>, number: u64) {
        if line.text.starts_with(VALID) {
            self.leg().valid = Some(number);
        }
        self.leg().ended |= line.text.starts_with("==> Wait completed") || line.text.starts_with("==> Builds finished");
        if line.text.starts_with("Cancelling build after receiving") {
            for (observations, _) in self.at_work().filter(|(observations, _)| !observations.clean_up_begun) {
                observations.cancelled = Some((number, line.text.to_string()));
                observations.clean_up_begun = true;
            }
            self.leg().packer.cancelled.get_or_insert((number, line.text.to_string()));
            return;
        }
        let at = line.source.and_then(|source| self.tracks.newest(source));
        self.last_build = at;
        match at {
            Some(at) => self.build_line(at, line, number),
            None if line.source.is_none() => self.packer_line(line, number),
            None => {}
        }
    }

    /// A message about one build.
    fn build_line(&mut self, at: usize, line: &Parsed<'_>, number: u64) {
        let track = &self.tracks.all()[at];
        let observations = &mut self.builds[at];
        if line.text.starts_with("--> ") {
            return;
        }
        observations.newest = Some((number, line.text.to_string()));
        if let Some(reason) = reason(&line.text) {
            let message = Message { text: reason, origin: Origin::UiError, ..message(line, number, track.failed_in()) };
            return observations.set_final_error(message, self.rules, &self.patterns);
        }
        observations.clean_up_begun |= track.phase() == Phase::CleanUp || begins_clean_up(&line.text);
        if !observations.clean_up_begun && line.origin == Origin::UiError {
            observations.last_error = Some(line.text.to_string());
        }
        if !observations.clean_up_begun {
            observations.observe(message(line, number, track.phase()), self.rules, &self.patterns);
            if parse::problem(line) == Some(Problem::Error) {
                observations.remember_error(number, &line.text, true);
            }
        } else {
            observations.end_output(self.rules);
            if line.origin == Origin::UiError && observations.clean_up_errors.len() < MAX_CLEAN_UP_ERRORS {
                observations.clean_up_errors.push((number, line.text.to_string()));
            }
        }
    }

    /// A message of packer itself.
    fn packer_line(&mut self, line: &Parsed<'_>, number: u64) {
        let (rules, patterns) = (self.rules, Arc::clone(&self.patterns));
        let message = message(line, number, Phase::Prepare);
        let packer = &mut self.leg().packer;
        packer.observe(message, rules, &patterns);
        if line.origin == Origin::UiError {
            packer.remember_error(number, &line.text, true);
        }
        if line.text.starts_with("panic: ") || line.text.contains("PACKER CRASH") {
            for (observations, _) in self.at_work().filter(|(observations, _)| !observations.clean_up_begun) {
                observations.observe(message, rules, &patterns);
            }
        }
    }

    /// A further line of the last message, or a word of whoever runs packer.
    fn continuation_line(&mut self, line: &Parsed<'_>, number: u64) {
        let (rules, patterns) = (self.rules, Arc::clone(&self.patterns));
        if line.text.len() < MAX_RUNNERS_BYTES && patterns.is_runners(&line.text) {
            let text = line.text.trim_start_matches("##[error]");
            let said = Message { text, ..message(line, number, Phase::Prepare) };
            self.leg().packer.observe(said, rules, &patterns);
            for (observations, track) in self.at_work() {
                observations.observe(Message { phase: track.failed_in(), ..said }, rules, &patterns);
            }
            return;
        }
        if line.text.starts_with(VALID) {
            self.leg().valid = Some(number);
        }
        let phase = self.last_build.map_or(Phase::Prepare, |at| self.tracks.all()[at].failed_in());
        // Below a task of ansible the margin tells what belongs to it.
        let text = if phase == Phase::Provision { &*line.text } else { line.text.trim_start() };
        let message = Message { text, origin: Origin::UiError, ..message(line, number, phase) };
        let observations = match self.last_build {
            Some(at) => &mut self.builds[at],
            None => &mut self.leg().packer,
        };
        if let Some(word) = &mut observations.final_error {
            if word.text.len() < QUOTED * 4 {
                word.text.push('\n');
                word.text.push_str(&line.text);
            }
            observations.observe(message, rules, &patterns);
        } else if !observations.clean_up_begun {
            observations.observe(message, rules, &patterns);
        }
        if text.starts_with("panic: ") || text.contains(".CreateVM(") {
            self.builds.iter_mut().for_each(|observations| observations.observe(message, rules, &patterns));
        }
    }
}

fn message<'l>(line: &'l Parsed<'_>, number: u64, phase: Phase) -> Message<'l> {
    Message { line: number, origin: line.origin, text: &line.text, phase, at: line.stamp }
}
