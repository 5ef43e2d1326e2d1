//! Where the program keeps its state: one folder under the XDG state directory, readable by its owner alone.

use std::io;
use std::path::{Path, PathBuf};

/// The folder of everything `tmpl-tui` remembers between runs: records, audit log, program log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// `$XDG_STATE_HOME/tmpl-tui`, or `~/.local/state/tmpl-tui`.
    ///
    /// # Errors
    /// When the home directory cannot be told.
    pub fn from_environment() -> io::Result<Self> {
        // By the XDG specification a relative path counts as none.
        let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let state = named.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
        Ok(Self(state.ok_or_else(|| io::Error::other("no home directory"))?.join("tmpl-tui")))
    }

    /// A state folder at a place of the caller's choosing (tests, `demo`).
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Records of builds: `runs/<key>/<UTC time>/`.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// One JSON line per mutating call.
    pub fn audit_log(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    /// Files that a person saved from the console.
    pub fn saved(&self) -> PathBuf {
        self.0.join("saved")
    }

    /// The program's own log files.
    pub fn logs(&self) -> PathBuf {
        self.0.join("log")
    }
}
