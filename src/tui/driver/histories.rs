//! The runs of each line, read anew when its newest one begins or ends: one line after the other, beside everything else.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::Report;
use crate::console::message::{Msg, Reply};
use crate::console::past::RunHistory;
use crate::console::run::{RunSeen, RunState};
use crate::ops::{Context, Error, history};
use crate::packer_run::{self, Run};
use crate::pipeline::Key;

/// Runs of a line that are told, the newest ones.
const TOLD: usize = 50;

/// Sees to it that histories are read.
pub(super) struct Histories {
    known: BTreeMap<Key, (PathBuf, RunState)>,
    wanted: mpsc::UnboundedSender<Key>,
}

impl Histories {
    pub(super) fn start(context: Context, report: Report) -> Self {
        let (wanted, mut keys) = mpsc::unbounded_channel::<Key>();
        crate::task::spawn(async move {
            // Ends with whoever wants to know.
            while let Some(key) = keys.recv().await {
                let (context, of) = (context.clone(), key.clone());
                let read = crate::task::spawn_blocking(move || read(&context, &of)).await;
                let broke = |failure: tokio::task::JoinError| Error::BrokeOff {
                    what: "reading the runs",
                    reason: failure.to_string(),
                };
                let answer: Reply<Box<RunHistory>> = read.map_err(broke).and_then(|read| read).map_err(Into::into);
                report(Msg::HistoryRead { key, answer });
            }
        });
        Self { known: BTreeMap::new(), wanted }
    }

    /// Takes the lines whose history is wanted, whatever their newest run is.
    pub(super) fn wanted(&self) -> mpsc::UnboundedSender<Key> {
        self.wanted.clone()
    }

    /// Has the history of those lines read whose newest run is another one, or ended.
    pub(super) fn look_at(&mut self, news: &[(Key, Reply<Option<RunSeen>>)]) {
        for (key, run) in news {
            let Ok(Some(run)) = run else { continue };
            let now = (run.dir.clone(), run.state);
            if self.known.insert(key.clone(), now.clone()) != Some(now) {
                // Without a reader the console is on its way out.
                let _ = self.wanted.send(key.clone());
            }
        }
    }
}

fn read(context: &Context, key: &Key) -> Result<Box<RunHistory>, Error> {
    let runs = packer_run::all(&context.state, key).map_err(Error::Record)?;
    let since = history::since_green(&context.state, context.line(key)?, &context.repo)?;
    Ok(Box::new(RunHistory { runs: runs.iter().take(TOLD).map(on_record).collect(), since }))
}

/// A run as its record has it.
pub(super) fn on_record(run: &Run) -> RunSeen {
    RunSeen {
        started: run.started,
        ended: run.ended,
        state: run.state,
        reason: run.reason.clone(),
        built: run.built.clone(),
        forgave: run.forgave.iter().flatten().next().cloned(),
        origin: run.origin.clone(),
        pid: run.supervisor.pid,
        phase: None,
        stage: None,
        still: None,
        dir: run.dir.clone(),
        log: run.shown().to_owned(),
    }
}
