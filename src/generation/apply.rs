//! Carrying out a plan through the gate, step by step.

use super::look::{self, Objection};
use super::undo::{back_out, put_back};
use super::{Plan, Refusal, Request, Step};
use crate::vcenter::gate::{Gate, GateError, PreparedRename};
use crate::vcenter::{PowerState, TaskProgress, Vm};

/// How far a plan has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// the step under way, from 0
    pub step: usize,
    /// how many there are
    pub steps: usize,
    /// the step, as it is shown
    pub text: String,
    /// of its task, where vCenter says
    pub percent: Option<u8>,
}

/// Why a plan was not, or not wholly, carried out.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// somebody changed the line since the plan was made; nothing was changed
    #[error("{0} has changed since this plan was made; nothing was changed, look again")]
    Stale(String),
    /// something appeared meanwhile that forbids it, and what was done already was taken back
    #[error("{why}{after}")]
    TakenBack {
        /// what appeared
        why: Box<Refusal>,
        /// what was taken back, and how that went; empty when nothing was done yet
        after: String,
        /// whether everything is as it was
        whole: bool,
    },
    /// a step failed; the ones before it are done, and the same verb run again finishes
    #[error("{step} failed: {cause}{after}")]
    Step {
        /// the step, in words
        step: String,
        /// what is done already, and what was put back
        after: String,
        /// why; part of the message, so no source of its own
        cause: GateError,
    },
    /// everything is done but the last step, which something forbids that appeared meanwhile
    #[error("{step} is not done: {why}{after}")]
    Left {
        /// the step, in words
        step: String,
        /// what is done already
        after: String,
        /// what appeared
        why: Box<Refusal>,
    },
    /// a hold is written, but what was to be held is live no more
    #[error("the hold is written, but {0} was promoted at the same moment; `rollback` undoes that")]
    TooLate(String),
    /// the line could not be read; nothing was changed
    #[error(transparent)]
    Read(#[from] crate::vcenter::Error),
}

impl ApplyError {
    /// Whether vCenter is as it was.
    pub fn nothing_changed(&self) -> bool {
        match self {
            Self::Stale(_) | Self::Read(_) => true,
            Self::TakenBack { whole, .. } => *whole,
            Self::Left { after, .. } => after.is_empty(),
            Self::TooLate(_) => false,
            Self::Step { after, cause, .. } => {
                after.is_empty() && !matches!(cause, GateError::VCenter(_) | GateError::PoweredOff(_))
            }
        }
    }
}

/// Carries out `plan`. The line is read once more first; a plan that was made from another state of it is refused.
///
/// Killed anywhere, the names left say what was under way; the same verb run again finishes it. When a step fails while
/// there is no live template, the former live one gets its name back first. Before live loses its name and before
/// anything is destroyed the world is read again: a hold that somebody wrote meanwhile takes a promotion back.
///
/// # Errors
/// [`ApplyError`]
pub async fn apply(gate: &Gate, plan: &Plan, on: &(dyn Fn(&Progress) + Sync)) -> Result<(), ApplyError> {
    if look::read(gate.client(), plan).await?.snapshot() != plan.snapshot {
        return Err(ApplyError::Stale(plan.base.clone()));
    }
    let mut prepared: Option<PreparedRename> = None;
    for (index, step) in plan.steps.iter().enumerate() {
        let text = step.to_string();
        let report = |percent| on(&Progress { step: index, steps: plan.steps.len(), text: text.clone(), percent });
        report(None);
        let on = |progress: TaskProgress| report(progress.percent);
        let outcome = match prepared.take() {
            Some(rename) => gate.execute_rename(&rename, &on).await.map_err(Objection::from),
            None => begin(gate, plan, index, &mut prepared, &on).await,
        };
        if let Err(objection) = outcome {
            prepared.iter().for_each(|rename| gate.abandon_rename(rename));
            let error = stopped(gate, plan, index, objection).await;
            gate.sync_audit_log();
            return Err(error);
        }
    }
    let end = match look::after(gate, plan).await {
        Err(objection @ Objection::Held(_)) => Err(stopped(gate, plan, plan.steps.len(), objection).await),
        Err(Objection::TooLate) => Err(ApplyError::TooLate(plan.base.clone())),
        // What was asked for is done, whether or not it can be looked at.
        Ok(()) | Err(Objection::Refused(_) | Objection::Failed(_)) => Ok(()),
    };
    gate.sync_audit_log();
    end
}

/// Looks once more where that is wanted, prepares what must follow without delay, and takes the step.
async fn begin(
    gate: &Gate,
    plan: &Plan,
    index: usize,
    prepared: &mut Option<PreparedRename>,
    on: &(dyn Fn(TaskProgress) + Sync),
) -> Result<(), Objection> {
    let Some(step) = plan.steps.get(index) else { return Ok(()) };
    look::before(gate, plan, step).await?;
    *prepared = prepare(gate, plan, index).await?;
    Ok(apply_step(gate, plan.request.verb(), step, on).await?)
}

/// What becomes of the steps before the one that was not taken.
async fn stopped(gate: &Gate, plan: &Plan, index: usize, objection: Objection) -> ApplyError {
    let step = plan.steps.get(index).map(ToString::to_string).unwrap_or_default();
    match objection {
        Objection::Held(why) => {
            let (after, whole) = back_out(gate, plan, index).await;
            ApplyError::TakenBack { why, after, whole }
        }
        // Live is about to lose its name, or the last step would destroy something that is needed.
        Objection::Refused(why) if matches!(plan.steps.get(index), Some(Step::Destroy { .. })) => {
            ApplyError::Left { step, after: done(plan, index), why }
        }
        Objection::Refused(why) => {
            let (after, whole) = back_out(gate, plan, index).await;
            ApplyError::TakenBack { why, after, whole }
        }
        Objection::TooLate => ApplyError::TooLate(plan.base.clone()),
        Objection::Failed(cause) => {
            let after = format!("{}{}", done(plan, index), put_back(gate, plan, index).await);
            ApplyError::Step { step, after, cause }
        }
    }
}

/// Where a step takes the live name away: the rename that gives it to the next one. Checked and on record before, so that
/// nothing stands between the two, and nobody is left without a live template for want of a new one.
async fn prepare(gate: &Gate, plan: &Plan, index: usize) -> Result<Option<PreparedRename>, GateError> {
    match plan.steps.get(index..) {
        Some([Step::Rename { vm: live, .. }, Step::Rename { vm: heir, to }, ..])
            if live.name == plan.base && *to == plan.base =>
        {
            gate.prepare_rename(plan.request.verb(), &heir.expected_vm(PowerState::PoweredOff), to).await.map(Some)
        }
        _ => Ok(None),
    }
}

fn done(plan: &Plan, steps: usize) -> String {
    if steps == 0 {
        return String::new();
    }
    let all = plan.steps.len();
    format!("; {steps} of {all} steps are done, run {} again to finish", plan.request.verb())
}

async fn apply_step(gate: &Gate, verb: &str, step: &Step, on: &(dyn Fn(TaskProgress) + Sync)) -> Result<(), GateError> {
    match step {
        Step::Rename { vm, to } => gate.rename(verb, &vm.expected_vm(PowerState::PoweredOff), to, on).await,
        Step::Annotate { vm, note } => {
            // The notes as they are now: what somebody wrote there since stays.
            let expected = vm.expected_vm(PowerState::PoweredOff);
            let annotation = gate.read_unchanged(&expected).await?.annotation;
            let notes = note.apply(&annotation);
            gate.annotate(verb, &Vm { annotation, ..expected }, &notes, on).await
        }
        Step::Destroy { vm, running, keep } => {
            for kept in keep {
                gate.read_unchanged(&kept.expected_vm(PowerState::PoweredOff)).await?;
            }
            let power = if *running { PowerState::PoweredOn } else { PowerState::PoweredOff };
            gate.destroy(verb, &vm.expected_vm(power), on).await
        }
    }
}

impl Plan {
    /// Whether a hold that appears while it is carried out takes it back.
    pub(super) fn yields_to_holds(&self) -> bool {
        matches!(self.request, Request::Promote | Request::Sweep)
    }
}
