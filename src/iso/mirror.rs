//! The little HTTP that mirrors need: fetch a small page, ask for a file's size, stream a file from an offset.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, Response, StatusCode, header};

/// Listings and checksum files are a few hundred kilobytes; anything larger is not one.
const PAGE_LIMIT: usize = 8 << 20;

/// Why a mirror did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// no answer, or it broke off
    #[error("{url}: {reason}")]
    Unreachable {
        /// what was asked for
        url: String,
        /// innermost cause
        reason: String,
    },
    /// an answer other than the thing itself
    #[error("{url}: HTTP {status}")]
    Status {
        /// what was asked for
        url: String,
        /// e.g. 404
        status: u16,
    },
    /// larger than such a page can be
    #[error("{url}: more than {} MiB; not a listing or checksum file", PAGE_LIMIT >> 20)]
    TooLarge {
        /// what was asked for
        url: String,
    },
}

/// A client for mirrors. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mirror {
    client: Client,
    attempts: usize,
}

impl Mirror {
    /// A client that gives a request `timeout` until its first byte and between bytes, and tries small requests
    /// `attempts` times.
    ///
    /// # Errors
    /// When no TLS roots can be loaded.
    pub fn new(timeout: Duration, attempts: usize) -> Result<Self, MirrorError> {
        let client = Client::builder()
            .use_preconfigured_tls(crate::tls::public().map_err(|error| unreachable("mirrors", &error))?)
            .user_agent(concat!("tmpl-tui/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeout.min(Duration::from_secs(20)))
            .read_timeout(timeout)
            .build();
        let client = client.map_err(|error| unreachable("mirror client", &error))?;
        Ok(Self { client, attempts })
    }

    /// The body of a small page, bytes that are not UTF-8 replaced.
    ///
    /// # Errors
    /// [`MirrorError`], after the retries.
    pub async fn page(&self, url: &str) -> Result<String, MirrorError> {
        self.retried(|| self.page_once(url)).await
    }

    /// Whether `url` exists, and its size where the server says.
    ///
    /// # Errors
    /// [`MirrorError::Status`] when it does not exist.
    pub async fn size(&self, url: &str) -> Result<Option<u64>, MirrorError> {
        self.retried(|| async {
            let sent = self.client.head(url).send().await;
            let response = ok(url, sent)?;
            let length = response.headers().get(header::CONTENT_LENGTH);
            Ok(length.and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok()))
        })
        .await
    }

    /// Starts streaming `url` at byte `offset`. Not retried: the caller knows how far it came.
    ///
    /// # Errors
    /// [`MirrorError::Status`] also when the server cannot start at `offset`.
    pub async fn stream(&self, url: &str, offset: u64) -> Result<Response, MirrorError> {
        let mut request = self.client.get(url);
        if offset > 0 {
            request = request.header(header::RANGE, format!("bytes={offset}-"));
        }
        let response = ok(url, request.send().await)?;
        if offset > 0 && response.status() != StatusCode::PARTIAL_CONTENT {
            return Err(MirrorError::Status { url: url.into(), status: response.status().as_u16() });
        }
        Ok(response)
    }

    async fn page_once(&self, url: &str) -> Result<String, MirrorError> {
        let mut response = ok(url, self.client.get(url).send().await)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(url, &error))? {
            if body.len() + chunk.len() > PAGE_LIMIT {
                return Err(MirrorError::TooLarge { url: url.into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    async fn retried<T, F: Future<Output = Result<T, MirrorError>>>(
        &self,
        ask: impl FnMut() -> F,
    ) -> Result<T, MirrorError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_times(self.attempts.saturating_sub(1));
        ask.retry(pauses).when(passing).await
    }
}

/// Faults that another try may not meet.
fn passing(error: &MirrorError) -> bool {
    match error {
        MirrorError::Unreachable { .. } => true,
        MirrorError::Status { status, .. } => *status >= 500 || *status == 429,
        MirrorError::TooLarge { .. } => false,
    }
}

fn ok(url: &str, sent: reqwest::Result<Response>) -> Result<Response, MirrorError> {
    let response = sent.map_err(|error| unreachable(url, &error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(MirrorError::Status { url: url.into(), status: response.status().as_u16() })
}

pub(super) fn unreachable(url: &str, error: &dyn std::error::Error) -> MirrorError {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    MirrorError::Unreachable { url: url.into(), reason: cause.to_string() }
}
