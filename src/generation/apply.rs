//! Carrying out a plan through the gate, step by step.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};

use super::{Generations, Plan, Step};
use crate::vcenter::gate::{Gate, GateError, PreparedRename};
use crate::vcenter::{Error, PowerState, TaskProgress, Vm};

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
    /// the line could not be read; nothing was changed
    #[error(transparent)]
    Read(#[from] crate::vcenter::Error),
}

impl ApplyError {
    /// Whether vCenter is as it was.
    pub fn nothing_changed(&self) -> bool {
        match self {
            Self::Stale(_) | Self::Read(_) => true,
            Self::Step { after, cause, .. } => {
                after.is_empty() && !matches!(cause, GateError::VCenter(_) | GateError::PoweredOff(_))
            }
        }
    }
}

/// Carries out `plan`. The line is read once more first; a plan that was made from another state of it is refused.
///
/// Killed anywhere, the names left say what was under way; the same verb run again finishes it. When a step fails while
/// there is no live template, the former live one gets its name back first.
///
/// # Errors
/// [`ApplyError`]
pub async fn apply(gate: &Gate, plan: &Plan, on: &(dyn Fn(&Progress) + Sync)) -> Result<(), ApplyError> {
    let now = Generations::read(&plan.base, &gate.client().vms().await?);
    if now.snapshot() != plan.snapshot {
        return Err(ApplyError::Stale(plan.base.clone()));
    }
    let verb = plan.request.verb();
    let mut prepared: Option<PreparedRename> = None;
    for (index, step) in plan.steps.iter().enumerate() {
        let text = step.to_string();
        let report = |percent| on(&Progress { step: index, steps: plan.steps.len(), text: text.clone(), percent });
        report(None);
        let on = |progress: TaskProgress| report(progress.percent);
        let outcome = match prepared.take() {
            Some(rename) => gate.execute_rename(&rename, &on).await,
            None => match prepare(gate, plan, index).await {
                Ok(heir) => {
                    prepared = heir;
                    apply_step(gate, verb, step, &on).await
                }
                Err(error) => Err(error),
            },
        };
        if let Err(cause) = outcome {
            prepared.iter().for_each(|rename| gate.abandon_rename(rename));
            let after = format!("{}{}", done(plan, index), put_back(gate, plan, index).await);
            gate.sync_audit_log();
            return Err(ApplyError::Step { step: text, after, cause });
        }
    }
    gate.sync_audit_log();
    Ok(())
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
    let steps = plan.steps.len();
    format!("; {steps} of {steps} steps are done, run {} again to finish", plan.request.verb())
}

/// Gives the former live template its name back where a step took it and nobody has it now: people clone from that name
/// at any hour. The failed step itself may have taken or given it, whatever became of its answer, so the names are read
/// once more. What was done, in words; empty when there was nothing to do.
async fn put_back(gate: &Gate, plan: &Plan, failed: usize) -> String {
    let base = &plan.base;
    let taken = plan.steps[..=failed].iter().rev().find_map(|step| match step {
        Step::Rename { vm, .. } if vm.name == *base => Some(vm),
        _ => None,
    });
    let Some(former) = taken else { return String::new() };
    let vms = match reread(gate).await {
        Ok(vms) => vms,
        Err(error) => return format!("; whether there is a {base} now is not known: {error}"),
    };
    if vms.iter().any(|vm| vm.name == *base) {
        return String::new();
    }
    let Some(vm) = vms.iter().find(|vm| vm.moid == former.moid) else {
        return format!("; THERE IS NO {base} NOW: {former} is gone");
    };
    match gate.rename(plan.request.verb(), vm, base, &|_| {}).await {
        Ok(()) => format!("; {} is called {base} again", vm.moid),
        Err(error) => format!("; THERE IS NO {base} NOW: {} ({}) did not get the name back: {error}", vm.name, vm.moid),
    }
}

/// The VMs of the folder, asked for until vCenter answers or has been given a while.
async fn reread(gate: &Gate) -> Result<Vec<Vm>, Error> {
    let tries = ConstantBuilder::default().with_delay(Duration::from_secs(1)).with_max_times(5);
    (|| async { gate.client().vms().await }).retry(tries).await
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
