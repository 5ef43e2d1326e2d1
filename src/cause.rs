//! Which of the errors that led to one another is told.

use std::error::Error;

use crate::child;

/// The innermost cause of an error, in its own words. What stands around it (`error sending request`) says nothing that
/// helps.
pub fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Why a command of the user's own did not come to its end: what we stopped did not fail by itself.
pub fn stopped(error: &child::Error) -> String {
    match error {
        child::Error::TimedOut(time) => format!("stopped after {} s", time.as_secs()),
        child::Error::TooMuch(_) => format!("stopped: {error}"),
        child::Error::NotFound | child::Error::Io(_) => error.to_string(),
    }
}
