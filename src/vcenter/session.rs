//! One login at one vCenter: the cookie, its renewal, and the requests sent with it.
//!
//! An expired session is renewed once per call. A refused password stops all further logins with it by this process,
//! because accounts lock out after a few.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderValue, LOCATION, SET_COOKIE};
use secrecy::ExposeSecret;
use tokio::sync::{Mutex, OnceCell};

use super::Error;
use super::settings::{Credentials, Settings};
use super::soap::{self, Element, Fault};
use super::untrusted;
use crate::cause::innermost;
use crate::{sha256, tls};

/// Timeout of an ordinary call.
pub(super) const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Largest SOAP response that is read, in bytes; a thousand VMs take about one megabyte.
const MAX_RESPONSE_BYTES: usize = 64 << 20;
const COOKIE_NAME: &str = "vmware_soap_session";

/// The managed objects and facts that `RetrieveServiceContent` names.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub root: String,
    pub collector: String,
    pub views: String,
    pub sessions: String,
    pub search: Option<String>,
    pub authorization: Option<String>,
    pub files: Option<String>,
    pub events: Option<String>,
    pub full_name: String,
    pub version: String,
    pub api_type: String,
    pub api_version: String,
}

#[derive(Debug, Default)]
struct Login {
    cookie: Option<Arc<str>>,
    /// the account as the server spells it
    user: Option<String>,
    /// the session's own key
    key: String,
    /// counts logins, so that several callers who meet one expiry renew it once
    number: u64,
    /// it was ended for good: later calls do not log in again
    closed: bool,
}

/// Accounts whose password a server refused, as digests of server, account and password. Of the whole process: a build,
/// its recorder, a watch and what promotes afterwards have a session each, and the server counts all their tries.
static REFUSED: StdMutex<BTreeSet<[u8; 32]>> = StdMutex::new(BTreeSet::new());

fn with_refused<T>(act: impl FnOnce(&mut BTreeSet<[u8; 32]>) -> T) -> T {
    act(&mut REFUSED.lock().unwrap_or_else(PoisonError::into_inner))
}

fn credentials_digest(url: &url::Url, credentials: &Credentials) -> [u8; 32] {
    let Credentials { username, password } = credentials;
    sha256::digest(format!("{url}\0{username}\0{}", password.expose_secret()))
}

/// Lets the accounts of these settings try again after a refusal, because a person asked for it.
pub(super) fn retry_login(settings: &Settings) {
    let accounts = std::iter::once(&settings.credentials).chain(&settings.console);
    with_refused(|all| {
        accounts.for_each(|account| {
            all.remove(&credentials_digest(&settings.url, account));
        })
    });
}

/// A session. Shared by reference; logs in at its first call.
#[derive(Debug)]
pub(super) struct Session {
    http: reqwest::Client,
    url: url::Url,
    credentials: Credentials,
    content: OnceCell<Content>,
    login: Mutex<Login>,
}

impl Session {
    pub fn new(settings: &Settings, credentials: Credentials) -> Result<Self, Error> {
        let trust = match (&settings.thumbprint, settings.insecure) {
            (Some(text), _) => tls::Trust::Pinned(tls::fingerprint(text).ok_or_else(|| {
                Error::Settings("TMPL_THUMBPRINT is no SHA-256 fingerprint; 64 hex digits, colons allowed".into())
            })?),
            (None, true) => tls::Trust::Anything,
            (None, false) => tls::Trust::Authorities,
        };
        let config = tls::config(&trust, settings.ca_file.as_deref())
            .map_err(|error| Error::Settings(format!("certificates: {error}")))?;
        let http = reqwest::Client::builder()
            .use_preconfigured_tls(config)
            .user_agent(concat!("tmpl-tui/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            // Credentials and cookies go to the host the operator named, nowhere else.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Error::Settings(format!("HTTP client: {error}")))?;
        Ok(Self { http, url: settings.url.clone(), credentials, content: OnceCell::new(), login: Mutex::default() })
    }

    /// Host of the endpoint, for messages.
    pub fn host(&self) -> &str {
        &self.url[url::Position::BeforeHost..url::Position::AfterPort]
    }

    /// User name, as it was given.
    pub fn account(&self) -> &str {
        &self.credentials.username
    }

    /// What the server is; asked once.
    pub async fn content(&self) -> Result<&Content, Error> {
        self.content
            .get_or_try_init(|| async {
                let body = soap::method_call("RetrieveServiceContent", "ServiceInstance", "ServiceInstance", "");
                let (answer, _) = self.post("RetrieveServiceContent", &body, None, CALL_TIMEOUT).await?;
                let answer = answer.map_err(|fault| self.fault_error("RetrieveServiceContent", fault))?;
                let returned = answer
                    .child("returnval")
                    .ok_or(Error::Protocol { call: "RetrieveServiceContent", reason: "no returnval".into() })?;
                Ok(Content::read(returned))
            })
            .await
    }

    /// Calls a method with the session's cookie; logs in first where needed.
    ///
    /// `arguments` is XML already. `_this` is the managed object `kind` `id`.
    pub async fn call(
        &self,
        method: &'static str,
        kind: &str,
        id: &str,
        arguments: &str,
        limit: Duration,
    ) -> Result<Element, Error> {
        let body = soap::method_call(method, kind, id, arguments);
        let mut renewed = false;
        loop {
            let (cookie, number) = self.logged_in().await?;
            let (answer, _) = self.post(method, &body, Some(&cookie), limit).await?;
            match answer {
                // Property questions have no fault of their own: what may not be seen is left out of the answer.
                Ok(answer) if !session_unknown(&answer) => return Ok(answer),
                Ok(_) if renewed => return Err(self.login_lost(method)),
                Err(fault) if renewed || fault.kind != "NotAuthenticated" => {
                    return Err(self.fault_error(method, fault));
                }
                Ok(_) | Err(_) => {
                    renewed = true;
                    self.expire(number).await;
                }
            }
        }
    }

    /// A plain HTTP request to the same host with the session's cookie: pictures and datastore files.
    pub async fn request(
        &self,
        method: reqwest::Method,
        path_and_query: &url::Url,
    ) -> Result<(reqwest::RequestBuilder, u64), Error> {
        let (cookie, number) = self.logged_in().await?;
        let request = self.http.request(method, path_and_query.clone()).header(COOKIE, cookie_header(&cookie));
        Ok((request, number))
    }

    /// An address on the server, e.g. `/screen`.
    pub fn endpoint(&self, path: &str) -> url::Url {
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(None);
        url
    }

    /// Forgets login `number`: the server no longer knows it.
    pub async fn expire(&self, number: u64) {
        let mut login = self.login.lock().await;
        if login.number == number {
            login.cookie = None;
        }
    }

    /// Name of the account as the server spells it, e.g. `VSPHERE.LOCAL\Administrator`.
    pub async fn user(&self) -> Result<String, Error> {
        self.logged_in().await?;
        Ok(self.login.lock().await.user.clone().unwrap_or_else(|| self.account().to_owned()))
    }

    /// The session's key, for calls that ask about a session.
    pub async fn key(&self) -> Result<String, Error> {
        self.logged_in().await?;
        Ok(self.login.lock().await.key.clone())
    }

    /// Ends the session on the server, if there is one, for good.
    pub async fn logout(&self) {
        let mut login = self.login.lock().await;
        login.closed = true;
        let (Some(cookie), Some(content)) = (login.cookie.take(), self.content.get()) else { return };
        let body = soap::method_call("Logout", "SessionManager", &content.sessions, "");
        if let Err(error) = self.post("Logout", &body, Some(&cookie), Duration::from_secs(5)).await {
            tracing::debug!(%error, "logout");
        }
    }

    async fn logged_in(&self) -> Result<(Arc<str>, u64), Error> {
        let content = self.content().await?;
        // Held across the login: callers that arrive meanwhile wait for it instead of logging in themselves.
        let mut login = self.login.lock().await;
        if let Some(cookie) = &login.cookie {
            return Ok((Arc::clone(cookie), login.number));
        }
        if login.closed {
            return Err(Error::Protocol { call: "Login", reason: "we are leaving".into() });
        }
        let refusal = || Error::Login { host: self.host().into(), account: self.account().into() };
        let digest = credentials_digest(&self.url, &self.credentials);
        if with_refused(|all| all.contains(&digest)) {
            return Err(refusal());
        }
        let arguments = format!(
            "{}{}",
            soap::text("userName", self.account()),
            soap::text("password", self.credentials.password.expose_secret())
        );
        let body = soap::method_call("Login", "SessionManager", &content.sessions, &arguments);
        let (answer, cookie) = self.post("Login", &body, None, CALL_TIMEOUT).await?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) if fault.kind == "InvalidLogin" || fault.kind == "NoPermission" => {
                with_refused(|all| all.insert(digest));
                return Err(refusal());
            }
            Err(fault) => return Err(self.fault_error("Login", fault)),
        };
        let cookie = cookie.ok_or(Error::Protocol { call: "Login", reason: "no session cookie".into() })?;
        login.user = Some(answer.at(&["returnval", "userName"]).to_owned()).filter(|name| !name.is_empty());
        login.key = answer.at(&["returnval", "key"]).to_owned();
        login.number += 1;
        login.cookie = Some(Arc::clone(&cookie));
        Ok((cookie, login.number))
    }

    async fn post(
        &self,
        method: &'static str,
        body: &str,
        cookie: Option<&Arc<str>>,
        limit: Duration,
    ) -> Result<(soap::Response, Option<Arc<str>>), Error> {
        let mut request = self
            .http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header("SOAPAction", self.soap_action())
            .timeout(limit)
            .body(soap::envelope(body));
        if let Some(cookie) = cookie {
            request = request.header(COOKIE, cookie_header(cookie));
        }
        let response = request.send().await.map_err(|error| self.transport_error(method, limit, error))?;
        let status = response.status();
        let cookie = response.headers().get_all(SET_COOKIE).iter().find_map(session_cookie);
        if status.is_redirection() {
            return Err(self.redirect_refused(&response));
        }
        let bytes = read_body(response, MAX_RESPONSE_BYTES).await.map_err(|error| match error {
            ReadError::TooLarge => Error::Protocol { call: method, reason: "an answer of more than 64 MiB".into() },
            ReadError::Broken(error) => self.transport_error(method, limit, error),
        })?;
        let answer = soap::parse_response(&bytes).map_err(|reason| {
            if status.is_success() {
                Error::Protocol { call: method, reason }
            } else {
                // A proxy's or a starting vCenter's own page: the service is not there.
                Error::Unreachable { host: self.host().into(), reason: format!("HTTP {status}") }
            }
        })?;
        Ok((answer, cookie))
    }

    /// The API version this program speaks: properties it names exist since then. 6.7 brought `config.createDate`.
    fn soap_action(&self) -> String {
        let modern = self.content.get().is_some_and(Content::has_create_date);
        format!("urn:vim25/{}", if modern { "6.7" } else { "6.0" })
    }

    fn login_lost(&self, call: &'static str) -> Error {
        Error::Protocol { call, reason: "the server forgets its sessions at once".into() }
    }

    /// Redirects are not followed: credentials go to the host that the operator named, nowhere else.
    fn redirect_refused(&self, response: &reqwest::Response) -> Error {
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
        let reason = format!("HTTP {} to {to}; it is not followed: name that host instead", response.status().as_u16());
        Error::Unreachable { host: self.host().into(), reason }
    }

    /// Turns a transport failure into the one an operator acts on.
    pub fn transport_error(&self, call: &'static str, limit: Duration, error: reqwest::Error) -> Error {
        let error = error.without_url();
        if let Some(tls) = untrusted::tls_error(&error) {
            return Error::Tls { host: self.host().into(), reason: untrusted::reason(tls) };
        }
        if error.is_timeout() && !error.is_connect() {
            return Error::Timeout { what: call, after: limit };
        }
        Error::Unreachable { host: self.host().into(), reason: innermost(&error) }
    }

    /// Turns a vSphere fault into ours.
    pub fn fault_error(&self, call: &'static str, fault: Fault) -> Error {
        match fault.kind.as_str() {
            "NoPermission" => Error::Permission {
                account: self.account().into(),
                privilege: fault.detail.at(&["privilegeId"]).to_owned(),
                object: fault.detail.at(&["object"]).to_owned(),
            },
            "ManagedObjectNotFound" => Error::NotFound(fault.detail.at(&["obj"]).to_owned()),
            _ => Error::Fault { call, fault: fault.kind, message: fault.message },
        }
    }
}

impl Content {
    fn read(element: &Element) -> Self {
        let optional = |name: &str| Some(element.at(&[name]).to_owned()).filter(|id| !id.is_empty());
        Self {
            root: element.at(&["rootFolder"]).to_owned(),
            collector: element.at(&["propertyCollector"]).to_owned(),
            views: element.at(&["viewManager"]).to_owned(),
            sessions: element.at(&["sessionManager"]).to_owned(),
            search: optional("searchIndex"),
            authorization: optional("authorizationManager"),
            files: optional("fileManager"),
            events: optional("eventManager"),
            full_name: element.at(&["about", "fullName"]).to_owned(),
            version: element.at(&["about", "version"]).to_owned(),
            api_type: element.at(&["about", "apiType"]).to_owned(),
            api_version: element.at(&["about", "apiVersion"]).to_owned(),
        }
    }

    /// Whether VMs have `config.createDate` (vSphere API 6.7).
    pub fn has_create_date(&self) -> bool {
        let mut parts = self.api_version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (6, 7)
    }
}

/// Why a body could not be read.
#[derive(Debug)]
pub(super) enum ReadError {
    TooLarge,
    Broken(reqwest::Error),
}

/// Reads a body of at most `limit` bytes, unpacked ones counted.
pub(super) async fn read_body(mut response: reqwest::Response, limit: usize) -> Result<Bytes, ReadError> {
    let mut body = bytes::BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Whether the server left properties out of an answer because it no longer knows the session: property calls have no
/// fault for that.
fn session_unknown(answer: &Element) -> bool {
    let objects = answer.all("returnval").flat_map(|page| page.all("objects"));
    let mut missing = objects.flat_map(|object| object.all("missingSet"));
    missing.any(|missing| {
        missing.child("fault").and_then(|f| f.child("fault")).is_some_and(|f| f.kind == "NotAuthenticated")
    })
}

fn cookie_header(cookie: &str) -> HeaderValue {
    let mut value = HeaderValue::from_str(cookie).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// `name=value` of the session cookie, attributes left off.
fn session_cookie(value: &HeaderValue) -> Option<Arc<str>> {
    let pair = value.to_str().ok()?.split(';').next()?.trim();
    let (name, _) = pair.split_once('=')?;
    (name == COOKIE_NAME).then(|| Arc::from(pair))
}
