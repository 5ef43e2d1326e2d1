//! A change whose answer was lost: whether it happened is read from the object.

use std::time::{Duration, Instant};

use super::Gate;
use crate::vcenter::{Error, Vm, VmEvent};

/// How often an object is read when the answer to a change of it was lost.
pub(super) const CONFIRM_ATTEMPTS: u32 = 5;
pub(super) const CONFIRM_INTERVAL: Duration = Duration::from_secs(1);
/// How long it is read while a task on it is pending: the change may still be queued.
const PENDING_TASK_TIMEOUT: Duration = Duration::from_secs(10 * 60);

impl Gate {
    /// vCenter's answer to a change, where it leaves no doubt.
    ///
    /// Where it was lost, the VM is read until `happened` says that the change is done: a few times, and as long as tasks on
    /// it are pending. A queued task may still run, and going on before it has would mean to act on a state that is about
    /// to change. A fault is looked into as well: something between us and vCenter may have delivered the call twice, and
    /// then the second delivery finds the work of the first.
    pub(super) async fn confirm_in_doubt(
        &self,
        vm: &Vm,
        answer: Result<(), Error>,
        happened: impl Fn(Option<&Vm>) -> bool,
    ) -> Result<(), Error> {
        let Err(error) = &answer else { return answer };
        let lost = outcome_unknown(error);
        if !lost && !may_be_an_echo(error) {
            return answer;
        }
        let (since, mut attempts) = (Instant::now(), 0);
        while attempts < CONFIRM_ATTEMPTS {
            if lost || attempts > 0 {
                tokio::time::sleep(CONFIRM_INTERVAL).await;
            }
            match self.client.observe(&vm.moid).await {
                Ok(now) if happened(now.as_ref().map(|(now, _)| now)) => return Ok(()),
                Ok(None) => return answer,
                Ok(Some((_, tasks)))
                    if (lost || in_progress(error))
                        && tasks.iter().any(is_pending_change)
                        && since.elapsed() < PENDING_TASK_TIMEOUT =>
                {
                    attempts = 1
                }
                Ok(Some(_)) if !lost => return answer,
                Ok(Some(_)) | Err(_) => attempts += 1,
            }
        }
        answer
    }
}

/// Whether a fault can be what a second delivery of a call meets whose first one did its work.
fn may_be_an_echo(error: &Error) -> bool {
    matches!(error, Error::NotFound(_) | Error::Fault { .. })
}

/// The first delivery may still be at it.
fn in_progress(error: &Error) -> bool {
    matches!(error, Error::Fault { fault, .. } if fault == "TaskInProgress")
}

/// Whether vCenter may have done what was asked although its answer did not arrive.
pub(super) fn outcome_unknown(error: &Error) -> bool {
    use Error::{Login, Protocol, Timeout, Tls, Unreachable};
    // The last two: a session that had to be renewed while the task ran.
    matches!(error, Unreachable { .. } | Timeout { .. } | Protocol { .. } | Login { .. } | Tls { .. })
}

/// Whether it is a task that is still to come to its end, other than a clone, which changes nothing of its source.
fn is_pending_change(task: &VmEvent) -> bool {
    matches!(task.state.as_str(), "queued" | "running") && !task.name.ends_with(".clone")
}
