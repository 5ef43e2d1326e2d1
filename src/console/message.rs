//! What happened: everything the console ever learns arrives as one of these.

mod failure;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use self::failure::Failure;
use super::click::Target;
use super::github::GitHubEvent;
use super::key::KeyPress;
use super::log::{Found, LogFacts};
use super::media;
use super::panes::Measures;
use super::past::RunHistory;
use super::run::RunSeen;
use super::scope::Scope;
use super::screen_text::ScreenText;
use crate::config::Entered;
use crate::guest::picture::Picture;
use crate::guest::recording::Recording;
use crate::ops::Places;
use crate::ops::resources::Resources;
use crate::packer_log::LogLine;
use crate::packer_log::phase_times::TypicalDurations;
use crate::pipeline::Key;
use crate::triage::corpus::Trial;
use crate::triage::verdict::Verdict;
use crate::vcenter::{FolderEvent, Place, Simulated};

/// Number of a request. An answer carries the number of the request it answers; answers to questions that are no
/// longer asked are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// An answer: what was asked for, or why not.
pub type Reply<T> = Result<T, Failure>;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// time went on
    Ticked {
        /// the moment
        now: Timestamp,
    },
    /// a frame was drawn: what is on the screen can be seen now
    Drawn {
        /// since the console was opened, by a clock that nobody sets
        at: Duration,
    },
    /// the moment in which the next keys came, or for which the console asked ([`super::Console::due`])
    Clock {
        /// since the console was opened, by a clock that nobody sets
        at: Duration,
    },
    /// a key was pressed
    KeyPressed(KeyPress),
    /// text was pasted
    Pasted(String),
    /// something that runs beside the console did not go well, in a line
    Troubled(String),
    /// a command of the user's configuration ended
    PluginEnded {
        /// number of the request
        request: RequestId,
        /// what it said
        answer: Reply<String>,
    },
    /// a context may be turned to
    ContextEntered {
        /// number of the request
        request: RequestId,
        /// what makes a process one of it
        answer: Reply<Arc<Entered>>,
    },
    /// something on the screen was clicked
    Clicked(Target),
    /// the wheel was turned over a pane or view, by this many rows (down is positive)
    Wheeled {
        /// what lies under the pointer
        at: Scope,
        /// rows
        rows: i16,
    },
    /// the terminal's size gave the panes these sizes
    Measured(Measures),
    /// vCenter's watch reported
    FolderChanged(FolderEvent),
    /// some lines live in other folders or vCenters
    PlacesRead(Arc<Places>),
    /// the watch of such a place reported
    ElsewhereChanged(Place, FolderEvent),
    /// vCenter said what of it is simulated
    ServerRead(Option<Simulated>),
    /// vCenter said what the account of builds may not do: vSphere's ids of what it lacks on every VM of the folder
    PrivilegesRead(BTreeSet<&'static str>),
    /// vCenter said how datastore and hosts of builds are
    ResourcesRead(Resources),
    /// the newest run of each line, as recorded on disk
    RunsRead(Vec<(Key, Reply<Option<RunSeen>>)>),
    /// the alarms that somebody has seen
    AcknowledgedRead(crate::ops::acknowledge::All),
    /// what was done at GitHub from this machine
    DeedsRead(crate::ops::deeds::Deeds),
    /// the runs of a line, and what changed since one of them went well
    HistoryRead {
        /// the line
        key: Key,
        /// all that are on record
        answer: Reply<Box<RunHistory>>,
    },
    /// a guest's console picture
    PictureTaken {
        /// of the request
        request: RequestId,
        /// decoded within limits
        answer: Reply<Picture>,
    },
    /// a picture of the wall
    TileTaken {
        /// of the request
        request: RequestId,
        /// decoded within limits
        answer: Reply<Picture>,
    },
    /// vCenter was asked whether the operation in the open confirmation would be refused
    Guarded {
        /// of the request
        request: RequestId,
        /// nothing, or the refusal
        answer: Reply<Vec<String>>,
    },
    /// what a description of a screen would match
    TeachingTried {
        /// of the request
        request: RequestId,
        /// how much, and what that is called today
        answer: Reply<Trial>,
    },
    /// one step of an operation was begun
    Progressed {
        /// of the operation
        request: RequestId,
        /// e.g. `rename a → b (vm-42)`
        step: String,
        /// it is the smoke test before a promotion
        tried: bool,
    },
    /// an operation ended
    Finished {
        /// of the operation
        request: RequestId,
        /// what was done, in one line
        answer: Reply<String>,
    },
    /// the log was opened, grew, was truncated, or cannot be read
    LogGrew {
        /// of the open log
        request: RequestId,
        /// its length and phase
        answer: Reply<LogFacts>,
    },
    /// the last lines of a long log, before its lines are counted
    LogTailed {
        /// of the open log
        request: RequestId,
        /// the lines
        rows: Vec<LogLine>,
    },
    /// lines of the log
    LogRead {
        /// of the reading
        request: RequestId,
        /// index of the first one, and the lines
        answer: Reply<(u64, Vec<LogLine>)>,
    },
    /// a search in the log ended
    LogFound {
        /// of the search
        request: RequestId,
        /// `None` = nowhere
        answer: Reply<Option<Found>>,
    },
    /// a file was written
    Saved {
        /// of the saving
        request: RequestId,
        /// where, and what to know of it
        answer: Reply<String>,
    },
    /// text was put where it can be pasted from, or not
    Clipped {
        /// what was put where, or why it was not
        answer: Reply<String>,
    },
    /// lines were read for the clipboard
    Copied {
        /// of the copying
        request: RequestId,
        /// the lines, scrubbed
        answer: Reply<String>,
    },
    /// the record of the selected line's newest run was read, or grew
    Recorded {
        /// of the open record
        request: RequestId,
        /// all of it so far
        answer: Reply<Arc<Recording>>,
    },
    /// the logs of earlier runs were read
    HabitsRead {
        /// of the open record
        request: RequestId,
        /// how long their stages took
        habits: TypicalDurations,
    },
    /// a recorded picture was read
    FrameRead {
        /// of the request
        request: RequestId,
        /// decoded within limits
        answer: Reply<Picture>,
    },
    /// the text of a picture was read
    WordsRead {
        /// of the request
        request: RequestId,
        /// the text, or why there is none
        answer: Reply<ScreenText>,
    },
    /// a run was judged
    Judged {
        /// of the request
        request: RequestId,
        /// why it fails, or why that cannot be said
        answer: Reply<Box<Verdict>>,
    },
    /// something was heard of GitHub
    GitHub(GitHubEvent),
    /// about install media
    Media(media::Report),
    /// the system asked the program to end (SIGTERM, SIGHUP, SIGINT)
    Signalled,
}
