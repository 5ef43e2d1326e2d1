//! Requests to GitHub: conditional, limited in time and size, retried on server errors.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{self, ACCEPT, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, LOCATION};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::headers::{missing_permission, rate, retry_time};
use super::known::Known;
use super::{Error, Repository, Settings};
use crate::pipeline::layout::{WorkflowTable, Workflows};

/// Timeout of a request.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest response that is read, in bytes; a hundred jobs with their steps take less than 1 MiB.
const MAX_RESPONSE_BYTES: usize = 8 << 20;
/// Attempts of one request before a server error is reported.
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
    http: reqwest::Client,
    /// base of the REST API, without a slash at its end
    api: String,
    token: SecretString,
    repository: Repository,
    workflows: Workflows,
    rate: Mutex<Option<Rate>>,
    /// GitHub refuses everything until then; requests before that prolong it
    blocked_until: Mutex<Option<Timestamp>>,
    known: Known,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({})", self.0.repository)
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A response, read whole.
struct HttpResponse {
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
        let unusable = |reason: String| Error::Settings(format!("GitHub cannot be asked: {reason}"));
        if HeaderValue::from_str(settings.token.expose_secret()).is_err() {
            return Err(unusable("the token holds a character that no token has".into()));
        }
        let tls = crate::tls::public().map_err(|error| unusable(error.to_string()))?;
        let headers = [
            (ACCEPT, HeaderValue::from_static("application/vnd.github+json")),
            (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28")),
        ];
        let mut builder = reqwest::Client::builder()
            .use_preconfigured_tls(tls)
            .user_agent(concat!("tmpl-tui/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter(headers))
            .connect_timeout(Duration::from_secs(10))
            // The token goes to the host the operator named, nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        if settings.api.scheme() != "https" {
            // A proxy would read the token.
            builder = builder.no_proxy();
        }
        Ok(Self(Arc::new(Inner {
            http: builder.build().map_err(|error| unusable(innermost_line(error)))?,
            api: settings.api.as_str().trim_end_matches('/').to_owned(),
            token: settings.token,
            repository: settings.repository,
            workflows: settings.workflows,
            rate: Mutex::default(),
            blocked_until: Mutex::default(),
            known: Known::default(),
        })))
    }

    /// What the repository's workflows, jobs and artifacts are called.
    pub fn workflows(&self) -> &Workflows {
        &self.0.workflows
    }

    /// What they are called where nothing else is said of a line.
    pub fn workflow(&self) -> &WorkflowTable {
        self.0.workflows.common()
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
        let body = once.retry(policy).when(Error::is_transient).await?;
        parse_json(&body, what)
    }

    /// As [`get`](Self::get), of what rarely changes by itself: what was heard within the last minute, and before anything
    /// was changed from here, is not asked for again.
    pub(super) async fn get_lately<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<T, Error> {
        match self.0.known.lately(&self.path(path)) {
            Some(body) => parse_json(&body, what),
            None => self.get(path, what).await,
        }
    }

    /// What was heard so far.
    pub(super) fn known(&self) -> &Known {
        &self.0.known
    }

    /// Posts `body` to `path` below the repository; once, because it may have been done although no answer came.
    pub(super) async fn post(&self, path: &str, body: &impl Serialize, what: &str) -> Result<Option<Bytes>, Error> {
        self.check_rate_limit()?;
        let body =
            serde_json::to_vec(body).map_err(|error| Error::Shape { what: what.into(), reason: error.to_string() })?;
        let request = self.request(Method::POST, &self.path(path)).header(CONTENT_TYPE, "application/json").body(body);
        let answer = self.send(request, what).await;
        self.0.known.doubt();
        let answer = answer?;
        self.check_status(&answer, what, 1)?;
        Ok(Some(answer.body).filter(|body| !body.is_empty()))
    }

    /// Puts nothing to `path` below the repository.
    pub(super) async fn put(&self, path: &str, what: &str) -> Result<(), Error> {
        self.check_rate_limit()?;
        // Some servers in between answer 411 to a PUT that does not say it has no body.
        let request = self.request(Method::PUT, &self.path(path)).header(header::CONTENT_LENGTH, 0);
        let answer = self.send(request, what).await;
        self.0.known.doubt();
        self.check_status(&answer?, what, 1)
    }

    /// The address that `path` below the repository redirects to.
    pub(super) async fn location(&self, path: &str, what: &str) -> Result<String, Error> {
        self.check_rate_limit()?;
        let answer = self.send(self.request(Method::GET, &self.path(path)), what).await?;
        if !answer.status.is_redirection() {
            self.check_status(&answer, what, 1)?;
        }
        let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        location.map(str::to_owned).ok_or_else(|| Error::Shape { what: what.into(), reason: "no address in it".into() })
    }

    fn path(&self, path: &str) -> String {
        let Repository { owner, name } = &self.0.repository;
        format!("/repos/{owner}/{name}{path}")
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let Inner { http, api, token, .. } = &*self.0;
        http.request(method, format!("{api}{path}")).bearer_auth(token.expose_secret())
    }

    async fn conditional(&self, path: &str, what: &str) -> Result<Bytes, Error> {
        self.check_rate_limit()?;
        let known = self.0.known.answer(path);
        let mut request = self.request(Method::GET, path);
        if let Some(known) = &known {
            request = request.header(IF_NONE_MATCH, &known.tag);
        }
        let answer = self.send(request, what).await?;
        if let (StatusCode::NOT_MODIFIED, Some(known)) = (answer.status, known) {
            self.0.known.keep(path, known.tag, known.body.clone());
            return Ok(known.body);
        }
        self.check_status(&answer, what, ATTEMPTS)?;
        if let Some(tag) = answer.headers.get(ETAG) {
            self.0.known.keep(path, tag.clone(), answer.body.clone());
        }
        Ok(answer.body)
    }

    /// No request goes out while GitHub refuses everything.
    fn check_rate_limit(&self) -> Result<(), Error> {
        match *locked(&self.0.blocked_until) {
            Some(until) if until > Timestamp::now() => Err(Error::RateLimit { until }),
            _ => Ok(()),
        }
    }

    /// Waits for an answer, whole, within bounds.
    async fn send(&self, request: RequestBuilder, what: &str) -> Result<HttpResponse, Error> {
        let network = |reason: String| Error::Network { what: what.into(), reason };
        let whole = async {
            let mut response = request.send().await.map_err(|error| network(innermost_line(error)))?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) =
                response.chunk().await.map_err(|error| network(format!("it broke off: {}", innermost_line(error))))?
            {
                if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                    return Err(network(format!("it is longer than {} MiB", MAX_RESPONSE_BYTES >> 20)));
                }
                body.extend_from_slice(&chunk);
            }
            Ok(HttpResponse { status, headers, body: body.into() })
        };
        let slow = |_| Err(network(format!("nothing within {} s", RESPONSE_TIMEOUT.as_secs())));
        let answer = tokio::time::timeout(RESPONSE_TIMEOUT, whole).await.unwrap_or_else(slow)?;
        if let Some(rate) = rate(&answer.headers) {
            *locked(&self.0.rate) = Some(rate);
        }
        Ok(answer)
    }

    /// Turns every status other than success into an error; `attempts` is how often it is asked.
    fn check_status(&self, answer: &HttpResponse, what: &str, attempts: usize) -> Result<(), Error> {
        let (status, what) = (answer.status, what.to_owned());
        if status.is_success() {
            return Ok(());
        }
        let repository = self.0.repository.to_string();
        let message = message(&answer.body);
        Err(match status {
            StatusCode::UNAUTHORIZED => Error::Token,
            StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => match retry_time(&answer.headers) {
                Some(until) => {
                    *locked(&self.0.blocked_until) = Some(until);
                    Error::RateLimit { until }
                }
                None => match missing_permission(&answer.headers, &message) {
                    Some(wanted) => Error::Permission { wanted, repository },
                    None => Error::Forbidden { what, message },
                },
            },
            StatusCode::NOT_FOUND => Error::NotFound { what, repository },
            status if status.is_server_error() => Error::Server { what, status: status.as_u16(), attempts },
            status => Error::Declined { what, status: status.as_u16(), message },
        })
    }
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

pub(super) fn parse_json<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Shape { what: what.into(), reason: error.to_string() })
}

/// The innermost reason, without the address.
fn innermost_line(error: reqwest::Error) -> String {
    crate::cause::innermost(&error.without_url()).lines().next().unwrap_or_default().to_owned()
}
