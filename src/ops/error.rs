//! What can go wrong with an operation, typed up to the skin.

use std::io;
use std::path::PathBuf;

use super::{Exit, GitHubRefusal, Refusal};
use crate::generation::{ApplyError, GuardError};
use crate::github;
use crate::guest::screen::FramesError;
use crate::iso::{BumpError, CommitError, DiscoverError, MirrorError, StageError};
use crate::packer_run::BuildError;
use crate::pipeline::MatrixError;
use crate::triage::bundle::BundleError;
use crate::triage::rules::{RulesError, TeachError};
use crate::triage::verdict::JudgeError;
use crate::vcenter;
use crate::vcenter::gate::GateError;

/// Why an operation was not done, or not wholly. `Display` is one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// a guard: nothing was changed
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// what the caller asked for makes no sense, or something it needs is not there
    #[error("{0}")]
    Usage(String),
    /// the matrix cannot be used
    #[error(transparent)]
    Matrix(#[from] MatrixError),
    /// vCenter said no, or nothing
    #[error(transparent)]
    VCenter(#[from] vcenter::Error),
    /// the gate, or vCenter behind it
    #[error(transparent)]
    Gate(Box<GateError>),
    /// a plan was not, or not wholly, carried out
    #[error(transparent)]
    Apply(Box<ApplyError>),
    /// a run was not started, read or stopped
    #[error(transparent)]
    Build(Box<BuildError>),
    /// GitHub said no, or nothing
    #[error(transparent)]
    GitHub(Box<github::Error>),
    /// a mirror
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// what a mirror offers cannot be told
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// an ISO was not staged
    #[error(transparent)]
    Stage(Box<StageError>),
    /// a bump was not written
    #[error(transparent)]
    Bump(Box<BumpError>),
    /// bumps are written and not committed
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// the rules of the repository cannot be used
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// a screen was not learnt
    #[error(transparent)]
    Teach(Box<TeachError>),
    /// a log cannot be judged
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// a bundle was not written
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// pictures on disk
    #[error(transparent)]
    Frames(#[from] FramesError),
    /// the log to be judged cannot be read
    #[error("cannot read {}: {source}", path.display())]
    Log {
        /// which
        path: PathBuf,
        /// why
        source: io::Error,
    },
    /// the record of a run cannot be read
    #[error("cannot read the record: {0}")]
    Record(#[source] io::Error),
    /// a file could not be read or written
    #[error("cannot {what} {}: {source}", path.display())]
    File {
        /// `read` or `write`
        what: &'static str,
        /// which
        path: PathBuf,
        /// why
        source: io::Error,
    },
    /// packer's log cannot be followed, and why
    #[error("{0}")]
    LogUnreadable(String),
    /// it took longer than it may
    #[error("{what} took longer than {seconds} s")]
    TimedOut {
        /// what was under way
        what: &'static str,
        /// how long it may take
        seconds: u64,
    },
    /// a defect of ours: it broke off
    #[error("{what} broke off: {reason}")]
    BrokeOff {
        /// what was under way
        what: &'static str,
        /// what is known of it
        reason: String,
    },
}

/// Boxed, so that what goes well is not moved about in the size of what goes wrong.
macro_rules! boxed {
    ($($variant:ident: $error:ty),* $(,)?) => {
        $(impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        })*
    };
}

boxed! {
    Refused: Refusal,
    Gate: GateError,
    Apply: ApplyError,
    Build: BuildError,
    Stage: StageError,
    Bump: BumpError,
    Teach: TeachError,
}

impl From<github::Error> for Error {
    fn from(error: github::Error) -> Self {
        if let github::Error::Refused(refusal) = error { refusal.into() } else { Self::GitHub(Box::new(error)) }
    }
}

impl From<github::Refusal> for Error {
    fn from(refusal: github::Refusal) -> Self {
        Refusal::from(GitHubRefusal::from(refusal)).into()
    }
}

impl From<GuardError> for Error {
    fn from(error: GuardError) -> Self {
        match error {
            GuardError::Refused(refusal) => Refusal::from(refusal).into(),
            GuardError::VCenter(error) => Self::VCenter(error),
        }
    }
}

impl Error {
    /// For `map_err` on a file that cannot be read.
    pub fn reading(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what: "read", path, source }
    }

    /// For `map_err` on a file that cannot be written.
    pub fn writing(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what: "write", path, source }
    }

    /// The exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Refused(refusal) => refusal.exit(),
            Self::Usage(_) | Self::Matrix(_) | Self::Rules(_) | Self::Frames(_) | Self::Log { .. } => Exit::Usage,
            Self::VCenter(error) => of_vcenter(error),
            Self::Gate(error) => of_gate(error),
            Self::Apply(error) => of_apply(error),
            Self::Build(error) if error.is_usage() => Exit::Usage,
            Self::Build(error) if error.is_refusal() => Exit::Refused,
            Self::GitHub(error) => of_github(error),
            Self::Stage(error) => of_stage(error),
            Self::Bump(error) if matches!(**error, BumpError::Locked) => Exit::Refused,
            Self::Build(_)
            | Self::Mirror(_)
            | Self::Discover(_)
            | Self::Bump(_)
            | Self::Commit(_)
            | Self::Teach(_)
            | Self::Judge(_)
            | Self::Bundle(_)
            | Self::Record(_)
            | Self::File { .. }
            | Self::LogUnreadable(_)
            | Self::TimedOut { .. }
            | Self::BrokeOff { .. } => Exit::Failed,
        }
    }
}

/// Settings and credentials are the caller's; the rest failed.
const fn of_vcenter(error: &vcenter::Error) -> Exit {
    if matches!(error, vcenter::Error::Settings(_) | vcenter::Error::Login { .. } | vcenter::Error::Tls { .. }) {
        Exit::Usage
    } else {
        Exit::Failed
    }
}

fn of_apply(error: &ApplyError) -> Exit {
    match error {
        ApplyError::Read(error) => of_vcenter(error),
        ApplyError::Step { cause: GateError::VCenter(_), .. } => Exit::Failed,
        ApplyError::Stale(_)
        | ApplyError::Step { .. }
        | ApplyError::TakenBack { .. }
        | ApplyError::Left { .. }
        | ApplyError::TooLate(_) => {
            if error.nothing_changed() {
                Exit::Refused
            } else {
                Exit::Failed
            }
        }
    }
}

fn of_gate(error: &GateError) -> Exit {
    match error {
        GateError::VCenter(error) => of_vcenter(error),
        GateError::PoweredOff(_) => Exit::Failed,
        GateError::ReadOnly(_) | GateError::ForeignName(_) | GateError::Stale { .. } | GateError::Audit { .. } => {
            Exit::Refused
        }
    }
}

/// Settings and credentials end a staging of many lines in another way than what befalls one of them.
const fn of_stage(error: &StageError) -> Exit {
    if let StageError::VCenter(error) | StageError::Gate(GateError::VCenter(error)) = error {
        of_vcenter(error)
    } else {
        Exit::Failed
    }
}

const fn of_github(error: &github::Error) -> Exit {
    if matches!(error, github::Error::Settings(_) | github::Error::Token | github::Error::Permission { .. }) {
        Exit::Usage
    } else if matches!(error, github::Error::Refused(_)) {
        Exit::Refused
    } else {
        Exit::Failed
    }
}
