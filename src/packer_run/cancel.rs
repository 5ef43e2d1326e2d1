//! Stopping a run: packer is asked, destroys its VM and ends. Killing it leaves the VM and is done on a second,
//! explicit request only.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::record::{CANCEL, CancelMark, Record, RecordedState};
use super::{BuildError, Process, Run};
use crate::fs::read_small;
use crate::pipeline::may_be;
use crate::vcenter::{Client, Error, Vm};

/// How often a run's record is read while its end is waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long a supervisor may take to pass a request on.
const SUPERVISOR_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the VMs are listed: vCenter may still list a destroyed one for a moment.
const MAX_LISTINGS: u32 = 5;

/// Asks a run to end; [`wait_until_over`] tells when it did. With `force` packer's whole process group is killed: its VM and its
/// files on the datastore stay.
///
/// # Errors
/// [`BuildError::Over`] when it has ended already; when it belongs to somebody else; when that it was asked cannot be
/// written down, although it is stopped.
pub async fn cancel(run: &Run, force: bool) -> Result<(), BuildError> {
    let run = run.refresh().map_err(BuildError::file(&run.dir))?;
    if !run.state.live() {
        return Err(BuildError::Over { key: run.key, state: run.state.word() });
    }
    // First the mark, so that whoever collects packer's exit code knows that this was wanted. A full disk takes none; that
    // keeps nobody from stopping a build.
    let marked = CancelMark::write(&run.dir, force).map_err(BuildError::file(run.dir.join(CANCEL)));
    let refused = |process: &Process| BuildError::process(format!("cannot stop process {}", process.pid));
    if let Some(packer) = run.packer.as_ref().filter(|_| force) {
        packer.signal(Signal::SIGKILL).map_err(refused(packer))?;
    }
    if run.supervisor.alive() {
        run.supervisor.signal_alone(Signal::SIGTERM).map_err(refused(&run.supervisor))?;
        if supervisor_reacts(&run).await {
            return marked;
        }
    }
    // A second SIGTERM does no harm to a packer that has had one.
    let packer = run.refresh().map_err(BuildError::file(&run.dir))?.packer;
    if let Some(packer) = packer.filter(|_| !force) {
        packer.signal(Signal::SIGTERM).map_err(refused(&packer))?;
    }
    marked
}

/// Whether the supervisor passes a request on, or has ended: one that was stopped (Ctrl-Z) or hangs does not.
async fn supervisor_reacts(run: &Run) -> bool {
    let began = tokio::time::Instant::now();
    while began.elapsed() < SUPERVISOR_TIMEOUT {
        let stage = Record::read(&run.dir).ok().flatten().map(|record| record.state);
        if !matches!(stage, Some(RecordedState::Starting | RecordedState::Running)) || !run.supervisor.alive() {
            return true;
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    false
}

/// Waits until the run is over and returns it as it ended. Removes packer's temporary files where no supervisor is left
/// to do it: they hold install answers with passwords.
///
/// # Errors
/// Those of reading its record.
pub async fn wait_until_over(run: &Run) -> Result<Run, BuildError> {
    loop {
        let now = run.refresh().map_err(BuildError::file(&run.dir))?;
        if !now.state.live() {
            now.remove_temporary();
            return Ok(now);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

/// The VM that a cancelled or killed run left behind, if any. A `-build` template is not one: it is an earlier success
/// that the run did not come to replace.
///
/// # Errors
/// When vCenter cannot be asked.
pub async fn leftover_vm(client: &Client, run: &Run) -> Result<Option<Vm>, Error> {
    let name = run.build_name();
    // Of a name that only the build knew in part, what was there before is none of its.
    let named = |vm: &Vm| vm.name == name || may_be(&name, &vm.name) && vm.created.is_some_and(|at| at >= run.started);
    for listing in 1.. {
        let leftover = client.vms().await?.into_iter().find(|vm| named(vm) && !vm.template);
        if leftover.is_none() || listing == MAX_LISTINGS {
            return Ok(leftover);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(None)
}

impl Run {
    /// Removes packer's folder for temporary files, when it bears the mark of this run: a record that was tampered with
    /// may name any other.
    pub(super) fn remove_temporary(&self) {
        if !self.owns_temporary() {
            return;
        }
        match std::fs::remove_dir_all(&self.temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(path = %self.temporary.display(), %error, "packer's temporary files stay");
            }
            _ => {}
        }
    }

    fn owns_temporary(&self) -> bool {
        let named = self.temporary.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY));
        let folder = std::fs::symlink_metadata(&self.temporary).is_ok_and(|found| found.is_dir());
        let marked = || read_small(&self.temporary.join(MARK), 4096).ok();
        named && folder && marked().is_some_and(|mark| mark == self.dir.as_os_str().as_bytes())
    }
}

/// Marks packer's folder for temporary files as that of the run in `dir`.
///
/// # Errors
/// Those of writing.
pub(super) fn mark_temporary(temporary: &Path, dir: &Path) -> std::io::Result<()> {
    std::fs::write(temporary.join(MARK), dir.as_os_str().as_bytes())
}

/// How the folder for packer's temporary files begins.
pub(super) const TEMPORARY: &str = "tmpl-tui-";
/// The file in it that names the run.
const MARK: &str = ".tmpl-tui-run";
