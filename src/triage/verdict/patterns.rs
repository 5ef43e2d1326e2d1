//! All patterns of all rules in one `RegexSet`, so that a message is matched once.

use regex::RegexSetBuilder;

use crate::triage::rules::{Author, Rules};

/// What one pattern of a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternRole {
    /// the evidence
    Log,
    /// another line that must be there
    Also,
    /// a later line takes the evidence back
    Unless,
    /// only the very next one does
    UnlessNext,
    /// begins a section
    Section,
}

/// The patterns.
pub struct Patterns {
    set: regex::RegexSet,
    roles: Vec<(usize, PatternRole)>,
    /// rules about the words of whoever ran packer
    runner: Vec<bool>,
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
        let runner = rules.rules.iter().map(|rule| rule.from.contains(&Author::Runner)).collect();
        Ok(Self { set, roles, runner })
    }

    /// Rule and role of every pattern that a text matches.
    pub fn hits(&self, text: &str) -> Vec<(usize, PatternRole)> {
        self.set.matches(text).iter().map(|at| self.roles[at]).collect()
    }

    /// Whether a text is what a runner says, by a rule that knows it.
    pub fn is_runners(&self, text: &str) -> bool {
        self.set.matches(text).iter().any(|at| self.roles[at].1 == PatternRole::Log && self.runner[self.roles[at].0])
    }
}
