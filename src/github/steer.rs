//! What is done to a run that exists: cancel, run again.

use super::{Client, Error, RemoteRun};

impl Client {
    /// Asks GitHub to cancel a run: its legs get a few seconds to clean up. With `force` GitHub does not wait for them.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is over already.
    pub async fn cancel(&self, run: &RemoteRun, force: bool) -> Result<(), Error> {
        if !run.state.live() {
            return Err(Error::Refused(format!("run #{} is over already: it {}", run.number, run.state.word())));
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
            return Err(Error::Refused(format!("run #{} is not over yet", run.number)));
        }
        if !run.state.failed() {
            return Err(Error::Refused(format!("no leg of run #{} failed", run.number)));
        }
        // A re-run enters the group like a new one.
        self.board(30).await?.takes_one_more()?;
        let path = format!("/actions/runs/{}/rerun-failed-jobs", run.id);
        self.post(&path, &serde_json::json!({}), &format!("re-running run {}", run.id)).await.map(drop)
    }
}
