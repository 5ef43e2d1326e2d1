//! Short notices: what was done, what failed, why a key did nothing. The newest one is on the screen; one event has one.

use jiff::{SignedDuration, Timestamp};

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// done
    Done,
    /// for information, or why not
    Info,
    /// failed
    Failed,
}

impl Tone {
    /// How long it stays when nobody dismisses it.
    const fn stays(self) -> SignedDuration {
        match self {
            Self::Done | Self::Info => SignedDuration::from_secs(8),
            Self::Failed => SignedDuration::from_secs(15),
        }
    }
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// how much it matters
    pub tone: Tone,
    /// one line, more when wrapped
    pub text: String,
    /// it goes at this moment
    pub until: Timestamp,
}

/// The notices on screen, oldest first, and the last one, which can be read after it is gone.
#[derive(Debug, Clone, Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    last: Option<Toast>,
}

impl Toasts {
    const MOST: usize = 4;

    /// Shows one more. The same text again only stays longer.
    pub fn push(&mut self, now: Timestamp, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        self.shown.retain(|toast| toast.text != text);
        let until = now.checked_add(tone.stays()).unwrap_or(now);
        let toast = Toast { tone, text, until };
        self.last = Some(toast.clone());
        self.shown.push(toast);
        let excess = self.shown.len().saturating_sub(Self::MOST);
        self.shown.drain(..excess);
    }

    /// Drops those whose time is over; says whether any was.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        let before = self.shown.len();
        self.shown.retain(|toast| toast.until > now);
        self.shown.len() != before
    }

    /// Drops all.
    pub fn dismiss(&mut self) {
        self.shown.clear();
    }

    /// The one that is on the screen, else the newest that was.
    pub fn last(&self) -> Option<&Toast> {
        self.shown.last().or(self.last.as_ref())
    }

    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Toast> {
        self.shown.iter()
    }
}
