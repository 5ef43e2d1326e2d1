//! SOAP in, SOAP out.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::fault::Fault;
use super::super::node::Node;
use super::super::service::{self, Answer, Call, Wait};
use super::super::updates::Waited;
use super::super::value::Moref;
use super::{COOKIE, Shared, cookie, plain};

/// The service versions a client may choose from.
pub async fn versions() -> Response {
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><namespaces version=\"1.0\"><namespace><name>urn:vim25</name>\
               <version>8.0.2.0</version><priorVersions><version>7.0.3.0</version><version>6.7.3</version></priorVersions>\
               </namespace></namespaces>";
    ([(header::CONTENT_TYPE, "text/xml")], xml).into_response()
}

/// One call.
pub async fn handle(Extract(shared): Extract<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let root = match Node::parse(&body) {
        Ok(root) => root,
        Err(reason) => return plain(StatusCode::BAD_REQUEST, &format!("not a SOAP message: {reason}")),
    };
    let Some(request) = root.child("Body").and_then(|body| body.children.first()) else {
        return plain(StatusCode::BAD_REQUEST, "not a SOAP message: no method in its body");
    };
    answer(&shared, request, cookie(&headers)).await
}

async fn answer(shared: &Shared, request: &Node, key: Option<String>) -> Response {
    let outcome = {
        let mut state = shared.lock();
        let session = key.as_deref().and_then(|key| state.sessions.find(key));
        let call = Call { method: &request.name, this: request.text_of("_this"), arguments: request, session };
        service::call(&mut state, &call)
    };
    shared.tick();
    match outcome {
        Ok(Answer::Done(body)) => done(&request.name, &body),
        Ok(Answer::LoggedIn { body, key }) => {
            let set = format!("{COOKIE}=\"{key}\"; Path=/; HttpOnly");
            ([(header::SET_COOKIE, set)], done(&request.name, &body)).into_response()
        }
        Ok(Answer::Wait(wait)) => match until_changed(shared, &wait, key.as_deref().unwrap_or_default()).await {
            Ok(body) => done(&request.name, &body),
            Err(fault) => refused(&fault),
        },
        Err(fault) => refused(&fault),
    }
}

/// Holds a request until a filter has something to tell, as `WaitForUpdatesEx` does.
async fn until_changed(shared: &Shared, wait: &Wait, key: &str) -> Result<String, Fault> {
    let deadline = wait.at_most.and_then(|time| Instant::now().checked_add(time));
    let mut changed = shared.subscribe();
    loop {
        changed.mark_unchanged();
        {
            let mut state = shared.lock();
            if state.sessions.find(key).is_none() {
                return Err(Fault::not_authenticated(&Moref::new("PropertyCollector", wait.collector.clone())));
            }
            let state = &mut *state;
            state.world.tick();
            if let Waited::Changes(body) = state.filters.changes(&state.world, &state.views, &wait.collector, wait.most)
            {
                return Ok(body);
            }
        }
        let Some(deadline) = deadline else {
            // The sender lives as long as `shared`.
            let _ = changed.changed().await;
            continue;
        };
        if tokio::time::timeout_at(deadline.into(), changed.changed()).await.is_err() {
            return Ok(String::new());
        }
    }
}

fn done(method: &str, body: &str) -> Response {
    envelope(StatusCode::OK, &format!("<{method}Response xmlns=\"urn:vim25\">{body}</{method}Response>"))
}

/// A fault instead of an answer.
pub fn refused(fault: &Fault) -> Response {
    envelope(StatusCode::INTERNAL_SERVER_ERROR, &fault.body())
}

fn envelope(status: StatusCode, body: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soapenv:Envelope xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    );
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], xml).into_response()
}
