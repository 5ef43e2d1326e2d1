//! Which rules hold for what was observed of a build, and which of them decides.

use super::context::BuildContext;
use super::observations::{BuildObservations, RuleMatch};
use crate::packer_log::Phase;
use crate::triage::rules::{Rule, Rules};

impl BuildObservations {
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
                && self.was_at(rule)
                && self.failed_at_stage(rule)
                && rule.debug.is_none_or(|wanted| wanted == debug)
                && found.is_none_or(|found| context.may_be_of_vcenter(rule, &found.text))
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
        let other = |text: &str| rule.final_unless.as_ref().is_some_and(|unless| unless.is_match(text));
        let fits = |text: &str| pattern.is_match(text) && !other(text);
        match (&self.final_error, &self.last_error) {
            (Some(word), _) => fits(&word.text) || rule.unfinished && self.cancelled.is_some(),
            (None, Some(error)) if self.failed_by_itself() => fits(error) || rule.unfinished,
            (None, _) => rule.unfinished && self.build.is_some(),
        }
    }

    /// A rule that looks for no line goes by the stage in which the build failed.
    fn failed_at_stage(&self, rule: &Rule) -> bool {
        let stage = self.final_error.as_ref().map(|word| word.phase);
        rule.log.is_some() || rule.phase.is_empty() || stage.is_some_and(|stage| rule.phase.contains(&stage))
    }

    /// Whether packer was at the step that a rule asks for.
    fn was_at(&self, rule: &Rule) -> bool {
        rule.step.as_ref().is_none_or(|pattern| self.steps.step().is_some_and(|step| pattern.is_match(step)))
    }

    /// How the wait of a stage stood last, e.g. that every login was refused.
    pub fn waiting<'r>(&self, rules: &'r Rules, phase: Phase) -> Option<(&'r Rule, &RuleMatch)> {
        let of_stage = |rule: &Rule| rule.group.is_some() && rule.phase.contains(&phase);
        let seen = rules.rules.iter().zip(&self.found).filter_map(|(rule, found)| Some((rule, found.as_ref()?)));
        seen.filter(|(rule, _)| of_stage(rule)).max_by_key(|(_, found)| found.line)
    }
}
