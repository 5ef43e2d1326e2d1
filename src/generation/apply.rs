//! Carrying out a plan through the gate, step by step.

use super::{Generations, Plan, Step};
use crate::vcenter::gate::{Gate, GateError};
use crate::vcenter::{PowerState, TaskProgress, Vm};

/// How far a plan has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// the step under way, from 0
    pub step: usize,
    /// how many there are
    pub of: usize,
    /// it, in words
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
    #[error("{step} failed: {source}{after}")]
    Step {
        /// the step, in words
        step: String,
        /// what is done already
        after: String,
        /// why
        source: GateError,
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
            Self::Step { after, source, .. } => after.is_empty() && !matches!(source, GateError::VCenter(_)),
        }
    }
}

/// Carries out `plan`. The world is read once more first; a plan made from another one is refused.
///
/// Killed anywhere, the names left say what was under way; the same verb run again finishes it.
///
/// # Errors
/// [`ApplyError`]
pub async fn apply(gate: &Gate, plan: &Plan, on: &(dyn Fn(&Progress) + Sync)) -> Result<(), ApplyError> {
    let now = Generations::read(&plan.base, &gate.client().vms().await?);
    if now.sight() != plan.sight {
        return Err(ApplyError::Stale(plan.base.clone()));
    }
    let verb = plan.request.verb();
    for (index, step) in plan.steps.iter().enumerate() {
        let text = step.to_string();
        let report = |percent| on(&Progress { step: index, of: plan.steps.len(), text: text.clone(), percent });
        report(None);
        one(gate, verb, step, &|progress| report(progress.percent)).await.map_err(|source| ApplyError::Step {
            step: text.clone(),
            after: done(plan, index),
            source,
        })?;
    }
    Ok(())
}

fn done(plan: &Plan, steps: usize) -> String {
    if steps == 0 {
        return String::new();
    }
    let of = plan.steps.len();
    format!("; {steps} of {of} steps are done, run {} again to finish", plan.request.verb())
}

async fn one(gate: &Gate, verb: &str, step: &Step, on: &(dyn Fn(TaskProgress) + Sync)) -> Result<(), GateError> {
    match step {
        Step::Rename { moid, from, to } => gate.rename(verb, &known(moid, from, false), to, on).await,
        Step::Annotate { moid, name, notes, .. } => gate.annotate(verb, &known(moid, name, false), notes, on).await,
        Step::Destroy { moid, name, running } => gate.destroy(verb, &known(moid, name, *running), on).await,
    }
}

/// The object a step means; the gate looks for itself what it is now.
fn known(moid: &crate::vcenter::Moid, name: &str, running: bool) -> Vm {
    Vm {
        moid: moid.clone(),
        name: name.to_owned(),
        template: !running,
        power_state: if running { PowerState::PoweredOn } else { PowerState::PoweredOff },
        ip_address: None,
        tools_running_status: None,
        annotation: String::new(),
        created: None,
        instance_uuid: String::new(),
    }
}
