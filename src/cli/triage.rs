//! `triage`: why a build failed, with evidence.

mod check;
mod elsewhere;
mod print;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use jiff::Timestamp;
use tmpl::github::step::WorkflowStep;
use tmpl::guest::recording::GuestState;
use tmpl::ops::acknowledge::{self, Acknowledged, Failure};
use tmpl::ops::history::{self, SinceGreen};
use tmpl::ops::remote::{self, BesideHere};
use tmpl::ops::usual::Usual;
use tmpl::ops::{self, judge};
use tmpl::packer_log::phase_times::TypicalDurations;
use tmpl::packer_run::{self, Run, RunState};
use tmpl::pipeline::Key;
use tmpl::text::Scrubber;
use tmpl::triage::live::Beside;
use tmpl::triage::verdict::Verdict;

use self::elsewhere::Elsewhere;
use super::{Context, Exit, Stop, output};

/// Arguments of `triage`.
#[derive(Debug, Default, clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["key", "log", "screen", "check"]).required(true).multiple(true)))]
pub struct Args {
    /// Line whose newest run is judged; a newer one on GitHub is named
    key: Option<String>,
    /// A run other than the newest: its name as `history` shows it, or how it begins
    #[arg(long, value_name = "ID", requires = "key", conflicts_with = "log")]
    run: Option<String>,
    /// Log to judge instead: packer's debug log or its output, plain or gzipped
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Picture of the console (PNG), or a folder of pictures over time
    #[arg(long, value_name = "FILE|DIR")]
    screen: Option<PathBuf>,
    /// Write everything that is known into this file too: a page, pictures, timeline, log; without secrets
    #[arg(long, value_name = "FILE.zip")]
    bundle: Option<PathBuf>,
    /// Try every rule and screen of ci/triage.toml on the records on disk and on the pages that ship; exit 1 if they clash
    #[arg(long, conflicts_with_all = ["key", "log", "screen", "bundle", "github"])]
    check: bool,
    /// Write outputs, an annotation and the step summary where GitHub Actions expects them
    #[arg(long)]
    github: bool,
    /// The verdict as one JSON object
    #[arg(long)]
    json: bool,
}

impl Args {
    /// The line whose newest run is asked about, wherever it was.
    fn newest(&self) -> Option<&str> {
        let named = self.run.is_some() || self.log.is_some() || self.screen.is_some();
        self.key.as_deref().filter(|_| !named)
    }
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    if args.check {
        return check::run(context, args.json).await;
    }
    let run = meant(context, &args).await?;
    let asked = args.newest().map(|key| context.line(key)).transpose()?;
    let case = case(context, &args, run.clone()).await?;
    let (repo, title) = (&context.global.repo, case.title.clone());
    let scrubber = Scrubber::for_evidence().clone();
    let judged = async {
        match args.bundle.clone() {
            Some(file) => bundle(repo, scrubber, case, file).await,
            None => Ok(judge::judge(repo, scrubber, case).await?),
        }
    };
    let since = match args.newest() {
        Some(key) => since_green(context, key)?,
        None => None,
    };
    let runs = match (&asked, &since) {
        (Some(line), Some(_)) => {
            packer_run::all(&context.state()?, &line.key).context("cannot read the records of runs")?
        }
        (Some(_), None) | (None, _) => Vec::new(),
    };
    let beside = async {
        match &asked {
            Some(line) => {
                let compared = since.as_ref().map(|since| (runs.as_slice(), since));
                remote::beside(repo, &line.key, run.as_ref(), compared).await
            }
            None => (BesideHere::Nothing, None),
        }
    };
    let (judged, (newer, greener)) = tokio::join!(judged, beside);
    let judged = judged?;
    if let Some(unread) = &judged.unread {
        output::note(unread)?;
    }
    if args.github {
        WorkflowStep::from_env(output::command).judged(&title, &judged.verdict)?;
    }
    let seen = match &args.key {
        Some(key) => seen(context, key, run.as_ref(), &judged.verdict)?,
        None => None,
    };
    let newer = asked.zip(run).and_then(|(line, run)| Elsewhere::of(&newer, &line.key, run.started));
    let answer = print::Answer {
        verdict: &judged.verdict,
        github: newer,
        acknowledged: seen.as_ref(),
        since_green: since.as_ref(),
        greener: greener.as_ref(),
    };
    print::print(&answer, args.json)?;
    Ok(Exit::Done)
}

/// The verdict on a line's newest run that is on record here.
pub(super) async fn verdict_on(context: &Context, key: &Key, run: Option<Run>) -> anyhow::Result<Box<Verdict>> {
    let args = Args { key: Some(key.0.clone()), ..Args::default() };
    let run = run.ok_or_else(|| no_run(&key.0, &BesideHere::Nothing))?;
    let case = case(context, &args, Some(run)).await?;
    Ok(judge::judge(&context.global.repo, Scrubber::for_evidence().clone(), case).await?.verdict)
}

/// Who has seen that the line fails in this way.
fn seen(context: &Context, key: &str, run: Option<&Run>, verdict: &Verdict) -> anyhow::Result<Option<Acknowledged>> {
    let seen = acknowledge::of(&context.state()?, &context.line(key)?.key);
    let origin = run.and_then(|run| run.origin.as_deref());
    Ok(seen.filter(|seen| Failure::of(verdict).is_some_and(|failure| seen.is_of(&failure, origin))))
}

async fn bundle(
    repo: &Path,
    scrubber: Arc<Scrubber>,
    case: judge::Case,
    file: PathBuf,
) -> anyhow::Result<judge::Judged> {
    let bundled = judge::bundle(repo, scrubber.clone(), case, file.clone()).await?;
    output::note(&format!("{}: {}", file.display(), bundled.written))?;
    Ok(bundled.judged)
}

/// The run that is meant; none where files are named.
async fn meant(context: &Context, args: &Args) -> anyhow::Result<Option<Run>> {
    let Some(key) = &args.key else { return Ok(None) };
    if let Some(id) = &args.run {
        let line = context.line(key)?;
        return Ok(Some(history::find(&context.state()?, &line.key, id)?));
    }
    match (newest_run(context, key)?, args.newest()) {
        (None, Some(key)) => {
            let line = context.line(key)?;
            Err(no_run(key, &remote::newer(&context.global.repo, &line.key, None).await))
        }
        (run, _) => Ok(run),
    }
}

/// What was asked about: a run, whose log may be elsewhere; or files.
async fn case(context: &Context, args: &Args, run: Option<Run>) -> anyhow::Result<judge::Case> {
    // A log named by hand may be another run's.
    let run = run.filter(|run| args.log.as_ref().is_none_or(|log| same_file(&run.log, log)));
    let named = args.log.as_ref().or(args.screen.as_ref()).map(|path| path.display().to_string());
    Ok(judge::Case {
        title: args.key.clone().or(named).unwrap_or_default(),
        dir: run.as_ref().map(|run| run.dir.clone()),
        // Of a run that init or validate ended there is the output alone.
        log: run.as_ref().map(|run| run.shown().to_owned()).or_else(|| args.log.clone()),
        pictures: args.screen.clone(),
        usual: match &run {
            Some(run) if run.state.live() => Usual::default().of(&context.state()?, &run.key, &run.dir)?,
            Some(_) | None => TypicalDurations::default(),
        },
        beside: match run.filter(matters) {
            Some(run) => beside(context, &run).await?,
            None => Beside::default(),
        },
    })
}

/// What changed since the line was last built well. Looked for beside the verdict: it says nothing about files named by hand.
fn since_green(context: &Context, key: &str) -> anyhow::Result<Option<SinceGreen>> {
    let line = context.line(key)?;
    Ok(history::since_green(&context.state()?, &line, &context.global.repo)?)
}

fn same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// Whether it matters what vCenter has of a run: it is at work here, or was stopped.
fn matters(run: &Run) -> bool {
    let stopped = run.timed_out || matches!(run.state, RunState::Cancelled | RunState::Lost);
    run.origin.is_none() && (run.state.live() || stopped)
}

/// What vCenter has of a run. Without vCenter the record has to do; why is said on stderr.
async fn beside(context: &Context, run: &Run) -> anyhow::Result<Beside> {
    let Ok(client) = context.client_of(&run.key) else { return Ok(Beside::default()) };
    match ops::find_vm(&client, &run.build_name()).await {
        Ok(vm) => {
            let vm = vm.filter(|vm| !vm.template);
            Ok(Beside { vm_left: Some(vm.is_some()), guest: vm.map(|vm| GuestState::of(&vm, Timestamp::now())) })
        }
        Err(error) => {
            output::note(&format!("vCenter does not say how the guest is: {error}"))?;
            Ok(Beside::default())
        }
    }
}

/// The newest run of a line that is on record here.
pub(super) fn newest_run(context: &Context, key: &str) -> anyhow::Result<Option<Run>> {
    let line = context.line(key)?;
    packer_run::latest(&context.records(&line.key)?, &line.key).context("cannot read the records of runs")
}

fn no_run(key: &str, newer: &BesideHere) -> anyhow::Error {
    let there = Elsewhere::of(newer, &Key(key.to_owned()), Timestamp::MIN);
    Stop::usage(match there {
        Some(there) => format!("{key}: no run is recorded here; {there}"),
        None => format!(
            "{key}: no run is recorded here: tmpl-tui build {key} makes one, tmpl-tui triage --log FILE judges a log from elsewhere"
        ),
    })
}
