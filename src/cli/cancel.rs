//! `cancel`: stops the build of a line on this machine and waits until packer has cleaned up.

use std::path::Path;

use tmpl::ops::build::{self, Leftover};
use tmpl::ops::{self, Error, Operation, Refusal};
use tmpl::packer_run::{self, Run};

use super::{Context, Exit, ask, output};

/// Arguments of `cancel`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The line
    key: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Kill packer: nothing is cleaned up, and its VM is left behind
    #[arg(long)]
    force: bool,
}

/// Runs the verb. Ctrl-C ends the waiting, not the cancelling.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let line = context.line(&args.key)?;
    let ops = context.ops()?;
    ops::permitted(Operation::Cancel, ops.mode).map_err(Error::from)?;
    let what = if args.force { "Kill packer and leave its VM" } else { "Stop the build" };
    if !args.yes && !ask::agreed(&format!("{}: {what}? [y/N]", line.key), "y")? {
        return Err(Error::from(Refusal::NotConfirmed).into());
    }
    let run = build::cancel(&ops, &line.key, args.force).await?;
    output::note(&format!("{}: packer was {}", line.key, if args.force { "killed" } else { "asked to stop" }))?;
    let run = packer_run::wait_until_over(&run).await.map_err(Error::from)?;
    output::note(&format!("{} {}; log: {}", run.key, run.state.word(), run.shown().display()))?;
    if let Some(left) = left_behind(&ops.repo, &run).await {
        output::note(&left)?;
    }
    Ok(Exit::Done)
}

/// What a run that did not succeed left in vCenter, in a line; none when it left nothing.
pub async fn left_behind(repo: &Path, run: &Run) -> Option<String> {
    match build::leftover(repo, run).await {
        Leftover::Nothing => None,
        Leftover::Vm(vm) => {
            Some(format!("{} ({}) is still there; remove it with: tmpl-tui sweep {}", vm.name, vm.moid, run.key))
        }
        Leftover::Unknown(error) => Some(format!("whether {} is gone is not known: {error}", run.build_name())),
    }
}
