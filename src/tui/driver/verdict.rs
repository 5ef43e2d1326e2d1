//! The verdict on a run: its log, the newest of its pictures and its guest, judged by the rules of the repository.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::Arc;

use super::save::blocking;
use crate::console::message::Reply;
use crate::guest::recording::Recording;
use crate::guest::screen;
use crate::packer_run::Run;
use crate::text::Scrubber;
use crate::triage::rules::Rules;
use crate::triage::verdict::{self, Scene, Verdict};

/// Pictures looked at, the newest ones: what stands still does so in the last of them, and each is megabytes.
const NEWEST: usize = 12;

/// What is judged.
pub(super) struct Case {
    /// root of the repository, for its own rules
    pub(super) repo: PathBuf,
    pub(super) dir: PathBuf,
    pub(super) log: PathBuf,
    pub(super) scrubber: Arc<Scrubber>,
}

pub(super) async fn judge(case: Case) -> Reply<Box<Verdict>> {
    let Case { repo, dir, log, scrubber } = case;
    let (rules, run, recording) = blocking(move || {
        let rules = Rules::with_own(&repo).map_err(|error| error.to_string())?;
        let recording = Recording::read(&dir).map_err(|error| format!("cannot read the record: {error}"))?;
        let run = Run::read(&dir).map_err(|error| format!("cannot read the record: {error}"))?;
        Ok((rules, run, recording))
    })
    .await?;
    let pictures = recording.clone();
    let stills = blocking(move || Ok(pictures.stills(NEWEST))).await?;
    let look = screen::look(&stills, &rules.screens).await;
    blocking(move || {
        let file = File::open(&log).map_err(|error| format!("cannot read {}: {error}", log.display()))?;
        let scene = run.map(|run| Scene::of_run(&run, &recording, look.as_ref(), None)).unwrap_or_default();
        let judged = verdict::judge(BufReader::new(file), &rules, &scrubber, scene);
        let mut verdict = judged.map_err(|error| error.to_string())?;
        if let Some(look) = &look {
            verdict.show(look, &scrubber);
        }
        Ok(Box::new(verdict))
    })
    .await
}
