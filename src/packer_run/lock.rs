//! One live run per line: a file lock that the supervisor holds as long as it lives.

use std::time::{Duration, Instant};

use super::runs::newest;
use super::{BuildError, Run};
use crate::fs::{FileLock, create_private_dir};
use crate::paths::StateDir;
use crate::pipeline::Key;

/// Takes the line. A packer that outlived its supervisor keeps the line taken, although nobody holds the lock.
///
/// # Errors
/// [`BuildError::Busy`] or [`BuildError::Starting`] when somebody else has it; those of the state folder.
pub async fn lock_line(state: &StateDir, key: &Key) -> Result<FileLock, BuildError> {
    let dir = state.runs().join(&key.0);
    create_private_dir(&dir).map_err(BuildError::file(&dir))?;
    let path = dir.join(LOCK);
    let began = Instant::now();
    loop {
        let lock = FileLock::take(&path).map_err(BuildError::file(&path))?;
        // A record that cannot be read is nobody's, once the lock is ours, and a line that cannot be built helps nobody.
        let (newest, _) = newest(state, key).map_err(BuildError::file(&dir))?;
        match (newest.filter(|run| run.state.live()), lock) {
            (Some(run), _) => return Err(busy(&run)),
            (None, Some(lock)) => return Ok(lock),
            // A supervisor that was killed between the fork and the exec of a program left a copy that still holds it.
            (None, None) if began.elapsed() < SETTLE => tokio::time::sleep(PAUSE).await,
            (None, None) => return Err(BuildError::Starting { key: key.clone() }),
        }
    }
}

/// Looks whether the line is being built on this machine, without taking it: the refusal of `lock_line`, earlier.
///
/// # Errors
/// [`BuildError::Busy`] when it is.
pub fn not_at_work(state: &StateDir, key: &Key) -> Result<(), BuildError> {
    let dir = state.runs().join(&key.0);
    let (newest, _) = newest(state, key).map_err(BuildError::file(&dir))?;
    newest.filter(|run| run.state.live()).map_or(Ok(()), |run| Err(busy(&run)))
}

/// How long a lock may be held by a process that is about to become another program.
const SETTLE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Whether somebody holds the line this moment; what cannot be looked at may be held.
pub(super) fn is_taken(state: &StateDir, key: &Key) -> bool {
    let path = state.runs().join(&key.0).join(LOCK);
    path.exists() && !matches!(FileLock::take(&path), Ok(Some(_)))
}

/// The lock's file, beside the folders of the runs.
const LOCK: &str = "lock";

fn busy(run: &Run) -> BuildError {
    let process = run.packer.as_ref().unwrap_or(&run.supervisor);
    BuildError::Busy { key: run.key.clone(), since: run.started, pid: process.pid }
}
