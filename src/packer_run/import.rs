//! Runs of other machines, stored like local ones, so that whatever reads runs reads them too.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use jiff::Timestamp;
use tempfile::TempDir;

use super::record::{FRAMES, LOG, Record, RecordedState, VERSION};
use super::run::record_gone;
use super::runs::RUN_DIR_FORMAT;
use super::{OnError, Process, Run};
use crate::fs::create_private_dir;
use crate::paths::StateDir;
use crate::pipeline::Line;

/// How a run that another machine did ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignOutcome {
    /// it built what it should
    Succeeded,
    /// it did not
    Failed,
    /// somebody stopped it
    Cancelled,
}

/// What is known of a run that another machine did and that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignRun {
    /// where it was done: its page
    pub origin: String,
    /// tells it from every other run of that moment; letters and digits
    pub name: String,
    /// when it began
    pub started: Timestamp,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// how it ended
    pub outcome: ForeignOutcome,
    /// why, one line
    pub reason: Option<String>,
    /// packer's version, when its log tells
    pub packer_version: String,
}

/// A folder beside the run's records, to be filled and then [`import_run`]; removed when dropped before.
///
/// # Errors
/// Those of creating it.
pub fn incoming_dir(state: &StateDir, line: &Line) -> io::Result<TempDir> {
    let runs = state.runs().join(&line.key.0);
    create_private_dir(&runs)?;
    // No record in it: nobody takes it for a run.
    let private = Permissions::from_mode(0o700);
    let incoming_dir = tempfile::Builder::new().prefix(".incoming-").permissions(private).tempdir_in(runs)?;
    create_private_dir(&incoming_dir.path().join(FRAMES))?;
    Ok(incoming_dir)
}

/// The folder that such a run is kept in.
pub fn foreign_run_dir(state: &StateDir, line: &Line, foreign: &ForeignRun) -> PathBuf {
    let time = foreign.started.strftime(RUN_DIR_FORMAT);
    state.runs().join(&line.key.0).join(format!("{time}-{}", foreign.name))
}

/// Makes a filled folder one of the line's runs, by a rename. A run imported before stays as it is when it has its log.
///
/// # Errors
/// Those of writing.
pub fn import_run(state: &StateDir, line: &Line, foreign: &ForeignRun, incoming_dir: TempDir) -> io::Result<Run> {
    let dir = foreign_run_dir(state, line, foreign);
    let nobody = Process { pid: 0, start: 0, boot: String::new() };
    let record = Record {
        version: VERSION,
        key: line.key.clone(),
        base_name: line.base_name.clone(),
        state: match foreign.outcome {
            ForeignOutcome::Succeeded => RecordedState::Succeeded,
            ForeignOutcome::Failed => RecordedState::Failed,
            ForeignOutcome::Cancelled => RecordedState::Cancelled,
        },
        exit: None,
        reason: foreign.reason.clone(),
        started: foreign.started,
        ended: foreign.ended,
        supervisor: nobody,
        packer: None,
        argv: Vec::new(),
        packer_version: foreign.packer_version.clone(),
        on_error: OnError::Cleanup,
        promote: false,
        log: dir.join(LOG),
        temporary: PathBuf::new(),
        builds: None,
        built: None,
        forgave: None,
        origin: Some(foreign.origin.clone()),
    };
    record.write(incoming_dir.path())?;
    // One without its log was lost half way, or somebody removed that: it is fetched again to be whole.
    if dir.is_dir() && !dir.join(LOG).is_file() {
        std::fs::remove_dir_all(&dir)?;
    }
    match std::fs::rename(incoming_dir.path(), &dir) {
        Ok(()) => drop(incoming_dir.keep()),
        Err(_) if dir.is_dir() => {}
        Err(error) => return Err(error),
    }
    Run::read(&dir)?.ok_or_else(record_gone)
}
