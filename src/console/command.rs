//! What a key can ask for, nested by what it concerns, so that whoever handles a part of it handles all of that part; and
//! the operation that each change is.

use crate::generation::Request;
use crate::ops::Operation;

/// What a key asks for. Commands on a line mean the selected one at the moment of the press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Command {
    /// changes something outside this program, once it is confirmed
    Change(Change),
    /// looks at the selected line's run and guest
    Line(LineCommand),
    /// acts on the log pane
    Log(LogCommand),
    /// moves in whatever the keys go to
    Move(Motion),
    /// opens, closes or turns to something on the screen
    View(ViewCommand),
    /// acts on the program as a whole
    Program(ProgramCommand),
    /// runs a command of the user's configuration, by its number there
    Plugin(u8),
}

/// Changes something outside this program: vCenter, a guest, a run, the repository, GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum Change {
    Build,
    CancelRun,
    Generation(GenerationChange),
    Type,
    Wake,
    Answer,
    Teach,
    Media(MediaChange),
    GitHub(GitHubChange),
}

/// Renames, destroys or annotates templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum GenerationChange {
    Promote,
    Rollback,
    HoldOrRelease,
    Sweep,
}

/// Changes the ISO of a line: in the repository, or on the datastore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum MediaChange {
    Bump,
    Stage,
    StopStaging,
}

/// Changes what GitHub does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum GitHubChange {
    Dispatch,
    Cancel,
    Rerun,
    EnableSchedule,
}

/// Looks at the selected line's run and guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum LineCommand {
    NextTrouble,
    PreviousTrouble,
    OlderRun,
    NewerRun,
    Judge,
    Suspects,
    Acknowledge,
    OpenEvidence,
    ScreenText,
    SavePicture,
    SaveBundle,
}

/// Acts on the log pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum LogCommand {
    Follow,
    Wrap,
    Timestamps,
    Fold,
    NextError,
    PreviousError,
    NextWarning,
    PreviousWarning,
    NextMatch,
    PreviousMatch,
    Mark,
    NextMark,
    GoTo,
    Save,
}

/// Moves in whatever the keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
}

/// Opens, closes or turns to something on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum ViewCommand {
    Open,
    Zoom,
    Order,
    NextPane,
    PreviousPane,
    Find,
    Copy,
    Palette,
    Media,
    GitHub,
    Wall,
    Help,
}

/// Acts on the program as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum ProgramCommand {
    Refresh,
    CheckMedia,
    Mouse,
    AlarmCall,
    Context,
    Redraw,
    Back,
    Quit,
    Leave,
    Suspend,
}

impl Change {
    /// The operation that it is, on a line that is held or not.
    pub fn operation(self, held: bool) -> Operation {
        match self {
            Self::Build => Operation::Build,
            Self::CancelRun => Operation::Cancel,
            Self::Generation(change) => Operation::from(&change.request(held, "")),
            Self::Type => Operation::Type,
            Self::Wake => Operation::Wake,
            Self::Answer => Operation::Answer,
            Self::Teach => Operation::Teach,
            Self::Media(MediaChange::Bump) => Operation::Bump,
            Self::Media(MediaChange::Stage) => Operation::Stage,
            Self::Media(MediaChange::StopStaging) => Operation::StopStaging,
            Self::GitHub(GitHubChange::Dispatch) => Operation::Dispatch,
            Self::GitHub(GitHubChange::Cancel) => Operation::CancelRemote,
            Self::GitHub(GitHubChange::Rerun) => Operation::Rerun,
            Self::GitHub(GitHubChange::EnableSchedule) => Operation::EnableSchedule,
        }
    }
}

impl GenerationChange {
    /// What is asked for by it, of a line that is held or not.
    pub fn request(self, held: bool, reason: &str) -> Request {
        let reason = reason.to_owned();
        match self {
            Self::Promote => Request::Promote,
            Self::Rollback => Request::Rollback { reason },
            Self::HoldOrRelease if held => Request::Release,
            Self::HoldOrRelease => Request::Hold { reason },
            Self::Sweep => Request::Sweep,
        }
    }
}
