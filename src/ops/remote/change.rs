//! What is changed at GitHub: a run started, cancelled, run again; the schedule switched on.

use std::time::Duration;

use super::super::blocking::blocking;
use super::super::change::allowed_here;
use super::super::{Context, Error, Operation, permitted};
use crate::github::{Client, RemoteRun};
use crate::pipeline::Key;
use crate::vcenter::gate::Mode;

/// How long cancelling waits to hear what the run builds.
const LEGS_TIMEOUT: Duration = Duration::from_secs(10);

/// Starts a run for one line, on the default branch unless another is named.
///
/// # Errors
/// [`Error::Refused`] when the line is built already, here or there, and when GitHub would drop a waiting run for it;
/// [`Error::GitHub`]
pub async fn dispatch(context: &Context, github: &Client, key: &Key, branch: Option<&str>) -> Result<RemoteRun, Error> {
    let (context, of) = (context.clone(), key.clone());
    blocking("reading the runs", move || allowed_here(&context, &of, Operation::Dispatch, context.mode)).await?;
    Ok(github.dispatch(key, branch).await?)
}

/// Asks GitHub to cancel a run; with `force` its legs do not get to clean up. The lines whose VM may stay behind, as far
/// as GitHub says which were being built.
///
/// # Errors
/// [`Error::Refused`] when it is over already; [`Error::GitHub`]
pub async fn cancel(mode: Mode, github: &Client, run: &RemoteRun, force: bool) -> Result<Vec<Key>, Error> {
    permitted(Operation::CancelRemote, mode)?;
    // It is cancelled whether or not it can be told what it was doing, and soon.
    let legs = tokio::time::timeout(LEGS_TIMEOUT, github.legs(run)).await;
    github.cancel(run, force).await?;
    let legs = legs.ok().and_then(Result::ok);
    if legs.is_none() {
        tracing::warn!(run = run.id, "its legs are not known");
    }
    let building = legs.unwrap_or_default().into_iter().filter(|leg| leg.started.is_some() && leg.state.live());
    Ok(building.filter_map(|leg| leg.key).collect())
}

/// Runs the failed legs of a run again.
///
/// # Errors
/// [`Error::Refused`] when nothing of it failed, and when GitHub would drop a waiting run for it; [`Error::GitHub`]
pub async fn rerun(mode: Mode, github: &Client, run: &RemoteRun) -> Result<(), Error> {
    permitted(Operation::Rerun, mode)?;
    Ok(github.rerun_failed(run).await?)
}

/// Switches the schedule on again after GitHub switched it off.
///
/// # Errors
/// [`Error::GitHub`]
pub async fn enable_schedule(mode: Mode, github: &Client) -> Result<(), Error> {
    permitted(Operation::EnableSchedule, mode)?;
    Ok(github.enable_schedule().await?)
}
