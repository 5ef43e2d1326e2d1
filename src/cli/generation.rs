//! `promote`, `rollback`, `hold`, `release`, `sweep`.

mod signals;

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use tmpl::generation::{self, Actor, ApplyError, Generations, GuardError, Plan, Request, Step};
use tmpl::packer_run;
use tmpl::pipeline::Line;
use tmpl::vcenter::Client;
use tmpl::vcenter::gate::{GateError, Mode};
use tokio_util::sync::CancellationToken;

use self::signals::{StepPrinter, undisturbed};
use super::{Context, Exit, Stop, output};

/// Arguments of verbs that take a line only.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// The line
    key: String,
    #[command(flatten)]
    how: How,
}

/// Arguments of `promote`.
pub type PromoteArgs = KeyArgs;

/// What every change takes.
#[derive(Debug, Default, clap::Args)]
pub struct How {
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do exactly the steps that --dry-run printed under this name, or nothing
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// What was done (or would be) as JSON
    #[arg(long)]
    json: bool,
    /// Ends it before the first step
    #[arg(skip)]
    stop: CancellationToken,
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
    #[command(flatten)]
    how: How,
}

/// What must be answered before anything is changed.
enum Ask {
    Nothing,
    Yes,
    Name,
}

/// What was done; the shape of `--json`.
#[derive(Serialize)]
struct Report<'a> {
    key: &'a str,
    base_name: &'a str,
    verb: &'a str,
    /// as `--plan` takes it; null when there is nothing to do
    plan: Option<String>,
    steps: &'a [Step],
    /// what the steps come to where that is less than what was asked for
    caveat: Option<&'a str>,
    /// false after `--dry-run`
    done: bool,
}

/// Promotes.
pub async fn promote(context: &Context, args: PromoteArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Promote, &args.how, Ask::Nothing).await
}

/// Promotes what this process has just built, unless somebody asks for the end of that before the first step.
pub async fn promote_built(context: &Context, line: &Line, stop: CancellationToken) -> anyhow::Result<Exit> {
    run(context, &line.key.0, Request::Promote, &How { stop, ..How::default() }, Ask::Nothing).await
}

/// Rolls back.
pub async fn rollback(context: &Context, args: RollbackArgs) -> anyhow::Result<Exit> {
    let ask = if args.yes { Ask::Nothing } else { Ask::Yes };
    run(context, &args.key, Request::Rollback { reason: args.reason }, &args.how, ask).await
}

/// Holds.
pub async fn hold(context: &Context, args: HoldArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Hold { reason: args.reason }, &args.how, Ask::Nothing).await
}

/// Releases.
pub async fn release(context: &Context, args: KeyArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Release, &args.how, Ask::Nothing).await
}

/// Sweeps.
pub async fn sweep(context: &Context, args: SweepArgs) -> anyhow::Result<Exit> {
    let ask = if args.yes { Ask::Nothing } else { Ask::Name };
    run(context, &args.key, Request::Sweep, &args.how, ask).await
}

async fn run(context: &Context, key: &str, request: Request, how: &How, ask: Ask) -> anyhow::Result<Exit> {
    let line = context.line(key)?;
    if context.mode() == Mode::ReadOnly && !how.dry_run {
        return Err(Stop::refused(format!("read-only: {} is not done", request.verb())));
    }
    not_being_built(context, &line, &request)?;
    if matches!(request, Request::Sweep) && !how.dry_run {
        super::runs::free(context, &line.key).await?;
    }
    let client = context.client()?;
    change(context, &line, &request, how, &ask, &client).await
}

async fn change(
    context: &Context,
    line: &Line,
    request: &Request,
    how: &How,
    ask: &Ask,
    client: &Client,
) -> anyhow::Result<Exit> {
    let planned = tokio::select! {
        planned = planned(line, request, how, ask, client) => planned?,
        () = how.stop.cancelled() => Err(Exit::Cancelled),
    };
    let plan = match planned {
        Ok(plan) => plan,
        Err(exit) => return Ok(exit),
    };
    let gate = context.gate(client)?;
    let told = Mutex::new(StepPrinter::default());
    let on = |progress: &generation::Progress| told.lock().unwrap_or_else(PoisonError::into_inner).tell(progress);
    let Some(outcome) = undisturbed(request, generation::apply(&gate, &plan, &on)).await? else {
        return Ok(Exit::Cancelled);
    };
    outcome.map_err(stop)?;
    // It is done, whether or not that can be told.
    if how.json
        && let Err(error) = print(&plan, line, true, true)
    {
        tell(&format!("stdout cannot be written: {error}"));
    }
    match plan.caveat {
        Some(caveat) => Err(anyhow::anyhow!("{}: {caveat}", line.key)),
        None => Ok(Exit::Done),
    }
}

/// The steps to be done, nobody having objected; an exit code where there is nothing to do.
async fn planned(
    line: &Line,
    request: &Request,
    how: &How,
    ask: &Ask,
    client: &Client,
) -> anyhow::Result<Result<Plan, Exit>> {
    let now = Generations::read(&line.base_name, &client.vms().await.map_err(Stop::vcenter)?);
    if matches!(request, Request::Sweep) && now.build.is_none() && how.plan.is_none() {
        return swept_already(line, how.json).map(Err);
    }
    let plan = generation::plan(request, &now, &Actor::current(), Timestamp::now()).map_err(Stop::refused)?;
    generation::guard(client, &plan).await.map_err(|error| match error {
        GuardError::Refused(refusal) => Stop::refused(refusal),
        GuardError::VCenter(error) => Stop::vcenter(error),
    })?;
    if how.plan.as_ref().is_some_and(|wanted| *wanted != plan.fingerprint()) {
        let base = &plan.base;
        return Err(Stop::refused(format!("{base} has changed since that plan was made; look again with --dry-run")));
    }
    if how.dry_run {
        return print(&plan, line, how.json, false).map(|()| Err(Exit::Done));
    }
    if !agreed(&plan, ask)? {
        return Err(Stop::refused("not confirmed; nothing was changed"));
    }
    Ok(Ok(plan))
}

/// CI sweeps after every cancel, and mostly packer has cleaned up: that is as it should be.
fn swept_already(line: &Line, json: bool) -> anyhow::Result<Exit> {
    tell(&format!("{}-build not found: nothing to sweep", line.base_name));
    if json {
        let (key, base_name, verb) = (&line.key.0, &line.base_name, Request::Sweep.verb());
        let report = Report { key, base_name, verb, plan: None, steps: &[], caveat: None, done: true };
        output::json(&report)?;
    }
    Ok(Exit::Done)
}

/// Packer may be about to destroy the very build that is meant.
fn not_being_built(context: &Context, line: &Line, request: &Request) -> anyhow::Result<()> {
    if !matches!(request, Request::Promote | Request::Sweep) {
        return Ok(());
    }
    let run = packer_run::latest(&context.state()?, &line.key)?;
    match run.filter(|run| run.state.live()) {
        Some(run) => Err(Stop::refused(format!(
            "{} is being built since {:.0} (process {}); wait for it or cancel it first",
            line.key, run.started, run.supervisor.pid
        ))),
        None => Ok(()),
    }
}

fn stop(error: ApplyError) -> anyhow::Error {
    match error {
        ApplyError::Read(error) => Stop::vcenter(error),
        ApplyError::Step { cause: GateError::VCenter(_), .. } => error.into(),
        error if error.nothing_changed() => Stop::refused(error),
        error => error.into(),
    }
}

fn print(plan: &Plan, line: &Line, json: bool, done: bool) -> anyhow::Result<()> {
    let verb = plan.request.verb();
    if json {
        let (key, base_name, caveat) = (&line.key.0, &plan.base, plan.caveat);
        let report = Report { key, base_name, verb, plan: Some(plan.fingerprint()), steps: &plan.steps, caveat, done };
        return Ok(output::json(&report)?);
    }
    for step in &plan.steps {
        output::result(&step.to_string())?;
    }
    if let Some(caveat) = plan.caveat {
        tell(caveat);
    }
    tell(&format!("nothing was changed; for exactly this or nothing add --plan {}", plan.fingerprint()));
    Ok(())
}

/// Shows the steps and asks on the terminal; without one, `--yes` is needed.
fn agreed(plan: &Plan, ask: &Ask) -> anyhow::Result<bool> {
    let (question, answer) = match ask {
        Ask::Nothing => return Ok(true),
        Ask::Yes => ("Do this? [y/N]".to_owned(), "y".to_owned()),
        Ask::Name => {
            let name = format!("{}-build", plan.base);
            (format!("Type {name} to destroy it:"), name)
        }
    };
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage("no terminal to confirm on; pass --yes"));
    }
    for step in &plan.steps {
        tell(&step.to_string());
    }
    output::ask(&question)?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed.trim().eq_ignore_ascii_case(&answer))
}

fn tell(text: &str) {
    // Nothing is left to do when stderr is closed.
    let _ = output::aside(text);
}
