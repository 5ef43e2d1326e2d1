//! Which programs are at work, so that none outlives us.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Child;

/// The groups of programs at work.
static GROUPS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Kills every program that is still waited for, with all that it started: nothing that we asked outlives us.
pub fn end_all() {
    for group in std::mem::take(&mut *GROUPS.lock().unwrap_or_else(PoisonError::into_inner)) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

/// A program at work; what leads a group takes it along.
pub(super) struct Running {
    pub(super) child: Child,
    /// its number, until it has ended by itself
    group: Option<i32>,
}

impl Running {
    pub(super) fn new(child: Child) -> Self {
        let group = child.id().and_then(|id| i32::try_from(id).ok());
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).extend(group);
        Self { child, group }
    }

    /// It has ended by itself.
    pub(super) fn forget(&mut self) {
        if let Some(group) = self.group.take() {
            GROUPS.lock().unwrap_or_else(PoisonError::into_inner).remove(&group);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not collected yet, so the number is still its own. One that leads no group has no group of that number.
        if let (Some(group), Some(_)) = (self.group, self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        self.forget();
    }
}
