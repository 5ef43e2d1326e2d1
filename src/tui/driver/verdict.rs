//! Everything that is known about a run, in one file.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::fs::create_private_dir;
use crate::guest::recording::GuestState;
use crate::ops::judge::{self, Case};
use crate::ops::{Error, save};
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::triage::live::Beside;
use crate::vcenter::Vm;

/// A run and its guest as the console shows it.
pub(super) fn case(key: &Key, dir: PathBuf, log: PathBuf, guest: Option<Box<Vm>>) -> Case {
    let beside = Beside { vm_left: None, guest: guest.map(|vm| GuestState::of(&vm, Timestamp::now())) };
    Case { title: key.to_string(), dir: Some(dir), log: Some(log), beside, ..Case::default() }
}

/// Writes `<key>-triage-<time>.zip` among the files that were saved. Its path, and what is in it and what is not.
pub(super) async fn bundle(
    (repo, saved): (PathBuf, PathBuf),
    scrubber: Arc<Scrubber>,
    case: Case,
) -> Result<String, Error> {
    create_private_dir(&saved).map_err(Error::writing(&saved))?;
    let file = save::timed(&saved, &format!("{}-triage", case.title), "zip");
    let bundled = judge::bundle(&repo, scrubber, case, file).await?;
    Ok(format!("{}: {}", bundled.path.display(), bundled.written))
}
