//! The lines of a timeline, and what they hold.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GuestState, TaskState};
use crate::guest::screen::Motion;

/// A box of pixels, edges included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// leftmost column
    pub left: u32,
    /// topmost row
    pub top: u32,
    /// rightmost column
    pub right: u32,
    /// bottom row
    pub bottom: u32,
}

/// One picture that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedFrame {
    /// when it was taken
    pub at: Timestamp,
    /// `frames/<ms>.png`, relative to the run's folder
    pub file: String,
    /// when it was last seen on the screen; as long as the timeline is read, [`Recording`](super::Recording) moves it on
    pub until: Timestamp,
    /// where it differs from the picture before; `None` for the first one and after a change of resolution
    pub changed: Option<Area>,
    /// length of packer-build.log then, in bytes
    pub log: u64,
    /// what the console was doing
    pub kind: Motion,
}

/// What a kept picture shows, read once it stood still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreenReading {
    /// when it was read
    pub at: Timestamp,
    /// the picture's file, as in [`RecordedFrame::file`]
    pub file: String,
    /// name of the screen, if its words are known
    pub label: Option<String>,
    /// the state such a screen is in, if known: `frozen`, `waiting-for-input`, `progress`, …
    pub state: Option<String>,
    /// its lines, scrubbed
    pub rows: Vec<String>,
}

/// That somebody typed into the guest, beside packer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// when it began
    pub at: Timestamp,
    /// when it ended; as long as it goes on, when it began
    pub until: Timestamp,
}

/// One line of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum TimelineEvent {
    /// the console shows something new
    Frame(RecordedFrame),
    /// the newest picture was still on the screen
    Still {
        /// then
        at: Timestamp,
        /// what the console was doing: a spinner may have turned without a picture being kept
        kind: Motion,
    },
    /// a picture was removed to stay within the bound; the one before it stands for its time
    Dropped {
        /// as in [`RecordedFrame::file`]
        file: String,
    },
    /// what a picture shows
    Reading(ScreenReading),
    /// the guest's properties changed
    Guest(GuestState),
    /// a task began or changed
    Task(TaskState),
    /// how many seconds pass for the guest while one passes here; only a simulated one is not at 1
    Pace {
        /// since when
        at: Timestamp,
        /// the factor
        speed: f64,
    },
    /// somebody typed into the guest; what, nobody knows
    Typed(Typed),
    /// the recorder itself: why there are no pictures, that it began or ended
    Note {
        /// when
        at: Timestamp,
        /// one line
        text: String,
    },
}
