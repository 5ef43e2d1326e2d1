//! The little HTTP that mirrors need: fetch a small page, ask for a file's size, stream a file from an offset.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Response, StatusCode, header};

use crate::cause::innermost;

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
    /// a page in the place of a file
    #[error("{url} answers with a web page, not with the file; look at it in a browser")]
    WebPage {
        /// what was asked for
        url: String,
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
    /// how long a whole page may take: one that drips must not keep the other lines waiting
    page_timeout: Duration,
}

/// A download under way.
#[derive(Debug)]
pub struct Download {
    /// its bytes
    pub response: Response,
    /// how many of them were not asked for: a mirror that cannot start in the middle begins anew
    pub skip: u64,
}

impl Mirror {
    /// A client that gives a request `timeout` until its first byte and between bytes, three times that for a whole
    /// page, and tries small requests `attempts` times.
    ///
    /// # Errors
    /// When no TLS roots can be loaded.
    pub fn new(timeout: Duration, attempts: usize) -> Result<Self, MirrorError> {
        let client = Client::builder()
            .use_preconfigured_tls(crate::tls::public().map_err(|error| unreachable("mirrors", &error))?)
            .user_agent(concat!("tmpl-tui/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeout.min(Duration::from_secs(20)))
            .read_timeout(timeout)
            .redirect(Policy::custom(check_redirect))
            .build();
        let client = client.map_err(|error| unreachable("mirror client", &error))?;
        Ok(Self { client, attempts, page_timeout: timeout * 3 })
    }

    /// The body of a small page, bytes that are not UTF-8 replaced.
    ///
    /// # Errors
    /// [`MirrorError`], after the retries.
    pub async fn page(&self, url: &str) -> Result<String, MirrorError> {
        self.with_retry(|| self.page_once(url)).await
    }

    /// Whether `url` exists, and its size where the server says.
    ///
    /// # Errors
    /// [`MirrorError::Status`] when it does not exist.
    pub async fn size(&self, url: &str) -> Result<Option<u64>, MirrorError> {
        self.with_retry(|| async {
            let ask = self.client.head(url).header(header::ACCEPT_ENCODING, "identity").timeout(self.page_timeout);
            match check_status(url, ask.send().await) {
                // Some servers and proxies answer no HEAD: what a download begins with says the same.
                Err(MirrorError::Status { status: 400 | 401 | 403 | 405 | 501, .. }) => {
                    Ok(length(&self.stream(url, 0).await?.response))
                }
                other => Ok(length(&no_page(url, other?)?)),
            }
        })
        .await
    }

    /// Starts streaming `url` at byte `offset`, as it lies on the server. Not retried: the caller knows how far it came.
    ///
    /// # Errors
    /// [`MirrorError`]
    pub async fn stream(&self, url: &str, offset: u64) -> Result<Download, MirrorError> {
        // A checksum is of the file, not of what a server makes of it on the way.
        let mut request = self.client.get(url).header(header::ACCEPT_ENCODING, "identity");
        if offset > 0 {
            request = request.header(header::RANGE, format!("bytes={offset}-"));
        }
        let response = no_page(url, check_status(url, request.send().await)?)?;
        let skip = if response.status() == StatusCode::PARTIAL_CONTENT { 0 } else { offset };
        Ok(Download { response, skip })
    }

    async fn page_once(&self, url: &str) -> Result<String, MirrorError> {
        let mut response = check_status(url, self.client.get(url).timeout(self.page_timeout).send().await)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(url, &error))? {
            if body.len() + chunk.len() > PAGE_LIMIT {
                return Err(MirrorError::TooLarge { url: url.into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    pub(super) async fn with_retry<T, F: Future<Output = Result<T, MirrorError>>>(
        &self,
        ask: impl FnMut() -> F,
    ) -> Result<T, MirrorError> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(500))
            .with_max_times(self.attempts.saturating_sub(1));
        ask.retry(pauses).when(MirrorError::is_transient).await
    }
}

impl MirrorError {
    /// Whether a retry may succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            Self::TooLarge { .. } | Self::WebPage { .. } => false,
        }
    }
}

/// Servers that have no such file may answer with a web page that says so, and with success.
fn no_page(url: &str, response: Response) -> Result<Response, MirrorError> {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let page = ["text/html", "application/xhtml"].iter().any(|page| kind.to_ascii_lowercase().starts_with(page));
    if page { Err(MirrorError::WebPage { url: url.into() }) } else { Ok(response) }
}

fn length(response: &Response) -> Option<u64> {
    let length = response.headers().get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Mirrors send us on to others; never from an encrypted connection to a plain one.
fn check_redirect(attempt: Attempt<'_>) -> Action {
    let from = attempt.previous().last();
    if from.is_some_and(|from| drops_encryption(from, attempt.url())) {
        let to = attempt.url().clone();
        return attempt.error(format!("is redirected to {to}, without encryption"));
    }
    if attempt.previous().len() > 10 { attempt.error("redirects too many times") } else { attempt.follow() }
}

fn drops_encryption(from: &url::Url, to: &url::Url) -> bool {
    from.scheme() == "https" && to.scheme() != "https"
}

fn check_status(url: &str, sent: reqwest::Result<Response>) -> Result<Response, MirrorError> {
    let response = sent.map_err(|error| unreachable(url, &error))?;
    if response.status().is_success() {
        return Ok(response);
    }
    Err(MirrorError::Status { url: url.into(), status: response.status().as_u16() })
}

pub(super) fn unreachable(url: &str, error: &dyn std::error::Error) -> MirrorError {
    MirrorError::Unreachable { url: url.into(), reason: innermost(error) }
}

#[cfg(test)]
mod tests {
    use super::drops_encryption;

    #[test]
    fn encryption_is_never_given_up_on_the_way() {
        let drops_encryption = |from: &str, to: &str| drops_encryption(&from.parse().unwrap(), &to.parse().unwrap());
        assert!(drops_encryption("https://mirror.example.com/a", "http://mirror.example.com/a"));
        assert!(drops_encryption("https://mirror.example.com/a", "ftp://mirror.example.com/a"));
        assert!(!drops_encryption("https://mirror.example.com/a", "https://other.example.com/a"));
        assert!(!drops_encryption("http://127.0.0.1/a", "http://127.0.0.1/b"));
        assert!(!drops_encryption("http://127.0.0.1/a", "https://127.0.0.1/b"));
    }
}
