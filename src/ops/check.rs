//! The one judge of what may be done now. Keys, hints, help, palette, confirmations and every verb ask it.

use jiff::Timestamp;

use super::facts::{ChosenRun, Facts, LineFacts, MediaWork, RemoteRunFacts, RunFacts, VCenterFacts};
use super::{GitHubRefusal, MediaRefusal, Operation, Refusal};
use crate::generation::{self, Actor, Request};
use crate::github;
use crate::packer_run::RunState;
use crate::vcenter::PowerState;
use crate::vcenter::privilege::TYPE;

/// Whether an operation may be done now.
///
/// # Errors
/// Why not; nothing was changed.
pub fn check(operation: Operation, facts: &Facts<'_>) -> Result<(), Refusal> {
    check_here(operation, facts)?;
    match operation {
        Operation::Build => not_on_github(facts),
        Operation::Cancel => cancel(facts.line()?),
        Operation::Promote | Operation::Rollback | Operation::Hold | Operation::Release => generation(operation, facts),
        Operation::Sweep => {
            known(facts)?;
            not_on_github(facts)?;
            generation(operation, facts)
        }
        Operation::Type => type_into(facts),
        Operation::Teach if facts.picture.there && facts.picture.visible => Ok(()),
        Operation::Teach => Err(Refusal::NoPicture),
        Operation::Bump => media_at_rest(facts).and_then(|()| of_media(facts, &facts.media.newer)),
        Operation::Stage => stage(facts),
        Operation::StopStaging => stop_staging(facts),
        Operation::Dispatch => dispatch(facts),
        Operation::CancelRemote => cancel_remote(facts),
        Operation::Rerun => rerun(facts),
        Operation::EnableSchedule => enable_schedule(facts),
        Operation::FetchLeg => github_ready(facts).and_then(|()| Ok(facts.github.evidence.clone()?)),
        Operation::Judge | Operation::Bundle => {
            let line = facts.line()?;
            line.run.map(drop).ok_or_else(|| Refusal::NoRun { key: line.key.clone() })
        }
    }
}

/// What can be said before vCenter or GitHub is asked: nothing is asked of either for what is refused anyway.
///
/// # Errors
/// Why the operation may not be done.
pub fn check_here(operation: Operation, facts: &Facts<'_>) -> Result<(), Refusal> {
    if operation.mutates() {
        if facts.read_only {
            return Err(Refusal::ReadOnly);
        }
        if facts.leaving && operation != Operation::StopStaging {
            return Err(Refusal::Leaving);
        }
    }
    match operation {
        Operation::CancelRemote | Operation::Rerun | Operation::EnableSchedule | Operation::FetchLeg => return Ok(()),
        Operation::Dispatch => {
            let line = facts.line()?;
            return match at_work(line) {
                Some(_) => Err(Refusal::BuiltHere { key: line.key.clone() }),
                None => Ok(()),
            };
        }
        Operation::Judge | Operation::Bundle => return facts.line().map(drop),
        Operation::Build
        | Operation::Cancel
        | Operation::Promote
        | Operation::Rollback
        | Operation::Hold
        | Operation::Release
        | Operation::Sweep
        | Operation::Type
        | Operation::Teach
        | Operation::Bump
        | Operation::Stage
        | Operation::StopStaging => {}
    }
    let line = facts.line()?;
    if let Some(operation) = line.under_way {
        return Err(Refusal::UnderWay { key: line.key.clone(), operation });
    }
    let Some(run) = at_work(line) else { return Ok(()) };
    let key = line.key.clone();
    match operation {
        Operation::Build if run.state == RunState::Cancelling => Err(Refusal::BeingCancelled { key }),
        Operation::Build => Err(Refusal::BuiltAlready { key, since: run.since, pid: run.pid }),
        Operation::Promote | Operation::Sweep => Err(Refusal::BeingBuilt { key, since: run.since, pid: run.pid }),
        // A rollback does not touch what is being built, and its hold keeps that from being promoted.
        Operation::Cancel
        | Operation::Rollback
        | Operation::Hold
        | Operation::Release
        | Operation::Type
        | Operation::Teach
        | Operation::Bump
        | Operation::Stage
        | Operation::StopStaging
        | Operation::Dispatch
        | Operation::CancelRemote
        | Operation::Rerun
        | Operation::EnableSchedule
        | Operation::FetchLeg
        | Operation::Judge
        | Operation::Bundle => Ok(()),
    }
}

fn at_work(line: &LineFacts<'_>) -> Option<RunFacts> {
    line.run.filter(|run| run.state.live())
}

fn cancel(line: &LineFacts<'_>) -> Result<(), Refusal> {
    match at_work(line) {
        Some(_) => Ok(()),
        None => Err(Refusal::NoRunToCancel { key: line.key.clone() }),
    }
}

fn not_on_github(facts: &Facts<'_>) -> Result<(), Refusal> {
    let key = facts.line()?.key.clone();
    match &facts.github.builds {
        None => Ok(()),
        Some(run) => Err(Refusal::BuiltOnGitHub { key, number: run.number, url: run.url.clone() }),
    }
}

/// What vCenter shows is current.
fn known(facts: &Facts<'_>) -> Result<(), Refusal> {
    match facts.vcenter {
        VCenterFacts::NoLink => Err(Refusal::NoLink),
        VCenterFacts::Silent => Err(Refusal::NothingKnown),
        VCenterFacts::Known { .. } => Ok(()),
    }
}

/// The account of builds has a privilege, as far as vCenter has said.
fn has(facts: &Facts<'_>, privilege: &'static str) -> Result<(), Refusal> {
    match facts.vcenter {
        VCenterFacts::Known { account, missing } if missing.contains(privilege) => {
            Err(Refusal::LacksPrivilege { account: account.to_owned(), privilege, object: None })
        }
        VCenterFacts::Known { .. } | VCenterFacts::NoLink | VCenterFacts::Silent => Ok(()),
    }
}

/// The state of the line's templates allows it, and the account may take every step.
fn generation(operation: Operation, facts: &Facts<'_>) -> Result<(), Refusal> {
    known(facts)?;
    let Some(request) = request(operation, "…") else { return Ok(()) };
    // Who acts and when does not decide whether it may be done.
    let nobody = Actor(String::new());
    let plan = generation::plan(&request, facts.line()?.generations, &nobody, Timestamp::UNIX_EPOCH)?;
    plan.steps.iter().flat_map(generation::needs).try_for_each(|privilege| has(facts, privilege))
}

/// The change of generations that an operation is; `None` where it is none.
pub fn request(operation: Operation, reason: &str) -> Option<Request> {
    match operation {
        Operation::Promote => Some(Request::Promote),
        Operation::Rollback => Some(Request::Rollback { reason: reason.to_owned() }),
        Operation::Hold => Some(Request::Hold { reason: reason.to_owned() }),
        Operation::Release => Some(Request::Release),
        Operation::Sweep => Some(Request::Sweep),
        Operation::Build
        | Operation::Cancel
        | Operation::Type
        | Operation::Teach
        | Operation::Bump
        | Operation::Stage
        | Operation::StopStaging
        | Operation::Dispatch
        | Operation::CancelRemote
        | Operation::Rerun
        | Operation::EnableSchedule
        | Operation::FetchLeg
        | Operation::Judge
        | Operation::Bundle => None,
    }
}

impl From<&Request> for Operation {
    fn from(request: &Request) -> Self {
        match request {
            Request::Promote => Self::Promote,
            Request::Rollback { .. } => Self::Rollback,
            Request::Hold { .. } => Self::Hold,
            Request::Release => Self::Release,
            Request::Sweep => Self::Sweep,
        }
    }
}

fn type_into(facts: &Facts<'_>) -> Result<(), Refusal> {
    known(facts)?;
    let line = facts.line()?;
    let build = line.generations.build.as_ref().filter(|vm| !vm.template);
    if build.is_none_or(|vm| vm.power_state != PowerState::PoweredOn) {
        return Err(Refusal::NoGuest { key: line.key.clone() });
    }
    if !facts.picture.visible {
        return Err(Refusal::PictureHidden);
    }
    if facts.picture.recorded {
        return Err(Refusal::PictureRecorded);
    }
    has(facts, TYPE)
}

fn of_media(facts: &Facts<'_>, allowed: &Result<(), MediaRefusal>) -> Result<(), Refusal> {
    let key = facts.line()?.key.clone();
    allowed.clone().map_err(|reason| Refusal::Media { key, reason })
}

/// Nothing else is under way with the line's ISO.
fn media_at_rest(facts: &Facts<'_>) -> Result<(), Refusal> {
    let allowed = match facts.media.work {
        None => Ok(()),
        Some(MediaWork::Bumping) => Err(MediaRefusal::Bumping),
        Some(MediaWork::Staging { .. }) => Err(MediaRefusal::Staging),
    };
    of_media(facts, &allowed)
}

fn stage(facts: &Facts<'_>) -> Result<(), Refusal> {
    media_at_rest(facts)?;
    match facts.vcenter {
        VCenterFacts::NoLink => Err(Refusal::NoLink),
        VCenterFacts::Silent | VCenterFacts::Known { .. } => of_media(facts, &facts.media.missing),
    }
}

fn stop_staging(facts: &Facts<'_>) -> Result<(), Refusal> {
    let allowed = match facts.media.work {
        Some(MediaWork::Staging { stopping: false }) => Ok(()),
        Some(MediaWork::Staging { stopping: true }) => Err(MediaRefusal::Stopping),
        Some(MediaWork::Bumping) | None => Err(MediaRefusal::NotStaging),
    };
    of_media(facts, &allowed)
}

/// GitHub has answered, and is not at work on another request of ours.
fn github_ready(facts: &Facts<'_>) -> Result<(), Refusal> {
    facts.github.known.clone()?;
    if facts.github.busy { Err(GitHubRefusal::Busy.into()) } else { Ok(()) }
}

fn on_github(refusal: github::Refusal) -> Refusal {
    GitHubRefusal::from(refusal).into()
}

/// One more run would not push out one that waits.
fn one_more(facts: &Facts<'_>) -> Result<(), Refusal> {
    match facts.github.waiting.clone() {
        None => Ok(()),
        Some(RemoteRunFacts { number, title, url }) => Err(on_github(github::Refusal::Waiting { number, title, url })),
    }
}

fn dispatch(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    not_on_github(facts)?;
    one_more(facts)
}

fn cancel_remote(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    let ChosenRun { number, state, live, .. } = facts.github.run.clone()?;
    if live { Ok(()) } else { Err(GitHubRefusal::Over { number, state }.into()) }
}

fn rerun(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    let ChosenRun { number, failed, .. } = facts.github.run.clone()?;
    if failed { one_more(facts) } else { Err(on_github(github::Refusal::NoLegFailed { number })) }
}

fn enable_schedule(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    if facts.github.schedule_off { Ok(()) } else { Err(GitHubRefusal::ScheduleOn.into()) }
}

#[cfg(test)]
mod tests;
