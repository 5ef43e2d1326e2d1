//! Puts findings into words that may be shown: scrubbed, harmless, short.

use std::collections::VecDeque;

use super::case::{Case, Match};
use super::{Confidence, Evidence, Finding, Witness};
use crate::duration::spoken;
use crate::packer_log::Deadline;
use crate::text::Scrubber;
use crate::triage::rules::Rule;

/// Characters of a line that are quoted.
pub const QUOTED: usize = 600;

/// Puts findings into words that may be shown.
pub struct Phrasing<'s> {
    /// hides secrets
    pub scrubber: &'s Scrubber,
}

impl Phrasing<'_> {
    /// A finding without a cause yet; the last word (or else the newest message) is its evidence.
    pub fn finding(&self, case: &Case, class: &str) -> Finding {
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

    /// The finding by the rule that decides.
    pub fn decide(
        &self,
        finding: &mut Finding,
        case: &Case,
        rule: &Rule,
        found: Option<&Match>,
        wait: Option<&Deadline>,
    ) {
        finding.class.clone_from(&rule.class);
        finding.rule = Some(rule.name.clone());
        finding.confidence = rule.confidence;
        finding.cause = self.quote_long(&fill(&rule.cause, rule, case, found, wait));
        let remedy = self.quote_long(&fill(&rule.remedy, rule, case, found, wait));
        finding.remedy = Some(remedy).filter(|text| !text.is_empty());
        if let Some(found) = found {
            finding.evidence.retain(|evidence| evidence.line != Some(found.line));
            finding.evidence.insert(0, self.evidence(found.line, &found.text));
        }
    }

    /// No rule decides: what comes closest to a reason is quoted, else the end of the log.
    pub fn unknown(&self, finding: &mut Finding, case: &Case, tail: &VecDeque<(u64, String)>) {
        let word = case.last_word.as_ref().map(|word| self.quote(&word.text));
        finding.cause = match word {
            Some(word) => format!("No rule knows this failure. packer's last word: {word}"),
            None => "No rule knows what is in this log.".into(),
        };
        let errors = case.excerpts().into_iter().map(|(line, text)| self.evidence(*line, text));
        finding.evidence = errors.chain(std::mem::take(&mut finding.evidence)).collect();
        if finding.evidence.is_empty() {
            finding.evidence = tail.iter().map(|(line, text)| self.evidence(*line, text)).collect();
        }
        finding.evidence.dedup_by_key(|evidence| evidence.line);
    }

    /// A line of the log.
    pub fn evidence(&self, line: u64, text: &str) -> Evidence {
        Evidence { source: Witness::Log, line: Some(line), frame: None, text: self.quote(text) }
    }

    /// Text as it may be shown, cut.
    pub fn quote(&self, text: &str) -> String {
        self.quote_long(text).chars().take(QUOTED).collect()
    }

    fn quote_long(&self, text: &str) -> String {
        let head: String = text.chars().take(QUOTED * 8).collect();
        self.scrubber.safe_line(&head).chars().take(QUOTED * 2).collect()
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
        "wait" => return wait.map_or_else(String::new, |wait| format!(" within {}", spoken(wait.total))),
        name => {
            let captures = rule.log.as_ref().zip(line).and_then(|(pattern, line)| pattern.captures(line));
            return captures.and_then(|c| c.name(name).map(|m| m.as_str().to_owned())).unwrap_or_default();
        }
    };
    known.unwrap_or_else(|| "?".to_owned())
}
