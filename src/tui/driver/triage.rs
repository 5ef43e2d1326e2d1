//! What the flight recorder kept, what earlier runs took, and the verdict: read and worked out beside the console.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Report;
use crate::console::message::{Failure, Msg, RequestId};
use crate::guest::recording::Recording;
use crate::ops::{Error, blocking};
use crate::packer_log::Tracks;
use crate::packer_log::phase_times::{self, TypicalDurations};
use crate::packer_run::{self, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// How often a record is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Earlier runs that tell what is usual.
const EARLIER: usize = 20;

/// Stages of finished runs, by their folder.
type Known = Arc<Mutex<BTreeMap<PathBuf, Tracks>>>;

/// Follows the record of the selected line's run.
pub(super) struct Records {
    report: Report,
    state: StateDir,
    known: Known,
    follower: Option<JoinHandle<()>>,
}

impl Records {
    pub(super) fn new(report: Report, state: StateDir) -> Self {
        Self { report, state, known: Known::default(), follower: None }
    }

    pub(super) fn close(&mut self) {
        if let Some(follower) = self.follower.take() {
            follower.abort();
        }
    }

    pub(super) fn open(&mut self, request: RequestId, key: Key, dir: PathBuf) {
        self.close();
        let (report, state, known) = (self.report.clone(), self.state.clone(), self.known.clone());
        self.follower = Some(tokio::spawn(async move {
            let run = dir.clone();
            let habits = blocking("looking at earlier runs", move || habits(&state, &key, &run, &known));
            let (record, habits) = (follow(request, dir, &report), habits);
            let learn = async {
                match habits.await {
                    Ok(habits) => report(Msg::HabitsRead { request, habits }),
                    Err(error) => tracing::warn!(%error, "what is usual is not known"),
                }
            };
            tokio::join!(record, learn);
        }));
    }
}

/// Reports the record whenever it grew.
async fn follow(request: RequestId, dir: PathBuf, report: &Report) {
    let mut recording: Option<Recording> = None;
    let mut trouble = None;
    loop {
        let (dir, before) = (dir.clone(), recording.take());
        let read = blocking("reading the record", move || {
            let read = match before {
                None => Recording::read(&dir).map(|recording| (recording, true)),
                Some(mut recording) => recording.read_more().map(|grew| (recording, grew)),
            };
            read.map_err(Error::Record)
        });
        match read.await.map_err(Failure::from) {
            Ok((read, grew)) => {
                trouble = None;
                if grew {
                    report(Msg::Recorded { request, answer: Ok(Arc::new(read.clone())) });
                }
                recording = Some(read);
            }
            Err(reason) if trouble.as_ref() == Some(&reason) => {}
            Err(reason) => {
                trouble = Some(reason.clone());
                report(Msg::Recorded { request, answer: Err(reason) });
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How long the stages of earlier runs of a line took.
fn habits(state: &StateDir, key: &Key, current: &Path, known: &Known) -> Result<TypicalDurations, Error> {
    let mut runs = packer_run::all(state, key).map_err(Error::Record)?;
    runs.sort_by_key(|run| std::cmp::Reverse(run.started));
    let mut habits = TypicalDurations::default();
    for run in runs.iter().filter(|run| !run.state.live() && run.dir != current).take(EARLIER) {
        let before = known.lock().unwrap_or_else(PoisonError::into_inner).get(&run.dir).cloned();
        match before.map_or_else(|| tracks(run), Ok) {
            Ok(tracks) => {
                habits.add_run(&tracks);
                known.lock().unwrap_or_else(PoisonError::into_inner).insert(run.dir.clone(), tracks);
            }
            Err(error) => tracing::debug!(%key, %error, log = %run.log.display(), "an earlier log says nothing"),
        }
    }
    Ok(habits)
}

fn tracks(run: &Run) -> std::io::Result<Tracks> {
    phase_times::tracks(BufReader::with_capacity(256 << 10, File::open(&run.log)?))
}
