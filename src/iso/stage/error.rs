//! Why an ISO is not staged.

use std::time::Duration;

use crate::iso::{Digest, MirrorError};
use crate::pipeline::Key;
use crate::vcenter::gate::GateError;
use crate::vcenter::resources::in_units;

/// Why a line's ISO is not staged. Nothing carries its final name then that did not before.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// the mirror
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// vCenter
    #[error(transparent)]
    VCenter(#[from] crate::vcenter::Error),
    /// a change of the datastore
    #[error(transparent)]
    Gate(#[from] GateError),
    /// matrix and var-file disagree
    #[error(transparent)]
    Drift(#[from] crate::iso::Drift),
    /// the list has two digests of it
    #[error("{sums_url} has two different SHA-256 of {file}; ask the mirror's owner which is right")]
    Contradiction {
        /// the list
        sums_url: String,
        /// the ISO
        file: String,
    },
    /// the checksum file does not list it
    #[error("{sums_url} has no SHA-256 of {file}")]
    Unlisted {
        /// the checksum file
        sums_url: String,
        /// the ISO
        file: String,
    },
    /// the mirror does not say how large it is, which an upload in one pass needs
    #[error("{0} does not say its size")]
    NoSize(String),
    /// there is a file of that name, and it is not this one
    #[error("{file} is there with {found} bytes, the mirror's has {wanted}; remove or rename it, then stage again")]
    OtherSize {
        /// the datastore file
        file: String,
        /// its size
        found: u64,
        /// the mirror's
        wanted: u64,
    },
    /// the datastore cannot take it
    #[error("{why}; the ISO needs {}", in_units(*size))]
    NoRoom {
        /// what is wrong with the datastore
        why: String,
        /// bytes of the ISO
        size: u64,
    },
    /// somebody else writes it right now, or did while we were at it
    #[error("{0}: another upload writes it; wait for its end, then stage again")]
    Busy(String),
    /// not what the checksum file promises
    #[error("{file}: SHA-256 is {found}, the checksum file says {wanted}; it does not get its name")]
    Mismatch {
        /// the ISO
        file: String,
        /// computed
        found: Digest,
        /// listed
        wanted: Digest,
    },
    /// no byte went through for so long
    #[error("no data of {file} came through for {} s", limit.as_secs())]
    Stalled {
        /// the ISO
        file: String,
        /// how long
        limit: Duration,
    },
    /// a person or the system asked to stop
    #[error("cancelled; nothing is staged")]
    Cancelled,
    /// only one upload of a line at a time
    #[error("another upload of {0} is running on this machine")]
    Locked(Key),
    /// the lock cannot be taken
    #[error("cannot lock the upload of {key}: {source}")]
    Lock {
        /// the line
        key: Key,
        /// why
        source: std::io::Error,
    },
}
