//! Following a run until it is over.

use std::collections::BTreeMap;
use std::time::Duration;

use tmpl::github::{Client, Conclusion, RemoteRun, State};
use tokio::signal::unix::{SignalKind, signal};

use super::{now, print, stop};
use crate::cli::{Exit, output};

/// How often GitHub is asked; unchanged answers cost nothing.
const POLL_EVERY: Duration = Duration::from_secs(5);

/// Says on stderr what changes and at the end how it went: 0 well, 1 not, 130 cancelled. Ctrl-C ends the watching, not
/// the run.
pub async fn follow(github: &Client, run: RemoteRun, json: bool) -> anyhow::Result<Exit> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut shown: BTreeMap<u64, (State, Option<String>)> = BTreeMap::new();
    output::note(&format!("#{} {}", run.number, run.url))?;
    loop {
        let current = github.run(run.id).await;
        let legs = github.legs(run.id).await;
        match (current, legs) {
            (Ok(current), Ok(legs)) => {
                for leg in legs.iter().filter(|leg| leg.key.is_some() || leg.state.failed()) {
                    let face = (leg.state, leg.step.clone());
                    if shown.insert(leg.id, face.clone()).as_ref() != Some(&face) {
                        output::aside(&print::leg(leg, now()))?;
                    }
                }
                if !current.state.live() {
                    return over(&current, json);
                }
            }
            // A long watch outlives a short trouble of GitHub's.
            (Err(error), _) | (_, Err(error)) if error.passes() => {
                output::note(&format!("{error}; asking on"))?;
            }
            (Err(error), _) | (_, Err(error)) => return Err(stop(error)),
        }
        tokio::select! {
            () = tokio::time::sleep(POLL_EVERY) => {}
            _ = interrupt.recv() => {
                output::note(&format!("the run goes on: {}", run.url))?;
                return Ok(Exit::Cancelled);
            }
        }
    }
}

fn over(run: &RemoteRun, json: bool) -> anyhow::Result<Exit> {
    print::one(run, json, run.state.word())?;
    Ok(match run.state {
        State::Ended(Conclusion::Success) => Exit::Done,
        State::Ended(Conclusion::Cancelled) => Exit::Cancelled,
        _ => Exit::Failed,
    })
}
