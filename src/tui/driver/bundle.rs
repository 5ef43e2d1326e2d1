//! Everything that is known about a run in one file that may be handed on: scrubbed, with the verdict in it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Zoned;

use super::save::blocking;
use super::verdict::{self, Case};
use crate::console::message::Reply;
use crate::guest::recording::Recording;
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::triage::bundle::{self, Contents};

/// Judges the run and writes `<key>-triage-<time>.zip` into the current folder.
pub(super) async fn save(key: Key, case: Case, scrubber: Arc<Scrubber>) -> Reply<PathBuf> {
    let (dir, log) = (case.dir.clone(), case.log.clone());
    let verdict = verdict::judge(case).await?;
    blocking(move || {
        let recording = Recording::read(&dir).map_err(|error| format!("cannot read the record: {error}"))?;
        let path = PathBuf::from(format!("{key}-triage-{}.zip", Zoned::now().strftime("%Y%m%d-%H%M%S")));
        let log = File::open(&log).map_err(|error| format!("cannot read {}: {error}", log.display()))?;
        let log: Option<Box<dyn BufRead>> = Some(Box::new(BufReader::new(log)));
        let run = Some(dir.join("run.json"));
        let title = key.to_string();
        let contents = Contents { title, verdict: &verdict, recording, pictures: Vec::new(), run, log };
        let written = bundle::write(&path, contents, &scrubber).map_err(|error| error.to_string())?;
        tracing::info!(path = %path.display(), pictures = written.pictures, withheld = written.withheld, "bundle");
        Ok(std::path::absolute(&path).unwrap_or(path))
    })
    .await
}
