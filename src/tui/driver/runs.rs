//! The runs as their records on disk say, looked at once a second; and starting and stopping them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::save::blocking;
use super::{Parts, Report, log};
use crate::console::message::{Msg, Reply};
use crate::console::run::{RunSeen, Still};
use crate::guest::recording::{Activity, Recording};
use crate::packer_log::LogFile;
use crate::packer_run::{self, Request, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::text::Scrubber;

/// How often the records are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks at the records for ever, and at once when asked to.
pub(super) async fn watch(parts: Parts, scrubber: Arc<Scrubber>, now: Arc<Notify>, report: Report) {
    let mut eyes = RunReader { state: parts.state, scrubber, logs: BTreeMap::new(), records: BTreeMap::new() };
    let mut keys: Vec<(Key, Option<Reply<Option<RunSeen>>>)> =
        parts.lines.into_iter().map(|line| (line.key, None)).collect();
    loop {
        let looked = tokio::task::spawn_blocking(move || {
            let news = eyes.look(&mut keys);
            (eyes, keys, news)
        });
        let Ok((back, seen, news)) = looked.await else { return };
        (eyes, keys) = (back, seen);
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
}

impl RunReader {
    /// What changed since the last look.
    fn look(&mut self, keys: &mut [(Key, Option<Reply<Option<RunSeen>>>)]) -> Vec<(Key, Reply<Option<RunSeen>>)> {
        let mut news = Vec::new();
        for (key, last) in keys {
            let run =
                packer_run::latest(&self.state, key).map_err(|error| format!("cannot read the runs of {key}: {error}"));
            let seen = run.map(|run| run.map(|run| self.seen(key, &run)));
            if last.as_ref() != Some(&seen) {
                *last = Some(seen.clone());
                news.push((key.clone(), seen));
            }
        }
        news
    }

    fn seen(&mut self, key: &Key, run: &Run) -> RunSeen {
        let phase = if run.state.live() { self.phase(key, run) } else { None };
        if !run.state.live() {
            self.logs.remove(key);
            self.records.remove(key);
        }
        RunSeen {
            started: run.started,
            ended: run.ended,
            state: run.state,
            reason: run.reason.clone(),
            pid: run.supervisor.pid,
            phase,
            still: if run.state.live() { self.still(key, run) } else { None },
            dir: run.dir.clone(),
            log: run.shown().to_owned(),
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

    fn phase(&mut self, key: &Key, run: &Run) -> Option<String> {
        let shown = run.shown();
        if self.logs.get(key).is_none_or(|(path, _)| path != shown) {
            let log = LogFile::open(shown, self.scrubber.clone())
                .inspect_err(|error| tracing::warn!(%key, %error, "no phase without the log"))
                .ok()?;
            self.logs.insert(key.clone(), (shown.to_owned(), log));
        }
        self.logs.get(key).and_then(|(_, log)| log::stage(log)).map(|phase| phase.name().to_owned())
    }
}

/// This program's own file. A console stays open for days: on Linux it is the very file we run, although another version
/// may have taken its place since.
fn program() -> std::io::Result<PathBuf> {
    let image = PathBuf::from("/proc/self/exe");
    if image.exists() { Ok(image) } else { std::env::current_exe() }
}

/// Starts the supervisor of a new run.
pub(super) async fn start(parts: Parts, key: Key) -> Reply<String> {
    let line = parts.lines.into_iter().find(|line| line.key == key).ok_or_else(|| format!("no line {key}"))?;
    let program = program().map_err(|error| format!("cannot tell where this program is: {error}"))?;
    let request = Request { packer: parts.packer, ..Request::new(line, parts.repo) };
    packer_run::start_detached(&program, &request, &parts.state).await.map_err(|error| error.to_string())?;
    Ok(format!("{key}: build started"))
}

/// Asks the newest run of a line to stop, or kills it.
pub(super) async fn stop(state: StateDir, key: Key, force: bool) -> Reply<String> {
    let name = key.clone();
    let run = blocking(move || packer_run::latest(&state, &name).map_err(|error| error.to_string())).await?;
    let run = run.ok_or_else(|| format!("{key} has no run"))?;
    packer_run::cancel(&run, force).await.map_err(|error| error.to_string())?;
    Ok(if force {
        format!("{key}: packer killed; S sweeps what it left")
    } else {
        format!("{key}: packer was asked to stop and destroys its VM")
    })
}
