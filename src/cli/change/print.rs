//! What is said of a change: its steps, how far it is, what it came to.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tmpl::generation::{Plan, Progress, Request, Step};
use tmpl::ops::Operation;
use tmpl::ops::outcome::Before;
use tmpl::ops::signals::Interrupted;
use tmpl::pipeline::{Line, Smoke};

use crate::cli::{Exit, output};

/// What was done; the shape of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    key: &'a str,
    base_name: &'a str,
    verb: &'a str,
    /// as `--plan` takes it; null when there is nothing to do
    plan: Option<String>,
    /// how a clone is tried before the first step
    #[serde(skip_serializing_if = "Option::is_none")]
    smoke: Option<&'a Smoke>,
    steps: &'a [Step],
    /// what becomes live by it, as it is said beforehand
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'a str>,
    /// what the steps come to where that is less than what was asked for
    caveat: Option<&'a str>,
    /// false after `--dry-run`
    done: bool,
}

impl<'a> Report<'a> {
    fn of(plan: &'a Plan, before: &'a Before, line: &'a Line, done: bool) -> Self {
        let (key, base_name, verb) = (&line.key.0, &plan.base, plan.request.verb());
        let fingerprint = Some(plan.fingerprint());
        let (smoke, steps, caveat, outcome) =
            (plan.smoke.as_ref(), &plan.steps, plan.caveat, before.outcome.as_deref());
        Self { key, base_name, verb, plan: fingerprint, smoke, steps, outcome, caveat, done }
    }
}

/// What would be done.
pub fn dry_run(plan: &Plan, before: &Before, line: &Line, json: bool) -> anyhow::Result<()> {
    if json {
        return Ok(output::json(&Report::of(plan, before, line, false))?);
    }
    for line in plan.lines() {
        output::result(&line)?;
    }
    if let Some(caveat) = plan.caveat {
        aside(caveat);
    }
    aside(&format!("nothing was changed; to do exactly this or nothing, add --plan {}", plan.fingerprint()));
    Ok(())
}

/// It is done, whether or not that can be told.
pub fn done(plan: &Plan, before: &Before, line: &Line, json: bool) -> anyhow::Result<Exit> {
    if json && let Err(error) = output::json(&Report::of(plan, before, line, true)) {
        aside(&format!("stdout cannot be written: {error}"));
    }
    match plan.caveat {
        Some(caveat) => Err(anyhow::anyhow!("{}: {caveat}", line.key)),
        None => Ok(Exit::Done),
    }
}

/// CI sweeps after every cancel, and mostly packer has cleaned up: that is as it should be.
pub fn nothing_to_sweep(line: &Line, json: bool) -> anyhow::Result<Exit> {
    aside(&format!("{}-build not found: nothing to sweep", line.base_name));
    if json {
        let (key, base_name, verb) = (&line.key.0, &line.base_name, Request::Sweep.verb());
        let (plan, smoke, steps, outcome, caveat) = (None, None, &[], None, None);
        let report = Report { key, base_name, verb, plan, smoke, steps, outcome, caveat, done: true };
        output::json(&report)?;
    }
    Ok(Exit::Done)
}

/// A change that is made while the line is being built says what that means for the build.
pub fn being_built(line: &Line, operation: Operation) {
    if operation == Operation::Rollback {
        aside(&format!(
            "{} is being built: the hold that a rollback leaves keeps that build from being promoted",
            line.key
        ));
    }
}

/// What becomes of a change while somebody signals.
pub fn interrupted(what: Interrupted, request: &Request) {
    match what {
        Interrupted::Finishing => aside("finishing this first: half done, it could leave no live template"),
        Interrupted::GivenUp => aside(&format!("stopped half way; run {} again to finish", request.verb())),
    }
}

/// A line on stderr.
pub fn aside(text: &str) {
    // Nothing is left to do when stderr is closed.
    let _ = output::aside(text);
}

/// Says each step once, and one that takes long every minute: somebody may be waiting without a live template.
#[derive(Default)]
pub struct StepPrinter(Mutex<Option<Said>>);

struct Said {
    step: usize,
    at: Instant,
}

impl StepPrinter {
    /// Says how far a change is.
    pub fn tell(&self, progress: &Progress) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Progress { step, steps, text, percent } = progress;
        let again = said.as_ref().is_some_and(|said| said.step >= *step);
        if again && said.as_ref().is_some_and(|said| said.at.elapsed() < EVERY) {
            return;
        }
        let waits = if again { "; vCenter is still at it" } else { "" };
        let percent = percent.filter(|_| again).map(|percent| format!(", {percent} %")).unwrap_or_default();
        aside(&format!("{}/{steps} {text}{waits}{percent}", step + 1));
        *said = Some(Said { step: *step, at: Instant::now() });
    }
}

/// How often a step that takes long is told again.
const EVERY: Duration = Duration::from_secs(60);
