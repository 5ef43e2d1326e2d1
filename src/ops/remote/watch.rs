//! A run, followed until it is over.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::Error;
use crate::github::{self, Client, Leg, RemoteRun, State};

/// How often GitHub is asked; unchanged answers cost nothing.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// What is told meanwhile.
#[derive(Debug)]
pub enum WatchEvent {
    /// a leg that builds a line or went wrong got on
    Leg(Leg),
    /// GitHub is in trouble; it is asked on
    Trouble(github::Error),
}

/// Follows a run. The run at its end; `None` when `stop` ended the watching, which does nothing to the run.
///
/// # Errors
/// [`Error::GitHub`] when asking on is of no use.
pub async fn watch(
    github: &Client,
    run: u64,
    on: &(dyn Fn(WatchEvent) + Sync),
    stop: &CancellationToken,
) -> Result<Option<RemoteRun>, Error> {
    let mut told: BTreeMap<u64, (State, Option<String>)> = BTreeMap::new();
    loop {
        match current(github, run).await {
            Ok((current, legs)) => {
                for leg in legs.into_iter().filter(|leg| leg.key.is_some() || leg.state.failed()) {
                    let now = (leg.state, leg.step.clone());
                    if told.insert(leg.id, now.clone()).as_ref() != Some(&now) {
                        on(WatchEvent::Leg(leg));
                    }
                }
                if !current.state.live() {
                    return Ok(Some(current));
                }
            }
            // A long watch outlives a short trouble of GitHub's.
            Err(error) if error.is_transient() => on(WatchEvent::Trouble(error)),
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_EVERY) => {}
            () = stop.cancelled() => return Ok(None),
        }
    }
}

async fn current(github: &Client, run: u64) -> Result<(RemoteRun, Vec<Leg>), github::Error> {
    let run = github.run(run).await?;
    let legs = github.legs(&run).await?;
    Ok((run, legs))
}
