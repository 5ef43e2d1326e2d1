//! `promote`, `rollback`, `hold`, `release`, `sweep`.

mod print;

use std::io::IsTerminal;

use tmpl::generation::{self, Consent, Plan, Progress, Request};
use tmpl::ops::change::{self, CarriedOut, Guarded, Planned};
use tmpl::ops::{Error, Operation, Refusal, remote, signals};
use tmpl::packer_run::BuiltVm;
use tmpl::pipeline::Line;
use tmpl::vcenter::Client;
use tmpl::vcenter::gate::Mode;
use tokio_util::sync::CancellationToken;

use self::print::{StepPrinter, interrupted};
use super::{Context, Exit, ask, output};

/// Arguments of verbs that take a line only.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// The line
    key: String,
    #[command(flatten)]
    how: How,
}

/// Arguments of `promote`.
#[derive(Debug, clap::Args)]
pub struct PromoteArgs {
    /// The line
    key: String,
    /// Only say whether the line is held (exit 3); for a workflow that promotes by itself
    #[arg(long, conflicts_with_all = ["dry_run", "plan"])]
    check_hold: bool,
    #[command(flatten)]
    take_over: TakeOver,
    /// Do not ask; without a terminal it never asks
    #[arg(long)]
    yes: bool,
    /// Promote a build whose date is older than live's, because a clock was wrong
    #[arg(long)]
    ignore_age: bool,
    /// Boot a clone of the build first, and promote only if it comes up; always done where the matrix says `smoke`
    #[arg(long)]
    smoke: bool,
    /// Promote even if packer carried on after a provisioner failed (continue_on_error)
    #[arg(long)]
    allow_warnings: bool,
    #[command(flatten)]
    how: How,
}

/// What sets the claim of another machine's build aside.
#[derive(Debug, Default, clap::Args)]
pub struct TakeOver {
    /// Go ahead although another machine builds the line, or may be building it; the reason goes into the audit log
    #[arg(long = "take-over", value_name = "REASON")]
    pub reason: Option<String>,
}

/// What every change takes.
#[derive(Debug, Default, clap::Args)]
pub struct How {
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do exactly the steps that --dry-run printed with this ID, or nothing
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Print what was done (or would be) as JSON
    #[arg(long)]
    json: bool,
    /// Ends it before the first step
    #[arg(skip)]
    stop: CancellationToken,
    /// What was agreed to beforehand
    #[arg(skip)]
    consent: Consent,
    /// The one object that may be promoted
    #[arg(skip)]
    built: Option<BuiltVm>,
    /// What a build on another branch left, to be swept
    #[arg(skip)]
    vm: Option<String>,
}

/// Arguments of `hold`.
#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    /// The line
    key: String,
    /// Why; the next person on call sees it
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    how: How,
}

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The line
    key: String,
    /// Why; kept with the hold
    #[arg(long)]
    reason: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    how: How,
}

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct SweepArgs {
    /// The line
    key: String,
    /// Do not ask for the name
    #[arg(long)]
    yes: bool,
    /// Instead of <base>-build, what a build of the line on another branch left; `status` lists these
    #[arg(long, value_name = "NAME")]
    vm: Option<String>,
    #[command(flatten)]
    take_over: TakeOver,
    #[command(flatten)]
    how: How,
}

/// What must be answered before anything is changed.
enum Ask {
    Yes,
    Name,
}

/// Promotes.
pub async fn promote(context: &Context, args: PromoteArgs) -> anyhow::Result<Exit> {
    if args.check_hold {
        return check_hold(context, &args.key, args.how.json).await;
    }
    let asked = consent(&args.take_over, args.ignore_age)?;
    let consent = Consent { smoke: args.smoke, allow_warnings: args.allow_warnings, ..asked };
    let how = How { consent, ..args.how };
    // A plan was looked at before; scripts have no terminal.
    let asks = !args.yes && how.plan.is_none() && std::io::stdin().is_terminal();
    run(context, &args.key, Request::Promote, &how, asks.then_some(Ask::Yes)).await
}

/// Says whether a line is held: exit 3, as for a promotion. What cannot be known refuses too, by its own exit code.
async fn check_hold(context: &Context, key: &str, json: bool) -> anyhow::Result<Exit> {
    let line = context.line(key)?;
    let hold = change::hold_of(&context.client_of(&line.key)?, &line).await?;
    if json {
        output::json(&hold)?;
    }
    match hold {
        None => Ok(Exit::Done),
        Some(hold) => Err(Error::from(Refusal::from(generation::Refusal::Held { base: line.base_name, hold })).into()),
    }
}

/// Promotes what this process has just built, unless somebody asks for the end of that before the first step.
pub async fn promote_built(
    context: &Context,
    line: &Line,
    built: BuiltVm,
    stop: CancellationToken,
    allow_warnings: bool,
) -> anyhow::Result<Exit> {
    let consent = Consent { allow_warnings, ..Consent::default() };
    let how = How { stop, consent, built: Some(built), ..How::default() };
    run(context, &line.key.0, Request::Promote, &how, None).await
}

/// Rolls back.
pub async fn rollback(context: &Context, args: RollbackArgs) -> anyhow::Result<Exit> {
    let ask = (!args.yes).then_some(Ask::Yes);
    run(context, &args.key, Request::Rollback { reason: args.reason }, &args.how, ask).await
}

/// Holds.
pub async fn hold(context: &Context, args: HoldArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Hold { reason: args.reason }, &args.how, None).await
}

/// Releases.
pub async fn release(context: &Context, args: KeyArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Release, &args.how, None).await
}

/// Sweeps.
pub async fn sweep(context: &Context, args: SweepArgs) -> anyhow::Result<Exit> {
    let ask = (!args.yes).then_some(Ask::Name);
    let how = How { consent: consent(&args.take_over, false)?, vm: args.vm, ..args.how };
    run(context, &args.key, Request::Sweep, &how, ask).await
}

pub fn consent(take_over: &TakeOver, ignore_age: bool) -> Result<Consent, Error> {
    Ok(Consent::new(take_over.reason.as_deref(), ignore_age).map_err(Refusal::from)?)
}

async fn run(context: &Context, key: &str, request: Request, how: &How, ask: Option<Ask>) -> anyhow::Result<Exit> {
    let line = context.line(key)?;
    let ops = context.ops()?;
    let operation = Operation::from(&request);
    // A dry run changes nothing.
    let mode = if how.dry_run { Mode::ReadWrite } else { ops.mode };
    context.records(&line.key)?;
    let run = change::allowed_here(&ops, &line.key, operation, mode)?;
    if operation == Operation::Sweep {
        // Before vCenter is asked; what is not known is for the guard.
        let known = remote::on_github(&ops.repo, &line.key).await;
        remote::not_built_on_github(&known, &line.key).map_err(Error::from)?;
    }
    let client = context.client_of(&line.key)?;
    let (ops, line) = match &how.vm {
        Some(name) => change::orphan(ops, &client, &line, name).await?,
        None => (ops, line),
    };
    let planned = tokio::select! {
        planned = change::plan(&client, &line, &request, &how.consent, how.built.as_ref()) => planned?,
        () = how.stop.cancelled() => return Ok(Exit::Cancelled),
    };
    let (plan, before) = match planned {
        Planned::Plan(plan, before) => (plan, before),
        Planned::NothingToSweep if how.plan.is_none() => return print::nothing_to_sweep(&line, how.json),
        Planned::NothingToSweep => return Err(stale(&line.base_name)),
    };
    if how.plan.as_ref().is_some_and(|wanted| *wanted != plan.fingerprint()) {
        return Err(stale(&plan.base));
    }
    let Some(mut guarded) = guarded(&ops, &client, &plan, &how.stop).await? else { return Ok(Exit::Cancelled) };
    before.said().chain(guarded.notes.iter().map(String::as_str)).for_each(print::aside);
    if run.is_some_and(|run| run.state.live()) {
        print::being_built(&line, operation);
    }
    if how.dry_run {
        return print::dry_run(&plan, &before, &line, how.json).map(|()| Exit::Done);
    }
    if let Some(ask) = ask {
        if !agreed(&plan, &ask)? {
            return Err(Error::from(Refusal::NotConfirmed).into());
        }
        // Somebody may have thought about it for long, and a build begun meanwhile.
        change::allowed_here(&ops, &line.key, operation, mode)?;
        guarded = change::guard(&ops, &client, &plan).await?;
    }
    let printer = StepPrinter::default();
    let say = |what| {
        how.stop.cancel();
        interrupted(what, &plan.request);
    };
    let (gate, on) = (ops.gate(&client), |progress: &Progress| printer.tell(progress));
    match signals::undisturbed(false, &say, change::carry_out(&gate, guarded, &on, &how.stop)).await? {
        Some(done) => match done? {
            CarriedOut::Done(seen) => seen.iter().for_each(|seen| print::aside(seen)),
            CarriedOut::Stopped => return Ok(Exit::Cancelled),
        },
        None => return Ok(Exit::Cancelled),
    }
    print::done(&plan, &before, &line, how.json)
}

/// Asks vCenter for its objections, unless somebody asks for the end first; then `None`.
async fn guarded<'p>(
    ops: &tmpl::ops::Context,
    client: &Client,
    plan: &'p Plan,
    stop: &CancellationToken,
) -> Result<Option<Guarded<'p>>, Error> {
    tokio::select! {
        guarded = change::guard(ops, client, plan) => guarded.map(Some),
        () = stop.cancelled() => Ok(None),
    }
}

fn stale(base: &str) -> anyhow::Error {
    Error::from(Refusal::Stale { base: base.to_owned() }).into()
}

/// Shows the steps and asks on the terminal; without one, `--yes` is needed.
fn agreed(plan: &Plan, ask: &Ask) -> anyhow::Result<bool> {
    if std::io::stdin().is_terminal() {
        plan.lines().for_each(|line| print::aside(&line));
    }
    match ask {
        Ask::Yes => ask::agreed("Do this? [y/N]", "y"),
        Ask::Name => {
            let name = plan.steps.last().map_or(&plan.builds, |step| &step.subject().name);
            ask::agreed(&format!("Type {name} to destroy it:"), name)
        }
    }
}
