//! `runs`: the same pipeline on GitHub Actions.

mod evidence;
mod pod;
mod print;
mod watch;

use tmpl::github::Client;
use tmpl::ops::remote;

use super::{Context, Exit, output};

/// Arguments of `runs`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Recent and running runs with their jobs (also without a verb)
    List(ListArgs),
    /// Start a run for one line; refused when GitHub would drop a waiting one for it
    Dispatch(DispatchArgs),
    /// Follow a run until it is over
    Watch(RunArgs),
    /// The log that a failed job left; kept here as a run of its line, so `log` and `triage` know it too
    Log(evidence::Args),
    /// Ask GitHub to cancel a run
    Cancel(CancelArgs),
    /// Run the failed jobs of a run again
    Rerun(RunArgs),
    /// Switch the schedule on again after GitHub switched it off
    Enable,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// How many runs
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100), value_name = "N")]
    limit: u8,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct DispatchArgs {
    /// The line; built even when disabled
    key: String,
    /// Branch to run on, instead of the default one
    #[arg(long, value_name = "BRANCH")]
    branch: Option<String>,
    /// Follow it until it is over
    #[arg(long)]
    watch: bool,
    /// The run as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Its number (#87 or 87) or id; without one the newest
    run: Option<String>,
    /// The run as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct CancelArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Do not let its jobs clean up
    #[arg(long)]
    force: bool,
}

impl Args {
    /// Whether it only tells what is there.
    pub fn only_tells(&self) -> bool {
        matches!(self.verb, None | Some(Verb::List(_) | Verb::Log(_)))
    }
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let github = remote::connect(&context.global.repo).await?;
    match args.verb.unwrap_or(Verb::List(args.list)) {
        Verb::List(args) => list(context, &github, &args).await,
        Verb::Dispatch(args) => dispatch(context, &github, args).await,
        Verb::Watch(args) => {
            let run = remote::find_run(&github, args.run.as_deref()).await?;
            watch::follow(&github, run, args.json).await
        }
        Verb::Log(args) => evidence::log(context, &github, args).await,
        Verb::Cancel(args) => cancel(context, &github, args).await,
        Verb::Rerun(args) => rerun(context, &github, args).await,
        Verb::Enable => enable(context, &github).await,
    }
}

async fn list(context: &Context, github: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let pipeline = remote::look(&context.global.repo, github, args.limit).await?;
    match args.json {
        true => output::json(&pipeline)?,
        false => {
            print::board(&pipeline.board)?;
            print::health(&pipeline.health)?;
        }
    }
    Ok(Exit::Done)
}

async fn enable(context: &Context, github: &Client) -> anyhow::Result<Exit> {
    remote::enable_schedule((&context.state()?, context.mode()), github).await?;
    output::note(&format!("the schedule of {} is on", github.workflow().build_file()))?;
    Ok(Exit::Done)
}

async fn dispatch(context: &Context, github: &Client, args: DispatchArgs) -> anyhow::Result<Exit> {
    let line = context.line(&args.key)?;
    let run = remote::dispatch(&context.ops()?, github, &line.key, args.branch.as_deref()).await?;
    if args.watch {
        return watch::follow(github, run, args.json).await;
    }
    print::one(&run, args.json, "dispatched")?;
    Ok(Exit::Done)
}

async fn cancel(context: &Context, github: &Client, args: CancelArgs) -> anyhow::Result<Exit> {
    let run = remote::find_run(github, args.run.run.as_deref()).await?;
    let building = remote::cancel((&context.state()?, context.mode()), github, &run, args.force).await?;
    print::one(&run, args.run.json, "asked to end")?;
    for key in building {
        output::note(&format!("if its VM stays behind: tmpl-tui sweep {key}"))?;
    }
    Ok(Exit::Done)
}

async fn rerun(context: &Context, github: &Client, args: RunArgs) -> anyhow::Result<Exit> {
    let run = remote::find_run(github, args.run.as_deref()).await?;
    remote::rerun((&context.state()?, context.mode()), github, &run).await?;
    print::one(&run, args.json, "its failed jobs run again")?;
    Ok(Exit::Done)
}
