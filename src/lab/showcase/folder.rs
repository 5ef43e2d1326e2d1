//! The folder of a demo. Its name tells the process that made it, so that the next demo removes what one left that was
//! killed.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::super::real;
use super::state_home;
use crate::packer_run::{self, Process, Run};
use crate::paths::StateDir;
use crate::pipeline::Key;

const PREFIX: &str = "tmpl-tui-demo-";
/// How long a build may take to destroy its VM; in the lab that takes a second.
const CANCEL: Duration = Duration::from_secs(15);
/// How long a build may take to end that was told to at once; the vCenter of a demo that was killed is gone.
const END: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// Makes one, for its owner alone, after removing those whose demo was killed.
///
/// # Errors
/// Those of the file system.
pub(in crate::lab) async fn create() -> io::Result<TempDir> {
    let (place, own) = (std::env::temp_dir(), Process::current()?);
    for entry in std::fs::read_dir(&place)?.flatten() {
        if entry.file_name().to_str().is_some_and(|name| abandoned(name, &own)) && ours(&entry.path()) {
            end_builds(&entry.path(), true).await;
            real::end_abandoned(&entry.path());
            if let Err(error) = std::fs::remove_dir_all(entry.path()) {
                tracing::warn!(path = %entry.path().display(), %error, "a demo that was killed left this");
            }
        }
    }
    let prefix = format!("{PREFIX}{}-{}-", own.pid, own.start);
    let private = Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(&prefix).permissions(private).tempdir_in(place)
}

/// Whether a folder of this name is that of a demo whose process is gone.
fn abandoned(name: &str, own: &Process) -> bool {
    let mut parts = name.strip_prefix(PREFIX).unwrap_or_default().split('-');
    let (pid, start) =
        (parts.next().and_then(|pid| pid.parse().ok()), parts.next().and_then(|start| start.parse().ok()));
    let (Some(pid), Some(start)) = (pid, start) else { return false };
    !Process { pid, start, boot: own.boot.clone() }.alive()
}

/// Anybody may make a folder where temporary files are.
fn ours(path: &Path) -> bool {
    let us = nix::unistd::geteuid().as_raw();
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == us)
}

/// Ends the builds of a demo and waits until nothing of them writes into its folder any more. They destroy their VMs
/// unless they are to end `at_once`.
pub(super) async fn end_builds(folder: &Path, at_once: bool) {
    let state = StateDir::at(state_home(folder).join("tmpl-tui"));
    let Ok(lines) = std::fs::read_dir(state.runs()) else { return };
    let keys = lines.flatten().filter_map(|line| Some(Key(line.file_name().to_str()?.to_owned())));
    // One that is over may still ask vCenter what it left.
    let at_work = keys.filter_map(|key| {
        packer_run::latest(&state, &key).ok().flatten().filter(|run| run.state.live() || run.supervisor.alive())
    });
    futures_util::future::join_all(at_work.map(|run| end_build(run, at_once))).await;
}

async fn end_build(run: Run, at_once: bool) {
    if !at_once {
        // One that is over needs no asking.
        let _ = packer_run::cancel(&run, false).await;
        let _ = tokio::time::timeout(CANCEL, gone(&run)).await;
    }
    let asked = packer_run::cancel(&run, true).await.is_ok();
    if !asked || tokio::time::timeout(END, gone(&run)).await.is_err() {
        // What does not end would hold on to a folder that is gone.
        let _ = run.supervisor.signal(Signal::SIGKILL);
        let packer = run.refresh().ok().and_then(|run| run.packer);
        let _ = packer.map(|packer| packer.signal(Signal::SIGKILL));
        let _ = tokio::time::timeout(END, gone(&run)).await;
    }
    // Packer's temporary files go, too, where no supervisor is left to remove them.
    let _ = tokio::time::timeout(END, packer_run::wait_until_over(&run)).await;
}

/// Waits for the end of a run's supervisor: it asks a vCenter that is gone what was built when its record is closed.
async fn gone(run: &Run) {
    while run.supervisor.alive() {
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_that_is_open_keeps_its_folder() {
        let own = Process::current().unwrap();
        assert!(!abandoned(&format!("{PREFIX}{}-{}-x", own.pid, own.start), &own));
        assert!(abandoned(&format!("{PREFIX}{}-{}-x", own.pid, own.start + 1), &own));
        for other in ["tmpl-tui-demo-x", "tmpl-tui-demo-1", "tmpl-tui-x", "x", ""] {
            assert!(!abandoned(other, &own), "{other}");
        }
    }
}
