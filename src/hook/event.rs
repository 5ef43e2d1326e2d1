//! What the hook hears of.

use jiff::Timestamp;
use serde::Serialize;

use crate::pipeline::Key;
use crate::text::Scrubber;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// a build at work calls for a person
    Alarm,
    /// a build failed, or its processes are gone
    Failed,
    /// a build went well after one that did not
    Recovered,
    /// a template waits to be promoted
    Built,
    /// it is live
    Promoted,
    /// the one before is live again, and the line is held
    RolledBack,
    /// no promotion until released
    Held,
    /// promotions are let through again
    Released,
    /// an ISO is on the datastore
    Staged,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Alarm,
        Self::Failed,
        Self::Recovered,
        Self::Built,
        Self::Promoted,
        Self::RolledBack,
        Self::Held,
        Self::Released,
        Self::Staged,
    ];

    /// As it stands in `event`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alarm => "alarm",
            Self::Failed => "failed",
            Self::Recovered => "recovered",
            Self::Built => "built",
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled_back",
            Self::Held => "held",
            Self::Released => "released",
            Self::Staged => "staged",
        }
    }

    /// When it is told.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Alarm => "a running build needs attention; sent by an open console",
            Self::Failed => "a build failed, or its processes are gone",
            Self::Recovered => "a build succeeded after one that failed",
            Self::Built => "a fresh template waits to be promoted",
            Self::Promoted => "the fresh template is live",
            Self::RolledBack => "the previous template is live again, and the line is held",
            Self::Held => "no promotion until the line is released",
            Self::Released => "the hold was lifted",
            Self::Staged => "an ISO was put on the datastore",
        }
    }
}

/// One event. Whatever others wrote in it is scrubbed when it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// what happened
    pub event: EventKind,
    /// it in a line, for a chat
    pub text: String,
    /// when
    pub time: Timestamp,
    /// the line
    pub key: Key,
    /// what tells it from others of its kind and line: told once, whoever sees it. Not for the hook
    #[serde(skip)]
    pub once: String,
    /// the run it is about, as `--run` takes it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// class of the verdict
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// its cause, in a line
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// what to do
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// why a line was held or rolled back
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// the page of the job that did it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Event {
    /// The same without secrets and without what a terminal would obey: what reads it may print it.
    pub(super) fn harmless(&self, scrubber: &Scrubber) -> Self {
        let line = |text: &String| String::from(scrubber.safe_line(text));
        Self {
            text: line(&self.text),
            class: self.class.as_ref().map(line),
            cause: self.cause.as_ref().map(line),
            remedy: self.remedy.as_ref().map(line),
            reason: self.reason.as_ref().map(line),
            url: self.url.as_ref().map(line),
            ..self.clone()
        }
    }

    /// With nothing but what every event has.
    pub fn new(event: EventKind, key: &Key, once: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            event,
            text: text.into(),
            // Of what a person or a chat reads, parts of a second are none of the time.
            time: Timestamp::from_second(Timestamp::now().as_second()).unwrap_or_default(),
            key: key.clone(),
            once: once.into(),
            run: None,
            class: None,
            cause: None,
            remedy: None,
            reason: None,
            url: None,
        }
    }
}
