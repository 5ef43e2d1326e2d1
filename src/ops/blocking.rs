//! Work that blocks.

use super::Error;

/// Runs `work` where blocking is allowed; `what` names it should it panic.
pub(crate) async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match crate::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(failure) => Err(Error::BrokeOff { what, reason: failure.to_string() }),
    }
}
