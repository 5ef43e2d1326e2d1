//! One live run per line: a file lock that the supervisor holds as long as it lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;

use super::{BuildError, Run, latest};
use crate::paths::{StateDir, create_private_dir};
use crate::pipeline::Key;

/// Held while a run is at work; dropping it, or dying, lets go.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the line. A packer that outlived its supervisor keeps the line taken, although nobody holds the lock.
    ///
    /// # Errors
    /// [`BuildError::Busy`] or [`BuildError::Starting`] when somebody else has it; those of the state folder.
    pub fn take(state: &StateDir, key: &Key) -> Result<Self, BuildError> {
        let dir = state.runs().join(&key.0);
        create_private_dir(&dir).map_err(BuildError::file(&dir))?;
        let path = dir.join("lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(BuildError::file(&path))?;
        let held = match file.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(source)) => return Err(BuildError::File { path, source }),
        };
        let newest = match latest(state, key) {
            // Somebody edited it. Nobody holds the lock, and a line that cannot be built any more helps nobody.
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => None,
            other => other.map_err(BuildError::file(&dir))?,
        };
        match newest.filter(|run| run.state.live()) {
            Some(run) => Err(busy(&run)),
            None if held => Err(BuildError::Starting { key: key.clone() }),
            None => Ok(Self { _file: file }),
        }
    }
}

fn busy(run: &Run) -> BuildError {
    let process = run.packer.as_ref().unwrap_or(&run.supervisor);
    BuildError::Busy { key: run.key.clone(), since: run.started, pid: process.pid }
}
