//! What the records of runs on this machine say.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::exposition::{Exposition, Metric};
use crate::guest::recording::Recording;
use crate::ops::usual::Usual;
use crate::ops::{Error, blocking};
use crate::packer_log::{Phase, Tracks, phase_times};
use crate::packer_run::{self, Run, RunState};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// Adds what is on record of a line; the newest run that ended comes back. Blocks.
pub(super) fn add(
    all: &mut Exposition,
    state: &StateDir,
    key: &Key,
    usual: &Usual,
    now: Timestamp,
) -> Result<Option<Run>, Error> {
    let mut runs = packer_run::all(state, key).map_err(Error::Record)?;
    runs.sort_by_key(|run| std::cmp::Reverse(run.started));
    let line = key.0.as_str();
    let newest = runs.first();
    let live = newest.filter(|run| run.state.live());
    all.flag(Metric::LineBuilding, &[line], live.is_some());
    for (reason, alarm) in [
        ("failed", newest.is_some_and(|run| matches!(run.state, RunState::Failed { .. }))),
        ("lost", newest.is_some_and(|run| run.state == RunState::Lost)),
        ("late", live.is_some_and(|run| late(state, run, usual, now))),
        ("still", live.is_some_and(still)),
    ] {
        all.flag(Metric::LineAlarm, &[line, reason], alarm);
    }
    runs.retain(|run| matches!(run.state, RunState::Succeeded | RunState::Failed { .. } | RunState::Lost));
    let failures = runs.iter().take_while(|run| run.state != RunState::Succeeded).count();
    all.add(Metric::ConsecutiveFailures, &[line], f64::from(u32::try_from(failures).unwrap_or(u32::MAX)));
    let Some(last) = runs.into_iter().next() else { return Ok(None) };
    all.flag(Metric::LastRunSuccess, &[line], last.state == RunState::Succeeded);
    if let Some(ended) = last.ended {
        all.add(Metric::LastRunEnded, &[line], ended.as_duration().as_secs_f64());
        all.add(Metric::LastRunDuration, &[line], ended.duration_since(last.started).as_secs_f64().max(0.0));
    }
    let tracks = tracks(&last.log);
    let spent = tracks.iter().flat_map(Tracks::all).flat_map(|track| track.durations(None));
    for (phase, spent) in spent.filter(|(phase, _)| *phase < Phase::Done) {
        if let Some(spent) = spent {
            all.add(Metric::LastRunStage, &[line, phase.name()], spent.as_secs_f64());
        }
    }
    Ok(Some(last))
}

fn tracks(log: &Path) -> Option<Tracks> {
    phase_times::tracks(BufReader::with_capacity(256 << 10, File::open(log).ok()?)).ok()
}

/// Whether the stage that it is in takes too long.
fn late(state: &StateDir, run: &Run, usual: &Usual, now: Timestamp) -> bool {
    let Some(tracks) = tracks(run.shown()) else { return false };
    let typical = usual.of(state, &run.key, &run.dir).unwrap_or_default();
    // Packer's clock is that of this machine.
    let now = now.to_zoned(TimeZone::system()).datetime();
    let at_work = tracks.all().iter().filter_map(|track| track.durations(Some(now)).pop());
    let over = |phase: Phase, spent: Duration| spent > usual.limit(phase, typical.typical(phase));
    at_work.filter_map(|(phase, spent)| Some((phase, spent?))).any(|(phase, spent)| over(phase, spent))
}

/// Whether its console stands still although it should not.
fn still(run: &Run) -> bool {
    let read = Recording::read(&run.dir).ok();
    read.and_then(|record| record.stillness()).is_some_and(|still| still.alarm)
}

/// Reads where blocking is allowed.
pub(super) async fn all(state: StateDir, keys: Vec<Key>, usual: Usual) -> Result<(Exposition, Vec<Run>), Error> {
    blocking("reading the records", move || {
        let (mut all, mut last) = (Exposition::default(), Vec::new());
        let now = Timestamp::now();
        for key in &keys {
            last.extend(add(&mut all, &state, key, &usual, now)?);
        }
        Ok((all, last))
    })
    .await
}
