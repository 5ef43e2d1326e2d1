//! Putting a line's ISO on the datastore: downloaded, hashed and uploaded in one pass, then compared and renamed.
//!
//! The bytes go straight from the mirror to the datastore as `.<file>.partial`, in constant memory and without a copy on
//! disk. Only a file whose checksum is the mirror's gets its name; whatever is killed leaves a hidden partial at worst,
//! which the next run removes.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Response};
use sha2::{Digest as _, Sha256};

use super::discover::file_name;
use super::{Digest, Mirror, MirrorError, sums};
use crate::pipeline::Line;
use crate::vcenter::datastore::FilePath;
use crate::vcenter::gate::{Gate, GateError};

/// How often a download that broke is taken up again before it counts as failed.
const RESUMES: usize = 5;

/// What staging one line came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staged {
    /// it was there already, in the right size
    Present,
    /// uploaded now
    Uploaded,
    /// media put on the datastore by hand
    Manual,
}

/// Why a line's ISO is not staged. Nothing carries its final name then that did not before.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// the mirror
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// vCenter
    #[error(transparent)]
    VCenter(#[from] crate::vcenter::Error),
    /// a change of the datastore
    #[error(transparent)]
    Gate(#[from] GateError),
    /// the checksum file does not list it
    #[error("{sums_url} has no SHA-256 of {file}")]
    Unlisted {
        /// the checksum file
        sums_url: String,
        /// the ISO
        file: String,
    },
    /// the mirror does not say how large it is, which an upload in one pass needs
    #[error("{0} does not say its size")]
    NoSize(String),
    /// there is a file of that name, and it is not this one
    #[error("{file} is there with {found} bytes, the mirror's has {wanted}; remove or rename it, then stage again")]
    OtherSize {
        /// the datastore file
        file: String,
        /// its size
        found: u64,
        /// the mirror's
        wanted: u64,
    },
    /// not what the checksum file promises; the partial was deleted
    #[error("{file}: SHA-256 is {found}, the checksum file says {wanted}; what was uploaded is deleted")]
    Mismatch {
        /// the ISO
        file: String,
        /// computed
        found: Digest,
        /// listed
        wanted: Digest,
    },
}

/// Bytes done and bytes in all.
pub type OnProgress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// Stages the ISO of `line` on `datastore`. `gate` must allow the line's media folder.
///
/// # Errors
/// [`StageError`]; no answer is never taken for "absent".
pub async fn stage(
    gate: &Gate,
    mirror: &Mirror,
    line: &Line,
    datastore: &str,
    progress: OnProgress,
) -> Result<Staged, StageError> {
    let (Some(url), Some(sums_url)) = (&line.iso_url, &line.sums_url) else { return Ok(Staged::Manual) };
    let name = file_name(url);
    let file =
        |name: &str| FilePath { datastore: datastore.to_owned(), path: format!("{}/{name}", line.iso_datastore_path) };
    let wanted_size = mirror.size(url).await?;
    let there = gate.client().files(datastore, &line.iso_datastore_path).await?;
    if let Some(found) = there.iter().find(|found| found.name == name) {
        return match wanted_size {
            Some(wanted) if wanted != found.size => {
                Err(StageError::OtherSize { file: file(name).to_string(), found: found.size, wanted })
            }
            _ => Ok(Staged::Present),
        };
    }
    let size = wanted_size.ok_or_else(|| StageError::NoSize(url.clone()))?;
    let listed = sums::lookup(&mirror.page(sums_url).await?, name);
    let wanted = listed.ok_or_else(|| StageError::Unlisted { sums_url: sums_url.clone(), file: name.to_owned() })?;

    let partial = file(&format!(".{name}.partial"));
    gate.make_folder("stage", &FilePath { datastore: datastore.to_owned(), path: line.iso_datastore_path.clone() })
        .await?;
    gate.delete_file("stage", &partial).await?;
    let found = upload(gate, mirror, url, size, &partial, progress).await?;
    if found != wanted {
        gate.delete_file("stage", &partial).await?;
        return Err(StageError::Mismatch { file: name.to_owned(), found, wanted });
    }
    gate.move_file("stage", &partial, &file(name)).await?;
    Ok(Staged::Uploaded)
}

/// One pass over the bytes; their digest.
async fn upload(
    gate: &Gate,
    mirror: &Mirror,
    url: &str,
    size: u64,
    to: &FilePath,
    progress: OnProgress,
) -> Result<Digest, StageError> {
    let shared = Arc::new(Mutex::new((Sha256::new(), None)));
    let source = Source {
        mirror: mirror.clone(),
        url: url.to_owned(),
        size,
        done: 0,
        resumes: RESUMES,
        response: Some(mirror.stream(url, 0).await?),
        shared: Arc::clone(&shared),
        progress,
    };
    let body = Body::wrap_stream(stream::unfold(source, |mut source| async move {
        let chunk = source.next().await?;
        Some((chunk, source))
    }));
    let uploaded = gate.upload("stage", to, size, body).await;
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    // The mirror's failure is the cause, the broken upload only its consequence.
    if let Some(error) = shared.1.take() {
        return Err(error);
    }
    uploaded?;
    Ok(Digest(std::mem::take(&mut shared.0).finalize().into()))
}

/// The download as a stream that hashes what passes and takes up again where it broke.
struct Source {
    mirror: Mirror,
    url: String,
    size: u64,
    done: u64,
    resumes: usize,
    response: Option<Response>,
    shared: Arc<Mutex<(Sha256, Option<StageError>)>>,
    progress: OnProgress,
}

impl Source {
    async fn next(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        while self.done < self.size {
            match self.chunk().await {
                Ok(Some(chunk)) => {
                    self.done += chunk.len() as u64;
                    self.shared.lock().unwrap_or_else(PoisonError::into_inner).0.update(&chunk);
                    (self.progress)(self.done, self.size);
                    return Some(Ok(chunk));
                }
                // The stream ended or broke before its length: take it up again there.
                outcome if self.resumes > 0 => {
                    tracing::info!(url = self.url, done = self.done, ?outcome, "download taken up again");
                    self.resumes -= 1;
                    self.response = None;
                }
                Ok(None) => return Some(Err(self.fail(short(&self.url, self.done, self.size)))),
                Err(error) => return Some(Err(self.fail(error))),
            }
        }
        None
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, MirrorError> {
        if self.response.is_none() {
            self.response = Some(self.mirror.stream(&self.url, self.done).await?);
        }
        let Some(response) = self.response.as_mut() else { return Ok(None) };
        let chunk = response.chunk().await.map_err(|error| super::mirror::unreachable(&self.url, &error))?;
        // Never more than was announced: the upload has that length.
        let left = usize::try_from(self.size - self.done).unwrap_or(usize::MAX);
        Ok(chunk.map(|chunk| chunk.slice(..chunk.len().min(left))))
    }

    /// Keeps the cause for the caller; the upload only needs to know that it ends here.
    fn fail(&self, error: MirrorError) -> std::io::Error {
        let words = error.to_string();
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(error.into());
        std::io::Error::other(words)
    }
}

fn short(url: &str, done: u64, size: u64) -> MirrorError {
    MirrorError::Unreachable { url: url.to_owned(), reason: format!("ended after {done} of {size} bytes") }
}
