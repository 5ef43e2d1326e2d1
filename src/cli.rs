//! The command line: what can be typed, and what the exit code means.
//!
//! Each verb is one file in `cli/` and a few lines over the library. Results go to stdout, everything else to stderr.

mod acknowledge;
mod answer;
mod ask;
mod build;
mod cancel;
mod change;
mod completions;
mod config;
mod console;
mod context;
mod contexts;
mod demo;
mod doctor;
mod first_steps;
mod global;
mod history;
mod init;
mod iso;
mod lab;
mod log;
mod logging;
mod man;
mod metrics;
mod output;
mod plan;
mod redact;
mod runs;
mod status;
mod stderr;
mod stop;
mod triage;
#[cfg_attr(not(feature = "tui"), path = "cli/headless.rs")]
mod tui;
mod validate;

use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use tmpl::console::Images;
use tmpl::paths::StateDir;
use tmpl::pipeline::Matrix;
use tmpl::text::Scrubber;

pub use context::Context;
use global::Global;
pub use stop::Stop;
use stop::{report, said};
pub use tmpl::ops::Exit;

/// Console and orchestrator for vSphere golden-image pipelines.
#[derive(Debug, Parser)]
#[command(name = "tmpl-tui", version = env!("TMPL_VERSION"), about)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    /// Open the console on this line
    key: Option<String>,
    /// How console pictures are shown [default: auto]
    #[arg(long, value_enum, value_name = "MODE")]
    images: Option<Images>,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The console on a simulated vCenter: no network, nothing to install
    Demo(demo::Args),
    /// The lines a run builds, as compact JSON
    Plan(plan::Args),
    /// Write a tmpl.toml by looking at the repository
    Init(init::Args),
    /// Check the repository: every line, or one
    Validate(validate::Args),
    /// Build one line with packer
    Build(build::Args),
    /// Stop the build of a line on this machine, and wait until packer has cleaned up
    Cancel(cancel::Args),
    /// Make <base>-build the live template; live becomes <base>-prev
    Promote(change::PromoteArgs),
    /// Swap live and prev, and hold the line
    Rollback(change::RollbackArgs),
    /// Refuse promotions of a line until it is released
    Hold(change::HoldArgs),
    /// Lift the hold of a line
    Release(change::KeyArgs),
    /// Destroy a leftover <base>-build that no run owns
    Sweep(change::SweepArgs),
    /// Show or answer vCenter's question; the build VM is paused until then
    Answer(answer::Args),
    /// Templates, build VM and hold of every line
    Status(status::Args),
    /// Install media: find newer releases, stage ISOs
    Iso(iso::Args),
    /// Picture of a guest's console, or type into it
    Console(console::Args),
    /// The runs of a line, newest first: how they ended, who started them, from which commit and ISO
    History(history::Args),
    /// Say that the alarm of a line was seen: it is quiet until its cause changes
    Acknowledge(acknowledge::Args),
    /// The scrubbed packer log of a line's newest run, or of a file
    Log(log::Args),
    /// Why a build failed, with evidence
    Triage(triage::Args),
    /// Scrub secrets: stdin to stdout, or a file
    Redact(redact::Args),
    /// The same pipeline on GitHub Actions: list, dispatch, watch, cancel
    Runs(runs::Args),
    /// Tools, environment, login, privileges and paths
    Doctor(doctor::Args),
    /// The simulated vCenter alone; govc can talk to it
    Lab(lab::Args),
    /// Prometheus metrics for every line
    Metrics(metrics::Args),
    /// The configuration: every setting, its value and where it comes from
    Config(config::Args),
    /// Shell completions
    Completions(completions::Args),
    /// The manual: this program's page, a verb's, or all of them
    Man(man::Args),
}

/// How long what is still at work may take to end with the program.
const LAST_MOMENT: Duration = Duration::from_millis(200);

/// Parses the arguments, runs the verb, reports the error in one line.
pub fn main() -> ExitCode {
    completions::answer();
    let matches = Cli::command().try_get_matches().unwrap_or_else(|error| first_steps::better(error).exit());
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    tmpl::child::on_wait(output::early);
    let opened = contexts::open(&mut cli);
    cli.global.locate();
    let verb = matches.subcommand_name().unwrap_or("tui");
    let mut matrix = None;
    if !matches!(cli.verb, Some(Verb::Completions(_) | Verb::Man(_))) {
        // Before the first line of a log: that needs it.
        let known = tmpl::pipeline::sensitive::share(&cli.global.repo);
        logging::begin(verb, cli.verb.is_none());
        let unknown = "sensitive variables of the templates are not known";
        matrix = known.inspect_err(|error| tracing::warn!(%error, "{unknown}")).ok().flatten();
    }
    let only_tells = cli.verb.as_ref().is_some_and(Verb::only_tells);
    if let Err(error) = opened {
        return report(&error, only_tells).into();
    }
    if let Ok(state) = StateDir::from_environment() {
        contexts::share_hook(&cli.global, state);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&anyhow::Error::from(error).context("cannot start"), only_tells).into(),
    };
    // Boxed: else every verb is compiled once for each scheduler of the runtime.
    let work: Pin<Box<dyn Future<Output = anyhow::Result<Exit>>>> = Box::pin(run(cli, matrix));
    let outcome = runtime.block_on(work);
    // Tasks are dropped, and the programs they started end with them. A blocking read left behind (stdin) must not keep a
    // finished program alive.
    runtime.shutdown_timeout(LAST_MOMENT);
    tmpl::child::end_all();
    let exit = match outcome {
        Ok(exit) => {
            tracing::info!(verb, ?exit, "ended");
            exit
        }
        Err(error) => {
            tracing::error!(verb, error = ?said(&error), "ended");
            report(&error, only_tells)
        }
    };
    stderr::flush();
    exit.into()
}

async fn run(cli: Cli, matrix: Option<Matrix>) -> anyhow::Result<Exit> {
    // The console says it itself.
    if let Some(warning) = Scrubber::shared().warning().filter(|_| cli.verb.is_some()) {
        output::note(&warning)?;
    }
    if cli.verb.as_ref().is_some_and(Verb::tells_defects) {
        cli.global.config.told().iter().try_for_each(|defect| output::note(defect))?;
    }
    let context = Context::new(cli.global, matrix);
    let outcome = act(&context, cli.key, cli.images, cli.verb).await;
    context.leave().await;
    outcome
}

async fn act(
    context: &Context,
    key: Option<String>,
    images: Option<Images>,
    verb: Option<Verb>,
) -> anyhow::Result<Exit> {
    if let (Some(key), None) = (&key, &verb)
        && let Some(meant) = first_steps::misspelt(key, context.matrix().ok())
    {
        return Err(Stop::usage(format!(
            "there is no verb {key:?}, and no line of that name: did you mean `{meant}`?"
        )));
    }
    if let (Some(key), Some(_)) = (&key, &verb) {
        return Err(Stop::usage(format!("{key:?} before a verb means nothing; a verb takes its line after it")));
    }
    match verb {
        None => tui::run(context, key, context.images(images)).await,
        Some(Verb::Demo(args)) => demo::run(context, args).await,
        Some(Verb::Plan(args)) => plan::run(context, &args),
        Some(Verb::Init(args)) => init::run(context, &args),
        Some(Verb::Validate(args)) => validate::run(context, args).await,
        Some(Verb::Build(args)) => build::run(context, args).await,
        Some(Verb::Cancel(args)) => cancel::run(context, args).await,
        Some(Verb::Promote(args)) => change::promote(context, args).await,
        Some(Verb::Rollback(args)) => change::rollback(context, args).await,
        Some(Verb::Hold(args)) => change::hold(context, args).await,
        Some(Verb::Release(args)) => change::release(context, args).await,
        Some(Verb::Sweep(args)) => change::sweep(context, args).await,
        Some(Verb::Answer(args)) => answer::run(context, args).await,
        Some(Verb::Status(args)) => status::run(context, args).await,
        Some(Verb::Iso(args)) => iso::run(context, args).await,
        Some(Verb::Console(args)) => console::run(context, args).await,
        Some(Verb::History(args)) => history::run(context, &args),
        Some(Verb::Acknowledge(args)) => acknowledge::run(context, args).await,
        Some(Verb::Log(args)) => log::run(context, args).await,
        Some(Verb::Triage(args)) => triage::run(context, args).await,
        Some(Verb::Redact(args)) => redact::run(context, args).await,
        Some(Verb::Runs(args)) => runs::run(context, args).await,
        Some(Verb::Doctor(args)) => doctor::run(context, args).await,
        Some(Verb::Lab(args)) => lab::run(context, args).await,
        Some(Verb::Metrics(args)) => metrics::run(context, &args).await,
        Some(Verb::Config(args)) => config::run(context, &args),
        Some(Verb::Completions(args)) => completions::run(&args),
        Some(Verb::Man(args)) => man::run(&args).await,
    }
}

impl Verb {
    /// Whether it says what is wrong with the configuration. `config` does so itself; what only prints is left alone.
    fn tells_defects(&self) -> bool {
        !matches!(self, Self::Config(_) | Self::Completions(_) | Self::Man(_) | Self::Redact(_) | Self::Demo(_))
    }

    /// Whether it only tells what is there, so that nothing is left undone when its reader has seen enough (`| head`).
    fn only_tells(&self) -> bool {
        match self {
            Self::Plan(_)
            | Self::Status(_)
            | Self::History(_)
            | Self::Log(_)
            | Self::Redact(_)
            | Self::Metrics(_)
            | Self::Config(_)
            | Self::Completions(_)
            | Self::Man(_) => true,
            Self::Runs(args) => args.only_tells(),
            Self::Demo(_)
            | Self::Init(_)
            | Self::Validate(_)
            | Self::Build(_)
            | Self::Cancel(_)
            | Self::Promote(_)
            | Self::Rollback(_)
            | Self::Hold(_)
            | Self::Release(_)
            | Self::Sweep(_)
            | Self::Answer(_)
            | Self::Iso(_)
            | Self::Console(_)
            | Self::Triage(_)
            | Self::Acknowledge(_)
            | Self::Doctor(_)
            | Self::Lab(_) => false,
        }
    }
}
