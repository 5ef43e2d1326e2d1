//! What tests do to a lab from inside the process: list calls, fail, delay or cut the nth one.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State as Extract};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::fault::Fault;
use super::http::{LARGEST, Shared, plain, soap};
use super::listen::Cut;
use super::node::Node;

/// What happens to a call instead of an answer, or before it.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// this fault, nothing done
    Fail(Fault),
    /// answered after this much real time
    Delay(Duration),
    /// the connection breaks before anything is done
    CutBefore,
    /// everything is done, then the connection breaks instead of an answer
    CutAfter,
}

#[derive(Debug, Clone)]
struct Planned {
    method: String,
    countdown: usize,
    trouble: Trouble,
}

/// Calls remembered: enough for any test, and a lab left running for days stays small.
const KEPT: usize = 20_000;

/// Calls seen so far and trouble planned.
#[derive(Debug, Default)]
pub struct Control {
    calls: Vec<String>,
    planned: Vec<Planned>,
}

impl Control {
    /// Makes trouble at the `nth` call (1 = the next) of `method`; `*` counts every call, `/screen` and `/folder` are methods too.
    pub fn plan(&mut self, method: &str, nth: usize, trouble: Trouble) {
        self.planned.push(Planned { method: method.into(), countdown: nth, trouble });
    }

    /// Forgets all planned trouble.
    pub fn clear(&mut self) {
        self.planned.clear();
    }

    /// Methods called so far, in order.
    pub fn calls(&self) -> &[String] {
        &self.calls
    }

    /// Records a call and returns what is to go wrong with it.
    pub fn called(&mut self, method: &str) -> Option<Trouble> {
        if self.calls.len() == KEPT {
            self.calls.drain(..KEPT / 2);
        }
        self.calls.push(method.into());
        let fitting = self.planned.iter_mut().filter(|planned| planned.method == method || planned.method == "*");
        fitting.for_each(|planned| planned.countdown = planned.countdown.saturating_sub(1));
        let due = self
            .planned
            .iter()
            .position(|planned| planned.countdown == 0 && (planned.method == method || planned.method == "*"))?;
        Some(self.planned.remove(due).trouble)
    }
}

/// Records a request under its method, and makes the trouble planned for it.
pub async fn interfere(
    Extract(shared): Extract<Arc<Shared>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let (method, request) = match named(request).await {
        Ok((Some(method), request)) => (method, request),
        Ok((None, request)) => return next.run(request).await,
        Err(error) => return plain(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    let planned = shared.lock().control.called(&method);
    match planned {
        None => next.run(request).await,
        Some(Trouble::Delay(time)) => {
            tokio::time::sleep(time).await;
            next.run(request).await
        }
        Some(Trouble::Fail(fault)) if method.starts_with('/') => plain(StatusCode::INTERNAL_SERVER_ERROR, fault.name()),
        Some(Trouble::Fail(fault)) => soap::refused(&fault),
        Some(Trouble::CutBefore) => hang_up(&cut).await,
        Some(Trouble::CutAfter) => {
            // An upload was never taken half.
            if !method.starts_with('/') {
                next.run(request).await;
            }
            hang_up(&cut).await
        }
    }
}

/// The method that a request calls; `None` for what is none.
async fn named(request: Request) -> Result<(Option<String>, Request), axum::Error> {
    let path = request.uri().path();
    for method in ["/screen", "/folder"] {
        if path.starts_with(method) {
            return Ok((Some(method.into()), request));
        }
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await?;
    let root = std::str::from_utf8(&body).ok().and_then(|text| Node::parse(text).ok());
    let call = root.as_ref().and_then(|root| root.child("Body")?.children.first());
    Ok((call.map(|call| call.name.clone()), Request::from_parts(parts, Body::from(body))))
}

/// Breaks the connection; the answer is never sent.
async fn hang_up(cut: &Cut) -> Response {
    cut.0.cancel();
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_at_the_nth_call_once() {
        let mut control = Control::default();
        control.plan("B", 2, Trouble::CutBefore);
        assert_eq!(
            ["A", "B", "B", "B"].map(|method| control.called(method)),
            [None, None, Some(Trouble::CutBefore), None]
        );
        assert_eq!(control.calls(), ["A", "B", "B", "B"]);
    }
}
