//! `runs`: the same pipeline on GitHub Actions.

mod evidence;
mod print;
mod watch;

use jiff::Timestamp;
use tmpl::github::{self, BUILD, Board, Client, Health, RemoteRun, Settings};
use tmpl::packer_run;
use tmpl::pipeline::Key;

use super::{Context, Exit, Stop, output};

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
    /// Recent and running runs with their legs (also without a verb)
    List(ListArgs),
    /// Start a run for one line; refused when GitHub would drop a waiting one for it
    Dispatch(DispatchArgs),
    /// Follow a run until it is over
    Watch(RunArgs),
    /// The log that a failed leg left; kept here as a run of its line, so `log` and `triage` know it too
    Log(evidence::Args),
    /// Ask GitHub to cancel a run
    Cancel(CancelArgs),
    /// Run the failed legs of a run again
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
    /// Do not let its legs clean up
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
    let github = client(context)?;
    match args.verb.unwrap_or(Verb::List(args.list)) {
        Verb::List(args) => list(context, &github, &args).await,
        Verb::Dispatch(args) => dispatch(context, &github, args).await,
        Verb::Watch(args) => {
            let run = find(&github, args.run.as_deref()).await?;
            watch::follow(&github, run, args.json).await
        }
        Verb::Log(args) => evidence::log(context, &github, args).await,
        Verb::Cancel(args) => cancel(context, &github, args).await,
        Verb::Rerun(args) => rerun(context, &github, args).await,
        Verb::Enable => enable(context, &github).await,
    }
}

/// The connection to GitHub; missing settings are exit 2.
pub fn client(context: &Context) -> anyhow::Result<Client> {
    let settings = Settings::from_env(&|name| std::env::var(name).ok(), &context.global.repo).map_err(stop)?;
    Client::new(settings).map_err(stop)
}

/// The exit code of what GitHub answered.
pub fn stop(error: github::Error) -> anyhow::Error {
    use github::Error;
    match error {
        Error::Settings(_) | Error::Token | Error::Permission { .. } => Stop::usage(error),
        Error::Refused(_) => Stop::refused(error),
        other => other.into(),
    }
}

fn may_change(context: &Context) -> anyhow::Result<()> {
    if context.global.read_only {
        return Err(Stop::refused("read-only: nothing is changed on GitHub"));
    }
    Ok(())
}

async fn list(context: &Context, github: &Client, args: &ListArgs) -> anyhow::Result<Exit> {
    let board = github.board(args.limit).await.map_err(stop)?;
    let health = github.health(&board, &context.global.repo).await.map_err(stop)?;
    match args.json {
        true => output::json(&Listed { board: &board, health: &health })?,
        false => {
            print::board(&board)?;
            print::health(&health)?;
        }
    }
    Ok(Exit::Done)
}

/// What `list --json` prints.
#[derive(serde::Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    board: &'a Board,
    health: &'a Health,
}

async fn enable(context: &Context, github: &Client) -> anyhow::Result<Exit> {
    may_change(context)?;
    github.enable_schedule().await.map_err(stop)?;
    output::note(&format!("the schedule of {BUILD} is on"))?;
    Ok(Exit::Done)
}

/// Refuses a build of a line that a run on GitHub builds. Where GitHub cannot be asked the build goes on: it did before
/// there was a GitHub to ask.
pub async fn free(context: &Context, key: &Key) -> anyhow::Result<()> {
    let inside = std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true");
    let Some(github) = (if inside { None } else { client(context).ok() }) else { return Ok(()) };
    match github.board(20).await {
        Ok(board) => match board.builds(key) {
            Some(seen) => {
                let run = &seen.run;
                Err(Stop::refused(format!("{key} is being built by run #{} on GitHub: {}", run.number, run.url)))
            }
            None => Ok(()),
        },
        Err(error) => {
            output::note(&format!("whether GitHub builds {key} is not known: {error}"))?;
            Ok(())
        }
    }
}

/// The run that is meant: by id, by number as GitHub shows it, or the newest one.
async fn find(github: &Client, wanted: Option<&str>) -> anyhow::Result<RemoteRun> {
    let runs = github.runs(BUILD, 100, None).await.map_err(stop)?;
    let Some(wanted) = wanted else {
        return runs.into_iter().next().ok_or_else(|| Stop::usage(format!("{BUILD} never ran")));
    };
    let number: u64 = wanted
        .trim_start_matches('#')
        .parse()
        .map_err(|_| Stop::usage(format!("{wanted:?} is no run; `runs` lists their numbers")))?;
    match runs.into_iter().find(|run| run.number == number || run.id == number) {
        Some(run) => Ok(run),
        None => github.run(number).await.map_err(stop),
    }
}

async fn dispatch(context: &Context, github: &Client, args: DispatchArgs) -> anyhow::Result<Exit> {
    may_change(context)?;
    let line = context.line(&args.key)?;
    let local = packer_run::latest(&context.state()?, &line.key)?.filter(|run| run.state.live());
    if local.is_some() {
        return Err(Stop::refused(format!(
            "{} is being built on this machine: two runs would fight over its VM",
            line.key
        )));
    }
    let run = github.dispatch(&line.key, args.branch.as_deref()).await.map_err(stop)?;
    if args.watch {
        return watch::follow(github, run, args.json).await;
    }
    print::one(&run, args.json, "dispatched")?;
    Ok(Exit::Done)
}

async fn cancel(context: &Context, github: &Client, args: CancelArgs) -> anyhow::Result<Exit> {
    may_change(context)?;
    let run = find(github, args.run.run.as_deref()).await?;
    let legs = github.legs(run.id).await.map_err(stop)?;
    github.cancel(&run, args.force).await.map_err(stop)?;
    print::one(&run, args.run.json, "asked to end")?;
    let building = legs.iter().filter(|leg| leg.started.is_some() && leg.state.live());
    for key in building.filter_map(|leg| leg.key.as_ref()) {
        output::note(&format!("if its VM stays behind: tmpl-tui sweep {key}"))?;
    }
    Ok(Exit::Done)
}

async fn rerun(context: &Context, github: &Client, args: RunArgs) -> anyhow::Result<Exit> {
    may_change(context)?;
    let run = find(github, args.run.as_deref()).await?;
    github.rerun_failed(&run).await.map_err(stop)?;
    print::one(&run, args.json, "its failed legs run again")?;
    Ok(Exit::Done)
}

fn now() -> Timestamp {
    Timestamp::now()
}
