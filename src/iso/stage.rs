//! Putting a line's ISO on the datastore: downloaded, hashed and uploaded in one pass, then compared and renamed.
//!
//! The bytes go straight from the mirror to the datastore as `.<file>.partial`, in constant memory and without a copy on
//! disk. Only a file whose checksum is the mirror's gets its name; whatever is killed leaves a hidden partial at worst,
//! which the next run removes.

mod error;
mod source;

pub use error::StageError;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::datastore_iso::{RequiredIso, partial_name, partials};
use super::{Digest, Mirror, sums};
use crate::fs::{FileLock, create_private_dir};
use crate::paths::StateDir;
use crate::pipeline::{Key, Line};
use crate::vcenter::datastore::{DatastorePath, FileInfo};
use crate::vcenter::gate::Gate;
use crate::vcenter::resources::DatastoreState;

/// The verb in the audit log.
const VERB: &str = "stage";
/// A partial file that did not change for this long is not being written any more.
const PARTIAL_CHECK_INTERVAL: Duration = Duration::from_secs(3);

/// What staging one line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staged {
    /// it was there already
    Present {
        /// bytes
        size: u64,
        /// why its size could not be compared with the mirror's; `None` = it is the mirror's
        unchecked: Option<String>,
    },
    /// uploaded now
    Uploaded {
        /// bytes
        size: u64,
        /// its SHA-256, as the mirror lists it
        digest: Digest,
    },
    /// media put on the datastore by hand
    Manual,
}

/// What mirror and datastore say before an upload.
enum StageCheck {
    Staged(Staged),
    /// bytes, and the SHA-256 as the mirror lists it
    Offered(u64, Digest),
}

/// The phases of staging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// asking mirror and datastore
    Look,
    /// from the mirror to the datastore
    Copy,
    /// comparing, then giving the final name
    Rename,
}

impl Phase {
    /// For events and screens.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Copy => "copy",
            Self::Rename => "rename",
        }
    }
}

/// Progress of staging one ISO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// the next phase began
    Phase(Phase),
    /// bytes that went through, and bytes in all
    Bytes(u64, u64),
    /// the download broke after so many bytes and is taken up again
    Resumed(u64, String),
}

/// Receives progress; called for every few kilobytes.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// The staging of one line.
#[derive(Clone)]
pub struct StageJob<'a> {
    /// must allow the line's media folder
    pub gate: &'a Gate,
    /// where ISOs come from
    pub mirror: &'a Mirror,
    /// with the addresses
    pub line: &'a Line,
    /// what its template mounts
    pub wanted: &'a RequiredIso,
    /// an upload through which nothing goes for this long is given up
    pub stall_timeout: Duration,
    /// receives progress
    pub on: OnProgress,
    /// ends it early
    pub stop: CancellationToken,
}

impl std::fmt::Debug for StageJob<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("line", &self.line.key).field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

/// One upload of a line at a time on this machine; the lock goes with the process.
///
/// # Errors
/// [`StageError::Locked`] when another process has it.
pub fn lock_upload(state: &StateDir, key: &Key) -> Result<FileLock, StageError> {
    let lock = |source| StageError::Lock { key: key.clone(), source };
    let folder = state.path().join("stage");
    create_private_dir(&folder).map_err(lock)?;
    let held = FileLock::take(&folder.join(format!("{key}.lock"))).map_err(lock)?;
    held.ok_or_else(|| StageError::Locked(key.clone()))
}

impl StageJob<'_> {
    /// Stages the ISO.
    ///
    /// # Errors
    /// [`StageError`]; no answer is never taken for "absent".
    pub async fn run(&self) -> Result<Staged, StageError> {
        let (Some(url), Some(sums_url)) = (&self.line.iso_url, &self.line.sums_url) else {
            return Ok(Staged::Manual);
        };
        self.report_phase(Phase::Look);
        let found = tokio::select! {
            found = self.check(url, sums_url) => found?,
            () = self.stop.cancelled() => return Err(StageError::Cancelled),
        };
        let (size, digest) = match found {
            StageCheck::Staged(staged) => return Ok(staged),
            StageCheck::Offered(size, digest) => (size, digest),
        };
        if let Err(error) = self.copy(url, size, digest).await {
            self.discard().await;
            return Err(error);
        }
        Ok(Staged::Uploaded { size, digest })
    }

    /// Asks datastore and mirror, and makes room for what is not there.
    async fn check(&self, url: &str, sums_url: &str) -> Result<StageCheck, StageError> {
        let there = self.files().await?;
        if let Some(found) = there.iter().find(|file| file.name == self.name()) {
            let staged = self.present(url, found.size).await?;
            self.try_remove_partials(&there).await;
            return Ok(StageCheck::Staged(staged));
        }
        let size = self.mirror.size(url).await?.ok_or_else(|| StageError::NoSize(url.to_owned()))?;
        let listed = sums::lookup(&self.mirror.page(sums_url).await?, self.name());
        let (list, file) = (sums_url.to_owned(), self.name().to_owned());
        let digest = match listed {
            Ok(Some(digest)) => digest,
            Ok(None) => return Err(StageError::Unlisted { sums_url: list, file }),
            Err(sums::Contradiction) => return Err(StageError::Contradiction { sums_url: list, file }),
        };
        self.gate.make_folder(VERB, &self.sibling("")).await?;
        self.remove_partials(&there).await?;
        self.has_room(size).await?;
        Ok(StageCheck::Offered(size, digest))
    }

    /// The datastore takes so many bytes, as far as vCenter tells.
    async fn has_room(&self, size: u64) -> Result<(), StageError> {
        let states = match self.gate.client().datastore_states().await {
            Ok(states) => states,
            Err(error) => {
                tracing::debug!(%error, "the datastore's room is not known");
                return Ok(());
            }
        };
        let state = states.iter().find(|state| state.name == self.wanted.file.datastore);
        let small = |state: &DatastoreState| {
            (state.free < size).then(|| format!("datastore {} has no room: {}", state.name, state.room()))
        };
        let why = state.and_then(|state| state.trouble().or_else(|| small(state)));
        why.map_or(Ok(()), |why| Err(StageError::NoRoom { why, size }))
    }

    /// It has its name already. A mirror that does not answer, or dropped the release, makes it no less staged.
    async fn present(&self, url: &str, found: u64) -> Result<Staged, StageError> {
        match self.mirror.size(url).await {
            Ok(Some(wanted)) if wanted != found => {
                Err(StageError::OtherSize { file: self.wanted.file.to_string(), found, wanted })
            }
            Ok(Some(_)) => Ok(Staged::Present { size: found, unchecked: None }),
            Ok(None) => Ok(Staged::Present { size: found, unchecked: Some(format!("{url} does not say its size")) }),
            Err(error) => Ok(Staged::Present { size: found, unchecked: Some(error.to_string()) }),
        }
    }

    async fn copy(&self, url: &str, size: u64, digest: Digest) -> Result<(), StageError> {
        self.report_phase(Phase::Copy);
        let partial = self.partial();
        let found = source::copy(self, url, size, &partial).await?;
        self.report_phase(Phase::Rename);
        if found != digest {
            return Err(StageError::Mismatch { file: self.name().to_owned(), found, wanted: digest });
        }
        // The checksum is of what was sent; somebody on another machine may have written there too.
        let landed = self.files().await?;
        let whole = landed.iter().any(|file| file.name == partial.folder_and_name().1 && file.size == size);
        if !whole {
            return Err(StageError::Busy(partial.to_string()));
        }
        Ok(self.gate.move_file(VERB, &partial, &self.wanted.file).await?)
    }

    /// Removes what killed uploads left, unless somebody is writing ours.
    async fn remove_partials(&self, there: &[FileInfo]) -> Result<(), StageError> {
        let left = partials(there);
        if left.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(PARTIAL_CHECK_INTERVAL).await;
        let now = self.files().await?;
        let partial = self.partial();
        for old in left {
            match now.iter().find(|file| file.name == old.name) {
                Some(file) if *file == old => self.gate.delete_file(VERB, &self.sibling(&old.name)).await?,
                Some(_) if old.name == partial.folder_and_name().1 => {
                    return Err(StageError::Busy(partial.to_string()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Removes what killed uploads left, where a failure does no harm.
    async fn try_remove_partials(&self, there: &[FileInfo]) {
        if let Err(error) = self.remove_partials(there).await {
            tracing::warn!(line = %self.line.key, %error, "left-over partials stay");
        }
    }

    /// Deletes what we uploaded; what cannot be deleted is found by the next run.
    async fn discard(&self) {
        if let Err(error) = self.gate.delete_file(VERB, &self.partial()).await {
            tracing::warn!(line = %self.line.key, %error, "the partial stays until the next run");
        }
    }

    async fn files(&self) -> Result<Vec<FileInfo>, StageError> {
        let file = &self.wanted.file;
        Ok(self.gate.client().files(&file.datastore, file.folder_and_name().0).await?)
    }

    fn name(&self) -> &str {
        self.wanted.file.folder_and_name().1
    }

    fn partial(&self) -> DatastorePath {
        self.sibling(&partial_name(self.name()))
    }

    /// Another file of the folder; the folder itself for no name.
    fn sibling(&self, name: &str) -> DatastorePath {
        let file = &self.wanted.file;
        let (folder, _) = file.folder_and_name();
        let path = if name.is_empty() { folder.to_owned() } else { format!("{folder}/{name}") };
        DatastorePath { datastore: file.datastore.clone(), path }
    }

    fn report_phase(&self, phase: Phase) {
        (self.on)(Progress::Phase(phase));
    }
}
