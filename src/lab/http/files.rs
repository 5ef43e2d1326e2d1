//! `/folder/<path>?dsName=…&dcPath=…`: files of a datastore.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State as Extract};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures_util::StreamExt;

use super::super::store::{self, KEPT};
use super::{Shared, plain, session};

/// GET (whole or a range), HEAD, PUT and DELETE.
pub async fn handle(
    Extract(shared): Extract<Arc<Shared>>,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Response {
    let query = query.unwrap_or_default();
    let datastore = url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == "dsName")
        .map(|(_, value)| value.into_owned());
    let Some(datastore) = datastore else { return plain(StatusCode::BAD_REQUEST, "dsName is missing") };
    let headers = request.headers().clone();
    {
        let mut state = shared.lock();
        let Some(session) = session(&mut state, &headers) else {
            return plain(StatusCode::UNAUTHORIZED, "not logged in");
        };
        let wanted = if request.method() == Method::GET { "Datastore.Browse" } else { "Datastore.FileManagement" };
        if !session.account.may(wanted) {
            return plain(StatusCode::FORBIDDEN, &format!("{wanted} is missing"));
        }
        if state.world.named("Datastore", &datastore).is_none() {
            return plain(StatusCode::NOT_FOUND, "no such datastore");
        }
    }
    let path = store::path(&datastore, &path);
    match *request.method() {
        Method::GET => get(&shared, &path, &headers),
        Method::HEAD => head(&shared, &path),
        Method::PUT | Method::POST => put(&shared, path, request.into_body()).await,
        Method::DELETE => match shared.lock().world.store.remove(&path) {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(_) => plain(StatusCode::NOT_FOUND, "no such file"),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn head(shared: &Shared, path: &str) -> Response {
    match shared.lock().world.store.get(path) {
        Some(file) => [(header::CONTENT_LENGTH, file.size.to_string())].into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn get(shared: &Shared, path: &str, headers: &HeaderMap) -> Response {
    let state = shared.lock();
    let Some(file) = state.world.store.get(path) else { return plain(StatusCode::NOT_FOUND, "no such file") };
    let Some(content) = &file.content else {
        return plain(StatusCode::NOT_FOUND, "the lab keeps size and name of this file, not its content");
    };
    match range(headers, content.len()) {
        Some(part) => {
            let about = format!("bytes {}-{}/{}", part.start, part.end - 1, content.len());
            (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, about)], content.slice(part)).into_response()
        }
        None => content.clone().into_response(),
    }
}

/// `Range: bytes=5-` or `bytes=5-9`
fn range(headers: &HeaderMap, len: usize) -> Option<Range<usize>> {
    let text = headers.get(header::RANGE)?.to_str().ok()?.strip_prefix("bytes=")?;
    let (first, last) = text.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let end = last.parse::<usize>().map_or(len, |last| (last + 1).min(len));
    (first < end).then_some(first..end)
}

async fn put(shared: &Shared, path: String, body: Body) -> Response {
    let mut kept = Some(BytesMut::new());
    let mut size = 0_u64;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let Ok(chunk) = chunk else { return plain(StatusCode::BAD_REQUEST, "the upload broke off") };
        size += chunk.len() as u64;
        match &mut kept {
            Some(bytes) if bytes.len() + chunk.len() <= KEPT => bytes.extend_from_slice(&chunk),
            _ => kept = None,
        }
    }
    shared.lock().world.store.put(&path, size, kept.map(BytesMut::freeze));
    shared.tick();
    StatusCode::CREATED.into_response()
}
