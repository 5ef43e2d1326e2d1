//! Blocking work beside the tasks that wait for it.

use tokio::task::JoinError;

use super::Error;

/// The work did not end by itself: a panic, or the program is ending.
#[derive(Debug)]
pub struct BrokeOff(JoinError);

impl From<BrokeOff> for Error {
    fn from(BrokeOff(failure): BrokeOff) -> Self {
        Self::BrokeOff { what: "the work", reason: failure.to_string() }
    }
}

impl From<BrokeOff> for String {
    fn from(BrokeOff(failure): BrokeOff) -> Self {
        failure.to_string()
    }
}

/// Runs work that reads files or computes where blocking is allowed.
///
/// # Errors
/// Its own, and [`BrokeOff`].
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<BrokeOff> + Send + 'static,
{
    tokio::task::spawn_blocking(work).await.map_err(BrokeOff)?
}
