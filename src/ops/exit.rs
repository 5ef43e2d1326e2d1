//! How an operation ended, as a script sees it.

use std::process::ExitCode;

/// The exit code. A contract: scripts and workflows act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: the operation failed
    Failed,
    /// 2: usage, configuration or credentials
    Usage,
    /// 3: refused by a guard, nothing changed
    Refused,
    /// 130: cancelled
    Cancelled,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Cancelled => 130,
        })
    }
}
