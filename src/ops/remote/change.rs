//! What is changed at GitHub: a run started, cancelled, run again; the schedule switched on.

use std::time::Duration;

use super::super::audit::{Audited, Unwritten};
use super::super::blocking::blocking;
use super::super::change::allowed_here;
use super::super::{Context, Error, Operation, permitted};
use crate::github::{Client, RemoteRun};
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::vcenter::audit::AuditEntry;
use crate::vcenter::gate::Mode;

/// How long cancelling waits to hear what the run builds.
const LEGS_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts a run for one line, on the default branch unless another is named.
///
/// # Errors
/// [`Error::Refused`] when the line is built already, here or there, and when GitHub would drop a waiting run for it;
/// [`Error::GitHub`]
pub async fn dispatch(context: &Context, github: &Client, key: &Key, branch: Option<&str>) -> Result<RemoteRun, Error> {
    let (judged, of) = (context.clone(), key.clone());
    blocking("reading the runs", move || allowed_here(&judged, &of, Operation::Dispatch, judged.mode)).await?;
    let name = branch.map_or_else(String::new, |branch| format!("on {branch}"));
    let entry = AuditEntry { verb: "dispatch", call: "workflow_dispatch", object: &key.0, name: &name, detail: None };
    let began = |run: &RemoteRun| format!("done: {}", run.url);
    let dispatched = async { Ok(github.dispatch(key, branch).await?) };
    audited(&context.state, github, entry).change(Unwritten::Refuses, dispatched, began).await
}

/// Asks GitHub to cancel a run; with `force` its legs do not get to clean up. The lines whose VM may stay behind, as far
/// as GitHub says which were being built.
///
/// # Errors
/// [`Error::Refused`] when it is over already; [`Error::GitHub`]
pub async fn cancel(
    (state, mode): (&StateDir, Mode),
    github: &Client,
    run: &RemoteRun,
    force: bool,
) -> Result<Vec<Key>, Error> {
    permitted(Operation::CancelRemote, mode)?;
    // It is cancelled whether or not it can be told what it was doing, and soon.
    let legs = tokio::time::timeout(LEGS_TIMEOUT, github.legs(run)).await;
    let call = if force { "force-cancel" } else { "cancel" };
    let entry = AuditEntry { verb: "cancel", call, object: &run.url, name: &run.title, detail: None };
    let cancelled = async { Ok(github.cancel(run, force).await?) };
    audited(state, github, entry).change(Unwritten::IsLogged, cancelled, |()| "done".into()).await?;
    let legs = legs.ok().and_then(Result::ok);
    if legs.is_none() {
        tracing::warn!(run = run.id, "its jobs are not known");
    }
    let building = legs.unwrap_or_default().into_iter().filter(|leg| leg.started.is_some() && leg.state.live());
    Ok(building.filter_map(|leg| leg.key).collect())
}

/// Runs the failed legs of a run again.
///
/// # Errors
/// [`Error::Refused`] when nothing of it failed, and when GitHub would drop a waiting run for it; [`Error::GitHub`]
pub async fn rerun((state, mode): (&StateDir, Mode), github: &Client, run: &RemoteRun) -> Result<(), Error> {
    permitted(Operation::Rerun, mode)?;
    let entry =
        AuditEntry { verb: "rerun", call: "rerun-failed-jobs", object: &run.url, name: &run.title, detail: None };
    let again = async { Ok(github.rerun_failed(run).await?) };
    audited(state, github, entry).change(Unwritten::Refuses, again, |()| "done".into()).await
}

/// Switches the schedule on again after GitHub switched it off.
///
/// # Errors
/// [`Error::GitHub`]
pub async fn enable_schedule((state, mode): (&StateDir, Mode), github: &Client) -> Result<(), Error> {
    permitted(Operation::EnableSchedule, mode)?;
    let file = github.workflow().build_file();
    let entry = AuditEntry { verb: "enable", call: "enable", object: file, name: "", detail: None };
    let enabled = async { Ok(github.enable_schedule().await?) };
    audited(state, github, entry).change(Unwritten::Refuses, enabled, |()| "done".into()).await
}

fn audited<'a>(state: &StateDir, github: &Client, entry: AuditEntry<'a>) -> Audited<'a> {
    Audited::on_github(state, &github.repository().to_string(), entry)
}
