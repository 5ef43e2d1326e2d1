//! A run as the console shows it.

use std::path::PathBuf;

use jiff::Timestamp;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunState {
    /// not yet at packer
    Starting,
    /// packer works
    Running,
    /// packer was asked to stop and destroys its VM
    Cancelling,
    /// a fresh `-build` template exists
    Succeeded,
    /// packer's exit code, when it had one
    Failed {
        /// the code
        exit: Option<i32>,
    },
    /// stopped by a person
    Cancelled,
    /// its processes are gone and no end was recorded
    Lost,
}

impl RunState {
    /// Whether its processes are at work.
    pub const fn live(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Cancelling)
    }

    /// In a word or two.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Cancelling => "cancelling",
            Self::Succeeded => "built",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }

    /// Whether a person should look at it.
    pub const fn alarming(self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Lost)
    }
}

/// The newest run of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSeen {
    /// when it began
    pub started: Timestamp,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// how it stands
    pub state: RunState,
    /// the phase its log says it is in, e.g. `wait for IP`
    pub phase: Option<String>,
    /// packer's log
    pub log: PathBuf,
}
