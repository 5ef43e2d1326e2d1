//! Taking back what a plan has done, when it cannot or must not go on.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};

use super::{Note, Plan, Step};
use crate::vcenter::gate::{Gate, GateError, PreparedRename};
use crate::vcenter::{Error, PowerState, Vm};

/// Gives the former live template its name back where a step took it and nobody has it now: people clone from that name
/// at any hour. The failed step itself may have taken or given it, whatever became of its answer, so the names are read
/// once more. What was done, in words; empty when there was nothing to do.
pub(super) async fn put_back(gate: &Gate, plan: &Plan, failed: usize) -> String {
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

/// Takes the first `done` steps back, the last one first; what came of it in words, and whether all is as it was. Killed
/// meanwhile, the names are those of an interrupted promotion.
pub(super) async fn back_out(gate: &Gate, plan: &Plan, done: usize) -> (String, bool) {
    let steps = &plan.steps[..done.min(plan.steps.len())];
    if steps.is_empty() {
        return (String::new(), true);
    }
    match take_back(gate, plan, steps).await {
        // What was retired by an earlier promotion and destroyed by this one is gone.
        Ok(()) => ("; what was done was taken back".into(), !steps.iter().any(|s| matches!(s, Step::Destroy { .. }))),
        Err((at, error)) => {
            let index = at.min(plan.steps.len().saturating_sub(1));
            let verb = plan.request.verb();
            let put_back = put_back(gate, plan, index).await;
            (format!("; taking back what was done failed: {error}{put_back}; run {verb} again"), false)
        }
    }
}

async fn take_back(gate: &Gate, plan: &Plan, steps: &[Step]) -> Result<(), (usize, GateError)> {
    let verb = plan.request.verb();
    let mut prepared: Option<PreparedRename> = None;
    for (index, step) in steps.iter().enumerate().rev() {
        let undone = async {
            if let Some(rename) = prepared.take() {
                return gate.execute_rename(&rename, &|_| {}).await;
            }
            match step {
                Step::Rename { vm, to } => {
                    // The name goes straight from one to the other, as on the way there.
                    if let (true, Some(Step::Rename { vm: former, to: now })) =
                        (*to == plan.base, index.checked_sub(1).and_then(|before| steps.get(before)))
                        && former.name == plan.base
                    {
                        prepared = Some(gate.prepare_rename(verb, &called(former, now), &former.name).await?);
                    }
                    gate.rename(verb, &called(vm, to), &vm.name, &|_| {}).await
                }
                Step::Annotate { vm, note: Note::Retire(_) } => {
                    let expected = vm.expected_vm(PowerState::PoweredOff);
                    let annotation = gate.read_unchanged(&expected).await?.annotation;
                    let notes = Note::Unretire.apply(&annotation);
                    gate.annotate(verb, &Vm { annotation, ..expected }, &notes, &|_| {}).await
                }
                // A hold or a release is a change of its own, and what is destroyed is gone.
                Step::Annotate { .. } | Step::Destroy { .. } => Ok(()),
            }
        };
        if let Err(error) = undone.await {
            prepared.iter().for_each(|rename| gate.abandon_rename(rename));
            return Err((index, error));
        }
    }
    Ok(())
}

/// The object of a step under the name that the step gave it.
fn called(vm: &super::StepTarget, name: &str) -> Vm {
    Vm { name: name.to_owned(), ..vm.expected_vm(PowerState::PoweredOff) }
}
