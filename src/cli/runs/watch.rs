//! Following a run until it is over.

use jiff::Timestamp;
use tmpl::github::{Client, Conclusion, RemoteRun, State};
use tmpl::ops::remote::{self, WatchEvent};
use tmpl::ops::signals;

use super::print;
use crate::cli::{Exit, output};

/// Says on stderr what changes and at the end how it went: 0 well, 1 not, 130 cancelled. Ctrl-C ends the watching, not
/// the run.
pub async fn follow(github: &Client, run: RemoteRun, json: bool) -> anyhow::Result<Exit> {
    let stop = signals::stop_on_interrupt()?;
    output::note(&format!("{} {}", run.called(), run.url))?;
    match remote::watch(github, run.id, &tell, &stop).await? {
        Some(run) => over(&run, json),
        None => {
            output::note(&format!("the run goes on: {}", run.url))?;
            Ok(Exit::Cancelled)
        }
    }
}

fn tell(event: WatchEvent) {
    // Nothing is left to do when stderr is closed.
    let _ = match event {
        WatchEvent::Leg(leg) => output::aside(&print::leg(&leg, Timestamp::now())),
        WatchEvent::Trouble(error) => output::note(&format!("{error}; still trying")),
    };
}

fn over(run: &RemoteRun, json: bool) -> anyhow::Result<Exit> {
    print::one(run, json, run.state.word())?;
    Ok(match run.state {
        State::Ended(Conclusion::Success) => Exit::Done,
        State::Ended(Conclusion::Cancelled) => Exit::Cancelled,
        State::Ended(Conclusion::Failure | Conclusion::TimedOut | Conclusion::Skipped | Conclusion::Other)
        | State::Pending
        | State::Queued
        | State::Running => Exit::Failed,
    })
}
