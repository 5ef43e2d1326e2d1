//! A command and what it is operation_on_selection at; and why it is refused.

use std::fmt;

use super::command::Command;
use crate::pipeline::Key;

/// A command operation_on_selection at a line, decided when the key was pressed and unchanged when it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// what
    pub command: Command,
    /// on which line; `None` when no line is selected or none is meant
    pub line: Option<Key>,
}

/// Why something is not done: one line, with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Refusal {
    /// From any text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
