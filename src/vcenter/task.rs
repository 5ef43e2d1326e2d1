//! Waiting for a vCenter task, and its progress.
//!
//! The task runs on the server whatever happens to us. A broken connection is answered by asking again for the same
//! task; starting it a second time is never an answer.

use std::time::{Duration, Instant};

use backon::{ConstantBuilder, Retryable};

use super::inventory::{TASK_INFO, collect, property, single_object};
use super::session::Session;
use super::soap::{self, Element, Fault};
use super::{Error, Moid, TaskProgress};

const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
const MAX_POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How many polls in a row may fail.
const POLL_RETRY: ConstantBuilder = ConstantBuilder::new().with_delay(MAX_POLL_INTERVAL).with_max_times(30);
/// How long a task is waited for: longer than a busy vCenter queues one; a task that hangs is given up.
const TASK_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Starts a method that returns a task, and waits for its end; the text of its result, empty for most.
pub(super) async fn run(
    session: &Session,
    method: &'static str,
    target: (&str, &str),
    arguments: &str,
    progress: &(dyn Fn(TaskProgress) + Sync),
) -> Result<String, Error> {
    run_with_result(session, method, target, arguments, progress).await.map(|result| result.text)
}

/// The same for a method whose task's result is more than a text.
pub(super) async fn run_with_result(
    session: &Session,
    method: &'static str,
    (kind, id): (&str, &str),
    arguments: &str,
    progress: &(dyn Fn(TaskProgress) + Sync),
) -> Result<Element, Error> {
    let answer = session.call(method, kind, id, arguments, super::session::CALL_TIMEOUT).await?;
    let task = Moid(answer.at(&["returnval"]).to_owned());
    wait(session, method, &task, progress).await
}

/// Waits for `task`. An error other than the task's own means that its outcome is not known, not that it failed.
async fn wait(
    session: &Session,
    method: &'static str,
    task: &Moid,
    progress: &(dyn Fn(TaskProgress) + Sync),
) -> Result<Element, Error> {
    let begun = Instant::now();
    let target = single_object("Task", &task.0);
    let unanswered =
        |error: &Error| matches!(error, Error::Unreachable { .. } | Error::Timeout { .. } | Error::Protocol { .. });
    loop {
        let asked = (|| collect(session, TASK_INFO, &target)).retry(POLL_RETRY).when(unanswered);
        let objects = match asked.await {
            Ok(objects) => objects,
            Err(
                error @ (Error::Unreachable { .. } | Error::Timeout { .. } | Error::Login { .. } | Error::Tls { .. }),
            ) => {
                return Err(error);
            }
            // A vCenter that was restarted knows no task from before.
            Err(error) => return Err(cannot_follow(method, task, &error.to_string())),
        };
        let info = objects.first().and_then(|object| property(object, "info"));
        let info = info.ok_or_else(|| cannot_follow(method, task, "vCenter says nothing about it"))?;
        match info.at(&["state"]) {
            "success" => return Ok(info.child("result").cloned().unwrap_or_default()),
            "error" => {
                let error = info.child("error").cloned().unwrap_or_default();
                let detail = error.child("fault").cloned().unwrap_or_default();
                let message = error.at(&["localizedMessage"]).to_owned();
                return Err(session.fault_error(method, Fault { kind: detail.kind.clone(), message, detail }));
            }
            _ => progress(TaskProgress { task: task.clone(), percent: info.at(&["progress"]).parse().ok() }),
        }
        if begun.elapsed() > TASK_TIMEOUT {
            return Err(Error::Timeout { what: method, after: TASK_TIMEOUT });
        }
        // A fraction of what it has taken so far: its end is noticed at most that much too late, and between two renames
        // there may be no live template.
        tokio::time::sleep((begun.elapsed() / 4).clamp(MIN_POLL_INTERVAL, MAX_POLL_INTERVAL)).await;
    }
}

/// The outcome of the task stays unknown.
fn cannot_follow(call: &'static str, task: &Moid, reason: &str) -> Error {
    Error::Protocol { call, reason: format!("{task} cannot be followed: {reason}") }
}

/// For methods that take no arguments.
pub(super) const NO_ARGUMENTS: &str = "";

/// `<newName>` and the like, escaped as vCenter wants names.
pub(super) fn name_argument(element: &str, name: &str) -> String {
    soap::text(element, &super::inventory::escape(name))
}
