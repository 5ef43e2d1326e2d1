//! Paths and answers of the simulated GitHub.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as FromState;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::world::{Run, World};
use super::{REPOSITORY, Shared, TOKEN};

#[derive(Clone)]
pub(super) struct State {
    pub url: String,
    pub shared: Arc<Mutex<Shared>>,
}

impl State {
    pub fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn router(state: State) -> Router {
    let router = Router::new().fallback(handle);
    #[cfg(feature = "testing")]
    let router = router.layer(axum::middleware::from_fn_with_state(state.clone(), super::hooks::interfere));
    router.with_state(state)
}

async fn handle(
    FromState(state): FromState<State>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&state, &method, &uri, &headers, &body)
}

fn answer(state: &State, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    let authorized = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some(blob) = uri.path().strip_prefix("/blob/") {
        // The store behind the redirect refuses whoever shows it a token that is meant for GitHub.
        return match authorized {
            Some(_) => StatusCode::BAD_REQUEST.into_response(),
            None => blob_of(&state.lock().world, blob),
        };
    }
    if authorized != Some(&format!("Bearer {TOKEN}")) {
        return error(StatusCode::UNAUTHORIZED, "Bad credentials (simulated)");
    }
    let Some(path) = uri.path().strip_prefix(&format!("/repos/{REPOSITORY}")) else { return unknown() };
    let mut shared = state.lock();
    shared.world.go_on();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match *method {
        Method::GET => match read(&shared.world, &state.url, &parts, uri.query().unwrap_or_default()) {
            Some(Read::Json(value)) => tagged(&mut shared.world, &value, headers),
            Some(Read::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
            None => unknown(),
        },
        Method::POST | Method::PUT => change(&mut shared.world, &state.url, &parts, body),
        _ => unknown(),
    }
}

enum Read {
    Json(Value),
    Redirect(String),
}

fn read(world: &World, url: &str, parts: &[&str], query: &str) -> Option<Read> {
    let run = |id: &str| world.runs.iter().find(|run| run.id.to_string() == id);
    let value = match parts {
        [""] => json!({"default_branch": "main", "pushed_at": world.pushed, "private": false}),
        ["actions", "workflows", file, "runs"] => runs(world, url, file, query),
        ["actions", "workflows", file] if *file == world.workflow => {
            json!({"id": 1, "name": "build-templates", "state": world.workflow_state})
        }
        ["actions", "runs", id] => run(id)?.json(url),
        ["actions", "runs", id, "jobs"] => page(run(id)?.jobs_json(url), query),
        ["actions", "runs", id, "artifacts"] => run(id)?.artifacts_json(),
        ["actions", "artifacts", id, "zip"] => return Some(Read::Redirect(format!("{url}/blob/{id}"))),
        _ => return None,
    };
    Some(Read::Json(value))
}

/// A part of the query.
fn asked<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// How many of a list are asked for on a page.
fn per_page(query: &str) -> usize {
    asked(query, "per_page").and_then(|number| number.parse().ok()).unwrap_or(30)
}

/// The page of the jobs that is asked for.
fn page(mut listing: Value, query: &str) -> Value {
    let number: usize = asked(query, "page").and_then(|number| number.parse().ok()).unwrap_or(1);
    if let Some(jobs) = listing["jobs"].as_array_mut() {
        let most = per_page(query);
        *jobs = jobs.drain(..).skip(most * number.saturating_sub(1)).take(most).collect();
    }
    listing
}

fn runs(world: &World, url: &str, file: &str, query: &str) -> Value {
    let (event, most) = (asked(query, "event"), per_page(query));
    let fits = |run: &&Run| run.workflow == file && event.is_none_or(|event| run.event == event);
    let runs: Vec<Value> = world.runs.iter().filter(fits).take(most).map(|run| run.json(url)).collect();
    json!({"total_count": runs.len(), "workflow_runs": runs})
}

fn change(world: &mut World, url: &str, parts: &[&str], body: &[u8]) -> Response {
    match parts {
        ["actions", "workflows", file, "dispatches"] if *file == world.workflow => {
            let order: Value = serde_json::from_slice(body).unwrap_or_default();
            // GitHub takes no input that the workflow does not have.
            let given: Vec<&str> =
                order["inputs"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let expected: Vec<&str> = world.input.into_iter().collect();
            if given != expected || !order["ref"].is_string() {
                return error(StatusCode::UNPROCESSABLE_ENTITY, "no ref, or not the input that it has (simulated)");
            }
            let line = world.input.and_then(|input| order["inputs"][input].as_str()).unwrap_or("all").to_owned();
            let id = world.dispatch(world.workflow, &line);
            match world.tells_run && order["return_run_details"] == true {
                true => said(&json!({"workflow_run_id": id, "run_url": "", "html_url": url})).into_response(),
                false => StatusCode::NO_CONTENT.into_response(),
            }
        }
        ["actions", "workflows", file, "enable"] if *file == world.workflow => {
            world.workflow_state = "active";
            StatusCode::NO_CONTENT.into_response()
        }
        ["actions", "runs", id, "cancel" | "force-cancel"] => {
            world.end(id.parse().unwrap_or_default(), "cancelled");
            (StatusCode::ACCEPTED, said(&json!({}))).into_response()
        }
        ["actions", "runs", id, "rerun-failed-jobs"] => {
            for run in world.runs.iter_mut().filter(|run| run.id.to_string() == *id) {
                (run.status, run.conclusion) = ("queued", None);
                for job in run.jobs.iter_mut().filter(|job| job.conclusion != Some("success")) {
                    (job.status, job.conclusion) = ("queued", None);
                }
            }
            (StatusCode::CREATED, said(&json!({}))).into_response()
        }
        _ => unknown(),
    }
}

/// An answer with its tag and what is left of the limit; 304, which costs nothing, when the client has it already.
fn tagged(world: &mut World, value: &Value, headers: &HeaderMap) -> Response {
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let same = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    if !same {
        world.remaining = world.remaining.saturating_sub(1);
    }
    let reset = Timestamp::now() + SignedDuration::from_mins(40);
    let limits = [
        ("x-ratelimit-limit", "5000".to_owned()),
        ("x-ratelimit-remaining", world.remaining.to_string()),
        ("x-ratelimit-reset", reset.as_second().to_string()),
        ("etag", tag),
    ];
    match same {
        true => (StatusCode::NOT_MODIFIED, limits).into_response(),
        false => (limits, said(value)).into_response(),
    }
}

fn blob_of(world: &World, id: &str) -> Response {
    let id: u64 = id.parse().unwrap_or_default();
    let run = world.runs.iter().find(|run| run.id == id / 100);
    let zip = run.and_then(|run| run.artifacts.get(usize::try_from(id % 100).ok()?));
    zip.map_or_else(unknown, |(_, zip)| zip.clone().into_response())
}

fn unknown() -> Response {
    error(StatusCode::NOT_FOUND, "Not Found (simulated)")
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, said(&json!({"message": message}))).into_response()
}

fn said(value: &Value) -> ([(header::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], value.to_string())
}
