//! Reads a log once, from start to end, and collects what it says about every build.

use std::io::{self, BufRead};
use std::sync::Arc;

use super::Verdict;
use super::context::BuildContext;
use super::legs::Leg;
use super::observations::BuildObservations;
use super::patterns::Patterns;
use crate::packer_log::parse::{self, Parsed};
use crate::packer_log::{Deadline, Envelope, GitlabLine, Origin, Tracks};
use crate::text::{Scrubber, lines};
use crate::triage::rules::Rules;

/// Bytes of one line that are looked at.
const MAX_LINE_BYTES: usize = 4 << 20;
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

/// A line that may go on.
#[derive(Clone)]
struct HeldLine {
    number: u64,
    torn: bool,
    bytes: Vec<u8>,
}

/// Reads a log that may still grow, and gives a verdict on it at any moment.
#[derive(Clone)]
pub struct Judge<'r> {
    pub(super) rules: &'r Rules,
    pub(super) patterns: Arc<Patterns>,
    envelope: Envelope,
    held: Option<HeldLine>,
    pub(super) tracks: Tracks,
    /// the jobs of the log; never empty
    pub(super) legs: Vec<Leg>,
    pub(super) builds: Vec<BuildObservations>,
    /// deadlines outlive the stage they were set for
    pub(super) waits: Vec<Option<Deadline>>,
    /// the build (index of case; `None` is the common one) that the last message was about
    pub(super) last_build: Option<usize>,
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
            held: None,
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
                self.take(piece.bytes);
            }
        })
    }

    /// Takes a line of the file. One that GitLab may go on with is held until it is whole.
    fn take(&mut self, raw: &[u8]) {
        self.lines += 1;
        if self.envelope.gitlab(raw) == Some(GitlabLine::GoesOn)
            && let Some(held) = &mut self.held
        {
            let room = MAX_LINE_BYTES.saturating_sub(held.bytes.len());
            let more = self.envelope.strip(raw);
            return held.bytes.extend_from_slice(&more[..more.len().min(room)]);
        }
        self.release();
        let torn = raw.starts_with(b"\0");
        let bytes = self.envelope.learn(raw);
        if self.envelope.gitlab(raw).is_some() {
            self.held = Some(HeldLine { number: self.lines, torn, bytes: bytes.to_vec() });
        } else {
            self.whole(bytes, self.lines, torn);
        }
    }

    /// What is held is whole.
    fn release(&mut self) {
        if let Some(held) = self.held.take() {
            self.whole(&held.bytes, held.number, held.torn);
        }
    }

    fn whole(&mut self, bytes: &[u8], number: u64, torn: bool) {
        let text = String::from_utf8_lossy(parse::visible(bytes));
        self.enter_leg();
        let line = parse::parse(&text);
        self.line(&line, number, torn);
        self.leg().keep(number, &line.text);
    }

    /// The job that the log is at.
    pub(super) fn leg(&mut self) -> &mut Leg {
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
        if self.held.is_some() {
            let mut whole = self.clone();
            whole.release();
            return whole.verdict(scrubber, context);
        }
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
}
