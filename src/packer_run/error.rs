//! Why a build was not started, or a run could not be read or stopped.

use std::io;
use std::path::PathBuf;

use crate::moment::local;
use crate::pipeline::Key;

/// `Display` is one clear line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// another run of the line is at work
    #[error(
        "{key} is already being built (since {}, pid {pid}); follow it with: tmpl-tui log {key} --follow",
        local(*since)
    )]
    Busy {
        /// the line
        key: Key,
        /// when it began
        since: jiff::Timestamp,
        /// its packer or its supervisor
        pid: i32,
    },
    /// another starter holds the line this moment
    #[error("{key} is being started by another process; try again in a moment")]
    Starting {
        /// the line
        key: Key,
    },
    /// no packer, or one that does not run
    #[error("cannot run packer ({}): {reason}; install packer or pass --packer PATH", packer.display())]
    NoPacker {
        /// as asked for
        packer: PathBuf,
        /// why
        reason: String,
    },
    /// something a build needs on this machine is missing
    #[error("{0}")]
    Preflight(String),
    /// the request cannot be carried out as it stands
    #[error("{0}")]
    Usage(String),
    /// the record or a log of a run
    #[error("{}: {source}", path.display())]
    File {
        /// the file or folder
        path: PathBuf,
        /// why
        source: io::Error,
    },
    /// a process could not be started or signalled
    #[error("{what}: {source}")]
    Process {
        /// what was tried
        what: String,
        /// why
        source: io::Error,
    },
    /// the supervisor ended before it had a run to show
    #[error("{0}")]
    NotStarted(String),
    /// there is nothing to stop
    #[error("{key} is not being built: its newest run {state}")]
    Over {
        /// the line
        key: Key,
        /// how it ended
        state: &'static str,
    },
}

impl BuildError {
    /// Whether the caller has to change something before a build can start (exit code 2).
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::NoPacker { .. } | Self::Preflight(_) | Self::Usage(_))
    }

    /// Whether a guard refused and nothing was changed (exit code 3).
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Starting { .. } | Self::Over { .. })
    }

    /// For `map_err` on a path.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// For `map_err` on what was tried.
    pub(super) fn process(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Process { what, source }
    }
}
