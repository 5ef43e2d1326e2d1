//! The bytes on their way from the mirror to the datastore.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use bytes::Bytes;
use futures_util::stream;
use reqwest::{Body, Response};

use super::{OnProgress, Progress, StageError, StageJob, VERB};
use crate::iso::mirror::{Download, unreachable};
use crate::iso::{Digest, Mirror, MirrorError};
use crate::sha256::Sha256;
use crate::vcenter::datastore::DatastorePath;

/// Pauses before a broken download is resumed; when they are used up without progress, it has failed.
const RESUME_BACKOFF: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(250)).with_max_times(5);
/// After this many further bytes the pauses start anew.
const RESUME_RESET_BYTES: u64 = 64 << 20;

/// One pass over the bytes; their digest.
pub(super) async fn copy(job: &StageJob<'_>, url: &str, size: u64, to: &DatastorePath) -> Result<Digest, StageError> {
    let transferred = Arc::new(AtomicU64::new(0));
    let shared = Arc::new(Mutex::new((Sha256::default(), None)));
    let source = Source {
        mirror: job.mirror.clone(),
        url: url.to_owned(),
        size,
        done: 0,
        resumes: (RESUME_BACKOFF.build(), 0),
        response: Some(job.mirror.with_retry(|| job.mirror.stream(url, 0)).await?.response),
        skip: 0,
        shared: Arc::clone(&shared),
        transferred: Arc::clone(&transferred),
        on: Arc::clone(&job.on),
    };
    let body = Body::wrap_stream(stream::unfold(source, |mut source| async move {
        let chunk = source.next().await?;
        Some((chunk, source))
    }));
    let given_up = tokio::select! {
        // In this order: what is given up was begun, and is on record as that.
        biased;
        uploaded = job.gate.upload(VERB, to, size, body) => Ok(uploaded),
        () = job.stop.cancelled() => Err(StageError::Cancelled),
        () = stalled(&transferred, job.stall_timeout) => Err(StageError::Stalled { file: to.to_string(), limit: job.stall_timeout }),
    };
    let uploaded = given_up.inspect_err(|error| job.gate.record_abandoned_upload(VERB, to, &error.to_string()))?;
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    // The mirror's failure is the cause, the broken upload only its consequence.
    if let Some(error) = shared.1.take() {
        return Err(StageError::Mirror(error));
    }
    uploaded?;
    Ok(Digest(std::mem::take(&mut shared.0).finish()))
}

/// Fewer bytes than this within the timeout count as none: a mirror that only drips would never end.
const MIN_BYTES_PER_TIMEOUT: u64 = 4 << 10;

/// Returns once fewer than [`MIN_BYTES_PER_TIMEOUT`] went through within `limit`.
async fn stalled(transferred: &AtomicU64, limit: Duration) {
    let mut last = 0;
    loop {
        tokio::time::sleep(limit).await;
        let now = transferred.load(Ordering::Relaxed);
        if now - last < MIN_BYTES_PER_TIMEOUT {
            return;
        }
        last = now;
    }
}

/// The download as a stream that hashes what passes and takes up again where it broke.
struct Source {
    mirror: Mirror,
    url: String,
    size: u64,
    done: u64,
    /// pauses left before it is taken up again since it last got on, and where that began
    resumes: (ExponentialBackoff, u64),
    response: Option<Response>,
    /// bytes of the response that went through before: the mirror could not start in the middle
    skip: u64,
    shared: Arc<Mutex<(Sha256, Option<MirrorError>)>>,
    transferred: Arc<AtomicU64>,
    on: OnProgress,
}

impl Source {
    async fn next(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        while self.done < self.size {
            let error = match self.chunk().await {
                Ok(Some(chunk)) => {
                    if chunk.is_empty() {
                        continue;
                    }
                    self.done += chunk.len() as u64;
                    self.shared.lock().unwrap_or_else(PoisonError::into_inner).0.update(&chunk);
                    (self.on)(Progress::Bytes(self.done, self.size));
                    return Some(Ok(chunk));
                }
                Ok(None) => ended_early(&self.url, self.done, self.size),
                Err(error) => error,
            };
            if let Err(error) = self.resume(error).await {
                let words = error.to_string();
                self.shared.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(error);
                // The upload only needs to know that it ends here.
                return Some(Err(std::io::Error::other(words)));
            }
        }
        None
    }

    /// The download broke or ended early: pauses and lets the next chunk ask for the rest, or gives up.
    async fn resume(&mut self, error: MirrorError) -> Result<(), MirrorError> {
        if self.done >= self.resumes.1 + RESUME_RESET_BYTES {
            self.resumes = (RESUME_BACKOFF.build(), self.done);
        }
        if !error.is_transient() {
            return Err(error);
        }
        let Some(pause) = self.resumes.0.next() else { return Err(error) };
        tracing::info!(url = self.url, done = self.done, %error, "download taken up again");
        (self.on)(Progress::Resumed(self.done, error.to_string()));
        tokio::time::sleep(pause).await;
        self.response = None;
        Ok(())
    }

    async fn chunk(&mut self) -> Result<Option<Bytes>, MirrorError> {
        if self.response.is_none() {
            let Download { response, skip } = self.mirror.stream(&self.url, self.done).await?;
            (self.response, self.skip) = (Some(response), skip);
        }
        let Some(response) = self.response.as_mut() else { return Ok(None) };
        let chunk = response.chunk().await.map_err(|error| unreachable(&self.url, &error))?;
        let Some(mut chunk) = chunk else { return Ok(None) };
        self.transferred.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(chunk.len());
        self.skip -= skipped as u64;
        // Never more than was announced: the upload has that length.
        let left = usize::try_from(self.size - self.done).unwrap_or(usize::MAX);
        chunk = chunk.slice(skipped..);
        chunk.truncate(left);
        Ok(Some(chunk))
    }
}

fn ended_early(url: &str, done: u64, size: u64) -> MirrorError {
    MirrorError::Unreachable { url: url.to_owned(), reason: format!("ended after {done} of {size} bytes") }
}
