//! Changes of generations: promote, rollback, hold, release, sweep.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;

use super::facts::{Facts, LineFacts, RunFacts, VCenterFacts};
use super::operation::WhileBuilt;
use super::outcome::Before;
use super::remote::{self, OnGitHub};
use super::smoke::{self, Trial, Tried};
use super::{Context, Error, Operation, Refusal, check, claim, clones, forgave, hold};
use crate::generation::{self, Actor, Claim, Consent, Generations, Hold, Plan, Progress, Request, SetAside};
use crate::packer_run::{self, BuiltVm};
use crate::pipeline::{Key, Line};
use crate::vcenter::gate::{Gate, Mode};
use crate::vcenter::{Client, Vm};

/// What a change comes to.
#[derive(Debug)]
pub enum Planned {
    /// a sweep that finds nothing: CI sweeps after every cancel, and mostly packer has cleaned up
    NothingToSweep,
    /// these steps, and what to know before they are taken
    Plan(Box<Plan>, Before),
}

/// The newest run of a line on this machine.
///
/// # Errors
/// A record that cannot be read: whether it is being built is not known then.
pub fn run_of(context: &Context, key: &Key) -> Result<Option<RunFacts>, Error> {
    let run = packer_run::latest(&context.state, key).map_err(Error::reading(context.state.runs().join(&key.0)))?;
    Ok(run.as_ref().map(RunFacts::from))
}

/// Refuses what need not be asked of vCenter or GitHub: read-only, or the line is being built. Returns the line's newest
/// run.
///
/// # Errors
/// The refusal, or a record that cannot be read.
pub fn allowed_here(context: &Context, key: &Key, operation: Operation, mode: Mode) -> Result<Option<RunFacts>, Error> {
    let run = match run_of(context, key) {
        // Only what must not meet a build has to know.
        Err(error) if operation.while_built() == WhileBuilt::Allowed => {
            tracing::warn!(%key, %error, "whether it is being built is not known");
            None
        }
        read => read?,
    };
    let nothing = Generations::default();
    let line = LineFacts { run, ..LineFacts::at_rest(key, &nothing) };
    super::check_here(operation, &Facts { line: Some(line), ..Facts::unasked(mode) })?;
    Ok(run)
}

/// Reads the line, asks the judge, and draws up the steps. Changes nothing. `built` is the one object that may be promoted.
///
/// # Errors
/// A refusal, or vCenter cannot be read.
pub async fn plan(
    client: &Client,
    line: &Line,
    request: &Request,
    consent: &Consent,
    built: Option<&BuiltVm>,
) -> Result<Planned, Error> {
    let generations = Generations::of(line, &client.vms().await?);
    if *request == Request::Sweep && generations.nothing_to_sweep() {
        return Ok(Planned::NothingToSweep);
    }
    if let Some(built) = built {
        is_this_build(&generations, built)?;
    }
    // What is missing is asked of the very objects, by the guard.
    let (account, missing) = (&client.settings().credentials.username, Default::default());
    let facts = Facts {
        line: Some(LineFacts::at_rest(&line.key, &generations)),
        vcenter: VCenterFacts::Known { account, missing: &missing },
        consent: consent.clone(),
        ..Facts::unasked(Mode::ReadWrite)
    };
    check(Operation::from(request), &facts)?;
    let (by, now) = (Actor::current(), Timestamp::now());
    let plan = generation::plan_agreed(request, consent, &generations, &by, now).map_err(Refusal::from)?;
    let before = Before::of(Operation::from(request), &generations, now, &TimeZone::system());
    Ok(Planned::Plan(Box::new(plan), before))
}

/// The hold of a line, whichever of its templates carries it.
///
/// # Errors
/// vCenter cannot be read.
pub async fn hold_of(client: &Client, line: &Line) -> Result<Option<Hold>, Error> {
    Ok(Generations::of(line, &client.vms().await?).hold)
}

/// What would be promoted is what a run built, and nothing that has its name.
fn is_this_build(now: &Generations, built: &BuiltVm) -> Result<(), Refusal> {
    let same = |vm: &&Vm| vm.moid == built.moid && vm.instance_uuid == built.instance_uuid;
    match &now.build {
        Some(vm) if same(&vm) => Ok(()),
        found => Err(Refusal::NotThisBuild {
            built: format!("{} ({})", built.name, built.moid),
            found: found.as_ref().map_or_else(|| "nothing".into(), |vm| vm.moid.0.clone()),
            name: now.builds.clone(),
        }),
    }
}

/// The same line where it builds `name`, which a build of it on another branch left: to be swept.
///
/// # Errors
/// [`Refusal::NotOfLine`], or vCenter cannot be read.
pub async fn orphan(context: Context, client: &Client, line: &Line, name: &str) -> Result<(Context, Line), Error> {
    let vms = client.vms().await?;
    if !generation::orphans(context.lines.iter(), line, &vms).iter().any(|vm| vm.name == name) {
        return Err(Refusal::NotOfLine { key: line.key.clone(), name: name.to_owned() }.into());
    }
    let mut line = line.clone();
    line.builds.name = Some(name.to_owned());
    let lines = context.lines.into_iter().map(|one| if one.key == line.key { line.clone() } else { one }).collect();
    Ok((Context { lines, ..context }, line))
}

/// Where a plan is carried out: a sweep of what another branch left is about a name that no line of this checkout has.
///
/// # Errors
/// As [`orphan`].
pub async fn context_of(context: Context, client: &Client, plan: &Plan) -> Result<Context, Error> {
    let line = context.lines.iter().find(|line| line.names().live() == plan.base).cloned();
    match line.filter(|line| plan.request == Request::Sweep && !line.builds_as(&plan.builds)) {
        Some(line) => Ok(orphan(context, client, &line, &plan.builds).await?.0),
        None => Ok(context),
    }
}

/// A plan to which nobody objected a moment ago.
#[derive(Debug, Clone)]
pub struct Guarded<'p> {
    plan: &'p Plan,
    /// its line
    key: Option<Key>,
    set_aside: Option<SetAside>,
    trial: Option<Trial>,
    /// what was set aside for it, and what is not known, one line each
    pub notes: Vec<String>,
}

/// Asks vCenter whether it would let every step happen, other machines whether they are at work on what goes, and GitHub
/// too. Changes nothing.
///
/// # Errors
/// A refusal, or vCenter cannot be asked.
pub async fn guard<'p>(context: &Context, client: &Client, plan: &'p Plan) -> Result<Guarded<'p>, Error> {
    let line = context.lines.iter().find(|line| line.names().live() == plan.base);
    if let Some(line) = line {
        forgave::guard(context, &line.key, plan).await?;
    }
    let ours = |claim: &Claim| line.is_some_and(|line| claim::is_ours(context, &line.key, claim));
    let set_aside = generation::guard(client, plan, &ours).await?;
    let mut notes: Vec<String> = set_aside.iter().map(|set_aside| claim::told(set_aside, &plan.consent)).collect();
    if let (Request::Sweep, Some(line)) = (&plan.request, line) {
        notes.extend(nobody_builds(context, &line.key, plan).await?);
    }
    notes.extend(clones::before(client, plan).await);
    if matches!(plan.request, Request::Hold { .. } | Request::Rollback { .. }) {
        notes.extend(hold::not_respected(&context.repo, Timestamp::now()));
    }
    let trial = match line {
        Some(line) => smoke::look(context, client, line, plan).await?,
        None => None,
    };
    Ok(Guarded { trial, plan, key: line.map(|line| line.key.clone()), set_aside, notes })
}

/// Nobody builds on GitHub what would be swept. Where that is not known, only what no build can be at work on goes: a
/// finished template; or somebody says why it does not count.
async fn nobody_builds(context: &Context, key: &Key, plan: &Plan) -> Result<Option<String>, Error> {
    let known = remote::on_github(&context.repo, key).await;
    remote::not_built_on_github(&known, key)?;
    let OnGitHub::Unknown(reason) = known else { return Ok(None) };
    let finished = plan.steps.iter().all(|step| step.subject().template);
    if finished || plan.consent.take_over.is_some() {
        return Ok(Some(format!("cannot tell whether GitHub builds {key}: {reason}")));
    }
    Err(Refusal::MayBeBuilt { key: key.clone(), name: plan.builds.clone(), reason }.into())
}

/// How a plan was carried out.
#[derive(Debug, PartialEq, Eq)]
pub enum CarriedOut {
    /// every step is done; what the smoke test before them saw
    Done(Option<String>),
    /// somebody asked for the end before the first step
    Stopped,
}

/// Carries the steps out, once a clone of the build has passed its smoke test where one is wanted. Not to be cut off: see
/// [`super::signals::undisturbed`]; `stop` ends the smoke test, and then nothing is promoted.
///
/// # Errors
/// The clone did not pass; the line has changed since the plan was made; or a step failed.
pub async fn carry_out(
    gate: &Gate,
    guarded: Guarded<'_>,
    on: &(dyn Fn(&Progress) + Sync),
    stop: &CancellationToken,
) -> Result<CarriedOut, Error> {
    let Guarded { plan, key, set_aside, trial, .. } = guarded;
    let doubt = plan.consent.take_over.as_ref();
    if let (Some(reason), Some(step)) = (doubt, plan.steps.first()) {
        let whose = match &set_aside {
            Some(SetAside::TakenOver(claim) | SetAside::Stale(claim)) => format!("{} (run {})", claim.by, claim.run),
            None => "nobody known".to_owned(),
        };
        let object = Vm::named(step.subject().moid.clone(), &step.subject().name);
        gate.take_over(plan.request.verb(), &object, &format!("from {whose}: {reason}"))?;
    }
    let mut seen = None;
    if let Some(trial) = &trial {
        on(&Trial::progress(plan, None));
        match smoke::run(gate, trial, &|percent| on(&Trial::progress(plan, percent)), stop).await? {
            Tried::Passed(said) => seen = Some(said),
            Tried::Stopped => return Ok(CarriedOut::Stopped),
        }
        if stop.is_cancelled() {
            return Ok(CarriedOut::Stopped);
        }
    }
    let before = usize::from(trial.is_some());
    let on = |progress: &Progress| {
        on(&Progress { step: progress.step + before, steps: progress.steps + before, ..progress.clone() });
    };
    generation::apply(gate, plan, &on).await?;
    if let Some(key) = key {
        super::tell::changed(&key, plan);
    }
    Ok(CarriedOut::Done(seen))
}
