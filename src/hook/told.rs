//! Which events were told: a file for each, made by whoever tells it first.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::EventKind;
use crate::fs::create_private_dir;
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::sha256;

/// With more of them those that nobody tells any more are removed.
const MANY: usize = 500;
/// Nothing is told again after this time.
const OLD: Duration = Duration::from_secs(60 * 60 * 24 * 30);

/// Whether this is the first time; then it is no other time.
///
/// # Errors
/// Those of the file system.
pub(super) fn first(state: &StateDir, kind: EventKind, key: &Key, once: &str) -> io::Result<bool> {
    let folder = state.path().join("hook");
    create_private_dir(&folder)?;
    let digest = sha256::digest(format!("{}\0{key}\0{once}", kind.word()).as_bytes());
    let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(name)) {
        Ok(_) => {
            forget(&folder);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes what is long over. Whatever cannot be removed stays.
fn forget(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let entries: Vec<_> = entries.flatten().collect();
    if entries.len() <= MANY {
        return;
    }
    let old = |time: SystemTime| time.elapsed().is_ok_and(|age| age > OLD);
    for entry in entries {
        if entry.metadata().and_then(|found| found.modified()).is_ok_and(old) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
