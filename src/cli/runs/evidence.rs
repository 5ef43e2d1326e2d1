//! The log a failed leg left at GitHub.

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use tmpl::github::pins::{self, Skew};
use tmpl::github::{Client, Leg, RemoteRun, pod};
use tmpl::packer_run::Run;
use tmpl::pipeline::Line;
use tmpl::text::Scrubber;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::signal::unix::{SignalKind, signal};

use super::{find, stop};
use crate::cli::{Context, Exit, Stop, log, output};

/// Bytes of what `kubectl` complains of that are shown.
const COMPLAINTS: u64 = 64 << 10;

/// Arguments of `runs log`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Number (#87 or 87) or id of the run; without one the newest with a leg that failed
    run: Option<String>,
    /// The leg of this line; without it the only one that failed
    #[arg(long, value_name = "KEY")]
    leg: Option<String>,
    /// Where it is kept, and versions that differ from the checkout's, as one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    run: &'a Run,
    skew: &'a [Skew],
}

/// Fetches the log unless it is here already, and prints it scrubbed.
pub async fn log(context: &Context, github: &Client, args: Args) -> anyhow::Result<Exit> {
    let (run, leg) = match &args.run {
        Some(wanted) => {
            let run = find(github, Some(wanted)).await?;
            let legs = github.legs(run.id).await.map_err(stop)?;
            let leg = choose(&run, &legs, args.leg.as_deref())?;
            (run, leg)
        }
        None => newest(github, args.leg.as_deref()).await?,
    };
    if leg.state.live() {
        return pod_log(github, &leg).await;
    }
    let line = line(context, &leg)?;
    let bar = bar();
    let kept = github.evidence(&run, &leg, &line, &context.state()?, &|bytes| bar.set_position(bytes)).await;
    bar.finish_and_clear();
    let kept = kept.map_err(stop)?;
    let used = std::fs::File::open(&kept.log).map(pins::used).unwrap_or_default();
    let skew = pins::skew(&pins::pinned(&context.global.repo), &used);
    if args.json {
        output::json(&Summary { run: &kept, skew: &skew })?;
        return Ok(Exit::Done);
    }
    output::note(&format!(
        "{} of run #{}, kept in {}; why it failed: tmpl-tui triage --log {}",
        line.key,
        run.number,
        kept.dir.display(),
        kept.shown().display()
    ))?;
    for skew in &skew {
        output::note(&skew.to_string())?;
    }
    log::whole(kept.shown())?;
    Ok(Exit::Done)
}

/// The log of a leg at work, from its pod, until the pod goes or Ctrl-C.
async fn pod_log(github: &Client, leg: &Leg) -> anyhow::Result<Exit> {
    let argv = pod::command(leg, github.repository(), pod::namespace().map_err(stop)?.as_deref()).map_err(stop)?;
    let mut child = pod::follow(&argv).map_err(stop)?;
    let mut from = child.stdout.take().ok_or_else(|| Stop::usage("kubectl has no output"))?;
    let complaints = child.stderr.take().map(|complaints| tokio::spawn(told(complaints)));
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut printer = log::Lines::new(Scrubber::for_evidence());
    let mut buffer = vec![0; 64 << 10];
    loop {
        let got = tokio::select! {
            got = from.read(&mut buffer) => got?,
            _ = interrupt.recv() => return Ok(Exit::Cancelled),
        };
        if got == 0 {
            printer.finish()?;
            let status = child.wait().await?;
            if let Some(complaints) = complaints {
                complaints.await??;
            }
            return Ok(if status.success() { Exit::Done } else { Exit::Failed });
        }
        printer.push(&buffer[..got])?;
    }
}

/// What `kubectl` complains of, without secrets and harmless to the terminal.
async fn told(complaints: tokio::process::ChildStderr) -> std::io::Result<()> {
    let mut lines = tokio::io::BufReader::new(complaints.take(COMPLAINTS)).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        output::note(&format!("kubectl: {}", String::from_utf8_lossy(&line)))?;
    }
    Ok(())
}

fn line(context: &Context, leg: &Leg) -> anyhow::Result<Line> {
    let key = leg.key.as_ref().ok_or_else(|| Stop::usage(format!("{} builds no line", leg.name)))?;
    context.line(&key.0)
}

/// The newest leg that failed, of the line when one is named.
async fn newest(github: &Client, wanted: Option<&str>) -> anyhow::Result<(RemoteRun, Leg)> {
    let board = github.board(20).await.map_err(stop)?;
    for seen in board.runs {
        let fits = |leg: &&Leg| leg.key.as_ref().is_some_and(|key| wanted.is_none_or(|wanted| key.0 == wanted));
        let failed: Vec<&Leg> = seen.legs.iter().filter(fits).filter(|leg| leg.state.failed()).collect();
        if !failed.is_empty() {
            let leg = choose(&seen.run, &seen.legs, wanted)?;
            return Ok((seen.run, leg));
        }
    }
    Err(Stop::usage("no leg of the newest runs failed; name a run"))
}

fn choose(run: &RemoteRun, legs: &[Leg], wanted: Option<&str>) -> anyhow::Result<Leg> {
    let of = |wanted: &str| legs.iter().find(|leg| leg.key.as_ref().is_some_and(|key| key.0 == wanted));
    if let Some(wanted) = wanted {
        let none = || Stop::usage(format!("run #{} has no leg of {wanted}", run.number));
        return of(wanted).cloned().ok_or_else(none);
    }
    let mut failed = legs.iter().filter(|leg| leg.key.is_some() && leg.state.failed());
    match (failed.next(), failed.next()) {
        (Some(leg), None) => Ok(leg.clone()),
        (None, _) => Err(Stop::refused(format!("no leg of run #{} failed", run.number))),
        (Some(_), Some(_)) => {
            let failed = legs.iter().filter(|leg| leg.state.failed()).filter_map(|leg| leg.key.as_ref());
            let keys: Vec<&str> = failed.map(|key| key.0.as_str()).collect();
            Err(Stop::usage(format!("several legs of run #{} failed; name one: --leg {}", run.number, keys.join("|"))))
        }
    }
}

/// Bytes so far, on a terminal.
fn bar() -> ProgressBar {
    if !output::asides_to_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("fetching {bytes}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style)
}
