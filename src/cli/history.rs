//! `history`: the runs of a line, newest first.

use tmpl::ops::history::{self, PastRun};
use tmpl::packer_run::RunState;

use super::{Context, Exit, output};

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The line
    key: String,
    /// The runs as one JSON array
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
pub fn run(context: &Context, args: &Args) -> anyhow::Result<Exit> {
    let line = context.line(&args.key)?;
    let runs = history::of(&context.state()?, &line.key)?;
    if args.json {
        output::json(&runs)?;
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        output::note(&format!("{}: no run is recorded here", line.key))?;
    }
    for run in &runs {
        output::result(&told(run))?;
    }
    Ok(Exit::Done)
}

/// A run in a line: how it ended, its name, and what it was made of.
fn told(run: &PastRun) -> String {
    let mark = match run.state {
        RunState::Starting | RunState::Running | RunState::Cancelling => "●",
        RunState::Succeeded => "✓",
        RunState::Failed { .. } => "✗",
        RunState::Cancelled => "⊘",
        RunState::Lost => "?",
    };
    let made = run.made.as_ref().map(tmpl::packer_run::Made::said).unwrap_or_default();
    let rest = [run.origin.clone().unwrap_or_default(), made, run.reason.clone().unwrap_or_default()];
    let rest = rest.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    format!("{mark} {:<10} {}  {rest}", run.state.word(), run.id).trim_end().to_owned()
}
