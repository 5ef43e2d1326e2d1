//! The guards that ask vCenter before the first step: privileges, clones under way, names that are taken.

use std::collections::BTreeSet;

use super::{Claim, Plan, Refusal, Request, Step, StepTarget};
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

/// Asks whether the account may do every step, nobody is cloning what is about to be renamed or destroyed, no other machine
/// builds it (`ours` tells whether a claim is of this one), and no other object (a folder, say) has a name that a step wants
/// to give. What was set aside for it.
///
/// # Errors
/// [`GuardError`]; nothing was changed.
pub async fn guard(
    client: &Client,
    plan: &Plan,
    ours: &(dyn Fn(&Claim) -> bool + Sync),
) -> Result<Option<SetAside>, GuardError> {
    let set_aside = check_claim(client, plan, ours).await?;
    let moids: Vec<Moid> =
        plan.steps.iter().map(|step| &step.subject().moid).collect::<BTreeSet<_>>().into_iter().cloned().collect();
    if moids.is_empty() {
        return Ok(set_aside);
    }
    check_privileges(client, plan, &moids).await?;
    let cloning = client.being_cloned(&moids).await?;
    if let Some(vm) = plan.steps.iter().map(Step::subject).find(|vm| cloning.contains(&vm.moid)) {
        return Err(Refusal::BeingCloned { object: vm.clone() }.into());
    }
    check_snapshots(client, plan).await?;
    check_names_free(client, plan, &moids).await?;
    Ok(set_aside)
}

/// A claim of another machine's build that does not keep a plan from being carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetAside {
    /// it was not refreshed for so long that it does not bind
    Stale(Claim),
    /// somebody said why it does not count
    TakenOver(Claim),
}

/// Nobody else's build is at work on what would be swept or promoted.
async fn check_claim(
    client: &Client,
    plan: &Plan,
    ours: &(dyn Fn(&Claim) -> bool + Sync),
) -> Result<Option<SetAside>, GuardError> {
    if !matches!(plan.request, Request::Promote | Request::Sweep) {
        return Ok(None);
    }
    // Of a clone that is tried it is whoever tries another one that asks.
    let clone = plan.smoke_claim.as_ref().filter(|_| plan.request == Request::Sweep);
    let touched = |name: &String| plan.steps.iter().any(|step| step.subject().name == *name);
    let (smoke, builds) = (plan.smoke_name(), &plan.builds);
    let claims = [
        (builds, plan.snapshot.claim.as_ref(), touched(builds)),
        (&smoke, clone, touched(&smoke)),
        // Packer destroys what has the name when it comes to it.
        (builds, plan.begins.as_ref(), touched(builds)),
    ];
    let mut set_aside = None;
    for (name, claim, touched) in claims {
        let Some(claim) = claim.filter(|claim| touched && !ours(claim)) else { continue };
        set_aside = Some(binding(client, name, claim.clone(), plan.consent.take_over.is_some()).await?);
    }
    Ok(set_aside)
}

/// Whether the claim of another machine's build binds: what it comes to when it does not.
///
/// # Errors
/// [`Refusal::Claimed`], or vCenter cannot be asked for its time.
pub async fn binding(client: &Client, name: &str, claim: Claim, take_over: bool) -> Result<SetAside, GuardError> {
    if !claim.fresh(client.current_time().await?) {
        return Ok(SetAside::Stale(claim));
    }
    if take_over {
        return Ok(SetAside::TakenOver(claim));
    }
    Err(Refusal::Claimed { name: name.to_owned(), claim: Box::new(claim) }.into())
}

/// No template that is to be destroyed has a snapshot, on whose disks linked clones may hang.
async fn check_snapshots(client: &Client, plan: &Plan) -> Result<(), GuardError> {
    let destroyed: Vec<&StepTarget> = plan
        .steps
        .iter()
        .filter_map(|step| if let Step::Destroy { vm, .. } = step { Some(vm) } else { None })
        .filter(|vm| vm.template)
        .collect();
    let moids: Vec<Moid> = destroyed.iter().map(|vm| vm.moid.clone()).collect();
    let found = client.with_snapshot(&moids).await?;
    match destroyed.into_iter().find(|vm| found.contains(&vm.moid)) {
        None => Ok(()),
        Some(vm) => Err(Refusal::HasSnapshot { object: vm.clone() }.into()),
    }
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
