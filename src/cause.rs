//! Which of the errors that led to one another is told.

use std::error::Error;

/// The innermost cause of an error, in its own words. What stands around it (`error sending request`) says nothing that
/// helps.
pub fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
