//! A change whose answer was lost: whether it happened is seen on the object.

use std::time::{Duration, Instant};

use super::Gate;
use crate::vcenter::{Error, Vm, VmEvent};

/// How often an object is looked at when the answer to a change of it was lost.
pub(super) const LOOKS: u32 = 5;
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How long it is looked at while vCenter still works on it: the change may be waiting its turn.
const AT_WORK: Duration = Duration::from_secs(10 * 60);

impl Gate {
    /// vCenter's answer to a change; where it was lost, the change is done if the VM is seen to be so. Looked at for a
    /// while, and as long as vCenter is at work on it: the task may be waiting its turn, and whoever goes on before it had
    /// it does so in a world that changes under him.
    pub(super) async fn or_seen(
        &self,
        vm: &Vm,
        answer: Result<(), Error>,
        so: impl Fn(Option<&Vm>) -> bool,
    ) -> Result<(), Error> {
        if !answer.as_ref().is_err_and(unanswered) {
            return answer;
        }
        let (since, mut looks) = (Instant::now(), 0);
        while looks < LOOKS {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            match self.client.observe(&vm.moid).await {
                Ok(now) if so(now.as_ref().map(|(now, _)| now)) => return Ok(()),
                Ok(None) => return answer,
                Ok(Some((_, tasks))) if tasks.iter().any(changes) && since.elapsed() < AT_WORK => looks = 0,
                Ok(Some(_)) | Err(_) => looks += 1,
            }
        }
        answer
    }
}

/// Whether vCenter may have done what was asked although its answer did not arrive.
pub(super) fn unanswered(error: &Error) -> bool {
    use Error::{Login, Protocol, Timeout, Tls, Unreachable};
    // The last two: a session that had to be renewed while the task ran.
    matches!(error, Unreachable { .. } | Timeout { .. } | Protocol { .. } | Login { .. } | Tls { .. })
}

/// Whether it is a task that is still to come to its end, other than a clone, which changes nothing of its source.
fn changes(task: &VmEvent) -> bool {
    matches!(task.state.as_str(), "queued" | "running") && !task.name.ends_with(".clone")
}
