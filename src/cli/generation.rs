//! `promote`, `rollback`, `hold`, `release`, `sweep`.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::Timestamp;
use tmpl::generation::{self, Actor, ApplyError, Generations, GuardError, Plan, Request};
use tmpl::vcenter::gate::{GateError, Mode};

use super::{Context, Exit, Stop};

/// Arguments of verbs that take a line only.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// The line
    key: String,
}

/// Arguments of `promote`.
#[derive(Debug, clap::Args)]
pub struct PromoteArgs {
    /// The line
    key: String,
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Arguments of `rollback`.
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// The line
    key: String,
    /// Why; kept with the hold
    #[arg(long)]
    reason: String,
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Arguments of `hold`.
#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    /// The line
    key: String,
    /// Why
    #[arg(long)]
    reason: String,
}

/// Arguments of `sweep`.
#[derive(Debug, clap::Args)]
pub struct SweepArgs {
    /// The line
    key: String,
    /// Print the steps, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for the name
    #[arg(long)]
    yes: bool,
}

/// What must be answered before anything is changed.
enum Ask {
    Nothing,
    Yes,
    Name,
}

/// Promotes.
pub async fn promote(context: &Context, args: PromoteArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Promote, args.dry_run, Ask::Nothing).await
}

/// Rolls back.
pub async fn rollback(context: &Context, args: RollbackArgs) -> anyhow::Result<Exit> {
    let ask = if args.yes { Ask::Nothing } else { Ask::Yes };
    run(context, &args.key, Request::Rollback { reason: args.reason }, args.dry_run, ask).await
}

/// Holds.
pub async fn hold(context: &Context, args: HoldArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Hold { reason: args.reason }, false, Ask::Nothing).await
}

/// Releases.
pub async fn release(context: &Context, args: KeyArgs) -> anyhow::Result<Exit> {
    run(context, &args.key, Request::Release, false, Ask::Nothing).await
}

/// Sweeps.
pub async fn sweep(context: &Context, args: SweepArgs) -> anyhow::Result<Exit> {
    let ask = if args.yes { Ask::Nothing } else { Ask::Name };
    run(context, &args.key, Request::Sweep, args.dry_run, ask).await
}

async fn run(context: &Context, key: &str, request: Request, dry_run: bool, ask: Ask) -> anyhow::Result<Exit> {
    let line = context.line(key)?;
    if context.mode() == Mode::ReadOnly && !dry_run {
        return Err(Stop::refused(format!("read-only: {} is not done", request.verb())));
    }
    let client = context.client()?;
    let now = Generations::read(&line.base_name, &client.vms().await.map_err(Stop::vcenter)?);
    let plan = generation::plan(&request, &now, &Actor::current(), Timestamp::now()).map_err(Stop::refused)?;
    generation::guard(&client, &plan).await.map_err(|error| match error {
        GuardError::Refused(refusal) => Stop::refused(refusal),
        GuardError::VCenter(error) => Stop::vcenter(error),
    })?;
    if dry_run {
        return print(&plan);
    }
    if !agreed(&plan, &ask)? {
        return Err(Stop::refused("not confirmed; nothing was changed"));
    }
    let gate = context.gate(&client)?;
    let said = AtomicUsize::new(0);
    let outcome = generation::apply(&gate, &plan, &|progress| {
        // Once per step; the task's percentages are for the console.
        if said.fetch_max(progress.step + 1, Ordering::Relaxed) <= progress.step {
            say(&format!("{}/{} {}", progress.step + 1, progress.of, progress.text));
        }
    })
    .await;
    client.logout().await;
    outcome.map_err(stop)?;
    match plan.caveat {
        Some(caveat) => Err(anyhow::anyhow!("{}: {caveat}", line.key)),
        None => Ok(Exit::Done),
    }
}

fn stop(error: ApplyError) -> anyhow::Error {
    match error {
        ApplyError::Read(error) => Stop::vcenter(error),
        ApplyError::Step { source: GateError::VCenter(_), .. } => error.into(),
        error if error.nothing_changed() => Stop::refused(error),
        error => error.into(),
    }
}

fn print(plan: &Plan) -> anyhow::Result<Exit> {
    let mut out = std::io::stdout().lock();
    for step in &plan.steps {
        writeln!(out, "{step}")?;
    }
    if let Some(caveat) = plan.caveat {
        say(caveat);
    }
    Ok(Exit::Done)
}

/// Shows the steps and asks on the terminal; without one, `--yes` is needed.
fn agreed(plan: &Plan, ask: &Ask) -> anyhow::Result<bool> {
    let (question, answer) = match ask {
        Ask::Nothing => return Ok(true),
        Ask::Yes => ("Do this? [y/N] ".to_owned(), "y".to_owned()),
        Ask::Name => {
            let name = format!("{}-build", plan.base);
            (format!("Type {name} to destroy it: "), name)
        }
    };
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage("no terminal to confirm on; pass --yes"));
    }
    for step in &plan.steps {
        say(&step.to_string());
    }
    let mut err = std::io::stderr();
    write!(err, "{question}")?;
    err.flush()?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed.trim().eq_ignore_ascii_case(&answer))
}

fn say(text: &str) {
    // Nothing is left to do when stderr is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}
