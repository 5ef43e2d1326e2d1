//! `iso upload`: the ISO of one line or of all, on the datastore.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tmpl::iso::pace::{self, Pace};
use tmpl::iso::stage::{self, OnProgress, Progress};
use tmpl::iso::{Job, Mirror, StageError, Staged, Wanted, shelf};
use tmpl::pipeline::Line;
use tmpl::vcenter::Error;
use tmpl::vcenter::datastore::FilePath;
use tmpl::vcenter::gate::Gate;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{tell, writable};
use crate::cli::{Context, Exit, Stop, output};

/// How long no byte may go through: vCenter takes its time over the last one.
const PATIENCE: Duration = Duration::from_secs(300);

/// Arguments of `iso upload`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A line, or `all`
    key: String,
    /// One JSON object a line: phases, progress, results, and a summary
    #[arg(long)]
    json: bool,
}

/// How the lines came out.
#[derive(Default)]
struct Tally {
    staged: usize,
    present: usize,
    by_hand: usize,
    failed: usize,
    /// vCenter cannot be had with these settings or credentials
    locked_out: bool,
}

/// Runs the verb. Lines follow one another; a failing one does not stop the rest.
pub async fn run(context: &Context, mirror: &Mirror, args: &Args) -> anyhow::Result<Exit> {
    let lines = match args.key.as_str() {
        "all" => context.matrix()?.lines,
        key => vec![context.line(key)?],
    };
    writable(context, "iso upload")?;
    let datastore = shelf::datastore(&context.global.repo).map_err(Stop::usage)?;
    let client = context.client()?;
    let folders =
        lines.iter().map(|line| FilePath { datastore: datastore.clone(), path: line.iso_datastore_path.clone() });
    let gate = context.gate(&client)?.with_media(folders.collect::<Vec<_>>());
    let stop = stopped_by_signals()?;
    let mut tally = Tally::default();
    for line in &lines {
        let staged = staged(context, &gate, mirror, line, args.json, &stop).await;
        tally.count(args.json, line, staged)?;
        if stop.is_cancelled() {
            break;
        }
    }
    tally.summary(args.json, lines.len())?;
    match tally {
        // A signal that came too late for the last line changes nothing.
        _ if stop.is_cancelled() && !tally.complete(lines.len()) => Ok(Exit::Cancelled),
        Tally { locked_out: true, .. } => Ok(Exit::Usage),
        Tally { failed: 0, .. } => Ok(Exit::Done),
        _ => Ok(Exit::Failed),
    }
}

impl Tally {
    fn count(&mut self, as_json: bool, line: &Line, staged: Result<Staged, StageError>) -> std::io::Result<()> {
        let key = &line.key.0;
        match staged {
            Ok(Staged::Present { size, unchecked }) => {
                self.present += 1;
                let text = unchecked.as_ref().map_or_else(|| "present".into(), |why| format!("present ({why})"));
                tell(as_json, "SKIP", key, &text, json!({ "size": size }))
            }
            Ok(Staged::Uploaded { size, digest }) => {
                self.staged += 1;
                let more = json!({ "size": size, "sha256": digest.to_string() });
                tell(as_json, "DONE", key, "uploaded and verified", more)
            }
            Ok(Staged::Manual) => {
                self.by_hand += 1;
                tell(as_json, "MANUAL", key, "staged by hand", Value::Null)
            }
            Err(error) => {
                self.failed += 1;
                let cause = match &error {
                    StageError::VCenter(error) | StageError::Gate(tmpl::vcenter::gate::GateError::VCenter(error)) => {
                        Some(error)
                    }
                    _ => None,
                };
                self.locked_out |= matches!(cause, Some(Error::Login { .. } | Error::Tls { .. } | Error::Settings(_)));
                tell(as_json, "ERROR", key, &error.to_string(), Value::Null)
            }
        }
    }

    /// Whether every line came out well.
    fn complete(&self, lines: usize) -> bool {
        self.staged + self.present + self.by_hand == lines
    }

    /// In JSON always; as text when there is more than one line to sum up.
    fn summary(&self, as_json: bool, lines: usize) -> std::io::Result<()> {
        let Self { staged, present, by_hand, failed, .. } = self;
        if as_json {
            let object = json!({ "event": "summary", "lines": lines, "staged": staged, "present": present,
                "by_hand": by_hand, "failed": failed });
            return output::json(&object);
        }
        if lines == 1 {
            return Ok(());
        }
        let left = lines - staged - present - by_hand - failed;
        let left = if left > 0 { format!(", {left} not begun") } else { String::new() };
        output::aside(&format!("{staged} staged, {present} present, {by_hand} by hand, {failed} failed{left}"))
    }
}

/// Ctrl-C, or the system's request to end: what was uploaded of the line at hand is deleted before we go.
fn stopped_by_signals() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let (mut signals, stop) = (signal(kind)?, stop.clone());
        tokio::spawn(async move {
            signals.recv().await;
            stop.cancel();
        });
    }
    Ok(stop)
}

async fn staged(
    context: &Context,
    gate: &Gate,
    mirror: &Mirror,
    line: &Line,
    as_json: bool,
    stop: &CancellationToken,
) -> Result<Staged, StageError> {
    if line.iso_url.is_none() {
        return Ok(Staged::Manual);
    }
    let state = context.state().map_err(|error| StageError::Lock {
        key: line.key.clone(),
        source: std::io::Error::other(error.to_string()),
    })?;
    let _alone = stage::alone(&state, &line.key)?;
    let wanted = Wanted::read(&context.global.repo, line)?;
    let bar = if as_json || !output::asides_to_terminal() { ProgressBar::hidden() } else { ProgressBar::new(0) };
    if let Ok(style) =
        ProgressStyle::with_template("{prefix} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta} {msg}")
    {
        bar.set_style(style);
    }
    bar.set_prefix(line.key.0.clone());
    let on = if as_json { events(line.key.0.clone()) } else { drawn(bar.clone()) };
    let job = Job { gate, mirror, line, wanted: &wanted, patience: PATIENCE, on, stop: stop.clone() };
    let staged = job.run().await;
    bar.finish_and_clear();
    staged
}

fn drawn(bar: ProgressBar) -> OnProgress {
    Arc::new(move |progress| match progress {
        Progress::Phase(phase) => bar.set_message(phase.word()),
        Progress::Bytes(done, size) => {
            bar.set_length(size);
            bar.set_position(done);
        }
        Progress::Resumed(_, why) => bar.println(output::safe(&format!("taken up again: {why}"))),
    })
}

/// One JSON object a line; bytes a few times a second.
fn events(key: String) -> OnProgress {
    let pace = Mutex::new(Pace::default());
    Arc::new(move |progress| {
        let object = match progress {
            Progress::Phase(phase) => json!({ "event": "phase", "key": key, "phase": phase.word() }),
            Progress::Bytes(done, size) => {
                let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
                if !pace.note(Instant::now(), done) && done < size {
                    return;
                }
                let rate = pace.rate();
                let eta = rate.and_then(|rate| pace::left(size - done, rate)).map(|left| left.as_secs());
                json!({ "event": "progress", "key": key, "done": done, "size": size, "rate": rate, "eta": eta })
            }
            Progress::Resumed(done, why) => json!({ "event": "resumed", "key": key, "done": done, "reason": why }),
        };
        // A reader that went away is found out by the result's line.
        let _ = output::json(&object);
    })
}
