//! Reads a log once, from start to end, and lets every build's case hear what concerns it.

use std::io::{self, BufRead};

use super::case::{Case, Match, Message, Patterns};
use super::{Confidence, Evidence, Finding, Verdict, Witness};
use crate::triage::log::parse::{self, Parsed};
use crate::triage::log::{Deadline, Ending, Origin, Phase, Problem, Track, Tracks, clean};
use crate::triage::redact::Scrubber;
use crate::triage::rules::{Rule, Rules};

/// Bytes of one line that are looked at.
const LINE: usize = 4 << 20;
/// Errors kept that stand in the clean-up.
const AFTERWARDS: usize = 32;
/// Characters of a line that are quoted.
const QUOTED: usize = 600;

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

/// The verdict on a log that has ended. `screen` is the name of the last picture, if there is one.
///
/// # Errors
/// When the log cannot be read.
pub fn judge(
    log: impl BufRead,
    rules: &Rules,
    scrubber: &Scrubber,
    screen: Option<&str>,
) -> Result<Verdict, JudgeError> {
    let mut reader = Reader::new(rules)?;
    reader.read(log)?;
    Ok(Verdict::of(reader.findings(scrubber, screen)))
}

struct Reader<'r> {
    rules: &'r Rules,
    patterns: Patterns,
    tracks: Tracks,
    /// before any build: configuration and the like
    common: Case,
    cases: Vec<Case>,
    /// deadlines outlive the stage they were set for
    waits: Vec<Option<Deadline>>,
    /// the build (index of case; `None` is the common one) that the last message was about
    speaker: Option<usize>,
    debug: bool,
    valid: Option<u64>,
    ended: bool,
}

impl<'r> Reader<'r> {
    fn new(rules: &'r Rules) -> Result<Self, JudgeError> {
        Ok(Self {
            rules,
            patterns: Patterns::new(rules)?,
            tracks: Tracks::default(),
            common: Case::new(None, rules),
            cases: Vec::new(),
            waits: Vec::new(),
            speaker: None,
            debug: false,
            valid: None,
            ended: false,
        })
    }

    fn read(&mut self, mut log: impl BufRead) -> io::Result<()> {
        let mut bytes = Vec::new();
        for number in 1.. {
            bytes.clear();
            if !read_line(&mut log, &mut bytes)? {
                break;
            }
            let torn = bytes.starts_with(b"\0");
            let text = String::from_utf8_lossy(parse::visible(&bytes));
            self.line(&parse::parse(&text), number, torn);
        }
        Ok(())
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
                    case.remember_error(number, &line.text);
                }
            }
        }
        if !meant {
            let message = Message { line: number, origin: line.origin, text: &line.text, phase: Phase::Prepare };
            self.common.hear(message, self.rules, &self.patterns);
        }
    }

    fn spoken(&mut self, line: &Parsed<'_>, number: u64) {
        if line.text.starts_with("The configuration is valid") {
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
        if !case.over {
            let message = Message { line: number, origin: line.origin, text: &line.text, phase: track.phase() };
            case.hear(message, self.rules, &self.patterns);
            if parse::problem(line) == Some(Problem::Error) {
                case.remember_error(number, &line.text);
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
            self.common.remember_error(number, &line.text);
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

    fn findings(&self, scrubber: &Scrubber, screen: Option<&str>) -> Vec<Finding> {
        let words = Words { scrubber };
        if self.cases.is_empty() {
            return vec![self.without_builds(&words, screen)];
        }
        let cases = self.cases.iter().zip(self.tracks.all()).zip(&self.waits);
        let findings = cases.map(|((case, track), wait)| self.finding(case, track, wait.as_ref(), &words, screen));
        let mut findings: Vec<Finding> = findings.collect();
        findings.sort_by_key(|finding| finding.evidence.first().and_then(|evidence| evidence.line));
        findings
    }

    fn finding(
        &self,
        case: &Case,
        track: &Track,
        wait: Option<&Deadline>,
        words: &Words<'_>,
        screen: Option<&str>,
    ) -> Finding {
        let phase = track.failed_in();
        let mut finding = Finding { phase: Some(phase.name()), ..words.finding(case, "unknown") };
        if track.ending == Some(Ending::Finished) {
            return Finding {
                phase: None,
                cause: "The build succeeded.".into(),
                confidence: Confidence::High,
                ..words.finding(case, "success")
            };
        }
        if let Some((rule, found)) = case.holding(self.rules, self.debug, screen).into_iter().next() {
            let wait = wait.filter(|wait| wait.phase == phase);
            words.decide(&mut finding, case, rule, found, wait);
            return finding;
        }
        if let Some((line, text)) = &case.cancelled {
            finding.class = "cancelled".into();
            finding.cause = format!("Somebody or something cancelled the build ({}).", words.quote(text));
            finding.remedy = Some("Look for a leftover build VM and sweep it.".into());
            finding.confidence = Confidence::High;
            finding.evidence = vec![words.evidence(*line, text)];
        } else if case.last_word.is_none() {
            finding.class = "killed".into();
            finding.cause =
                format!("The log just ends, at the stage “{phase}”: packer was killed, or is still running.");
            finding.remedy =
                Some("Look for a leftover build VM and sweep it; temporary files of packer stay behind, too.".into());
            finding.confidence = if self.ended { Confidence::Low } else { Confidence::High };
        } else {
            words.unknown(&mut finding, case);
        }
        finding
    }

    /// Packer stopped before any build began, or was not asked to build.
    fn without_builds(&self, words: &Words<'_>, screen: Option<&str>) -> Finding {
        let mut finding = words.finding(&self.common, "unknown");
        if let Some((rule, found)) = self.common.holding(self.rules, self.debug, screen).into_iter().next() {
            finding.phase = Some(Phase::Prepare.name());
            words.decide(&mut finding, &self.common, rule, found, None);
        } else if let Some(line) = self.valid {
            finding.class = "success".into();
            finding.cause = "The configuration is valid.".into();
            finding.confidence = Confidence::High;
            finding.evidence = vec![words.evidence(line, "The configuration is valid.")];
        } else if let Some((line, text)) = &self.common.cancelled {
            finding.class = "cancelled".into();
            finding.cause = "Somebody or something cancelled packer before a build began.".into();
            finding.evidence = vec![words.evidence(*line, text)];
        } else {
            words.unknown(&mut finding, &self.common);
        }
        finding
    }
}

/// Puts findings into words that may be shown.
struct Words<'s> {
    scrubber: &'s Scrubber,
}

impl Words<'_> {
    /// A finding without a cause yet; the last word (or else the newest message) is its evidence.
    fn finding(&self, case: &Case, class: &str) -> Finding {
        let last = case.last_word.as_ref().map(|word| (word.line, word.text.as_str()));
        let newest = case.newest.as_ref().map(|(line, text)| (*line, text.as_str()));
        Finding {
            build: case.build.clone().map(|name| self.quote(&name)),
            class: class.into(),
            rule: None,
            cause: String::new(),
            remedy: None,
            confidence: Confidence::Low,
            phase: None,
            evidence: last.or(newest).into_iter().map(|(line, text)| self.evidence(line, text)).collect(),
        }
    }

    fn decide(&self, finding: &mut Finding, case: &Case, rule: &Rule, found: Option<&Match>, wait: Option<&Deadline>) {
        finding.class.clone_from(&rule.class);
        finding.rule = Some(rule.name.clone());
        finding.confidence = rule.confidence;
        finding.cause = self.quote_long(&fill(&rule.cause, rule, case, found, wait));
        finding.remedy = Some(fill(&rule.remedy, rule, case, found, wait)).filter(|text| !text.is_empty());
        if let Some(found) = found {
            finding.evidence.retain(|evidence| evidence.line != Some(found.line));
            finding.evidence.insert(0, self.evidence(found.line, &found.text));
        }
    }

    fn unknown(&self, finding: &mut Finding, case: &Case) {
        let word = case.last_word.as_ref().map(|word| self.quote(&word.text));
        finding.cause = match word {
            Some(word) => format!("No rule knows this failure. packer's last word: {word}"),
            None => "No rule knows what is in this log.".into(),
        };
        let errors = case.errors.iter().map(|(line, text)| self.evidence(*line, text));
        finding.evidence = errors.chain(std::mem::take(&mut finding.evidence)).collect();
        finding.evidence.dedup_by_key(|evidence| evidence.line);
    }

    fn evidence(&self, line: u64, text: &str) -> Evidence {
        Evidence { source: Witness::Log, line: Some(line), frame: None, text: self.quote(text) }
    }

    fn quote(&self, text: &str) -> String {
        self.quote_long(text).chars().take(QUOTED).collect()
    }

    fn quote_long(&self, text: &str) -> String {
        let head: String = text.chars().take(QUOTED * 8).collect();
        let scrubbed = self.scrubber.text(&head);
        let harmless = self.scrubber.text(&clean(&scrubbed.replace('\n', " "))).into_owned();
        harmless.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUOTED * 2).collect()
    }
}

/// Fills `{name}` in a text of a rule.
fn fill(text: &str, rule: &Rule, case: &Case, found: Option<&Match>, wait: Option<&Deadline>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value(name, rule, case, found, wait));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn value(name: &str, rule: &Rule, case: &Case, found: Option<&Match>, wait: Option<&Deadline>) -> String {
    let line = found.map(|found| found.text.trim());
    let last = case.last_word.as_ref().map(|word| word.text.trim());
    let task = found.and_then(Match::task);
    let known = match name {
        "line" => line.or(last).map(str::to_owned),
        "final" => last.or(line).map(str::to_owned),
        "build" => case.build.clone(),
        "task" => task.map(str::to_owned),
        "task_clause" => return task.map_or_else(String::new, |task| format!(", in task “{task}”")),
        "ansible" => found.and_then(Match::ansible).or_else(|| line.map(str::to_owned)),
        "wait" => return wait.map_or_else(String::new, |wait| format!(" within {}", human(wait.total))),
        name => {
            let captures = rule.log.as_ref().zip(line).and_then(|(pattern, line)| pattern.captures(line));
            return captures.and_then(|c| c.name(name).map(|m| m.as_str().to_owned())).unwrap_or_default();
        }
    };
    known.unwrap_or_else(|| "?".to_owned())
}

fn human(span: std::time::Duration) -> String {
    let seconds = span.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m{s}s"),
        (h, 0, 0) => format!("{h}h"),
        (h, m, _) => format!("{h}h{m}m"),
    }
}

/// The reason in `Build '…' errored after 3 seconds: reason`.
fn reason(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("Build '")?.split_once("' errored after ")?.1;
    Some(rest.split_once(": ").map_or("", |(_, reason)| reason))
}

/// How packer begins to give up, apart from the stages it announces.
fn begins_clean_up(text: &str) -> bool {
    text.starts_with("Step \"") && text.ends_with("failed, aborting...")
        || text.starts_with("aborted: skipping cleanup")
}

/// One line without its break; of a longer one the start. False at the end of the file.
fn read_line(log: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
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
