//! Install media: what the datastore has of each line, what its mirror offers, and the work under way on it.

mod ask;
mod update;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

pub use ask::Action;
pub(super) use ask::{missing, newer};

use super::binding::keyed;
use super::message::{Reply, RequestId};
use crate::iso::stage::Phase;
use crate::iso::{Bump, DatastoreIso, RequiredIso};
use crate::pipeline::{Key, Line};

/// How old what is known of the datastore may get before it is asked again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Something to do about media, carried out by the driver.
#[derive(Debug, Clone)]
pub enum Request {
    /// ask the datastore for every line's ISO
    Look {
        /// its number
        request: RequestId,
    },
    /// ask the mirrors of these lines for newer releases; one report per line
    Check {
        /// its number
        request: RequestId,
        /// the lines
        keys: Vec<Key>,
    },
    /// write a newer release into matrix and var-file
    Bump {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
        /// exactly what was shown
        bump: Box<Bump>,
    },
    /// put the ISO on the datastore
    Stage {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
    },
    /// end a staging early
    Stop {
        /// of the staging
        request: RequestId,
    },
}

impl Request {
    /// Whether it changes something outside this program.
    pub const fn mutates(&self) -> bool {
        matches!(self, Self::Bump { .. } | Self::Stage { .. } | Self::Stop { .. })
    }
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Report {
    /// the datastore answered, line by line
    Looked {
        /// of the look
        request: RequestId,
        /// all lines, or why none could be asked about
        answer: Reply<Vec<(Key, IsoStatus)>>,
    },
    /// a mirror answered
    Checked {
        /// of the check
        request: RequestId,
        /// the line
        key: Key,
        /// what it offers
        answer: Reply<Offer>,
    },
    /// a bump was written
    Bumped {
        /// of the bump
        request: RequestId,
        /// the line as the matrix has it now
        answer: Reply<Box<Line>>,
    },
    /// a staging got on
    Staging {
        /// of the staging
        request: RequestId,
        /// how far
        moved: StageProgress,
    },
    /// a staging ended
    Staged {
        /// of the staging
        request: RequestId,
        /// what was done, in one line
        answer: Reply<String>,
    },
}

/// A line's ISO as matrix and datastore have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsoStatus {
    /// what its template mounts, or why that cannot be told
    pub wanted: Reply<RequiredIso>,
    /// what is there
    pub shelf: Reply<DatastoreIso>,
}

/// What a mirror offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// nothing newer
    Current,
    /// newer, there, and listed with a checksum
    Newer(Box<Newer>),
    /// put there by hand: there is no mirror
    ByHand,
    /// not asked, and why
    Skipped(&'static str),
}

/// A newer release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newer {
    /// its number
    pub version: String,
    /// its ISO
    pub file: String,
    /// bytes, where the mirror says
    pub size: Option<u64>,
    /// SHA-256 as listed
    pub digest: String,
    /// what taking it would change, or why it cannot be taken
    pub bump: Reply<Bump>,
}

/// How far a staging is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageProgress {
    /// what it is doing
    pub phase: Phase,
    /// bytes that went through
    pub done: u64,
    /// bytes in all; 0 before they are known
    pub size: u64,
    /// bytes a second, lately
    pub rate: Option<u64>,
    /// why the download was taken up again
    pub note: Option<String>,
}

impl Default for StageProgress {
    fn default() -> Self {
        Self { phase: Phase::Look, done: 0, size: 0, rate: None, note: None }
    }
}

/// Work under way on a line's media: one at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// matrix and var-file are being written
    Bumping(RequestId),
    /// the ISO is on its way
    Staging {
        /// its number
        request: RequestId,
        /// how far
        moved: StageProgress,
        /// a person asked to stop it
        stopping: bool,
    },
}

impl Work {
    const fn request(&self) -> RequestId {
        match self {
            Self::Bumping(request) | Self::Staging { request, .. } => *request,
        }
    }
}

/// What is known of one line.
#[derive(Debug, Clone, Default)]
pub struct Medium {
    /// matrix and datastore, and when they were asked
    pub seen: Option<(Timestamp, IsoStatus)>,
    /// the mirror, and when it was asked
    pub offer: Option<(Timestamp, Reply<Offer>)>,
    /// of the check under way
    pub checking: Option<RequestId>,
    /// bump or staging
    pub work: Option<Work>,
}

impl Medium {
    /// Whether the datastore was asked and does not have the ISO the template mounts.
    pub fn missing(&self) -> bool {
        let Some((_, IsoStatus { shelf: Ok(shelf), .. })) = &self.seen else { return false };
        shelf.there.is_none()
    }
}

/// The media of all lines.
#[derive(Debug, Clone, Default)]
pub struct Media {
    rows: BTreeMap<Key, Medium>,
    /// the look under way
    looking: Option<RequestId>,
    /// when the datastore was last asked, whatever it answered
    looked: Option<Timestamp>,
    /// why it could not be asked, when it could not
    trouble: Option<String>,
}

impl Media {
    /// Of one line.
    pub fn get(&self, key: &Key) -> Option<&Medium> {
        self.rows.get(key)
    }

    /// Whether the datastore is being asked.
    pub fn looking(&self) -> bool {
        self.looking.is_some()
    }

    /// Why nothing is known of the datastore.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether mirrors are being asked.
    pub fn checking(&self) -> bool {
        self.rows.values().any(|row| row.checking.is_some())
    }

    /// Bumps and stagings under way.
    pub fn working(&self) -> impl Iterator<Item = (&Key, &Work)> {
        self.rows.iter().filter_map(|(key, row)| row.work.as_ref().map(|work| (key, work)))
    }

    /// The moments whose ages are shown.
    pub fn moments(&self) -> impl Iterator<Item = Timestamp> {
        self.rows.values().filter_map(|row| row.offer.as_ref()).map(|(at, _)| *at)
    }

    /// Whether files or the datastore are being changed.
    pub fn changing(&self) -> bool {
        self.working().next().is_some()
    }

    /// Whether anything asked for is outstanding, apart from the look at the datastore from time to time.
    pub fn busy(&self) -> bool {
        self.changing() || self.checking()
    }

    /// What is being changed, in words.
    pub fn words(&self) -> impl Iterator<Item = String> {
        self.working().map(|(key, work)| match work {
            Work::Bumping(_) => format!("bump of {key}"),
            Work::Staging { .. } => keyed(format!("staging of {key} (‹stop staging› stops it)")),
        })
    }

    fn row(&mut self, key: &Key) -> &mut Medium {
        self.rows.entry(key.clone()).or_default()
    }

    /// The line whose work has this number.
    fn work_of(&self, request: RequestId) -> Option<Key> {
        self.working().find(|(_, work)| work.request() == request).map(|(key, _)| key.clone())
    }

    /// Whether the datastore is to be asked now.
    fn due(&self, now: Timestamp) -> bool {
        self.looking.is_none() && self.looked.is_none_or(|then| now.duration_since(then) >= LOOK_AGAIN)
    }
}
