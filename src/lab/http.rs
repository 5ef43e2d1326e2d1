//! The lab's HTTP side: `/sdk`, `/screen` and `/folder`.

mod files;
mod screen;
pub mod soap;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use base64::Engine as _;
use tokio::sync::watch;

use super::session::Session;
use super::state::State;

/// Name of the session cookie.
pub const COOKIE: &str = "vmware_soap_session";

/// Bytes of a request that is no upload.
pub const LARGEST: usize = 4 << 20;

/// What all requests share.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
}

impl Shared {
    /// The state behind its lock.
    pub fn new(state: State) -> Self {
        Self { state: Mutex::new(state), changed: watch::Sender::new(0) }
    }

    /// Locks the state. A panic of another thread does not make it unusable.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the world to the present and wakes waiting clients when something changed.
    pub fn tick(&self) {
        let revision = {
            let mut state = self.lock();
            state.world.tick();
            state.world.revision
        };
        self.changed.send_if_modified(|known| std::mem::replace(known, revision) != revision);
    }

    /// Wakes when something visible changed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}

/// All routes.
pub fn router(shared: Arc<Shared>) -> Router {
    let router = Router::new()
        .route("/", get(|| async { "tmpl-tui lab (simulated vCenter)\n" }))
        .route("/sdk", post(soap::handle))
        .route("/sdk/", post(soap::handle))
        .route("/sdk/vimServiceVersions.xml", get(soap::versions))
        .route("/screen", get(screen::handle))
        .route("/folder/{*path}", any(files::handle));
    #[cfg(feature = "testing")]
    let router = router.layer(axum::middleware::from_fn_with_state(Arc::clone(&shared), super::control::interfere));
    router.layer(DefaultBodyLimit::max(LARGEST)).with_state(shared)
}

/// The session of a request: its cookie, or a name and password of its own.
fn session(state: &mut State, headers: &HeaderMap) -> Option<Session> {
    if let Some(session) = cookie(headers).and_then(|key| state.sessions.find(&key)) {
        return Some(session);
    }
    let basic = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(basic).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (name, password) = text.split_once(':')?;
    state.sessions.login(name, password).cloned()
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.trim_matches('"').to_owned())
}

/// A line of text.
pub fn plain(status: StatusCode, text: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain")], Body::from(format!("{text}\n"))).into_response()
}
