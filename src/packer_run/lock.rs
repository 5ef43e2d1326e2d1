//! One live run per line: a file lock that the supervisor holds as long as it lives.

use super::{BuildError, Run, latest};
use crate::fs::{FileLock, create_private_dir};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// Takes the line. A packer that outlived its supervisor keeps the line taken, although nobody holds the lock.
///
/// # Errors
/// [`BuildError::Busy`] or [`BuildError::Starting`] when somebody else has it; those of the state folder.
pub fn lock_line(state: &StateDir, key: &Key) -> Result<FileLock, BuildError> {
    let dir = state.runs().join(&key.0);
    create_private_dir(&dir).map_err(BuildError::file(&dir))?;
    let path = dir.join("lock");
    let lock = FileLock::take(&path).map_err(BuildError::file(&path))?;
    let newest = match latest(state, key) {
        // Somebody edited it. Nobody holds the lock, and a line that cannot be built any more helps nobody.
        Err(error) if error.kind() == std::io::ErrorKind::InvalidData => None,
        other => other.map_err(BuildError::file(&dir))?,
    };
    match newest.filter(|run| run.state.live()) {
        Some(run) => Err(busy(&run)),
        None => lock.ok_or_else(|| BuildError::Starting { key: key.clone() }),
    }
}

fn busy(run: &Run) -> BuildError {
    let process = run.packer.as_ref().unwrap_or(&run.supervisor);
    BuildError::Busy { key: run.key.clone(), since: run.started, pid: process.pid }
}
