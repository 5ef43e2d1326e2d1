//! Questions to GitHub: conditional, limited in time and size, asked again when GitHub is in trouble.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use octocrab::Octocrab;
use reqwest::StatusCode;
use reqwest::header::{ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, Repository, Settings};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer; a hundred jobs with their steps take less than one.
const LARGEST: usize = 8 << 20;
/// Answers remembered for conditional questions.
const KEPT: usize = 200;
/// How often a question is asked when GitHub is in trouble.
const ATTEMPTS: usize = 3;

/// What is left of the hourly limit, as the last answer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// requests per hour
    pub limit: u64,
    /// of these, left
    pub remaining: u64,
    /// when the count begins anew
    pub reset: Timestamp,
}

/// A connection to GitHub about one repository. Cheap to clone; must be made inside a tokio runtime.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    crab: Octocrab,
    repository: Repository,
    rate: Mutex<Option<Rate>>,
    /// GitHub refuses everything until then; asking all the same makes it longer
    barred: Mutex<Option<Timestamp>>,
    /// by path: its tag and the body it stands for
    tags: Mutex<HashMap<String, (HeaderValue, Bytes)>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.0.repository)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer as it came.
struct HttpAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// No request is made yet.
    ///
    /// # Errors
    /// [`Error::Settings`] when the address cannot be used or this system has no certificate authorities.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let unusable = |error: octocrab::Error| Error::Settings(format!("GitHub cannot be asked: {}", plain(&error)));
        let crab = Octocrab::builder()
            .personal_token(settings.token)
            .base_uri(settings.api.as_str().trim_end_matches('/'))
            .map_err(unusable)?
            .set_connect_timeout(Some(Duration::from_secs(10)))
            .set_read_timeout(Some(PATIENCE))
            .build()
            .map_err(unusable)?;
        Ok(Self(Arc::new(Inner {
            crab,
            repository: settings.repository,
            rate: Mutex::default(),
            barred: Mutex::default(),
            tags: Mutex::default(),
        })))
    }

    /// The repository asked about.
    pub fn repository(&self) -> &Repository {
        &self.0.repository
    }

    /// What the last answer said about the limit.
    pub fn rate(&self) -> Option<Rate> {
        *locked(&self.0.rate)
    }

    /// Reads `path` below the repository (`/actions/…`). Nothing counts against the limit when nothing changed. `what`
    /// names the thing in an error.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<T, Error> {
        let path = self.path(path);
        let once = || self.conditional(&path, what);
        let policy =
            ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(ATTEMPTS - 1);
        let body = once.retry(policy).when(Error::passes).await?;
        shaped(&body, what)
    }

    /// Posts `body` to `path` below the repository; once, because it may have been done although no answer came.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize, what: &str) -> Result<Option<Bytes>, Error> {
        self.allowed()?;
        let sent = self.0.crab._post(self.path(path), Some(body));
        let answer = self.answer(sent, what).await?;
        self.judge(&answer, what)?;
        Ok(Some(answer.body).filter(|body| !body.is_empty()))
    }

    /// Puts nothing to `path` below the repository.
    pub(super) async fn put(&self, path: &str, what: &str) -> Result<(), Error> {
        self.allowed()?;
        let sent = self.0.crab._put(self.path(path), None::<&()>);
        let answer = self.answer(sent, what).await?;
        self.judge(&answer, what)
    }

    /// The address that `path` below the repository redirects to.
    pub(super) async fn location(&self, path: &str, what: &str) -> Result<String, Error> {
        self.allowed()?;
        let answer = self.answer(self.0.crab._get(self.path(path)), what).await?;
        if !answer.status.is_redirection() {
            self.judge(&answer, what)?;
        }
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        location.map(str::to_owned).ok_or_else(|| Error::Shape { what: what.into(), reason: "no address in it".into() })
    }

    fn path(&self, path: &str) -> String {
        let Repository { owner, name } = &self.0.repository;
        format!("/repos/{owner}/{name}{path}")
    }

    async fn conditional(&self, path: &str, what: &str) -> Result<Bytes, Error> {
        self.allowed()?;
        let known = locked(&self.0.tags).get(path).cloned();
        let headers = known.as_ref().map(|(tag, _)| HeaderMap::from_iter([(IF_NONE_MATCH, tag.clone())]));
        let answer = self.answer(self.0.crab._get_with_headers(path, headers), what).await?;
        if let (StatusCode::NOT_MODIFIED, Some((_, body))) = (answer.status, known) {
            return Ok(body);
        }
        self.judge(&answer, what)?;
        if let Some(tag) = answer.headers.get(ETAG) {
            let mut tags = locked(&self.0.tags);
            if tags.len() >= KEPT {
                tags.clear();
            }
            tags.insert(path.to_owned(), (tag.clone(), answer.body.clone()));
        }
        Ok(answer.body)
    }

    /// Nothing is asked while GitHub refuses everything.
    fn allowed(&self) -> Result<(), Error> {
        match *locked(&self.0.barred) {
            Some(until) if until > Timestamp::now() => Err(Error::RateLimit { until }),
            _ => Ok(()),
        }
    }

    /// Waits for an answer, whole, within bounds.
    async fn answer<B>(
        &self,
        sent: impl Future<Output = Result<axum::http::Response<B>, octocrab::Error>>,
        what: &str,
    ) -> Result<HttpAnswer, Error>
    where
        B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let network = |reason: String| Error::Network { what: what.into(), reason };
        let whole = async {
            let response = sent.await.map_err(|error| network(plain(&error)))?;
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(axum::body::Body::new(body), LARGEST).await;
            let body = body.map_err(|error| network(format!("it broke off or is too long: {error}")))?;
            Ok(HttpAnswer { status: parts.status, headers: parts.headers, body })
        };
        let slow = |_| Err(network(format!("nothing within {} s", PATIENCE.as_secs())));
        let answer = tokio::time::timeout(PATIENCE, whole).await.unwrap_or_else(slow)?;
        if let Some(rate) = rate(&answer.headers) {
            *locked(&self.0.rate) = Some(rate);
        }
        Ok(answer)
    }

    /// An error for every status that is none of success.
    fn judge(&self, answer: &HttpAnswer, what: &str) -> Result<(), Error> {
        let (status, what) = (answer.status, what.to_owned());
        if status.is_success() {
            return Ok(());
        }
        let repository = self.0.repository.to_string();
        let message = message(&answer.body);
        Err(match status {
            StatusCode::UNAUTHORIZED => Error::Token,
            StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => match barred_until(&answer.headers) {
                Some(until) => {
                    *locked(&self.0.barred) = Some(until);
                    Error::RateLimit { until }
                }
                None => match lacking(&answer.headers, &message) {
                    Some(wanted) => Error::Permission { wanted, repository },
                    None => Error::Forbidden { what, message },
                },
            },
            StatusCode::NOT_FOUND => Error::NotFound { what, repository },
            status if status.is_server_error() => Error::Server { what, status: status.as_u16(), attempts: ATTEMPTS },
            status => Error::Declined { what, status: status.as_u16(), message },
        })
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

fn rate(headers: &HeaderMap) -> Option<Rate> {
    let count = |name: &str| number(headers, name).and_then(|number| u64::try_from(number).ok());
    Some(Rate {
        limit: count("x-ratelimit-limit")?,
        remaining: count("x-ratelimit-remaining")?,
        reset: Timestamp::from_second(number(headers, "x-ratelimit-reset")?).ok()?,
    })
}

/// Until when GitHub answers nothing: the hourly limit is used up, or it asks to slow down (`retry-after`, seconds).
fn barred_until(headers: &HeaderMap) -> Option<Timestamp> {
    if let Some(seconds) = number(headers, "retry-after") {
        return Timestamp::now().checked_add(SignedDuration::from_secs(seconds.clamp(1, 3600))).ok();
    }
    rate(headers).filter(|rate| rate.remaining == 0).map(|rate| rate.reset)
}

/// The permission a fine-grained token would need, else the scope a classic one would, as GitHub names it.
fn lacking(headers: &HeaderMap, message: &str) -> Option<String> {
    let named = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim().to_owned()).filter(|text| !text.is_empty());
    if !message.contains("not accessible") && !message.contains("admin rights") {
        return None;
    }
    named("x-accepted-github-permissions").or_else(|| named("x-accepted-oauth-scopes"))
}

/// GitHub's own words in an error, or that there are none.
pub(super) fn message(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Message {
        message: String,
    }
    let told = serde_json::from_slice::<Message>(body).map(|told| told.message);
    let told = told.ok().and_then(|told| told.lines().next().map(crate::text::clean));
    told.filter(|text| !text.is_empty()).unwrap_or_else(|| "it does not say why".into())
}

pub(super) fn shaped<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Shape { what: what.into(), reason: error.to_string() })
}

/// The innermost reason. Octocrab's own text carries a backtrace.
fn plain(error: &octocrab::Error) -> String {
    crate::cause::innermost(error).lines().next().unwrap_or_default().to_owned()
}
