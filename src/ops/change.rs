//! Changes of generations: promote, rollback, hold, release, sweep.

use jiff::Timestamp;

use super::facts::{Facts, LineFacts, RunFacts, VCenterFacts};
use super::operation::WhileBuilt;
use super::{Context, Error, Operation, Refusal, check};
use crate::generation::{self, Actor, Generations, Plan, Progress, Request};
use crate::packer_run;
use crate::pipeline::{Key, Line};
use crate::vcenter::Client;
use crate::vcenter::gate::{Gate, Mode};

/// What a change comes to.
#[derive(Debug)]
pub enum Planned {
    /// a sweep that finds nothing: CI sweeps after every cancel, and mostly packer has cleaned up
    NothingToSweep,
    /// these steps
    Plan(Box<Plan>),
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
    let line = LineFacts { key, under_way: None, run, generations: &nothing };
    super::check_here(operation, &Facts { line: Some(line), ..Facts::unasked(mode) })?;
    Ok(run)
}

/// Reads the line, asks the judge, and draws up the steps. Changes nothing.
///
/// # Errors
/// A refusal, or vCenter cannot be read.
pub async fn plan(client: &Client, line: &Line, request: &Request) -> Result<Planned, Error> {
    let generations = Generations::of(line, &client.vms().await?);
    if *request == Request::Sweep && generations.build.is_none() {
        return Ok(Planned::NothingToSweep);
    }
    // What is missing is asked of the very objects, by the guard.
    let (account, missing) = (&client.settings().credentials.username, Default::default());
    let facts = Facts {
        line: Some(LineFacts { key: &line.key, under_way: None, run: None, generations: &generations }),
        vcenter: VCenterFacts::Known { account, missing: &missing },
        ..Facts::unasked(Mode::ReadWrite)
    };
    check(Operation::from(request), &facts)?;
    let plan = generation::plan(request, &generations, &Actor::current(), Timestamp::now()).map_err(Refusal::from)?;
    Ok(Planned::Plan(Box::new(plan)))
}

/// A plan to which vCenter did not object a moment ago.
#[derive(Debug, Clone, Copy)]
pub struct Guarded<'p>(&'p Plan);

/// Asks vCenter whether it would let every step happen. Changes nothing.
///
/// # Errors
/// A refusal, or vCenter cannot be asked.
pub async fn guard<'p>(client: &Client, plan: &'p Plan) -> Result<Guarded<'p>, Error> {
    generation::guard(client, plan).await?;
    Ok(Guarded(plan))
}

/// Carries the steps out. Not to be cut off: see [`super::signals::undisturbed`].
///
/// # Errors
/// The line has changed since the plan was made, or a step failed.
pub async fn carry_out(gate: &Gate, Guarded(plan): Guarded<'_>, on: &(dyn Fn(&Progress) + Sync)) -> Result<(), Error> {
    Ok(generation::apply(gate, plan, on).await?)
}
