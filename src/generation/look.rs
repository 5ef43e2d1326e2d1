//! Looking once more while a plan is carried out: what others wrote or began since it was made.

use std::time::Duration;

use super::{Claim, Generations, Hold, Plan, Refusal, Request, Retired, Step, StepTarget};
use crate::vcenter::gate::{Gate, GateError};
use crate::vcenter::{Client, Error};

/// How long a hold waits for a promotion that it met to come to its end.
const PROMOTION_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// Why a step is not taken.
#[derive(Debug)]
pub(super) enum Objection {
    /// somebody holds the line since: what was done is taken back
    Held(Box<Refusal>),
    /// something else appeared that forbids it
    Refused(Box<Refusal>),
    /// a hold came too late
    TooLate,
    /// it could not be done, or not be looked at
    Failed(GateError),
}

impl From<GateError> for Objection {
    fn from(error: GateError) -> Self {
        Self::Failed(error)
    }
}

impl From<Error> for Objection {
    fn from(error: Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Refusal> for Objection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// The line of a plan as it is now.
pub(super) async fn read(client: &Client, plan: &Plan) -> Result<Generations, Error> {
    Ok(Generations::named(&plan.base, plan.others.clone(), &client.vms().await?))
}

/// Before live loses its name and before anything is destroyed. Not between the two renames that give the live name to
/// another template: there nothing is waited for.
pub(super) async fn before(gate: &Gate, plan: &Plan, step: &Step) -> Result<(), Objection> {
    let destroys = matches!(step, Step::Destroy { .. });
    let takes_live = matches!(step, Step::Rename { vm, .. } if vm.name == plan.base);
    if !destroys && !takes_live {
        return Ok(());
    }
    let (client, vm) = (gate.client(), step.subject());
    let now = read(client, plan).await?;
    not_held(plan, &now)?;
    if destroys && plan.request == Request::Sweep {
        let clone = now.smoke.as_ref().filter(|clone| clone.moid == vm.moid);
        let (there, known) = match clone {
            Some(clone) => (Claim::of_clone(clone), &plan.smoke_claim),
            None => (now.claim(), &plan.snapshot.claim),
        };
        if there != *known {
            return Err(claimed_meanwhile(&now, vm, there));
        }
    }
    if destroys && plan.request == Request::Promote {
        let retired = now.retired.as_ref().filter(|retired| retired.moid == vm.moid);
        if retired.is_some_and(|retired| Retired::of(retired).is_none()) {
            return Err(Refusal::NotRetiredByUs { name: vm.name.clone(), moid: vm.moid.clone() }.into());
        }
    }
    let ids = std::slice::from_ref(&vm.moid);
    if !client.being_cloned(ids).await?.is_empty() {
        return Err(Refusal::BeingCloned { object: vm.clone() }.into());
    }
    if destroys && vm.template && !client.with_snapshot(ids).await?.is_empty() {
        return Err(Refusal::HasSnapshot { object: vm.clone() }.into());
    }
    Ok(())
}

fn claimed_meanwhile(now: &Generations, vm: &StepTarget, claim: Option<Claim>) -> Objection {
    match claim {
        Some(claim) => Refusal::Claimed { name: vm.name.clone(), claim: Box::new(claim) }.into(),
        None => Refusal::NothingToSweep { base: now.base.clone() }.into(),
    }
}

/// After the last step: a hold that was written while a promotion was under way, or a promotion while a hold was.
pub(super) async fn after(gate: &Gate, plan: &Plan) -> Result<(), Objection> {
    match plan.request {
        Request::Promote if !plan.steps.iter().any(|step| matches!(step, Step::Destroy { .. })) => {
            not_held(plan, &read(gate.client(), plan).await?)
        }
        Request::Hold { .. } => still_live(gate, plan).await,
        Request::Promote | Request::Rollback { .. } | Request::Release | Request::Sweep => Ok(()),
    }
}

/// A promotion that sees the hold takes itself back; one that had its last look before has made something else live.
async fn still_live(gate: &Gate, plan: &Plan) -> Result<(), Objection> {
    let began = std::time::Instant::now();
    let carrier = plan.steps.first().map(|step| step.subject());
    loop {
        let now = read(gate.client(), plan).await?;
        // What was live is not any more. A build that became live and was taken back is held as well as live is.
        let replaced = carrier.filter(|vm| vm.name == plan.base).is_some_and(|vm| {
            [&now.prev, &now.swapping, &now.retired].into_iter().flatten().any(|now| now.moid == vm.moid)
        });
        if !replaced {
            return Ok(());
        }
        if now.pending().is_none() || began.elapsed() > PROMOTION_TIMEOUT {
            return Err(Objection::TooLate);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn not_held(plan: &Plan, now: &Generations) -> Result<(), Objection> {
    let known: Option<&Hold> = plan.snapshot.hold.as_ref();
    match &now.hold {
        Some(hold) if plan.yields_to_holds() && Some(hold) != known => {
            Err(Objection::Held(Box::new(Refusal::Held { base: plan.base.clone(), hold: hold.clone() })))
        }
        _ => Ok(()),
    }
}
