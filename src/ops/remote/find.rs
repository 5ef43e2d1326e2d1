//! Which run or leg is meant.

use super::super::Error;
use crate::github::{Client, Leg, Refusal, RemoteRun};

/// Runs looked through for a leg that failed.
const RUNS: u8 = 20;

/// The run that is meant: by id, by number as GitHub shows it (`#87` or `87`), or the newest one.
///
/// # Errors
/// [`Error::Usage`] when it can be none; [`Error::GitHub`]
pub async fn find_run(github: &Client, wanted: Option<&str>) -> Result<RemoteRun, Error> {
    let runs = github.runs_of_builds(100).await?;
    let Some(wanted) = wanted else {
        let none = || Error::Usage(format!("{} never ran", github.workflows().builders().join(", ")));
        return runs.into_iter().next().ok_or_else(none);
    };
    let number = wanted.trim_start_matches('#').parse();
    let number: u64 = number.map_err(|_| Error::Usage(format!("{wanted:?} is no run; `runs` lists their numbers")))?;
    match runs.into_iter().find(|run| run.number == number || run.id == number) {
        Some(run) => Ok(run),
        None => Ok(github.run(number).await?),
    }
}

/// The leg that is meant: of the named run, else of the newest one with a leg that failed; of the named line, else the
/// only one that failed.
///
/// # Errors
/// [`Error::Usage`] when it has to be named; [`Error::Refused`] when none failed; [`Error::GitHub`]
pub async fn find_leg(github: &Client, run: Option<&str>, line: Option<&str>) -> Result<(RemoteRun, Leg), Error> {
    let (run, legs) = match run {
        Some(wanted) => {
            let run = find_run(github, Some(wanted)).await?;
            let legs = github.legs(&run).await?;
            (run, legs)
        }
        None => newest_failed(github, line).await?,
    };
    let leg = choose(&run, &legs, line)?;
    Ok((run, leg))
}

/// The newest run with a leg that failed, of the line when one is named; and its legs.
async fn newest_failed(github: &Client, line: Option<&str>) -> Result<(RemoteRun, Vec<Leg>), Error> {
    let fits = |leg: &Leg| leg.key.as_ref().is_some_and(|key| line.is_none_or(|wanted| key.0 == wanted));
    let mut runs = github.board(RUNS).await?.runs.into_iter();
    let failed = runs.find(|seen| seen.legs.iter().any(|leg| fits(leg) && leg.state.failed()));
    let none = || Error::Usage("no job of the newest runs failed; name a run".into());
    failed.map(|seen| (seen.run, seen.legs)).ok_or_else(none)
}

fn choose(run: &RemoteRun, legs: &[Leg], line: Option<&str>) -> Result<Leg, Error> {
    if let Some(wanted) = line {
        let found = legs.iter().find(|leg| leg.key.as_ref().is_some_and(|key| key.0 == wanted));
        return found.cloned().ok_or_else(|| Error::Usage(format!("run #{} has no job of {wanted}", run.number)));
    }
    let failed: Vec<&Leg> = legs.iter().filter(|leg| leg.key.is_some() && leg.state.failed()).collect();
    match failed[..] {
        [leg] => Ok(leg.clone()),
        [] => Err(Refusal::NoLegFailed { number: run.number }.into()),
        [..] => {
            let keys: Vec<&str> = failed.iter().filter_map(|leg| leg.key.as_ref()).map(|key| key.0.as_str()).collect();
            let keys = keys.join("|");
            Err(Error::Usage(format!("several jobs of run #{} failed; name one: --job {keys}", run.number)))
        }
    }
}
