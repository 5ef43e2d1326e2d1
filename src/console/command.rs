//! What a key can ask for, nested by what it concerns, so that whoever handles a part of it handles all of that part.

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
}

/// Changes something outside this program: vCenter, a guest, a run, the repository, GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table of bindings describes each in the operator's words")]
pub enum Change {
    Build,
    CancelRun,
    Generation(GenerationChange),
    Type,
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
    Judge,
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
    Zoom,
    NextPane,
    PreviousPane,
    Find,
    Copy,
    Palette,
    Media,
    GitHub,
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
    Redraw,
    Back,
    Quit,
    Leave,
    Suspend,
}
