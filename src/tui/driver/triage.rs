//! What the flight recorder kept, and what earlier runs took: read beside the console.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Report;
use crate::console::message::{Failure, Msg, RequestId};
use crate::guest::recording::Recording;
use crate::ops::usual::Usual;
use crate::ops::{Error, blocking};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// How often a record is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Follows the record of the selected line's run.
pub(super) struct Records {
    report: Report,
    state: StateDir,
    usual: Usual,
    follower: Option<JoinHandle<()>>,
}

impl Records {
    pub(super) fn new(report: Report, state: StateDir, usual: Usual) -> Self {
        Self { report, state, usual, follower: None }
    }

    pub(super) fn close(&mut self) {
        if let Some(follower) = self.follower.take() {
            follower.abort();
        }
    }

    pub(super) fn open(&mut self, request: RequestId, key: Key, dir: PathBuf) {
        self.close();
        let (report, state, usual) = (self.report.clone(), self.state.clone(), self.usual.clone());
        self.follower = Some(crate::task::spawn(async move {
            let run = dir.clone();
            let habits = blocking("looking at earlier runs", move || usual.of(&state, &key, &run));
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
