//! The runs as their records on disk say, looked at once a second; and starting and stopping them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::Notify;

use super::histories::{self, Histories};
use super::{Report, log};
use crate::console::message::{Failure, Msg, Reply};
use crate::console::run::{RunSeen, StageSeen, Still};
use crate::guest::recording::{Activity, Recording};
use crate::ops::deeds::{self, Deeds};
use crate::ops::usual::Usual;
use crate::ops::{Context, Error, acknowledge, build};
use crate::packer_log::phase_times::TypicalDurations;
use crate::packer_log::{LogFile, Phase};
use crate::packer_run::{self, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::text::Scrubber;

/// How often the records are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the records for ever, and at once when asked to.
pub(super) async fn watch(
    context: Context,
    (scrubber, usual): (Arc<Scrubber>, Usual),
    mut histories: Histories,
    now: Arc<Notify>,
    report: Report,
) {
    let (logs, records, habits) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut reader = RunReader { state: context.state, scrubber, usual, logs, records, habits, audited: 0 };
    let mut keys: Vec<(Key, Option<Reply<Option<RunSeen>>>)> =
        context.lines.into_iter().map(|line| (line.key, None)).collect();
    let mut seen = None;
    loop {
        let looked = crate::task::spawn_blocking(move || {
            let news = reader.look(&mut keys);
            let acknowledged = reader.acknowledged(&keys);
            let deeds = reader.deeds();
            (reader, keys, news, (acknowledged, deeds))
        });
        let Ok((back, looked, news, (acknowledged, deeds))) = looked.await else { return };
        (reader, keys) = (back, looked);
        if seen.as_ref() != Some(&acknowledged) {
            report(Msg::AcknowledgedRead(acknowledged.clone()));
            seen = Some(acknowledged);
        }
        deeds.into_iter().for_each(|deeds| report(Msg::DeedsRead(deeds)));
        histories.look_at(&news);
        if !news.is_empty() {
            report(Msg::RunsRead(news));
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = now.notified() => {}
        }
    }
}

/// What looking needs: the logs of runs at work are kept open, for their phase.
struct RunReader {
    state: StateDir,
    scrubber: Arc<Scrubber>,
    logs: BTreeMap<Key, (PathBuf, LogFile)>,
    records: BTreeMap<Key, (PathBuf, Recording)>,
    usual: Usual,
    habits: BTreeMap<Key, (PathBuf, TypicalDurations)>,
    /// bytes of the audit log when it was last read
    audited: u64,
}

impl RunReader {
    /// What changed since the last look.
    fn look(&mut self, keys: &mut [(Key, Option<Reply<Option<RunSeen>>>)]) -> Vec<(Key, Reply<Option<RunSeen>>)> {
        let mut news = Vec::new();
        for (key, last) in keys {
            let run = packer_run::latest(&self.state, key).map_err(Error::reading(self.state.runs().join(&key.0)));
            let seen = run.map(|run| run.map(|run| self.seen(key, &run))).map_err(Failure::from);
            if last.as_ref() != Some(&seen) {
                *last = Some(seen.clone());
                news.push((key.clone(), seen));
            }
        }
        news
    }

    /// Alarms that somebody has seen, in this console or another one.
    fn acknowledged<T>(&self, keys: &[(Key, T)]) -> acknowledge::All {
        acknowledge::all(&self.state, keys.iter().map(|(key, _)| key))
    }

    /// What was done at GitHub, when the audit log grew.
    fn deeds(&mut self) -> Option<Deeds> {
        let path = self.state.audit_log();
        let size = std::fs::metadata(&path).map_or(0, |file| file.len());
        if std::mem::replace(&mut self.audited, size) == size {
            return None;
        }
        deeds::read(&path).inspect_err(|error| tracing::warn!(%error, "what was done at GitHub is not known")).ok()
    }

    fn seen(&mut self, key: &Key, run: &Run) -> RunSeen {
        let stage = if run.state.live() { self.stage(key, run) } else { None };
        if !run.state.live() {
            self.logs.remove(key);
            self.records.remove(key);
            self.habits.remove(key);
        }
        RunSeen {
            phase: stage.as_ref().map(|(phase, _)| phase.name().to_owned()),
            stage: stage.and_then(|(_, stage)| stage),
            still: if run.state.live() { self.still(key, run) } else { None },
            ..histories::on_record(run)
        }
    }

    /// Whether the recorder saw the console stand still for longer than it should.
    fn still(&mut self, key: &Key, run: &Run) -> Option<Still> {
        let (dir, record) = self.records.entry(key.clone()).or_default();
        let read = if *dir == run.dir {
            record.read_more().map(drop)
        } else {
            Recording::read(&run.dir).map(|fresh| (*dir, *record) = (run.dir.clone(), fresh))
        };
        if let Err(error) = read {
            tracing::warn!(%key, %error, "the record of the console cannot be read");
        }
        let still = record.stillness().filter(|still| still.alarm)?;
        let blank = still.activity == Activity::Blank;
        Some(Still { since: still.since, blank, screen: still.screen, tools_ran: still.tools_ran })
    }

    /// Where packer is, and since when.
    fn stage(&mut self, key: &Key, run: &Run) -> Option<(Phase, Option<StageSeen>)> {
        let shown = run.shown();
        if self.logs.get(key).is_none_or(|(path, _)| path != shown) {
            let log = LogFile::open(shown, self.scrubber.clone())
                .inspect_err(|error| tracing::warn!(%key, %error, "no phase without the log"))
                .ok()?;
            self.logs.insert(key.clone(), (shown.to_owned(), log));
        }
        let span = self.logs.get(key).and_then(|(_, log)| log::behind(log))?.spans.last()?.clone();
        // Packer's clock is that of this machine.
        let since = span.since.and_then(|since| since.to_zoned(TimeZone::system()).ok());
        let stage = since.map(|since| {
            let usual = self.habits(key, run).typical(span.phase);
            let limit = self.usual.limit(span.phase, usual);
            StageSeen { phase: span.phase, since: since.timestamp(), usually: usual.map(|usual| usual.median), limit }
        });
        Some((span.phase, stage))
    }

    /// What is usual for the line, read once for each run.
    fn habits(&mut self, key: &Key, run: &Run) -> &TypicalDurations {
        let known = self.habits.get(key).is_some_and(|(dir, _)| *dir == run.dir);
        if !known {
            let habits = self.usual.of(&self.state, key, &run.dir);
            let habits = habits.inspect_err(|error| tracing::warn!(%key, %error, "what is usual is not known"));
            self.habits.insert(key.clone(), (run.dir.clone(), habits.unwrap_or_default()));
        }
        &self.habits.entry(key.clone()).or_default().1
    }
}

/// Starts the supervisor of a new run.
pub(super) async fn start(context: Context, key: Key, packer: PathBuf) -> Result<String, Error> {
    build::start(&context, &key, packer).await?;
    Ok(format!("{key}: build started"))
}

/// Asks the newest run of a line to stop, or kills it.
pub(super) async fn stop(context: Context, key: Key, force: bool) -> Result<String, Error> {
    build::cancel(&context, &key, force).await?;
    Ok(if force {
        format!("{key}: packer killed; ‹sweep› sweeps what it left")
    } else {
        format!("{key}: packer was asked to stop and destroys its VM")
    })
}
