//! What each line of a log means for the builds it is about.

use std::sync::Arc;

use super::lines::{begins_clean_up, reason};
use super::observations::{BuildObservations, Message};
use super::phrasing::QUOTED;
use super::reader::Judge;
use crate::packer_log::parse::Parsed;
use crate::packer_log::problem::problem;
use crate::packer_log::{Origin, Phase, Problem, Track};

/// Most errors of the clean-up that are kept of one build.
const MAX_CLEAN_UP_ERRORS: usize = 32;
/// A runner says no more than this on one line.
const MAX_RUNNERS_BYTES: usize = 4 << 10;

/// What packer validate says when all is well.
const VALID: &str = "The configuration is valid";

impl Judge<'_> {
    /// Builds of the job that have neither ended nor been given up, with their stages.
    fn at_work(&mut self) -> impl Iterator<Item = (&mut BuildObservations, &Track)> {
        let leg = self.legs.last().and_then(|leg| leg.name.as_deref());
        let builds = self.builds.iter_mut().zip(self.tracks.all());
        builds.filter(move |(observations, track)| observations.final_error.is_none() && track.leg.as_deref() == leg)
    }

    /// A line of a plugin or the core names no build: every build that runs may be meant.
    pub(super) fn plugin_or_core_line(&mut self, line: &Parsed<'_>, number: u64) {
        self.debug |= line.origin == Origin::Plugin;
        self.leg().ended |= line.text.starts_with("waiting for all plugin processes");
        let problem = problem(line);
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

    pub(super) fn ui_line(&mut self, line: &Parsed<'_>, number: u64) {
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
        // What follows the summary at the end only says it once more.
        self.last_build = at.filter(|_| !line.text.starts_with("--> "));
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
        if let Some(reason) = reason(&line.text).filter(|_| !line.behind_name) {
            let message = Message { text: reason, origin: Origin::UiError, ..message(line, number, track.failed_in()) };
            return observations.set_final_error(message, self.rules, &self.patterns);
        }
        observations.clean_up_begun |= track.phase() == Phase::CleanUp || begins_clean_up(&line.text);
        if !observations.clean_up_begun && line.origin == Origin::UiError {
            observations.last_error = Some(line.text.to_string());
        }
        if !observations.clean_up_begun {
            observations.observe(message(line, number, track.phase()), self.rules, &self.patterns);
            if problem(line) == Some(Problem::Error) {
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
    pub(super) fn continuation_line(&mut self, line: &Parsed<'_>, number: u64) {
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
        // Marks of a runner belong to no message; an error of its own is kept for the case that nobody knows more.
        if line.text.starts_with("##[") {
            if let Some(error) = line.text.strip_prefix("##[error]") {
                self.leg().packer.remember_error(number, error, true);
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
