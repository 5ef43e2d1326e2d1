//! Tasks beside the caller's.
//!
//! The runtime's code is compiled once more for each type of future and closure that it is given: some 1,600 lines of LLVM's,
//! a tenth of this library before they were boxed.

use std::pin::Pin;

use tokio::task::JoinHandle;

/// Starts `work` at once; a panic of it is an error of the handle, and it goes on when the handle is dropped.
pub(crate) fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    let work: Pin<Box<dyn Future<Output = T> + Send>> = Box::pin(work);
    tokio::spawn(work)
}

/// Runs `work` on a thread that may block; once it runs, nothing but its end ends it.
pub(crate) fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    let work: Box<dyn FnOnce() -> T + Send> = Box::new(work);
    tokio::task::spawn_blocking(work)
}
