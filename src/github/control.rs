//! Cancelling a run, and running its failed legs again.

use super::{Client, Error, Refusal, RemoteRun};

impl RemoteRun {
    /// Checks that there is something to cancel.
    ///
    /// # Errors
    /// [`Refusal::Over`]
    pub fn check_cancel(&self) -> Result<(), Refusal> {
        if self.state.live() { Ok(()) } else { Err(Refusal::Over { number: self.number, state: self.state.word() }) }
    }

    /// Checks that it has legs that may run again.
    ///
    /// # Errors
    /// [`Refusal::NotOver`], [`Refusal::NoLegFailed`]
    pub const fn check_rerun(&self) -> Result<(), Refusal> {
        let number = self.number;
        if self.state.live() {
            return Err(Refusal::NotOver { number });
        }
        if self.state.failed() { Ok(()) } else { Err(Refusal::NoLegFailed { number }) }
    }
}

impl Client {
    /// Asks GitHub to cancel a run: its legs get a few seconds to clean up. With `force` GitHub does not wait for them.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is over already.
    pub async fn cancel(&self, run: &RemoteRun, force: bool) -> Result<(), Error> {
        run.check_cancel()?;
        let verb = if force { "force-cancel" } else { "cancel" };
        let path = format!("/actions/runs/{}/{verb}", run.id);
        self.post(&path, &serde_json::json!({}), &format!("cancelling run {}", run.id)).await.map(drop)
    }

    /// Runs the failed legs of a run again; those that went well stay as they are.
    ///
    /// # Errors
    /// [`Error::Refused`] while it is not over, and when nothing of it failed.
    pub async fn rerun_failed(&self, run: &RemoteRun) -> Result<(), Error> {
        run.check_rerun()?;
        // A re-run enters the group like a new one.
        self.board(30).await?.check_queue()?;
        let path = format!("/actions/runs/{}/rerun-failed-jobs", run.id);
        self.post(&path, &serde_json::json!({}), &format!("re-running run {}", run.id)).await.map(drop)
    }
}
