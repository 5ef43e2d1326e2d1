//! What the log says about one build: which rules matched so far, and how the build ended.

use std::sync::Arc;

use jiff::civil::DateTime;

use super::ansible::{AnsibleLine, AnsibleOutput, TaskResult};
use super::forgiven::forgiven;
use super::patterns::{PatternRole, Patterns};
use super::steps::Steps;
use crate::packer_log::{Origin, Phase};
use crate::triage::rules::{Rule, Rules};

/// Evidence for one rule.
#[derive(Debug, Clone)]
pub struct RuleMatch {
    /// line of the log
    pub line: u64,
    /// the message
    pub text: String,
    /// heading of the section it stands in
    pub section: Option<String>,
    section_number: u64,
    /// how often
    pub count: u64,
    /// packer's clock when it was seen first
    pub since: Option<DateTime>,
    /// of a task of ansible, its result
    pub result: Option<Arc<TaskResult>>,
    /// it is of a provisioner, whose end takes it back
    provisioning: bool,
}

/// One message about a build.
#[derive(Debug, Clone, Copy)]
pub struct Message<'l> {
    /// line of the log
    pub line: u64,
    /// who wrote it
    pub origin: Origin,
    /// what it says
    pub text: &'l str,
    /// stage of the build then
    pub phase: Phase,
    /// packer's clock
    pub at: Option<DateTime>,
}

/// Packer's final error on a build.
#[derive(Debug, Clone)]
pub struct FinalError {
    /// line of the log
    pub line: u64,
    /// the reason it gives
    pub text: String,
    /// stage in which the build failed
    pub phase: Phase,
}

/// A build and what was observed of it.
#[derive(Debug, Clone)]
pub struct BuildObservations {
    /// name of the build; `None` before any began
    pub build: Option<String>,
    /// per rule
    pub(super) found: Vec<Option<RuleMatch>>,
    pub(super) also: Vec<bool>,
    sections: u64,
    heading: Option<String>,
    /// clean-up has begun: only the final error counts from here on
    pub clean_up_begun: bool,
    /// somebody cancelled, at this line
    pub cancelled: Option<(u64, String)>,
    /// packer's final error
    pub final_error: Option<FinalError>,
    /// newest message that is about this build
    pub newest: Option<(u64, String)>,
    /// errors during the clean-up: the final error may repeat one of them
    pub clean_up_errors: Vec<(u64, String)>,
    errors: Vec<(u64, String)>,
    log_errors: Vec<(u64, String)>,
    /// rules that know the final error as a cause
    pub(super) explains_final_error: Vec<bool>,
    /// newest error message before the clean-up: what the final error will be, should the log end before it
    pub last_error: Option<String>,
    /// the start of the log is lost: stages are not to be trusted
    pub start_lost: bool,
    /// what packer is at
    pub steps: Steps,
    /// failures of provisioners that packer forgave (`continue_on_error`)
    pub forgiven: Vec<(u64, String)>,
    ansible: AnsibleOutput,
}

/// Most errors kept for a verdict of unknown.
const MAX_ERRORS: usize = 3;
/// Longest message that is kept.
const MAX_TEXT_CHARS: usize = 1 << 20;

impl BuildObservations {
    /// Nothing known yet.
    pub fn new(build: Option<String>, rules: &Rules) -> Self {
        let count = rules.rules.len();
        Self {
            build,
            found: vec![None; count],
            also: vec![false; count],
            sections: 0,
            heading: None,
            clean_up_begun: false,
            cancelled: None,
            final_error: None,
            newest: None,
            clean_up_errors: Vec::new(),
            errors: Vec::new(),
            log_errors: Vec::new(),
            explains_final_error: vec![false; count],
            last_error: None,
            start_lost: false,
            steps: Steps::default(),
            forgiven: Vec::new(),
            ansible: AnsibleOutput::default(),
        }
    }

    /// Takes a message into account.
    pub fn observe(&mut self, message: Message<'_>, rules: &Rules, patterns: &Patterns) {
        let spoken = matches!(message.origin, Origin::Ui | Origin::UiError);
        if spoken && self.steps.take(message.line, message.origin, message.text, message.phase) {
            self.begin_provisioner(rules);
        }
        if spoken && (message.phase == Phase::Provision || self.start_lost) {
            if let Some(forgiven) = forgiven(message.text) {
                if forgiven.for_good && self.forgiven.len() < MAX_ERRORS {
                    self.forgiven.push((message.line, forgiven.why.to_owned()));
                }
                return self.begin_provisioner(rules);
            }
            let (line, done) = self.ansible.take(message.line, message.text);
            self.observe_result(done, rules);
            return match line {
                AnsibleLine::Own(text) => self.observe_line(Message { text, ..message }, rules, patterns),
                AnsibleLine::Data => {}
            };
        }
        self.observe_line(message, rules, patterns);
    }

    /// What a provisioner printed is at its end.
    pub fn end_output(&mut self, rules: &Rules) {
        let done = self.ansible.end();
        self.observe_result(done, rules);
    }

    /// Another provisioner begins, or the same once more: the one before did not fail the build.
    fn begin_provisioner(&mut self, rules: &Rules) {
        self.end_output(rules);
        for found in &mut self.found {
            *found = found.take().filter(|found| !found.provisioning);
        }
        self.errors.clear();
    }

    fn observe_line(&mut self, message: Message<'_>, rules: &Rules, patterns: &Patterns) {
        let hits = patterns.hits(message.text);
        let spoken = matches!(message.origin, Origin::Ui | Origin::UiError);
        if spoken {
            self.take_back_next(&hits, rules);
        }
        for (at, role) in &hits {
            match role {
                PatternRole::Also => self.also[*at] = true,
                PatternRole::Unless => self.found[*at] = None,
                PatternRole::Log | PatternRole::UnlessNext | PatternRole::Section => {}
            }
        }
        if spoken && hits.iter().any(|(_, role)| *role == PatternRole::Section) {
            self.sections += 1;
            self.heading = Some(message.text.to_owned());
        }
        let found: Vec<usize> = hits.iter().filter(|(_, role)| *role == PatternRole::Log).map(|(at, _)| *at).collect();
        for (place, at) in found.iter().enumerate() {
            // Of a group the last one in the file that knows a message says what it means.
            let rule = &rules.rules[*at];
            let better = |other: &usize| {
                let other = &rules.rules[*other];
                other.group == rule.group && self.concerns(other, message)
            };
            if rule.group.is_none() || !found[place + 1..].iter().any(better) {
                self.match_rule(*at, &rules.rules, message);
            }
        }
    }

    /// A task failed: its fields are looked at apart.
    fn observe_result(&mut self, result: Option<TaskResult>, rules: &Rules) {
        let Some(result) = result.map(Arc::new) else { return };
        for found in self.found.iter_mut().flatten().filter(|found| found.line == result.line) {
            found.result = Some(Arc::clone(&result));
        }
        for (at, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| !rule.fields.is_empty()) {
            let Some(pattern) = &rule.log else { continue };
            let text = rule.fields.iter().filter_map(|name| result.field(name)).find(|text| pattern.is_match(text));
            if let Some(text) = text {
                let (line, origin, phase) = (result.line, Origin::Ui, Phase::Provision);
                self.match_rule(at, &rules.rules, Message { line, origin, text: &text, phase, at: None });
                if let Some(found) = self.found[at].as_mut().filter(|found| found.line == line) {
                    found.result = Some(Arc::clone(&result));
                }
            }
        }
    }

    /// Keeps an error for the case that no rule knows it: the first ones that packer showed, the newest of the others.
    pub fn remember_error(&mut self, line: u64, text: &str, shown: bool) {
        if text.trim().is_empty() {
            return;
        }
        let kept = if shown { &mut self.errors } else { &mut self.log_errors };
        if kept.len() == MAX_ERRORS {
            if shown {
                return;
            }
            kept.remove(0);
        }
        kept.push((line, text.to_owned()));
    }

    /// What was kept, in the order of the log.
    pub fn excerpts(&self) -> Vec<&(u64, String)> {
        let mut kept: Vec<_> = self.errors.iter().chain(&self.log_errors).collect();
        kept.sort_by_key(|(line, _)| *line);
        kept
    }

    /// Packer's final error. Where it stands for the first time may be an error before it, printed during the clean-up.
    pub fn set_final_error(&mut self, message: Message<'_>, rules: &Rules, patterns: &Patterns) {
        self.final_error = Some(FinalError { line: message.line, text: message.text.to_owned(), phase: message.phase });
        let first = self.clean_up_errors.iter().find(|(_, text)| text.trim() == message.text.trim());
        let line = first.map_or(message.line, |(line, _)| *line);
        let message = Message { line, ..message };
        self.end_output(rules);
        self.observe_line(message, rules, patterns);
        for (at, _) in patterns.hits(message.text).into_iter().filter(|(_, role)| *role == PatternRole::Log) {
            self.explains_final_error[at] = self.concerns(&rules.rules[at], message);
        }
    }

    /// Whether a message is by the writer and at the stage that a rule asks for.
    fn concerns(&self, rule: &Rule, message: Message<'_>) -> bool {
        let written = rule.from.is_empty() || rule.from.iter().any(|writer| writer.wrote(message.origin));
        written && (rule.phase.is_empty() || self.start_lost || rule.phase.contains(&message.phase))
    }

    fn match_rule(&mut self, at: usize, rules: &[Rule], message: Message<'_>) {
        let rule = &rules[at];
        if !self.concerns(rule, message) {
            return;
        }
        if let Some(group) = &rule.group {
            let others =
                rules.iter().enumerate().filter(|(other, rule)| *other != at && rule.group.as_ref() == Some(group));
            others.for_each(|(other, _)| self.found[other] = None);
        }
        if let Some(known) = &mut self.found[at] {
            let newer = rule.section.is_some() && known.section_number < self.sections;
            if !newer {
                known.count += 1;
                return;
            }
        }
        let text: String = message.text.chars().take(MAX_TEXT_CHARS).collect();
        self.found[at] = Some(RuleMatch {
            line: message.line,
            text,
            section: self.heading.clone(),
            section_number: self.sections,
            count: 1,
            since: message.at,
            result: None,
            provisioning: message.phase == Phase::Provision && matches!(message.origin, Origin::Ui | Origin::UiError),
        });
    }

    fn take_back_next(&mut self, hits: &[(usize, PatternRole)], rules: &Rules) {
        for (at, role) in hits {
            let heading = self.sections;
            let rule = &rules.rules[*at];
            let newest =
                self.found[*at].as_ref().is_some_and(|found| found.section_number == heading || rule.section.is_none());
            if *role == PatternRole::UnlessNext && newest {
                self.found[*at] = None;
            }
        }
    }
}

impl RuleMatch {
    /// The name of ansible's task it belongs to.
    pub fn task(&self) -> Option<&str> {
        crate::packer_log::task_name(self.section.as_deref()?)
    }

    /// What ansible says about the failure.
    pub fn ansible(&self) -> Option<String> {
        let untold = || self.text.split_once("=> ").map(|(_, data)| data.to_owned());
        self.result.as_ref().map_or_else(untold, |result| result.detail())
    }
}
