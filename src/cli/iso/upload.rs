//! `iso upload`: the ISO of one line or of all, on the datastore.

use serde_json::{Value, json};
use tmpl::iso::{Mirror, Staged};
use tmpl::ops::{Error, Operation, media, permitted, signals};
use tmpl::pipeline::{Line, Medium};
use tokio_util::sync::CancellationToken;

use super::{progress, tell};
use crate::cli::{Context, Exit, Stop, output};

/// Arguments of `iso upload`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A line, or `all`
    key: String,
    /// One JSON object per line: phases, progress, results, and a summary
    #[arg(long)]
    json: bool,
}

/// Runs the verb. Lines follow one another; a failing one does not stop the rest.
pub async fn run(context: &Context, mirror: &Mirror, args: &Args) -> anyhow::Result<Exit> {
    let lines = match args.key.as_str() {
        "all" => context.matrix()?.lines.clone(),
        key => vec![context.line(key)?],
    };
    permitted(Operation::Stage, context.mode()).map_err(Error::from)?;
    // No line could be staged without.
    let known = lines.iter().map(|line| Medium::datastore(&context.global.repo, line)).collect::<Vec<_>>();
    if let (Some(Err(unknown)), false) = (known.first(), known.iter().any(Result::is_ok)) {
        return Err(Stop::usage(unknown.clone()));
    }
    let ((places, clients), context) = (context.places(&lines)?, context.ops()?);
    let stop = signals::stop()?;
    let mut tally = Tally::default();
    for line in &lines {
        let Some(client) = clients.get(&places.of(&line.key)) else { continue };
        let (on, bar) = progress::shown(&line.key, args.json);
        let staged = media::stage(&context, client, mirror, line, on, stop.clone()).await;
        bar.finish_and_clear();
        tally.count(args.json, line, staged)?;
        if stop.is_cancelled() {
            break;
        }
    }
    tally.summary(args.json, lines.len())?;
    Ok(tally.exit(lines.len(), &stop))
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

impl Tally {
    fn count(&mut self, as_json: bool, line: &Line, staged: Result<Staged, Error>) -> std::io::Result<()> {
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
                self.locked_out |= error.exit() == Exit::Usage;
                tell(as_json, "ERROR", key, &error.to_string(), Value::Null)
            }
        }
    }

    /// Whether every line came out well.
    fn complete(&self, lines: usize) -> bool {
        self.staged + self.present + self.by_hand == lines
    }

    fn exit(&self, lines: usize, stop: &CancellationToken) -> Exit {
        match self {
            // A signal that came too late for the last line changes nothing.
            _ if stop.is_cancelled() && !self.complete(lines) => Exit::Cancelled,
            Self { locked_out: true, .. } => Exit::Usage,
            Self { failed: 0, .. } => Exit::Done,
            _ => Exit::Failed,
        }
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
