//! Every process that belongs to a packer: its group and session, what they started, and what left them.
//!
//! Leaving is found out in three ways: the variable for temporary files, which no other run has and which is handed down;
//! the parent; and, for a process whose parent ended, that it is handed to us (`PR_SET_CHILD_SUBREAPER`, prctl(2)) although
//! it has a session of its own, which nothing that we start ourselves has.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Process;
use super::processes::{Stat, all, has_variable, stat};

/// How often those that are left are looked for: one may have started another meanwhile.
const ROUNDS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// From now on whoever loses its parent below us becomes our child, wherever it has gone. Linux alone can do that.
pub(super) fn adopt_orphans() {
    // Where a sandbox does not let us, the other ways are left.
    #[cfg(target_os = "linux")]
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Kills packer and everything that belongs to it; `false` when something is still there afterwards.
pub(super) async fn kill_all(packer: &Process, temporary: &Path) -> bool {
    for _ in 0..ROUNDS {
        let members = members(packer, temporary);
        if members.is_empty() {
            return true;
        }
        for pid in members {
            // Gone in this very moment, or somebody else's by now.
            let _: Result<(), Errno> = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        tokio::time::sleep(PAUSE).await;
    }
    false
}

/// Those that are at work, ourselves never among them.
fn members(packer: &Process, temporary: &Path) -> BTreeSet<i32> {
    let us = i32::try_from(std::process::id()).unwrap_or_default();
    let our_session = stat(us).map_or(0, |stat| stat.session);
    let all = all();
    let mark = format!("TMPDIR={}", temporary.display());
    let belongs = |pid: i32, stat: &Stat| {
        stat.group == packer.pid
            || stat.session == packer.pid
            || pid == packer.pid && stat.start == packer.start
            || stat.parent == us && stat.session != our_session && stat.start >= packer.start
            || has_variable(pid, &mark)
    };
    let mut members: BTreeSet<i32> =
        all.iter().filter(|(pid, stat)| *pid != us && belongs(*pid, stat)).map(|(pid, _)| *pid).collect();
    loop {
        let children = all.iter().filter(|(pid, stat)| *pid != us && members.contains(&stat.parent));
        let before = members.len();
        members.extend(children.map(|(pid, _)| *pid).collect::<Vec<_>>());
        if members.len() == before {
            return members;
        }
    }
}
