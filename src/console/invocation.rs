//! A command and the line it is meant for.

use super::command::Command;
use crate::pipeline::Key;

/// A command on a line, decided when the key was pressed and unchanged when it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// what
    pub command: Command,
    /// on which line; `None` when no line is selected or none is meant
    pub line: Option<Key>,
}
