//! What can go wrong with GitHub, each in one line that says what to do.

use jiff::Timestamp;

use crate::moment::local;

use super::Refusal;

/// Why GitHub did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// token, repository or address are missing or make no sense
    #[error("{0}")]
    Settings(String),
    /// 401
    #[error("GitHub refuses the token (401): it expired, was revoked or is mistyped; set GITHUB_TOKEN to a valid one")]
    Token,
    /// 403 or 429 with nothing left of the hourly limit, or GitHub asks to slow down
    #[error("GitHub's rate limit is used up until {}; nothing is asked before", local(*until))]
    RateLimit {
        /// when it may be asked again
        until: Timestamp,
    },
    /// 403 for a token that lacks a permission
    #[error("the token lacks the permission {wanted} on {repository} (403): add it to the token")]
    Permission {
        /// as GitHub names it, e.g. `actions=write`
        wanted: String,
        /// owner and name
        repository: String,
    },
    /// 403 for any other reason
    #[error("GitHub forbids {what} (403): {message}")]
    Forbidden {
        /// what was asked
        what: String,
        /// GitHub's words
        message: String,
    },
    /// 404
    #[error("GitHub knows no {what} in {repository} (404): it is not there, or the token may not see it")]
    NotFound {
        /// what was asked
        what: String,
        /// owner and name
        repository: String,
    },
    /// any other 4xx: GitHub understood and declined
    #[error("GitHub declines {what} ({status}): {message}")]
    Declined {
        /// what was asked
        what: String,
        /// the HTTP status
        status: u16,
        /// GitHub's words
        message: String,
    },
    /// 5xx, also when asked again, if that does no harm
    #[error(
        "GitHub is in trouble ({status}) with {what}; asked {}; try later (githubstatus.com)",
        if *attempts == 1 { "once".to_owned() } else { format!("{attempts} times") }
    )]
    Server {
        /// what was asked
        what: String,
        /// the HTTP status
        status: u16,
        /// how often it was asked
        attempts: usize,
    },
    /// no answer at all, or half of one
    #[error("no answer from GitHub to {what}: {reason}")]
    Network {
        /// what was asked
        what: String,
        /// why
        reason: String,
    },
    /// an answer of another shape than documented
    #[error("GitHub's answer to {what} makes no sense: {reason}")]
    Shape {
        /// what was asked
        what: String,
        /// what is wrong
        reason: String,
    },
    /// a guard of ours: nothing was changed
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// what GitHub gave cannot be kept on disk, or is not what it should be
    #[error("{0}")]
    Artifact(String),
}

impl Error {
    /// Whether a retry may succeed.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Server { .. } | Self::Network { .. })
    }
}
