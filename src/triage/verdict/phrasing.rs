//! Puts verdicts into words that may be shown: scrubbed, harmless, short.

use std::collections::VecDeque;

use super::legs::Leg;
use super::observations::{BuildObservations, RuleMatch};
use super::{BuildVerdict, Confidence, Evidence, EvidenceSource};
use crate::duration::spoken;
use crate::packer_log::{Deadline, Phase};
use crate::text::Scrubber;
use crate::triage::rules::{CONVERT_FAILED, Rule, VCENTER_FAULT};

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
            leg: None,
            build: observations.build.clone().map(|name| self.quote(&name)),
            class: class.into(),
            rule: None,
            cause: String::new(),
            remedy: None,
            confidence: Confidence::Low,
            phase: None,
            evidence: last.or(newest).into_iter().map(|(line, text)| self.evidence(line, text)).collect(),
            forgiven: Vec::new(),
            waited: None,
            by_screen: false,
        }
    }

    /// Packer says that it is built. What it forgave is said, too.
    pub fn succeeded(&self, verdict: BuildVerdict, observations: &BuildObservations) -> BuildVerdict {
        let forgiven: Vec<String> = observations.forgiven.iter().map(|(_, why)| self.quote(why)).collect();
        let verdict = BuildVerdict {
            phase: None,
            class: "success".into(),
            cause: "The build succeeded.".into(),
            confidence: Confidence::High,
            ..verdict
        };
        let Some(first) = forgiven.first() else { return verdict };
        let provisioners =
            if forgiven.len() == 1 { "a provisioner".to_owned() } else { format!("{} provisioners", forgiven.len()) };
        BuildVerdict {
            cause: format!(
                "The build succeeded, but packer forgave the failure of {provisioners} (continue_on_error): {first}"
            ),
            remedy: Some(
                "Look at what failed before this image is promoted. build --promote refuses it without --allow-warnings.".into(),
            ),
            evidence: observations.forgiven.iter().map(|(line, why)| self.evidence(*line, why)).collect(),
            forgiven,
            ..verdict
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
        let finished = verdict.phase == Some(Phase::Convert.name()) && rule.class == VCENTER_FAULT;
        verdict.class = if finished { CONVERT_FAILED } else { &rule.class }.to_owned();
        verdict.rule = Some(rule.name.clone());
        verdict.confidence = rule.confidence;
        let facts = Facts { rule, observations, found, wait, phase: verdict.phase };
        verdict.cause = self.quote_long(&fill(&rule.cause, &facts));
        let remedy = self.quote_long(&fill(&rule.remedy, &facts));
        verdict.remedy = Some(remedy).filter(|text| !text.is_empty());
        if let Some(found) = found {
            verdict.evidence.retain(|evidence| evidence.line != Some(found.line));
            verdict.evidence.insert(0, self.evidence(found.line, &found.text));
        }
        if rule.words {
            self.add_last_words(&mut verdict.evidence, observations);
        }
    }

    /// What was said last before packer gave up: what stands before the decisive line in front of it, the rest behind.
    fn add_last_words(&self, evidence: &mut Vec<Evidence>, observations: &BuildObservations) {
        let known: Vec<Option<u64>> = evidence.iter().map(|evidence| evidence.line).collect();
        let words = observations.steps.last_words().iter().filter(|(line, _)| !known.contains(&Some(*line)));
        let decisive = evidence.first().and_then(|evidence| evidence.line).unwrap_or(u64::MAX);
        let words = words.map(|(line, text)| self.evidence(*line, text));
        let (before, behind): (Vec<Evidence>, Vec<Evidence>) = words.partition(|word| word.line < Some(decisive));
        evidence.splice(evidence.len().min(1)..evidence.len().min(1), behind);
        evidence.splice(0..0, before);
    }

    /// What stands in the job's log behind the newest message about the build: whoever ran packer may say what happened.
    pub fn add_words_after(&self, verdict: &mut BuildVerdict, leg: Option<&Leg>) {
        let newest = verdict.evidence.iter().filter_map(|evidence| evidence.line).max();
        let Some((leg, newest)) = leg.zip(newest) else { return };
        let words = leg.tail.iter().filter(|(line, _)| *line > newest);
        let words: Vec<Evidence> =
            words.map(|(line, text)| self.evidence(*line, text.trim_start_matches("##[error]"))).collect();
        if let Some(last) = words.last() {
            verdict.cause = format!("{} What follows in the log: “{}”.", verdict.cause, last.text.trim());
        }
        verdict.evidence.extend(words);
    }

    /// A text of a rule, filled.
    pub fn filled(&self, text: &str, rule: &Rule, observations: &BuildObservations, found: &RuleMatch) -> String {
        let facts = Facts { rule, observations, found: Some(found), wait: None, phase: None };
        self.quote_long(&fill(text, &facts))
    }

    /// No rule decides: what comes closest to a reason is quoted, else the end of the log.
    pub fn unknown(
        &self,
        verdict: &mut BuildVerdict,
        observations: &BuildObservations,
        tail: Option<&VecDeque<(u64, String)>>,
    ) {
        let word = observations.final_error.as_ref().map(|word| self.quote(&word.text));
        let step = observations.steps.step().map_or_else(String::new, |step| format!(" at “{}”", self.quote(step)));
        verdict.cause = match word {
            Some(word) => format!("No rule knows this failure{step}. packer's last word: {word}"),
            None => "No rule knows what is in this log.".into(),
        };
        let errors = observations.excerpts().into_iter().map(|(line, text)| self.evidence(*line, text));
        verdict.evidence = errors.chain(std::mem::take(&mut verdict.evidence)).collect();
        self.add_last_words(&mut verdict.evidence, observations);
        if verdict.evidence.is_empty() {
            let tail = tail.into_iter().flatten();
            verdict.evidence = tail.map(|(line, text)| self.evidence(*line, text)).collect();
        }
        verdict.evidence.sort_by_key(|evidence| evidence.line);
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

/// What a text of a rule may speak of.
struct Facts<'f> {
    rule: &'f Rule,
    observations: &'f BuildObservations,
    found: Option<&'f RuleMatch>,
    wait: Option<&'f Deadline>,
    phase: Option<&'static str>,
}

/// Fills `{name}` in a text of a rule.
fn fill(text: &str, facts: &Facts<'_>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        out.push_str(before);
        out.push_str(&facts.value(name));
        rest = behind;
    }
    out.push_str(rest);
    out
}

impl Facts<'_> {
    fn value(&self, name: &str) -> String {
        let line = self.found.map(|found| found.text.trim());
        let last = self.observations.final_error.as_ref().map(|word| word.text.trim());
        let task = self.found.and_then(RuleMatch::task);
        let stage = || self.phase.map(str::to_owned);
        let known = match name {
            "line" => line.or(last).map(str::to_owned),
            "final" => last.or(line).map(str::to_owned),
            "build" => self.observations.build.clone(),
            "task" => task.map(str::to_owned),
            "task_clause" => return task.map_or_else(String::new, |task| format!(", in task “{task}”")),
            "ansible" => self.found.and_then(RuleMatch::ansible).or_else(|| line.map(str::to_owned)),
            "wait" => return self.wait.map_or_else(String::new, |wait| format!(" within {}", spoken(wait.total))),
            "phase" => stage(),
            "step" => self.observations.steps.step().map(str::to_owned).or_else(stage),
            "fault" => last.or(line).map(|text| fault(text).to_owned()),
            "said" => self.observations.steps.said().or_else(|| last.map(str::to_owned)),
            name => {
                let captures = self.rule.log.as_ref().zip(line).and_then(|(pattern, line)| pattern.captures(line));
                return captures.and_then(|c| c.name(name).map(|m| m.as_str().to_owned())).unwrap_or_default();
            }
        };
        known.unwrap_or_else(|| "?".to_owned())
    }
}

/// What vCenter says itself, in a text that the plugin wrote around it.
fn fault(text: &str) -> &str {
    let text = text.lines().next().unwrap_or(text);
    if let Some((_, fault)) = text.rsplit_once("ServerFaultCode: ") {
        return fault.trim();
    }
    let plugins = |head: &str| {
        ["error ", "failed ", "unable ", "cannot ", "task error"]
            .iter()
            .any(|start| head.to_lowercase().starts_with(start))
    };
    match text.split_once(": ").filter(|(head, _)| head.len() < 80 && plugins(head)) {
        Some((_, rest)) => fault(rest),
        None => text.trim(),
    }
}
