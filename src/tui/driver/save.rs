//! Blocking work whose failure is in words.

use crate::console::message::Reply;

/// Runs blocking work where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Reply<T> + Send + 'static) -> Reply<T> {
    tokio::task::spawn_blocking(work).await.map_err(|failure| failure.to_string())?
}
