//! The one judge of what may be done now. Keys, hints, help, palette, confirmations and every verb ask it.

use jiff::Timestamp;

use super::facts::{Facts, LineFacts, MediaWork, RemoteRunFacts, RunFacts, VCenterFacts};
use super::operation::WhileBuilt;
use super::{GitHubRefusal, MediaRefusal, Operation, Refusal, permitted};
use crate::generation::{self, Actor, Request};
use crate::github;
use crate::packer_run::RunState;
use crate::pipeline::Key;
use crate::vcenter::PowerState;
use crate::vcenter::privilege::{ANSWER, TYPE};

/// A reason, where it is not known yet: which one does not decide.
const ANY: &str = "…";

/// Whether an operation may be done now.
///
/// # Errors
/// Why not; nothing was changed.
pub fn check(operation: Operation, facts: &Facts<'_>) -> Result<(), Refusal> {
    check_here(operation, facts)?;
    match operation {
        Operation::Build => linked(facts).and_then(|()| not_on_github(facts)),
        Operation::Cancel => cancel(facts.line()?),
        Operation::Promote => generation(&Request::Promote, facts).and_then(|()| nothing_forgiven(facts)),
        Operation::Rollback => generation(&Request::Rollback { reason: ANY.into() }, facts),
        Operation::Hold => generation(&Request::Hold { reason: ANY.into() }, facts),
        Operation::Release => generation(&Request::Release, facts),
        Operation::Sweep => {
            known(facts).and_then(|()| not_on_github(facts)).and_then(|()| generation(&Request::Sweep, facts))
        }
        Operation::Type | Operation::Wake => type_into(facts),
        Operation::Answer => answer(facts),
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
        Operation::Plugin => Ok(()),
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
    permitted(operation, facts.mode)?;
    let stops_test = operation == Operation::Cancel && facts.line.as_ref().is_some_and(|line| line.tried);
    if facts.leaving && operation.mutates() && operation != Operation::StopStaging && !stops_test {
        return Err(Refusal::Leaving);
    }
    if !operation.of_a_line() {
        return Ok(());
    }
    let line = facts.line()?;
    if let Some(under_way) = line.under_way.filter(|_| operation.mutates() && !stops_test) {
        return Err(Refusal::UnderWay { key: line.key.clone(), operation: under_way });
    }
    match (at_work(line), operation.while_built()) {
        (Some(run), WhileBuilt::Refused) => Err(built_here(operation, line.key.clone(), run)),
        (Some(_), WhileBuilt::Allowed) | (None, _) => Ok(()),
    }
}

fn built_here(operation: Operation, key: Key, run: RunFacts) -> Refusal {
    let (since, pid) = (run.since, run.pid);
    if operation == Operation::Dispatch {
        return Refusal::BuiltHere { key };
    }
    if operation != Operation::Build {
        return Refusal::BeingBuilt { key, since, pid };
    }
    match run.state {
        RunState::Cancelling => Refusal::BeingCancelled { key },
        RunState::Starting
        | RunState::Running
        | RunState::Succeeded
        | RunState::Failed { .. }
        | RunState::Cancelled
        | RunState::Lost => Refusal::BuiltAlready { key, since, pid },
    }
}

fn at_work(line: &LineFacts<'_>) -> Option<RunFacts> {
    line.run.filter(|run| run.state.live())
}

fn cancel(line: &LineFacts<'_>) -> Result<(), Refusal> {
    match at_work(line) {
        Some(_) => Ok(()),
        None if line.tried => Ok(()),
        None => Err(Refusal::NoRunToCancel { key: line.key.clone() }),
    }
}

pub(super) fn not_on_github(facts: &Facts<'_>) -> Result<(), Refusal> {
    let key = facts.line()?.key.clone();
    match &facts.github.builds {
        None => Ok(()),
        Some(run) => Err(Refusal::BuiltOnGitHub { key, number: run.number, url: run.url.clone() }),
    }
}

/// Packer and the look at the build VM before it need vCenter, where the repository names one.
fn linked(facts: &Facts<'_>) -> Result<(), Refusal> {
    match facts.vcenter {
        VCenterFacts::NoLink => Err(Refusal::NoLink),
        VCenterFacts::Unnamed | VCenterFacts::Silent | VCenterFacts::Known { .. } => Ok(()),
    }
}

/// What vCenter shows is current.
fn known(facts: &Facts<'_>) -> Result<(), Refusal> {
    match facts.vcenter {
        VCenterFacts::NoLink | VCenterFacts::Unnamed => Err(Refusal::NoLink),
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
        VCenterFacts::Known { .. } | VCenterFacts::NoLink | VCenterFacts::Unnamed | VCenterFacts::Silent => Ok(()),
    }
}

/// The state of the line's templates allows it, and the account may take every step.
fn generation(request: &Request, facts: &Facts<'_>) -> Result<(), Refusal> {
    known(facts)?;
    // Who acts and when does not decide whether it may be done.
    let nobody = Actor(String::new());
    let plan =
        generation::plan_agreed(request, &facts.consent, facts.line()?.generations, &nobody, Timestamp::UNIX_EPOCH)?;
    plan.steps.iter().flat_map(generation::needs).try_for_each(|privilege| has(facts, privilege))
}

/// Packer did all that the template asks for, or whoever asks knows that it did not.
pub(super) fn nothing_forgiven(facts: &Facts<'_>) -> Result<(), Refusal> {
    let line = facts.line()?;
    match line.forgave.filter(|_| !facts.consent.allow_warnings) {
        Some(why) => {
            let base = line.generations.base.clone();
            Err(generation::Refusal::Forgiven { base, why: why.to_owned() }.into())
        }
        None => Ok(()),
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

fn answer(facts: &Facts<'_>) -> Result<(), Refusal> {
    known(facts)?;
    let line = facts.line()?;
    if line.generations.build.as_ref().is_none_or(|vm| vm.question.is_none()) {
        return Err(Refusal::NoQuestion { key: line.key.clone() });
    }
    has(facts, ANSWER)
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
        VCenterFacts::NoLink | VCenterFacts::Unnamed => Err(Refusal::NoLink),
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
    let key = facts.line()?.key.clone();
    match facts.github.builds.clone() {
        None => one_more(facts),
        Some(RemoteRunFacts { number, url, .. }) => Err(on_github(github::Refusal::BuiltAlready { key, number, url })),
    }
}

fn cancel_remote(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    facts.github.run.clone()?.cancel.map_err(on_github)
}

fn rerun(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    facts.github.run.clone()?.rerun.map_err(on_github)?;
    one_more(facts)
}

fn enable_schedule(facts: &Facts<'_>) -> Result<(), Refusal> {
    github_ready(facts)?;
    if facts.github.schedule_off { Ok(()) } else { Err(GitHubRefusal::ScheduleOn.into()) }
}

#[cfg(test)]
mod tests;
