//! The newest result of a line at GitHub, and whether it is newer than what is here.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::{connect, inside_actions};
use crate::github::{self, Board, Client, Conclusion, Leg, RemoteRun, RunWithJobs, State};
use crate::ops::history::SinceGreen;
use crate::packer_run::Run;
use crate::pipeline::Key;

/// Runs looked through for one that builds a line.
const RUNS: u8 = 20;
/// How long a verdict waits to hear whether GitHub has a newer run.
const LIMIT: Duration = Duration::from_secs(5);

/// The newest leg at GitHub that builds a line, or the run that will.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteResult {
    /// number of the run in addresses
    pub run: u64,
    /// its number as shown
    pub number: u64,
    /// its page
    pub page: String,
    /// how the leg stands
    #[serde(flatten)]
    pub state: State,
    /// when a runner took it; before that, when it was queued
    pub began: Timestamp,
    /// when it ended
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// who asked for it: `schedule`, or an account
    pub by: String,
    /// the step at work, or the one that failed
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl RemoteResult {
    /// Those of a line among the runs that GitHub told of, the newest first.
    pub fn all(board: &Board, key: &Key) -> Vec<Self> {
        board.runs.iter().filter_map(|seen| Self::of(seen, key)).collect()
    }

    fn of(seen: &RunWithJobs, key: &Key) -> Option<Self> {
        let skipped = State::Ended(Conclusion::Skipped);
        let leg = seen.lines().find(|(of, leg)| *of == key && leg.state != skipped).map(|(_, leg)| leg);
        match leg {
            Some(leg) => Some(Self::of_leg(&seen.run, leg)),
            None if seen.builds(key) => Some(Self::waiting(&seen.run)),
            None => None,
        }
    }

    fn of_leg(run: &RemoteRun, leg: &Leg) -> Self {
        let began = leg.started.unwrap_or(leg.created);
        Self { state: leg.state, began, ended: leg.ended, step: leg.step.clone(), ..Self::waiting(run) }
    }

    /// A run that has no legs yet.
    fn waiting(run: &RemoteRun) -> Self {
        let by = if run.event == "schedule" { None } else { run.actor.clone() };
        Self {
            run: run.id,
            number: run.number,
            page: run.url.clone(),
            state: State::Queued,
            began: run.started.unwrap_or(run.created),
            ended: None,
            by: by.unwrap_or_else(|| run.event.clone()),
            step: None,
        }
    }

    /// Whether a person should look at it: it failed, and nobody ended it on purpose.
    pub const fn alarming(&self) -> bool {
        self.state.alarming()
    }

    /// That it went well after what is compared here did.
    pub fn greener_said(&self, zone: &TimeZone) -> String {
        let date = self.began.to_zoned(zone.clone()).strftime("%b %d %H:%M");
        format!("#{} on GitHub went well later ({date}): nothing of it is here to compare with", self.number)
    }

    /// Whether a run that is kept here, from that page and begun then, is its evidence.
    pub fn is(&self, origin: Option<&str>, started: Timestamp) -> bool {
        origin == Some(&self.page) && started == self.began
    }

    /// Whether somebody ended it: it says nothing about the line.
    pub fn cancelled(&self) -> bool {
        self.state == State::Ended(Conclusion::Cancelled)
    }

    /// Whether it is a failure that a build here, which somebody ended, does not hide: a cancelled run is no result.
    /// `settled`: when the newest run here began that came to an end of its own.
    pub fn outlasts(&self, settled: Option<Timestamp>) -> bool {
        self.alarming() && settled.is_none_or(|settled| self.began > settled)
    }

    /// Whether it is newer than a run here. What is at work counts as newer than what is over.
    pub fn newer_than(&self, live: bool, started: Timestamp) -> bool {
        match (live, self.state.live()) {
            (true, _) => false,
            (false, true) => true,
            (false, false) => self.began > started,
        }
    }
}

/// A run of a line that is on record here, as far as one at GitHub is compared with it.
#[derive(Debug, Clone, Copy)]
pub struct RunHere<'a> {
    /// its folder
    pub dir: &'a Path,
    /// when it began
    pub started: Timestamp,
    /// its page, when GitHub did it
    pub origin: Option<&'a str>,
}

/// A good run at GitHub between those that are compared, of which nothing is here.
pub fn greener<'r>(remotes: &'r [RemoteResult], here: &[RunHere<'_>], since: &SinceGreen) -> Option<&'r RemoteResult> {
    let (good, bad) = compared(here, since)?;
    remotes.iter().find(|remote| {
        let between = remote.began > good && remote.began < bad;
        let went_well = remote.state == State::Ended(Conclusion::Success);
        between && went_well && !here.iter().any(|run| remote.is(run.origin, run.started))
    })
}

/// When the runs here began that are compared: the good one, and the bad one after it.
fn compared(here: &[RunHere<'_>], since: &SinceGreen) -> Option<(Timestamp, Timestamp)> {
    let began = |id: &str| {
        let run = here.iter().find(|run| run.dir.file_name().is_some_and(|name| *name == *id));
        run.map(|run| run.started)
    };
    Some((began(&since.good)?, began(&since.bad)?))
}

/// What GitHub has of a line beside the newest run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BesideHere {
    /// nothing newer, or it has no part in this
    Nothing,
    /// a newer run, whose evidence is not here
    Newer(Box<RemoteResult>),
    /// it was asked and did not say; why
    Unknown(String),
}

/// Asks GitHub, where it is set up, whether it has a newer run of a line than the newest one here. It waits for the answer
/// a few seconds and no longer. A run of GitHub Actions that asks is the newest one itself.
pub async fn newer(repo: &Path, key: &Key, here: Option<&Run>) -> BesideHere {
    beside(repo, key, here, None).await.0
}

/// The same; and, of the runs here that are compared, a good run there between them.
pub async fn beside(
    repo: &Path,
    key: &Key,
    here: Option<&Run>,
    compared: Option<(&[Run], &SinceGreen)>,
) -> (BesideHere, Option<RemoteResult>) {
    if inside_actions() {
        return (BesideHere::Nothing, None);
    }
    let until = Instant::now() + LIMIT;
    let listed = async {
        // Without a token or a remote nothing is set up that could be asked.
        let Ok(github) = connect(repo).await else { return Ok(None) };
        let runs = github.runs_of_builds(RUNS).await?;
        Ok(Some((github, runs)))
    };
    let (github, runs) = match timeout_at(until, listed).await {
        Ok(Ok(Some(listed))) => listed,
        Ok(Ok(None)) => return (BesideHere::Nothing, None),
        Ok(Err(error)) => return (BesideHere::unknown(error), None),
        Err(_) => return (BesideHere::late(), None),
    };
    let newer = timeout_at(until, newest(&github, &runs, key, here));
    let greener = async {
        let (here, since) = compared?;
        timeout_at(until, greener_of(&github, &runs, key, here, since)).await.ok().flatten()
    };
    let (newer, greener) = tokio::join!(newer, greener);
    let newer = match newer {
        Ok(Ok(found)) => found.map_or(BesideHere::Nothing, |result| BesideHere::Newer(Box::new(result))),
        Ok(Err(error)) => BesideHere::unknown(error),
        Err(_) => BesideHere::late(),
    };
    (newer, greener)
}

impl BesideHere {
    fn unknown(error: github::Error) -> Self {
        Self::Unknown(error.to_string())
    }

    fn late() -> Self {
        Self::Unknown(format!("it did not answer within {} s", LIMIT.as_secs()))
    }
}

/// The newest result that is newer than the run here. Legs are asked for only of runs that may have it.
async fn newest(
    github: &Client,
    runs: &[RemoteRun],
    key: &Key,
    here: Option<&Run>,
) -> Result<Option<RemoteResult>, github::Error> {
    for run in runs {
        let older = here.is_some_and(|here| !run.state.live() && run.updated <= here.started);
        if older || run.line.as_ref().is_some_and(|line| line != key) {
            continue;
        }
        let legs = github.legs(run).await?;
        let Some(result) = RemoteResult::of(&RunWithJobs { run: run.clone(), legs }, key) else { continue };
        let newer = here.is_none_or(|here| {
            !result.is(here.origin.as_deref(), here.started) && result.newer_than(here.state.live(), here.started)
        });
        return Ok(newer.then_some(result));
    }
    Ok(None)
}

/// A good run between those here that are compared; legs are asked for only of runs that may be it.
async fn greener_of(
    github: &Client,
    runs: &[RemoteRun],
    key: &Key,
    here: &[Run],
    since: &SinceGreen,
) -> Option<RemoteResult> {
    let here: Vec<RunHere<'_>> =
        here.iter().map(|run| RunHere { dir: &run.dir, started: run.started, origin: run.origin.as_deref() }).collect();
    let (good, bad) = compared(&here, since)?;
    let mut found = Vec::new();
    for run in runs {
        let elsewhen = run.updated <= good || run.created >= bad;
        if elsewhen || run.line.as_ref().is_some_and(|line| line != key) {
            continue;
        }
        let legs = github.legs(run).await.ok()?;
        found.extend(RemoteResult::of(&RunWithJobs { run: run.clone(), legs }, key));
    }
    greener(&found, &here, since).cloned()
}
