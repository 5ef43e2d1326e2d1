//! The guards that ask vCenter before the first step: privileges, clones under way, names that are taken.

use std::collections::BTreeSet;

use super::{Plan, Refusal, Step, StepTarget};
use crate::vcenter::privilege::{ANNOTATE, DELETE, POWER_OFF, RENAME};
use crate::vcenter::{Account, Client, Error, Moid};

/// Refused, or vCenter could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// nothing was changed, and why
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// nothing was changed: no answer
    #[error(transparent)]
    VCenter(#[from] Error),
}

/// Asks whether the account may do every step, nobody is cloning what is about to be renamed or destroyed, and no other
/// object (a folder, say) has a name that a step wants to give.
///
/// # Errors
/// [`GuardError`]; nothing was changed.
pub async fn guard(client: &Client, plan: &Plan) -> Result<(), GuardError> {
    let moids: Vec<Moid> =
        plan.steps.iter().map(|step| &step.subject().moid).collect::<BTreeSet<_>>().into_iter().cloned().collect();
    if moids.is_empty() {
        return Ok(());
    }
    check_privileges(client, plan, &moids).await?;
    let cloning = client.being_cloned(&moids).await?;
    if let Some(vm) = plan.steps.iter().map(Step::subject).find(|vm| cloning.contains(&vm.moid)) {
        return Err(Refusal::BeingCloned { object: vm.clone() }.into());
    }
    check_names_free(client, plan, &moids).await
}

/// The account has every privilege that a step needs, on the object of that step.
async fn check_privileges(client: &Client, plan: &Plan, moids: &[Moid]) -> Result<(), GuardError> {
    let needs: Vec<(&StepTarget, &'static str)> =
        plan.steps.iter().flat_map(|step| needs(step).iter().map(|id| (step.subject(), *id))).collect();
    let ids: BTreeSet<&str> = needs.iter().map(|(_, id)| *id).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let found = client.privileges(Account::Builder, moids, &ids).await?;
    // A privilege vCenter says nothing about is missing too.
    let granted = |vm: &StepTarget, id: &str| found.iter().any(|p| p.entity == vm.moid && p.id == id && p.granted);
    let Some((vm, id)) = needs.into_iter().find(|(vm, id)| !granted(vm, id)) else { return Ok(()) };
    let account = client.settings().credentials.username.clone();
    Err(Refusal::LacksPrivilege { account, privilege: id, object: vm.clone() }.into())
}

/// Nobody else has a name that is going to be given. vCenter compares names without regard to case.
async fn check_names_free(client: &Client, plan: &Plan, moids: &[Moid]) -> Result<(), GuardError> {
    let wanted: Vec<&String> =
        plan.steps.iter().filter_map(|step| if let Step::Rename { to, .. } = step { Some(to) } else { None }).collect();
    let entries = client.folder_entries().await?;
    let in_the_way = entries
        .iter()
        .find(|(moid, name)| !moids.contains(moid) && wanted.iter().any(|to| to.to_lowercase() == name.to_lowercase()));
    match in_the_way {
        None => Ok(()),
        Some((moid, name)) => Err(Refusal::NameTaken { name: name.clone(), moid: moid.clone() }.into()),
    }
}

/// Every privilege that a step can need, by vSphere's ids.
pub const STEP_PRIVILEGES: [&str; 4] = [RENAME, DELETE, POWER_OFF, ANNOTATE];

/// The privileges that a step needs, by vSphere's ids.
pub const fn needs(step: &Step) -> &'static [&'static str] {
    match step {
        Step::Rename { .. } => &[RENAME],
        Step::Annotate { .. } => &[ANNOTATE],
        Step::Destroy { running: false, .. } => &[DELETE],
        Step::Destroy { running: true, .. } => &[POWER_OFF, DELETE],
    }
}
