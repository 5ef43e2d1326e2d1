//! Cancelling a run, and running its failed legs again.

use super::{Client, Error, Refusal, RemoteRun};

impl Client {
    /// Asks GitHub to cancel a run: its legs get a few seconds to clean up. With `force` GitHub does not wait for them.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is over already.
    pub async fn cancel(&self, run: &RemoteRun, force: bool) -> Result<(), Error> {
        if !run.state.live() {
            return Err(Refusal::Over { number: run.number, state: run.state.word() }.into());
        }
        let verb = if force { "force-cancel" } else { "cancel" };
        let path = format!("/actions/runs/{}/{verb}", run.id);
        self.post(&path, &serde_json::json!({}), &format!("cancelling run {}", run.id)).await.map(drop)
    }

    /// Runs the failed legs of a run again; those that went well stay as they are.
    ///
    /// # Errors
    /// [`Error::Refused`] while it is not over, and when nothing of it failed.
    pub async fn rerun_failed(&self, run: &RemoteRun) -> Result<(), Error> {
        if run.state.live() {
            return Err(Refusal::NotOver { number: run.number }.into());
        }
        if !run.state.failed() {
            return Err(Refusal::NoLegFailed { number: run.number }.into());
        }
        // A re-run enters the group like a new one.
        self.board(30).await?.check_queue()?;
        let path = format!("/actions/runs/{}/rerun-failed-jobs", run.id);
        self.post(&path, &serde_json::json!({}), &format!("re-running run {}", run.id)).await.map(drop)
    }
}
