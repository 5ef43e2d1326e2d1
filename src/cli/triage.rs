//! `triage`: why a build failed, with evidence.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tmpl::triage::redact::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{Evidence, Verdict, Witness, judge};

use super::{Context, Exit, Stop};

/// Arguments of `triage`.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").args(["key", "log"]).required(true).multiple(true)))]
pub struct Args {
    /// Line whose newest run is judged
    key: Option<String>,
    /// Log to judge instead: packer's debug log or its output, plain or gzipped
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// The verdict as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let log = match (&args.log, &args.key) {
        (Some(path), _) => path.clone(),
        (None, Some(key)) => newest_log(context, key)?,
        (None, None) => return Err(Stop::usage("name a line, or a log with --log")),
    };
    let rules = Rules::with_own(&context.global.repo).map_err(Stop::usage)?;
    let verdict = tokio::task::spawn_blocking(move || -> anyhow::Result<Verdict> {
        Ok(judge(open(&log)?, &rules, &Scrubber::of_process(), None)?)
    });
    print(&verdict.await??, args.json)?;
    Ok(Exit::Done)
}

/// The log of the newest run of a line.
fn newest_log(context: &Context, key: &str) -> anyhow::Result<PathBuf> {
    let line = context.line(key)?;
    let run = tmpl::build::latest(&context.state()?, &line.key).context("cannot read the records of runs")?;
    run.map(|run| run.log).ok_or_else(|| Stop::usage(format!("{key}: no run is recorded here; name a log with --log")))
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
