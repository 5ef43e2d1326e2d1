//! What tests do to the simulated GitHub: other answers than the right ones, and what was asked.

use std::collections::VecDeque;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Extract};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::http::State;
use super::{GitHub, Shared, World};

/// An answer that a test wants instead of the right one.
#[derive(Debug, Clone)]
pub struct Reply {
    /// its status
    pub status: StatusCode,
    /// further headers
    pub headers: Vec<(&'static str, String)>,
    /// its body
    pub body: Vec<u8>,
    /// how long it takes
    pub delay: Duration,
    /// the connection breaks after the body, although more was announced
    pub cut: bool,
}

impl Reply {
    /// GitHub's form of an error.
    pub fn error(status: u16, message: &str) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: Vec::new(),
            body: serde_json::json!({ "message": message }).to_string().into_bytes(),
            delay: Duration::ZERO,
            cut: false,
        }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// Answers planned, and requests seen.
#[derive(Debug, Default)]
pub struct Hooks {
    /// part of a path, and the answer to its next request
    planned: VecDeque<(String, Reply)>,
    /// method, path with query, and status of every answer
    seen: Vec<(String, String, u16)>,
}

impl GitHub {
    /// The next request whose path contains `part` gets this answer.
    pub fn plan(&self, part: &str, reply: Reply) {
        self.lock().hooks.planned.push_back((part.to_owned(), reply));
    }

    /// Changes the world.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.lock().world);
    }

    /// Method, path with query and status of every request so far.
    pub fn seen(&self) -> Vec<(String, String, u16)> {
        self.lock().hooks.seen.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records a request, and gives it the answer planned for it.
pub(super) async fn interfere(Extract(state): Extract<State>, request: Request, next: Next) -> Response {
    let method = request.method().to_string();
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let planned = {
        let planned = &mut state.lock().hooks.planned;
        let index = planned.iter().position(|(part, _)| path.contains(part.as_str()));
        index.and_then(|index| planned.remove(index))
    };
    let response = match planned {
        Some((_, reply)) => instead(reply).await,
        None => next.run(request).await,
    };
    state.lock().hooks.seen.push((method, path, response.status().as_u16()));
    response
}

async fn instead(reply: Reply) -> Response {
    tokio::time::sleep(reply.delay).await;
    let mut response = match reply.cut {
        true => {
            let parts = [Ok(Bytes::from(reply.body)), Err(std::io::Error::other("cut"))];
            (reply.status, Body::from_stream(futures_util::stream::iter(parts))).into_response()
        }
        false => (reply.status, reply.body).into_response(),
    };
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
