//! What a log says about packer itself, and whoever ran it: one of these per job that the log holds.

use std::collections::VecDeque;

use super::observations::BuildObservations;
use super::phrasing::QUOTED;
use crate::triage::rules::Rules;

/// Lines kept of the end.
const TAIL_LINES: usize = 3;

/// One job of a log; most have one.
#[derive(Debug, Clone)]
pub struct Leg {
    /// its name, where there are several
    pub name: Option<String>,
    /// before any build: configuration and the like
    pub packer: BuildObservations,
    /// the last lines that say something
    pub tail: VecDeque<(u64, String)>,
    /// a runner said that its step failed
    over: bool,
    /// line that says that the configuration is valid
    pub valid: Option<u64>,
    /// packer came to its own end
    pub ended: bool,
}

impl Leg {
    /// Nothing known yet.
    pub fn new(name: Option<&str>, rules: &Rules) -> Self {
        let packer = BuildObservations::new(None, rules);
        Self { name: name.map(str::to_owned), packer, tail: VecDeque::new(), over: false, valid: None, ended: false }
    }

    /// Keeps the end of the log, for the case that nothing else can be quoted.
    pub fn keep(&mut self, line: u64, text: &str) {
        // What a runner says behind the error tidies up; its other marks say nothing.
        let (error, mark) = (text.starts_with("##[error]"), text.starts_with("##["));
        let over = self.over;
        self.over |= error;
        if !text.trim().is_empty() && !over && (error || !mark) {
            self.tail.push_back((line, text.chars().take(QUOTED).collect()));
            self.tail.drain(..self.tail.len().saturating_sub(TAIL_LINES));
        }
    }
}
