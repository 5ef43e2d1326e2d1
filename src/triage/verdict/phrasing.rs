//! Puts verdicts into words that may be shown: scrubbed, harmless, short.

use std::collections::VecDeque;

use super::observations::{BuildObservations, RuleMatch};
use super::{BuildVerdict, Confidence, Evidence, EvidenceSource};
use crate::duration::spoken;
use crate::packer_log::Deadline;
use crate::text::Scrubber;
use crate::triage::rules::Rule;

/// Characters of a line that are quoted.
pub const QUOTED: usize = 600;

/// Puts verdicts into words that may be shown.
pub struct Phrasing<'s> {
    /// hides secrets
    pub scrubber: &'s Scrubber,
}

impl Phrasing<'_> {
    /// A verdict without a cause yet; the final error (or else the newest message) is its evidence.
    pub fn undecided(&self, observations: &BuildObservations, class: &str) -> BuildVerdict {
        let last = observations.final_error.as_ref().map(|word| (word.line, word.text.as_str()));
        let newest = observations.newest.as_ref().map(|(line, text)| (*line, text.as_str()));
        BuildVerdict {
            build: observations.build.clone().map(|name| self.quote(&name)),
            class: class.into(),
            rule: None,
            cause: String::new(),
            remedy: None,
            confidence: Confidence::Low,
            phase: None,
            evidence: last.or(newest).into_iter().map(|(line, text)| self.evidence(line, text)).collect(),
        }
    }

    /// The verdict by the rule that decides.
    pub fn decide(
        &self,
        verdict: &mut BuildVerdict,
        observations: &BuildObservations,
        rule: &Rule,
        found: Option<&RuleMatch>,
        wait: Option<&Deadline>,
    ) {
        verdict.class.clone_from(&rule.class);
        verdict.rule = Some(rule.name.clone());
        verdict.confidence = rule.confidence;
        verdict.cause = self.quote_long(&fill(&rule.cause, rule, observations, found, wait));
        let remedy = self.quote_long(&fill(&rule.remedy, rule, observations, found, wait));
        verdict.remedy = Some(remedy).filter(|text| !text.is_empty());
        if let Some(found) = found {
            verdict.evidence.retain(|evidence| evidence.line != Some(found.line));
            verdict.evidence.insert(0, self.evidence(found.line, &found.text));
        }
    }

    /// No rule decides: what comes closest to a reason is quoted, else the end of the log.
    pub fn unknown(
        &self,
        verdict: &mut BuildVerdict,
        observations: &BuildObservations,
        tail: &VecDeque<(u64, String)>,
    ) {
        let word = observations.final_error.as_ref().map(|word| self.quote(&word.text));
        verdict.cause = match word {
            Some(word) => format!("No rule knows this failure. packer's last word: {word}"),
            None => "No rule knows what is in this log.".into(),
        };
        let errors = observations.excerpts().into_iter().map(|(line, text)| self.evidence(*line, text));
        verdict.evidence = errors.chain(std::mem::take(&mut verdict.evidence)).collect();
        if verdict.evidence.is_empty() {
            verdict.evidence = tail.iter().map(|(line, text)| self.evidence(*line, text)).collect();
        }
        verdict.evidence.dedup_by_key(|evidence| evidence.line);
    }

    /// A line of the log.
    pub fn evidence(&self, line: u64, text: &str) -> Evidence {
        Evidence { source: EvidenceSource::Log, line: Some(line), frame: None, text: self.quote(text) }
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
fn fill(
    text: &str,
    rule: &Rule,
    observations: &BuildObservations,
    found: Option<&RuleMatch>,
    wait: Option<&Deadline>,
) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&value(name, rule, observations, found, wait));
        rest = behind;
    }
    out.push_str(rest);
    out
}

fn value(
    name: &str,
    rule: &Rule,
    observations: &BuildObservations,
    found: Option<&RuleMatch>,
    wait: Option<&Deadline>,
) -> String {
    let line = found.map(|found| found.text.trim());
    let last = observations.final_error.as_ref().map(|word| word.text.trim());
    let task = found.and_then(RuleMatch::task);
    let known = match name {
        "line" => line.or(last).map(str::to_owned),
        "final" => last.or(line).map(str::to_owned),
        "build" => observations.build.clone(),
        "task" => task.map(str::to_owned),
        "task_clause" => return task.map_or_else(String::new, |task| format!(", in task “{task}”")),
        "ansible" => found.and_then(RuleMatch::ansible).or_else(|| line.map(str::to_owned)),
        "wait" => return wait.map_or_else(String::new, |wait| format!(" within {}", spoken(wait.total))),
        name => {
            let captures = rule.log.as_ref().zip(line).and_then(|(pattern, line)| pattern.captures(line));
            return captures.and_then(|c| c.name(name).map(|m| m.as_str().to_owned())).unwrap_or_default();
        }
    };
    known.unwrap_or_else(|| "?".to_owned())
}
