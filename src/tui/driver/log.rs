//! The open log: its growth, the lines on screen, searches.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::Report;
use crate::console::effect::Sought;
use crate::console::log::{Found, LogFacts};
use crate::console::message::{Msg, Reply, RequestId};
use crate::ops::{Error, blocking, save};
use crate::packer_log::{Direction, LogFile, LogLine, Phase, Track};
use crate::pipeline::Key;
use crate::text::Scrubber;

/// Lines shown of a log that is still being read for the first time.
const EARLY: usize = 200;

/// Bytes of a log whose matches are counted.
const COUNTED: u64 = 64 << 20;

/// Logs that stay open behind the one on screen: who turns to a line and back need not wait for its index again.
const KEPT: usize = 3;

/// An open log, and who tells of its growth.
#[derive(Clone)]
struct Opened {
    log: Arc<LogFile>,
    changed: Arc<Notify>,
}

type Slot = Arc<Mutex<Option<Opened>>>;

/// Reads the log of the selected line's run.
pub(super) struct Reader {
    report: Report,
    scrubber: Arc<Scrubber>,
    /// where saved logs go
    saved: PathBuf,
    log: Slot,
    /// shown before, the newest first
    kept: VecDeque<Opened>,
    follower: Option<JoinHandle<()>>,
    /// ends the search under way
    stop: Arc<AtomicBool>,
}

impl Reader {
    pub(super) fn new(report: Report, scrubber: Arc<Scrubber>, saved: PathBuf) -> Self {
        Self {
            report,
            scrubber,
            saved,
            log: Arc::default(),
            kept: VecDeque::with_capacity(KEPT + 1),
            follower: None,
            stop: Arc::default(),
        }
    }

    pub(super) fn close(&mut self) {
        if let Some(follower) = self.follower.take() {
            follower.abort();
        }
        self.stop.store(true, Ordering::Relaxed);
        // A new slot: whoever still opens the log before puts it where nobody looks.
        let shown = std::mem::take(&mut self.log);
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        shown.into_iter().for_each(|shown| self.kept.push_front(shown));
        self.kept.truncate(KEPT);
    }

    pub(super) fn open(&mut self, request: RequestId, path: PathBuf) {
        self.close();
        let kept = self.kept.iter().position(|kept| kept.log.path() == path);
        self.log = Arc::new(Mutex::new(kept.and_then(|kept| self.kept.remove(kept))));
        let (report, scrubber, slot) = (self.report.clone(), self.scrubber.clone(), self.log.clone());
        self.follower = Some(crate::task::spawn(async move { follow(request, path, scrubber, &slot, &report).await }));
    }

    pub(super) fn rows(
        &self,
        from: u64,
        count: u64,
    ) -> impl Future<Output = Result<(u64, Vec<LogLine>), Error>> + use<> {
        let log = self.current();
        blocking("reading the log", move || {
            let log = log?;
            let rows = log.lines(from + 1..from.saturating_add(count) + 1).map_err(Error::reading(log.path()))?;
            Ok((from, rows))
        })
    }

    pub(super) fn seek(
        &mut self,
        sought: Sought,
        from: u64,
        forwards: bool,
    ) -> impl Future<Output = Result<Option<Found>, Error>> + use<> {
        // A newer search ends the one before.
        self.stop.store(true, Ordering::Relaxed);
        self.stop = Arc::default();
        let (log, stop) = (self.current(), self.stop.clone());
        blocking("searching the log", move || {
            let log = log?;
            seek(&log, &sought, from, forwards, &stop).map_err(Error::reading(log.path()))
        })
    }

    pub(super) fn text(&self, from: u64, to: u64) -> impl Future<Output = Result<String, Error>> + use<> {
        let (log, scrubber) = (self.current(), self.scrubber.clone());
        blocking("reading the log", move || {
            let log = log?;
            let rows = log.lines(from + 1..to + 2).map_err(Error::reading(log.path()))?;
            let mut text: String = rows.iter().map(|row| plain(row) + "\n").collect();
            text.pop();
            Ok(scrubber.for_leaving().text(&text).into_owned())
        })
    }

    pub(super) fn save(&self, key: Key) -> impl Future<Output = Result<PathBuf, Error>> + use<> {
        let (log, scrubber, saved) = (self.current(), self.scrubber.clone(), self.saved.clone());
        blocking("saving the log", move || {
            let log = log?;
            let mut log = std::fs::File::open(log.path()).map_err(Error::reading(log.path()))?;
            let clear = scrubber.for_leaving();
            save::new_file(&saved, &format!("{key}-packer"), "log", |out| clear.copy(&mut log, out))
        })
    }

    fn current(&self) -> Result<Arc<LogFile>, Error> {
        let slot = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().map(|opened| opened.log.clone()).ok_or_else(|| Error::Usage("no log is open".to_owned()))
    }
}

async fn follow(
    request: RequestId,
    path: PathBuf,
    scrubber: Arc<Scrubber>,
    slot: &Mutex<Option<Opened>>,
    report: &Report,
) {
    let kept = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let opened = match kept {
        Some(kept) => Ok(kept),
        None => {
            blocking("opening the log", {
                let scrubber = scrubber.clone();
                move || open(&path, scrubber)
            })
            .await
        }
    };
    let Opened { log, changed } = match opened {
        Ok(opened) => slot.lock().unwrap_or_else(PoisonError::into_inner).insert(opened).clone(),
        Err(error) => return report(Msg::LogGrew { request, answer: Err(error.into()) }),
    };
    let mut last = None;
    loop {
        let facts = facts(&log, &scrubber);
        if let Ok(facts) = &facts
            && !facts.settled
        {
            let log = log.clone();
            let rows = blocking("reading the log", move || log.tail(EARLY).map_err(Error::reading(log.path()))).await;
            rows.into_iter().for_each(|rows| report(Msg::LogTailed { request, rows }));
        }
        if last.as_ref() != Some(&facts) {
            last = Some(facts.clone());
            report(Msg::LogGrew { request, answer: facts });
        }
        changed.notified().await;
    }
}

fn open(path: &Path, scrubber: Arc<Scrubber>) -> Result<Opened, Error> {
    let changed = Arc::new(Notify::new());
    let growth = changed.clone();
    let log = LogFile::watch(path, scrubber, move || growth.notify_one()).map_err(Error::reading(path))?;
    Ok(Opened { log: Arc::new(log), changed })
}

fn facts(log: &LogFile, scrubber: &Scrubber) -> Reply<LogFacts> {
    let status = log.status();
    if let Some(trouble) = status.error {
        return Err(Error::LogUnreadable(trouble).into());
    }
    Ok(LogFacts {
        lines: status.lines,
        bytes: status.bytes,
        generation: status.generation,
        settled: status.caught_up,
        phase: phase(log, scrubber),
        track: behind(log).map(Box::new),
    })
}

/// The build that is behind.
pub(super) fn behind(log: &LogFile) -> Option<Track> {
    log.facts().tracks.all().iter().min_by_key(|track| track.phase()).cloned()
}

/// Its stage in a few words, with the task of ansible as it may be shown: a playbook names it.
fn phase(log: &LogFile, scrubber: &Scrubber) -> Option<String> {
    behind(log).as_ref().map(|track| words(track, scrubber))
}

fn words(track: &Track, scrubber: &Scrubber) -> String {
    match (&track.task, track.phase()) {
        (Some(task), Phase::Provision) => {
            format!("provision: {}", scrubber.safe(&task.name))
        }
        (_, phase) => phase.name().to_owned(),
    }
}

fn seek(
    log: &LogFile,
    sought: &Sought,
    from: u64,
    forwards: bool,
    stop: &AtomicBool,
) -> std::io::Result<Option<Found>> {
    let way = if forwards { Direction::Forward } else { Direction::Backward };
    if let Sought::Offset(offset) = sought {
        return Ok(log.line_of(*offset)?.map(|line| found(line, false, None)));
    }
    if let Sought::Time(moment) = sought {
        let last = log.status().lines;
        let line = log.line_at(*moment)?.or(Some(last).filter(|line| *line > 0));
        return Ok(line.map(|line| found(line, false, None)));
    }
    let look = |from: u64| match sought {
        Sought::Pattern(pattern) => log.find(pattern, from, way, stop),
        Sought::Offset(_) | Sought::Time(_) => Ok(None),
        Sought::Problem(least) => log.next_problem(*least, from, way),
    };
    let here = from + 1;
    let beyond = if forwards { Some(here + 1) } else { here.checked_sub(1).filter(|line| *line > 0) };
    if let Some(line) = beyond.map(look).transpose()?.flatten() {
        return Ok(Some(found(line, false, place(log, sought, line, stop)?)));
    }
    let end = if forwards { 1 } else { log.status().lines };
    let Some(line) = look(end)? else { return Ok(None) };
    Ok(Some(found(line, true, place(log, sought, line, stop)?)))
}

const fn found(line: u64, around: bool, place: Option<(u64, u64)>) -> Found {
    Found { line: line - 1, around, place }
}

/// Which match it is and how many there are; not counted where that would take a while.
fn place(log: &LogFile, sought: &Sought, line: u64, stop: &AtomicBool) -> std::io::Result<Option<(u64, u64)>> {
    match sought {
        Sought::Pattern(pattern) if log.status().bytes <= COUNTED => log.place(pattern, line, stop).map(Some),
        Sought::Problem(least) if log.status().bytes <= COUNTED => log.place_of_problem(*least, line, stop).map(Some),
        Sought::Pattern(_) | Sought::Problem(_) | Sought::Offset(_) | Sought::Time(_) => Ok(None),
    }
}

/// As copied and saved: the stamp as packer prints it, then the text.
fn plain(row: &LogLine) -> String {
    match row.stamp {
        Some(stamp) => format!("{} {}", stamp.strftime("%Y/%m/%d %H:%M:%S"), row.text),
        None => row.text.to_string(),
    }
}

#[cfg(test)]
mod tests;
