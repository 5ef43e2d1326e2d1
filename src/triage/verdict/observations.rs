//! What the log says about one build: which rules matched so far, and how the build ended.

use regex::RegexSetBuilder;

use super::ansible;
use super::context::BuildContext;
use crate::packer_log::{Origin, Phase};
use crate::triage::rules::{Rule, Rules};

/// What one pattern of a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PatternRole {
    Log,
    Also,
    Unless,
    UnlessNext,
    Section,
}

/// All patterns of all rules in one `RegexSet`, so that a message is matched once.
pub struct Patterns {
    set: regex::RegexSet,
    roles: Vec<(usize, PatternRole)>,
}

impl Patterns {
    /// Of these rules.
    ///
    /// # Errors
    /// When together they exceed the limit of a `RegexSet`.
    pub fn new(rules: &Rules) -> Result<Self, regex::Error> {
        let mut patterns = Vec::new();
        let mut roles = Vec::new();
        for (at, rule) in rules.rules.iter().enumerate() {
            let of = [
                (&rule.log, PatternRole::Log),
                (&rule.also, PatternRole::Also),
                (&rule.unless, PatternRole::Unless),
                (&rule.unless_next, PatternRole::UnlessNext),
                (&rule.section, PatternRole::Section),
            ];
            for (pattern, role) in of {
                if let Some(pattern) = pattern {
                    patterns.push(pattern.as_str());
                    roles.push((at, role));
                }
            }
        }
        let set = RegexSetBuilder::new(patterns)
            .case_insensitive(true)
            .size_limit(64 << 20)
            .dfa_size_limit(32 << 20)
            .build()?;
        Ok(Self { set, roles })
    }

    /// Rule and role of every pattern that a text matches.
    fn hits(&self, text: &str) -> Vec<(usize, PatternRole)> {
        self.set.matches(text).iter().map(|at| self.roles[at]).collect()
    }
}

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
    count: u64,
    /// the JSON behind it goes on in the next messages
    open: bool,
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
}

/// Packer's final error on a build.
#[derive(Debug, Clone)]
pub struct FinalError {
    /// line of the log
    pub line: u64,
    /// the reason it gives
    pub text: String,
}

/// A build and what was observed of it.
#[derive(Debug, Clone)]
pub struct BuildObservations {
    /// name of the build; `None` before any began
    pub build: Option<String>,
    /// per rule
    found: Vec<Option<RuleMatch>>,
    also: Vec<bool>,
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
    explains_final_error: Vec<bool>,
    /// newest error message before the clean-up: what the final error will be, should the log end before it
    pub last_error: Option<String>,
    /// the start of the log is lost: stages are not to be trusted
    pub start_lost: bool,
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
        }
    }

    /// Takes a message into account.
    pub fn observe(&mut self, message: Message<'_>, rules: &Rules, patterns: &Patterns) {
        let hits = patterns.hits(message.text);
        let spoken = matches!(message.origin, Origin::Ui | Origin::UiError);
        if spoken {
            self.continue_json(message.text);
            self.take_back_next(&hits, rules);
        }
        for (at, role) in &hits {
            match role {
                PatternRole::Also => self.also[*at] = true,
                PatternRole::Unless => self.found[*at] = None,
                _ => {}
            }
        }
        if spoken && hits.iter().any(|(_, role)| *role == PatternRole::Section) {
            self.sections += 1;
            self.heading = Some(message.text.to_owned());
        }
        for (at, _) in hits.iter().filter(|(_, role)| *role == PatternRole::Log) {
            self.match_rule(*at, &rules.rules, message);
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
        self.final_error = Some(FinalError { line: message.line, text: message.text.to_owned() });
        let first = self.clean_up_errors.iter().find(|(_, text)| text.trim() == message.text.trim());
        let line = first.map_or(message.line, |(line, _)| *line);
        let message = Message { line, ..message };
        self.observe(message, rules, patterns);
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
        let open = text.trim_end().ends_with("=> {");
        self.found[at] = Some(RuleMatch {
            line: message.line,
            text,
            section: self.heading.clone(),
            section_number: self.sections,
            count: 1,
            open,
        });
    }

    /// Verbose ansible prints the JSON of a failure over many messages.
    fn continue_json(&mut self, text: &str) {
        for found in self.found.iter_mut().flatten().filter(|found| found.open) {
            found.text.push('\n');
            found.text.push_str(text);
            found.open = text.trim_end() != "}" && found.text.len() < MAX_TEXT_CHARS;
        }
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

    /// The rules that hold, the one that decides first. `debug` tells whether plugins' lines stand in the log.
    pub fn holding<'r>(
        &self,
        rules: &'r Rules,
        debug: bool,
        context: &BuildContext,
    ) -> Vec<(&'r Rule, Option<&RuleMatch>)> {
        let mut holding: Vec<(usize, &Rule, Option<&RuleMatch>)> = Vec::new();
        for (at, rule) in rules.rules.iter().enumerate().filter(|(_, rule)| rule.explains.is_empty()) {
            let found = self.found[at].as_ref();
            let holds = (rule.log.is_none() || found.is_some_and(|found| found.count >= rule.at_least))
                && (self.failed_by_itself() || rule.unfinished || self.build.is_none())
                && self.ended_as(rule)
                && (rule.also.is_none() || self.also[at])
                && rule.debug.is_none_or(|wanted| wanted == debug)
                && context.matches(rule, None);
            if holds {
                holding.push((at, rule, found));
            }
        }
        // Symptoms last, what was seen before what was only written, a cause that packer itself names at the end before
        // others, then by line; the order of the file among equals.
        let rank = |(at, rule, found): &(usize, &Rule, Option<&RuleMatch>)| {
            let unseen = rule.screen.is_empty() && rule.guest.is_empty();
            (rule.symptom, unseen, !self.explains_final_error[*at], found.map_or(u64::MAX, |found| found.line))
        };
        holding.sort_by_key(rank);
        holding.into_iter().map(|(_, rule, found)| (rule, found)).collect()
    }

    /// The build failed; nobody stopped it, and the log goes on until packer's clean-up at least.
    fn failed_by_itself(&self) -> bool {
        self.cancelled.is_none() && (self.final_error.is_some() || self.clean_up_begun)
    }

    /// Whether the build ended with the words that a rule asks for.
    fn ended_as(&self, rule: &Rule) -> bool {
        let Some(pattern) = &rule.final_error else { return true };
        match (&self.final_error, &self.last_error) {
            (Some(word), _) => pattern.is_match(&word.text) || rule.unfinished && self.cancelled.is_some(),
            (None, Some(error)) if self.failed_by_itself() => pattern.is_match(error) || rule.unfinished,
            (None, _) => rule.unfinished && self.build.is_some(),
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
        ansible::detail(&self.text)
    }
}
