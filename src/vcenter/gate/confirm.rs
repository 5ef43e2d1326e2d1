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
    /// vCenter's answer to a change. Where it was lost, the VM is read until `happened` says that the change is done: a few
    /// times, and as long as tasks on it are pending. A queued task may still run, and going on before it has would mean to
    /// act on a state that is about to change.
    pub(super) async fn confirm_if_unanswered(
        &self,
        vm: &Vm,
        answer: Result<(), Error>,
        happened: impl Fn(Option<&Vm>) -> bool,
    ) -> Result<(), Error> {
        if !answer.as_ref().is_err_and(outcome_unknown) {
            return answer;
        }
        let (since, mut attempts) = (Instant::now(), 0);
        while attempts < CONFIRM_ATTEMPTS {
            tokio::time::sleep(CONFIRM_INTERVAL).await;
            match self.client.observe(&vm.moid).await {
                Ok(now) if happened(now.as_ref().map(|(now, _)| now)) => return Ok(()),
                Ok(None) => return answer,
                Ok(Some((_, tasks)))
                    if tasks.iter().any(is_pending_change) && since.elapsed() < PENDING_TASK_TIMEOUT =>
                {
                    attempts = 0
                }
                Ok(Some(_)) | Err(_) => attempts += 1,
            }
        }
        answer
    }
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
