//! `triage`: why a build failed, with evidence.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tmpl::triage::redact::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::screen::{self, Look};
use tmpl::triage::verdict::{Evidence, Verdict, Witness, judge};

use super::{Context, Exit, Stop};

/// Arguments of `triage`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["key", "log", "screen"]).required(true).multiple(true)))]
pub struct Args {
    /// Line whose newest run is judged
    key: Option<String>,
    /// Log to judge instead: packer's debug log or its output, plain or gzipped
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Picture of the console (PNG), or a folder of pictures over time
    #[arg(long, value_name = "FILE|DIR")]
    screen: Option<PathBuf>,
    /// The verdict as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let rules = Rules::with_own(&context.global.repo).map_err(Stop::usage)?;
    let (log, frames) = match (&args.log, &args.key) {
        (Some(path), _) => (Some(path.clone()), None),
        (None, Some(key)) => newest_run(context, key)?,
        (None, None) => (None, None),
    };
    let look = match args.screen.clone().or(frames) {
        Some(path) => look_at(path, &rules).await?,
        None => None,
    };
    let scrubber = Scrubber::of_process();
    let verdict = tokio::task::spawn_blocking(move || -> anyhow::Result<Verdict> {
        let label = look.as_ref().map(|look| look.label.as_str());
        let mut verdict = match log {
            Some(log) => judge(open(&log)?, &rules, &scrubber, label)?,
            None => Verdict::without_log(),
        };
        if let Some(look) = &look {
            verdict.show(look, &scrubber);
        }
        Ok(verdict)
    });
    print(&verdict.await??, args.json)?;
    Ok(Exit::Done)
}

/// What the pictures at a path show. That graphical ones cannot be read is said once, on stderr.
async fn look_at(path: PathBuf, rules: &Rules) -> anyhow::Result<Option<Look>> {
    let frames = tokio::task::spawn_blocking(move || screen::open(&path)).await?.map_err(Stop::usage)?;
    let look = screen::look(&frames, &rules.screens).await;
    if let Some(trouble) = look.as_ref().and_then(|look| look.trouble.as_ref()) {
        writeln!(std::io::stderr(), "tmpl-tui: {trouble}")?;
    }
    Ok(look)
}

/// The log of the newest run of a line, and its folder of pictures if there are any.
fn newest_run(context: &Context, key: &str) -> anyhow::Result<(Option<PathBuf>, Option<PathBuf>)> {
    let line = context.line(key)?;
    let run = tmpl::build::latest(&context.state()?, &line.key).context("cannot read the records of runs")?;
    let run = run.ok_or_else(|| Stop::usage(format!("{key}: no run is recorded here; name a log with --log")))?;
    let pictures = std::fs::read_dir(&run.frames).is_ok_and(|mut entries| entries.next().is_some());
    Ok((Some(run.log), pictures.then_some(run.frames)))
}

/// A log, unpacked when it is gzipped.
fn open(path: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    let unreadable = |error: std::io::Error| Stop::usage(format!("cannot read {}: {error}", path.display()));
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let packed = file.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
    if packed {
        let unpacked: Box<dyn Read> = Box::new(flate2::bufread::MultiGzDecoder::new(file));
        return Ok(Box::new(BufReader::new(unpacked)));
    }
    Ok(Box::new(file))
}

fn print(verdict: &Verdict, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, verdict)?;
        writeln!(out)?;
        return Ok(());
    }
    let rule = verdict.rule.as_deref().map_or_else(String::new, |rule| format!("rule {rule}, "));
    let confidence = serde_json::to_value(verdict.confidence)?;
    writeln!(out, "{}  ({rule}{} confidence)", verdict.class, confidence.as_str().unwrap_or_default())?;
    writeln!(out, "  {}", verdict.cause)?;
    if let Some(screen) = &verdict.screen {
        let state = verdict.screen_state.as_ref().map_or_else(String::new, |state| format!(" ({state})"));
        writeln!(out, "  screen: {screen}{state}")?;
    }
    if let Some(remedy) = &verdict.remedy {
        writeln!(out, "  do: {remedy}")?;
    }
    for evidence in &verdict.evidence {
        writeln!(out, "  {}  {}", place(evidence), evidence.text)?;
    }
    out.flush()?;
    Ok(())
}

fn place(evidence: &Evidence) -> String {
    match (evidence.source, evidence.line, &evidence.frame) {
        (Witness::Log, Some(line), _) => format!("log {line}"),
        (Witness::Log, None, _) => "log".to_owned(),
        (Witness::Screen, _, Some(frame)) => format!("screen {frame}"),
        (Witness::Screen, ..) => "screen".to_owned(),
        (Witness::Guest, ..) => "guest".to_owned(),
    }
}
