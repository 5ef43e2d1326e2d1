//! The runs of a line, by their folders. A record that cannot be read is left out, and never in the way of the others.

use std::fmt;
use std::io;
use std::path::PathBuf;

use jiff::civil::DateTime;
use jiff::{Span, Timestamp};

use super::Run;
use super::lock::is_taken;
use super::record::LOG;
use crate::fs::named;
use crate::paths::StateDir;
use crate::pipeline::Key;

/// A record that is empty, cut off, of a newer version, or no record at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddRecord {
    /// the run's folder
    pub dir: PathBuf,
    /// what is wrong with it
    pub reason: String,
}

impl OddRecord {
    /// Whether packer wrote a log there: without one it built nothing.
    pub fn has_log(&self) -> bool {
        self.dir.join(LOG).exists()
    }
}

impl fmt::Display for OddRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.dir.display();
        write!(f, "left out: the record in {dir} {}; if nothing needs it: rm -r {dir}", self.reason)
    }
}

/// The run of a line that matters now: the one at work, else the newest. A run of another machine is brought here at any
/// time, also while one of ours is at work.
///
/// # Errors
/// Those of reading the folder; when a build is at work whose record cannot be read.
pub fn latest(state: &StateDir, key: &Key) -> io::Result<Option<Run>> {
    let (newest, odd) = newest(state, key)?;
    match odd {
        Some(odd) if newest.as_ref().is_none_or(|run| !run.state.live()) && is_taken(state, key) => {
            Err(io::Error::new(io::ErrorKind::ResourceBusy, format!("it is being built, and {odd}")))
        }
        _ => Ok(newest),
    }
}

/// The same whoever holds the line, and the newest record that was left out on the way to it.
pub(super) fn newest(state: &StateDir, key: &Key) -> io::Result<(Option<Run>, Option<OddRecord>)> {
    let (mut newest, mut left_out) = (None, None);
    for dir in run_dirs(state, key)?.into_iter().rev() {
        let run = match Run::read(&dir) {
            Ok(Some(run)) => run,
            Ok(None) => continue,
            Err(error) => {
                left_out.get_or_insert(odd(dir, &error));
                continue;
            }
        };
        if run.state.live() {
            return Ok((Some(run), left_out));
        }
        let ours = run.origin.is_none();
        newest.get_or_insert(run);
        if ours {
            break;
        }
    }
    Ok((newest, left_out))
}

/// All runs of a line that can be read, newest first.
///
/// # Errors
/// Those of reading the folder.
pub fn all(state: &StateDir, key: &Key) -> io::Result<Vec<Run>> {
    Ok(run_dirs(state, key)?.iter().rev().filter_map(|dir| Run::read(dir).ok().flatten()).collect())
}

/// The records of a line that cannot be read, newest first.
///
/// # Errors
/// Those of reading the folder.
pub fn odd_records(state: &StateDir, key: &Key) -> io::Result<Vec<OddRecord>> {
    let dirs = run_dirs(state, key)?.into_iter().rev();
    Ok(dirs.filter_map(|dir| Run::read(&dir).err().map(|error| odd(dir, &error))).collect())
}

fn odd(dir: PathBuf, error: &io::Error) -> OddRecord {
    OddRecord { dir, reason: error.to_string() }
}

/// How folders of runs are named: UTC. What was brought from elsewhere has its name there behind it.
pub(super) const RUN_DIR_FORMAT: &str = "%Y%m%dT%H%M%S%.3fZ";
/// Letters of such a time.
const TIME: usize = "20260301T020304.000Z".len();

/// The moment after that of a run's folder; `None` for any other folder.
fn moment_after(name: &str) -> Option<DateTime> {
    let time = DateTime::strptime(RUN_DIR_FORMAT, name.get(..TIME)?).ok()?;
    time.checked_add(Span::new().milliseconds(1)).ok()
}

/// The folder of a run that starts now. It comes after all there are, also when the clock was set back meanwhile: the last
/// one is the one that may be at work.
pub(super) fn new_run_dir(state: &StateDir, key: &Key, now: Timestamp) -> io::Result<PathBuf> {
    let mut name = now.strftime(RUN_DIR_FORMAT).to_string();
    if let Some(last) = run_dirs(state, key)?.last().and_then(|dir| dir.file_name()?.to_str())
        && name.as_str() <= last
        && let Some(next) = moment_after(last)
    {
        name = next.strftime(RUN_DIR_FORMAT).to_string();
    }
    Ok(state.runs().join(&key.0).join(name))
}

/// Folders are named by UTC time, so their order is that of the runs. What is named otherwise is no run: what is still
/// being brought here, what somebody put aside.
pub(super) fn run_dirs(state: &StateDir, key: &Key) -> io::Result<Vec<PathBuf>> {
    let place = state.runs().join(&key.0);
    let entries = match std::fs::read_dir(&place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(named(&place))?,
    };
    let mut dirs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(named(&place))?;
        let run = entry.file_name().to_str().is_some_and(|name| moment_after(name).is_some());
        if run && entry.file_type()?.is_dir() {
            dirs.push(entry.path());
        }
    }
    dirs.sort();
    Ok(dirs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_folders_keep_their_length_whatever_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (state, key) = (StateDir::at(dir.path()), Key("one".into()));
        let now: Timestamp = "2026-03-01T02:03:04Z".parse().unwrap();
        let make = |name: &str| std::fs::create_dir_all(state.runs().join("one").join(name)).unwrap();
        ["zzz", "lock.d", ".incoming-x", "99991231T235959.999Z"].into_iter().for_each(make);
        let named = || new_run_dir(&state, &key, now).unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(named(), "20260301T020304.000Z");
        // A clock of another century, and a run of another machine on top of it.
        make("20990101T000000.000Z-github7x1");
        for next in 1..5 {
            assert_eq!(named(), format!("20990101T000000.00{next}Z"));
            make(&named());
        }
        assert_eq!(run_dirs(&state, &key).unwrap().len(), 5);
    }
}
