//! A line's ISO, put on the datastore.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::super::blocking::blocking;
use super::super::{Context, Error};
use crate::iso::rate::{self, TransferRate};
use crate::iso::stage::{self, OnProgress, Phase, StageJob, Staged};
use crate::iso::{Mirror, RequiredIso, StageError};
use crate::pipeline::Line;
use crate::vcenter::Client;
use crate::vcenter::datastore::DatastorePath;

/// How long no byte may go through: vCenter takes its time over the last one.
const PATIENCE: Duration = Duration::from_secs(300);

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// the next phase began
    Phase(Phase),
    /// bytes went through; told a few times a second
    Bytes {
        /// so far
        done: u64,
        /// in all
        size: u64,
        /// a second, lately
        rate: Option<u64>,
    },
    /// the download broke and is taken up again
    Resumed {
        /// after so many bytes
        done: u64,
        /// why it broke
        reason: String,
    },
}

impl Progress {
    /// How long the rest takes at the present rate.
    pub fn left(&self) -> Option<Duration> {
        match self {
            Self::Bytes { done, size, rate } => rate::time_left(size - done, (*rate)?),
            Self::Phase(_) | Self::Resumed { .. } => None,
        }
    }
}

/// Stages the ISO of `line`. Ended early by `stop` it deletes what it uploaded and ends with [`StageError::Cancelled`].
///
/// # Errors
/// [`Error::Stage`]; nothing carries the ISO's name then that did not before.
pub async fn stage(
    context: &Context,
    client: &Client,
    mirror: &Mirror,
    line: &Line,
    on: impl Fn(Progress) + Send + Sync + 'static,
    stop: CancellationToken,
) -> Result<Staged, Error> {
    if line.iso_url.is_none() {
        return Ok(Staged::Manual);
    }
    let (repo, state, of) = (context.repo.clone(), context.state.clone(), line.clone());
    let begun = blocking("the staging", move || {
        let alone = stage::lock_upload(&state, &of.key)?;
        Ok((alone, RequiredIso::read(&repo, &of).map_err(StageError::from)?))
    });
    let (_alone, wanted) = begun.await?;
    let folder =
        DatastorePath { datastore: wanted.file.datastore.clone(), path: wanted.file.folder_and_name().0.to_owned() };
    let gate = context.gate(client).with_media([folder]);
    let job = StageJob { gate: &gate, mirror, line, wanted: &wanted, stall_timeout: PATIENCE, on: paced(on), stop };
    let staged = job.run().await?;
    if matches!(staged, Staged::Uploaded { .. }) {
        super::super::tell::staged(&line.key, &wanted.file.to_string());
    }
    Ok(staged)
}

/// Tells of bytes a few times a second, and at what rate they go through.
fn paced(on: impl Fn(Progress) + Send + Sync + 'static) -> OnProgress {
    let rate = Mutex::new(TransferRate::default());
    Arc::new(move |progress| match progress {
        stage::Progress::Phase(phase) => on(Progress::Phase(phase)),
        stage::Progress::Bytes(done, size) => {
            let mut transfer = rate.lock().unwrap_or_else(PoisonError::into_inner);
            if transfer.record(Instant::now(), done) || done >= size {
                on(Progress::Bytes { done, size, rate: transfer.rate() });
            }
        }
        stage::Progress::Resumed(done, reason) => on(Progress::Resumed { done, reason }),
    })
}
