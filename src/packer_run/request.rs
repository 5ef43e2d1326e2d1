//! What is asked for: one line, how it is built, where its log goes.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::pipeline::layout::OnErrorWord;
use crate::pipeline::{Line, argv};

/// What packer does with the VM of a failed build (its `-on-error`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// destroy it
    #[default]
    Cleanup,
    /// leave it
    Abort,
    /// ask at the terminal; packer then shares our terminal and is not detached
    Ask,
}

impl OnError {
    /// What the repository says for a line.
    pub fn of(line: &Line) -> Option<Self> {
        line.invocation().on_error.map(|word| match word {
            OnErrorWord::Cleanup => Self::Cleanup,
            OnErrorWord::Abort => Self::Abort,
            OnErrorWord::Ask => Self::Ask,
        })
    }

    /// Packer's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cleanup => "cleanup",
            Self::Abort => "abort",
            Self::Ask => "ask",
        }
    }
}

/// Packer powers its VM off and destroys it, on a vCenter that may be slow; more is hanging.
pub const GRACE: Duration = Duration::from_secs(5 * 60);

/// One build to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// the line
    pub line: Line,
    /// root of the repository, absolute
    pub repo: PathBuf,
    /// after a failure
    pub on_error: OnError,
    /// the program, a path or a name looked up in `PATH`
    pub packer: PathBuf,
    /// packer's log when it shall not be in the run's folder
    pub log: Option<PathBuf>,
    /// promote after success (the verb `build` does it, not this module)
    pub promote: bool,
    /// cancel cleanly after this long
    pub timeout: Option<Duration>,
    /// so long packer may take for that; then it is killed
    pub grace: Duration,
}

impl Request {
    /// A build of `line` as CI does it.
    pub fn new(line: Line, repo: PathBuf) -> Self {
        let packer = PathBuf::from("packer");
        // Nobody is there to be asked.
        let on_error = OnError::of(&line).filter(|said| *said != OnError::Ask).unwrap_or_default();
        Self { line, repo, on_error, packer, log: None, promote: false, timeout: None, grace: GRACE }
    }

    /// Packer and its arguments for the build itself.
    pub fn argv(&self) -> Vec<String> {
        let arguments = argv::build(&self.line, &self.repo, self.on_error.word());
        [vec![self.packer.to_string_lossy().into_owned()], arguments].concat()
    }

    /// The command, as it can be typed again.
    pub fn said(&self) -> String {
        let promote = if self.promote { " --promote" } else { "" };
        format!("tmpl-tui build {}{promote} --on-error {}", self.line.key, self.on_error.word())
    }
}
