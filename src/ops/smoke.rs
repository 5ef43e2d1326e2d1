//! The smoke test before a promotion: a clone of the build is booted, looked at, and destroyed. Whatever becomes of it,
//! live and prev are not touched here.
//!
//! The clone is called `<base>-smoke`, a name that belongs to the line as `<base>-build` does. Its notes claim it from its
//! first moment on, as a build claims its VM: other machines leave it alone while that is fresh, `sweep` and the next test
//! remove it when whoever made it is gone.

mod guest;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use self::guest::Outcome;
use super::{Context, Error, Refusal, build_begins, claim, picture};
use crate::fs::{Access, create_private_dir, write_whole};
use crate::generation::{self, Actor, Claim, Generations, Plan, Progress, StepTarget};
use crate::guest::picture::Picture;
use crate::packer_run;
use crate::pipeline::{Key, Line, Smoke};
use crate::text::Scrubber;
use crate::vcenter::gate::{Gate, GateError};
use crate::vcenter::privilege::{
    ADD_NEW_DISK, ADD_REMOVE_DEVICE, ANNOTATE, CREATE_FROM_EXISTING, DELETE, DEPLOY, POWER_OFF, POWER_ON,
};
use crate::vcenter::{Account, Client, PowerState, TaskProgress, Vm};

/// The verb that stands in the audit log.
const VERB: &str = "promote";
/// What a claim calls a test; its process stands behind it.
pub(super) const RUN: &str = "smoke-";

/// The last picture of a clone, in the folder of the run that built what it was made of.
pub(super) const PICTURE: &str = "smoke.png";

/// What the account needs on the folder of templates, by vSphere's ids.
pub const PRIVILEGES: [&str; 7] = [DEPLOY, CREATE_FROM_EXISTING, ADD_NEW_DISK, ANNOTATE, POWER_ON, POWER_OFF, DELETE];

/// A test that nothing stands in the way of.
#[derive(Debug, Clone)]
pub(super) struct Trial {
    smoke: Smoke,
    key: Key,
    /// what is cloned
    build: StepTarget,
    name: String,
    /// what an earlier test left: destroyed first
    leftover: Option<Vm>,
    picture: PathBuf,
}

/// How a test went.
#[derive(Debug)]
pub(super) enum Tried {
    /// what was seen, in a line
    Passed(String),
    /// somebody asked for its end
    Stopped,
}

/// Looks whether a clone of what would be promoted may be tried. Changes nothing.
///
/// # Errors
/// The name is taken, by something else or by the test of another machine; the account may not do it; or vCenter cannot
/// be asked.
pub(super) async fn look(context: &Context, client: &Client, line: &Line, plan: &Plan) -> Result<Option<Trial>, Error> {
    let Some(smoke) = plan.smoke.clone() else { return Ok(None) };
    let now = Generations::of(line, &client.vms().await?);
    let Some(build) = now.build.as_ref().map(StepTarget::of) else {
        return Err(Refusal::Stale { base: plan.base.clone() }.into());
    };
    let name = plan.smoke_name();
    if let Some(there) = &now.smoke {
        free(context, client, &line.key, plan, there).await?;
    } else if let Some((moid, _)) =
        client.folder_entries().await?.into_iter().find(|(_, taken)| taken.eq_ignore_ascii_case(&name))
    {
        return Err(Refusal::from(generation::Refusal::NameTaken { name, moid }).into());
    }
    privileges(client, &smoke, &build).await?;
    // What another machine built has no folder here.
    let run = packer_run::latest(&context.state, &line.key).ok().flatten();
    let picture =
        run.map_or_else(|| context.state.smoke().join(format!("{}.png", line.key)), |run| run.dir.join(PICTURE));
    Ok(Some(Trial { smoke, key: line.key.clone(), build, name, leftover: now.smoke, picture }))
}

/// What has the name was left by a test of which nobody is at work any more.
async fn free(context: &Context, client: &Client, key: &Key, plan: &Plan, there: &Vm) -> Result<(), Error> {
    let name = &there.name;
    if there.template {
        let (name, moid) = (name.clone(), there.moid.clone());
        return Err(Refusal::from(generation::Refusal::NameTaken { name, moid }).into());
    }
    let Some(claim) = Claim::of_clone(there) else {
        return Err(Refusal::NotOurClone { clone: StepTarget::of(there) }.into());
    };
    if !claim::is_ours(context, key, &claim) {
        generation::binding(client, name, claim, plan.consent.take_over.is_some()).await?;
    }
    Ok(())
}

async fn privileges(client: &Client, smoke: &Smoke, build: &StepTarget) -> Result<(), Error> {
    let mut ids = PRIVILEGES.to_vec();
    if !smoke.network {
        ids.push(ADD_REMOVE_DEVICE);
    }
    let found = client.privileges(Account::Builder, std::slice::from_ref(&build.moid), &ids).await?;
    match ids.into_iter().find(|id| !found.iter().any(|held| held.id == *id && held.granted)) {
        None => Ok(()),
        Some(privilege) => {
            let account = client.settings().credentials.username.clone();
            let object = build.clone();
            Err(Refusal::from(generation::Refusal::LacksPrivilege { account, privilege, object }).into())
        }
    }
}

/// Tries the clone. It is gone afterwards, or what is left of it is said.
///
/// # Errors
/// [`Refusal::SmokeTest`] when the guest does not pass; and what vCenter could not do.
pub(super) async fn run(
    gate: &Gate,
    trial: &Trial,
    on: &(dyn Fn(Option<u8>) + Sync),
    stop: &CancellationToken,
) -> Result<Tried, Error> {
    let on = |progress: TaskProgress| on(progress.percent);
    if let Some(leftover) = &trial.leftover {
        gate.destroy(VERB, leftover, &on).await?;
    }
    let run = build_begins::run_of(RUN);
    let time = gate.client().current_time().await?;
    let claim = Claim::new(trial.key.clone(), &Actor::current(), run, trial.build.moid.clone(), time);
    if stop.is_cancelled() {
        return Ok(Tried::Stopped);
    }
    let source = trial.build.expected_vm(PowerState::PoweredOff);
    let clone = gate.clone_vm(VERB, &source, &trial.name, &claim.notes_of_clone(), &on).await?;
    let outcome = try_clone(gate, trial, &clone, claim, &on, stop).await;
    let seen =
        if matches!(outcome, Ok(Outcome::Stopped)) { None } else { Some(keep_picture(gate, trial, &clone).await) };
    let gone = remove(gate, &clone, &on).await;
    match outcome? {
        Outcome::Passed(said) => {
            gone?;
            let seen = seen.map(|seen| format!("; {seen}")).unwrap_or_default();
            Ok(Tried::Passed(format!("{}: {said}{seen}", trial.name)))
        }
        Outcome::Failed(why) => {
            let left = gone.err().map(|error| format!("; the clone is left, `sweep` removes it: {error}"));
            let seen = format!("{}{}", seen.unwrap_or_default(), left.unwrap_or_default());
            Err(Refusal::SmokeTest { name: trial.name.clone(), why, seen }.into())
        }
        Outcome::Stopped => {
            gone?;
            Ok(Tried::Stopped)
        }
    }
}

async fn try_clone(
    gate: &Gate,
    trial: &Trial,
    clone: &Vm,
    claim: Claim,
    on: &(dyn Fn(TaskProgress) + Sync),
    stop: &CancellationToken,
) -> Result<Outcome, GateError> {
    if !trial.smoke.network {
        gate.disconnect(VERB, clone, on).await?;
    }
    if stop.is_cancelled() {
        return Ok(Outcome::Stopped);
    }
    gate.power(VERB, clone, true, on).await?;
    let pace = gate.client().settings().simulated.unwrap_or(1.0).max(0.01);
    let limit = Duration::from_secs(u64::from(trial.smoke.minutes) * 60).div_f64(pace);
    let watched = guest::Watched { gate, smoke: &trial.smoke, clone, pace, begun: Instant::now(), limit };
    Ok(tokio::select! {
        outcome = watched.outcome() => outcome,
        never = keep_claimed(gate, clone, claim) => never,
        () = stop.cancelled() => Outcome::Stopped,
    })
}

/// Says again and again that the clone is at work. It never ends by itself.
async fn keep_claimed(gate: &Gate, clone: &Vm, mut claim: Claim) -> Outcome {
    let mut notes = clone.annotation.clone();
    loop {
        tokio::time::sleep(Duration::from_secs(Claim::REFRESH.as_secs().unsigned_abs())).await;
        let now = gate.client().current_time().await.unwrap_or(claim.seen);
        claim = claim.refreshed(now);
        let said = Vm { annotation: notes.clone(), ..clone.clone() };
        match gate.annotate(VERB, &said, &claim.notes_of_clone(), &|_| {}).await {
            Ok(()) => notes = claim.notes_of_clone(),
            // Others may take the clone for left over in a while: nothing but the test is lost by that.
            Err(error) => tracing::warn!(%error, "the claim on a clone is not refreshed"),
        }
    }
}

/// Keeps the last picture of its console, and says where.
async fn keep_picture(gate: &Gate, trial: &Trial, clone: &Vm) -> String {
    match picture_of(gate, trial, clone).await {
        Ok(path) => format!("its picture: {path}"),
        Err(error) => format!("no picture of it: {error}"),
    }
}

async fn picture_of(gate: &Gate, trial: &Trial, clone: &Vm) -> Result<String, Error> {
    let now = gate.client().vm(&clone.moid).await?.unwrap_or_else(|| clone.clone());
    let picture: Picture = picture::take(gate.client(), &now).await?;
    let leaving = picture::leaving(&picture, Scrubber::shared()).await?;
    let path = trial.picture.clone();
    let folder = crate::fs::parent(&path).to_owned();
    super::blocking("keeping the picture", move || {
        create_private_dir(&folder).map_err(Error::writing(&folder))?;
        write_whole(&path, Access::Private, &leaving.png).map_err(Error::writing(&path))?;
        Ok(format!("{}{}", path.display(), leaving.caution()))
    })
    .await
}

/// Destroys it as it is now: it may have switched itself off, or not have got as far as being switched on.
async fn remove(gate: &Gate, clone: &Vm, on: &(dyn Fn(TaskProgress) + Sync)) -> Result<(), GateError> {
    match gate.client().vm(&clone.moid).await? {
        None => Ok(()),
        Some(now) => gate.destroy(VERB, &Vm { power_state: now.power_state, ..clone.clone() }, on).await,
    }
}

impl Trial {
    /// Progress of the test as the first step of a plan.
    pub(super) fn progress(plan: &Plan, percent: Option<u8>) -> Progress {
        let text = plan.smoke_line().unwrap_or_default();
        Progress { step: 0, steps: plan.steps.len() + 1, text, percent }
    }
}
