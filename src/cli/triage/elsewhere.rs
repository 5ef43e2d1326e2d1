//! What GitHub has of a line that is newer than the run that is judged.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use tmpl::duration::rough;
use tmpl::github::State;
use tmpl::moment::local;
use tmpl::ops::remote::{BesideHere, RemoteResult};
use tmpl::pipeline::Key;

/// A newer run there, or why it is not known whether there is one.
#[derive(Debug, Serialize)]
pub struct Elsewhere<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    newer: Option<Newer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<&'a str>,
    /// when the run began that is judged
    #[serde(skip)]
    judged: Timestamp,
}

#[derive(Debug, Serialize)]
struct Newer<'a> {
    #[serde(flatten)]
    result: &'a RemoteResult,
    /// the verb that brings its log here, or follows it
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl<'a> Elsewhere<'a> {
    /// Of a line whose run that is judged began then; `None` when there is nothing to say.
    pub fn of(beside: &'a BesideHere, key: &Key, judged: Timestamp) -> Option<Self> {
        let (newer, unknown) = match beside {
            BesideHere::Nothing => return None,
            BesideHere::Newer(result) => (Some(Newer { result, next: next(result, key) }), None),
            BesideHere::Unknown(reason) => (None, Some(reason.as_str())),
        };
        Some(Self { newer, unknown, judged })
    }
}

fn next(result: &RemoteResult, key: &Key) -> Option<String> {
    let run = if result.number == 0 { result.run } else { result.number };
    match result.state {
        state if state.failed() => Some(format!("tmpl-tui runs log {run} --job {key}")),
        state if state.live() => Some(format!("tmpl-tui runs watch {run}")),
        State::Pending | State::Queued | State::Running | State::Ended(_) => None,
    }
}

impl fmt::Display for Elsewhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = self.unknown {
            write!(f, "whether GitHub has a newer run is not known: {reason}")?;
        }
        let Some(Newer { result, next }) = &self.newer else { return Ok(()) };
        let at = result.ended.unwrap_or(result.began);
        let age = rough(Timestamp::now().duration_since(at));
        let since = if result.state.live() { format!("for {age}") } else { format!("{age} ago") };
        write!(f, "newer on GitHub: run #{} {} {since}", result.number, result.state.word())?;
        if let Some(step) = &result.step {
            write!(f, " at {step:?}")?;
        }
        write!(f, " (by {})", result.by)?;
        if let Some(next) = next {
            let does = if result.state.live() { "follows it" } else { "fetches its log; then triage judges it" };
            write!(f, ": {next} {does}")?;
        }
        if self.judged > Timestamp::MIN {
            write!(f, ". What follows is about the run here of {}", local(self.judged))?;
        }
        Ok(())
    }
}
