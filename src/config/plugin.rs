//! Commands of the user's own.

/// A command of the user's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// what it is called
    pub name: String,
    /// its keys, as they are written
    pub keys: Vec<String>,
    /// where they work, as it is written
    pub scopes: Vec<String>,
    /// for the shell
    pub command: String,
    /// ask before it runs
    pub confirm: bool,
    /// it changes nothing
    pub read_only: bool,
    /// it gets the terminal
    pub interactive: bool,
    /// where it stands
    pub line: usize,
}
