//! The one table of keys: dispatch, the hint bar, `?`, the palette and the documented key table all read it.

use super::key::{Code, KeyPress};

/// What a key asks for. Commands on a line mean the selected one at the moment of the press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table below describes each in the operator's words")]
pub enum Command {
    Build,
    Promote,
    Rollback,
    Hold,
    CancelRun,
    Sweep,
    Judge,
    Evidence,
    Type,
    Teach,
    ScreenText,
    Media,
    CheckMedia,
    Bump,
    Stage,
    StopStaging,
    SavePicture,
    SaveBundle,
    Refresh,
    NextPane,
    PreviousPane,
    Zoom,
    Find,
    Palette,
    Help,
    Mouse,
    Call,
    Redraw,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Left,
    Right,
    Follow,
    Wrap,
    Stamps,
    Fold,
    NextHit,
    PreviousHit,
    NextError,
    PreviousError,
    Mark,
    NextMark,
    Jump,
    Copy,
    SaveLog,
    Back,
    Quit,
    Leave,
    Suspend,
    Runs,
    Dispatch,
    CancelRemote,
    Rerun,
    Schedule,
}

impl Command {
    /// Whether it changes something outside this program: vCenter, a guest, a run, the repository.
    pub const fn mutates(self) -> bool {
        matches!(
            self,
            Self::Build
                | Self::Promote
                | Self::Rollback
                | Self::Hold
                | Self::CancelRun
                | Self::Sweep
                | Self::Type
                | Self::Teach
                | Self::Bump
                | Self::Stage
                | Self::StopStaging
        ) || (self.on_github() && !matches!(self, Self::Runs))
    }

    /// Whether it is about the pipeline on GitHub.
    pub const fn on_github(self) -> bool {
        matches!(self, Self::Runs | Self::Dispatch | Self::CancelRemote | Self::Rerun | Self::Schedule)
    }

    /// Its row in the table.
    pub fn binding(self) -> Option<&'static Binding> {
        BINDINGS.iter().find(|binding| binding.command == self)
    }
}

/// Heading in the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// acts on the selected line
    Line,
    /// install media of the selected line
    Media,
    /// the log pane
    Log,
    /// panes and overlays
    View,
    /// the pipeline on GitHub
    GitHub,
    /// moving about
    Move,
    /// the program itself
    Program,
}

impl Group {
    /// All, in the order of the help.
    pub const ALL: [Self; 7] =
        [Self::Line, Self::Log, Self::Media, Self::View, Self::GitHub, Self::Move, Self::Program];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Line => "Selected line",
            Self::Media => "Install media",
            Self::Log => "Log",
            Self::View => "View",
            Self::GitHub => "Runs on GitHub",
            Self::Move => "Move",
            Self::Program => "Program",
        }
    }
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// what it does
    pub command: Command,
    /// its name in the palette
    pub name: &'static str,
    /// any of these keys; the first one is shown in hints
    pub keys: &'static [KeyPress],
    /// heading in the help
    pub group: Group,
    /// one line for help, palette and docs
    pub description: &'static str,
    /// one word for the hint bar; `None` = not in the hint bar
    pub hint: Option<&'static str>,
}

impl Binding {
    /// Its keys as help and docs name them; a long row of them by its ends.
    pub fn shown_keys(&self) -> Vec<String> {
        match self.keys {
            [first, _, _, .., last] => vec![format!("{first}…{last}")],
            few => few.iter().map(ToString::to_string).collect(),
        }
    }
}

const fn key(char: char) -> KeyPress {
    KeyPress::char(char)
}

const fn row(
    command: Command,
    name: &'static str,
    keys: &'static [KeyPress],
    group: Group,
    hint: Option<&'static str>,
    description: &'static str,
) -> Binding {
    Binding { command, name, keys, group, description, hint }
}

const DIGITS: [KeyPress; 9] =
    [key('1'), key('2'), key('3'), key('4'), key('5'), key('6'), key('7'), key('8'), key('9')];
const UP: KeyPress = KeyPress::code(Code::Up);
const DOWN: KeyPress = KeyPress::code(Code::Down);

/// Every key of the program, in the order in which hints and help show them.
pub static BINDINGS: &[Binding] = &[
    row(Command::Build, "build", &[key('b')], Group::Line, Some("build"), "Build the line with packer, detached"),
    row(
        Command::Promote,
        "promote",
        &[key('p')],
        Group::Line,
        Some("promote"),
        "Make -build the live template; live becomes -prev",
    ),
    row(
        Command::Rollback,
        "roll back",
        &[key('R')],
        Group::Line,
        Some("rollback"),
        "Swap live and -prev, and hold the line",
    ),
    row(
        Command::Hold,
        "hold or release",
        &[key('H')],
        Group::Line,
        Some("hold"),
        "Hold the line (no promotion until released), or release it",
    ),
    row(
        Command::CancelRun,
        "cancel build",
        &[key('x')],
        Group::Line,
        Some("cancel"),
        "Cancel the running build; packer destroys its VM",
    ),
    row(Command::Sweep, "sweep", &[key('S')], Group::Line, Some("sweep"), "Destroy a leftover -build that no run owns"),
    row(
        Command::Judge,
        "verdict",
        &[key('v')],
        Group::Line,
        Some("verdict"),
        "Say why the newest run fails, from log, pictures and guest",
    ),
    row(
        Command::Evidence,
        "open evidence",
        &DIGITS,
        Group::Line,
        None,
        "Open that piece of the verdict's evidence; Enter in the verdict: the chosen one",
    ),
    row(Command::Type, "type", &[key('i')], Group::Line, None, "Type into the guest of the picture; asks first"),
    row(
        Command::ScreenText,
        "picture text",
        &[key('u')],
        Group::Line,
        None,
        "Show the text of the picture beside it, or hide it",
    ),
    row(
        Command::Teach,
        "teach screen",
        &[key('T')],
        Group::Line,
        None,
        "Name the screen in the picture, for the rules in ci/triage.toml",
    ),
    row(Command::SavePicture, "save picture", &[key('o')], Group::Line, None, "Save the console picture as PNG"),
    row(
        Command::SaveBundle,
        "save bundle",
        &[key('z')],
        Group::Line,
        None,
        "Save verdict, pictures, timeline and log of the newest run as a zip, scrubbed",
    ),
    row(
        Command::CheckMedia,
        "check media",
        &[key('a')],
        Group::Media,
        Some("ask mirrors"),
        "Ask every mirror for newer ISOs",
    ),
    row(
        Command::Bump,
        "bump ISO",
        &[key('B')],
        Group::Media,
        Some("bump"),
        "Write the newer ISO into matrix and var-file",
    ),
    row(
        Command::Stage,
        "stage ISO",
        &[key('I')],
        Group::Media,
        Some("stage"),
        "Put the line's ISO on the datastore, checksummed",
    ),
    row(Command::StopStaging, "stop staging", &[key('K')], Group::Media, Some("stop"), "Stop staging the line's ISO"),
    row(
        Command::Follow,
        "follow log",
        &[key('s')],
        Group::Log,
        Some("follow"),
        "Follow the end of the log, or stop following",
    ),
    row(Command::Wrap, "wrap log", &[key('w')], Group::Log, Some("wrap"), "Wrap long lines"),
    row(Command::Stamps, "timestamps", &[key('t')], Group::Log, Some("times"), "Times: of day, since the mark, none"),
    row(
        Command::Fold,
        "fold log",
        &[key('d')],
        Group::Log,
        None,
        "Hide what packer and its plugins write for each other, or show it",
    ),
    row(Command::NextError, "next error", &[key('e')], Group::Log, Some("error"), "Next error"),
    row(Command::PreviousError, "previous error", &[key('E')], Group::Log, None, "Previous error"),
    row(Command::NextHit, "next match", &[key('n')], Group::Log, None, "Next match"),
    row(Command::PreviousHit, "previous match", &[key('N')], Group::Log, None, "Previous match"),
    row(Command::Mark, "mark", &[key('m')], Group::Log, Some("mark"), "Mark this log line, or take the mark away"),
    row(Command::NextMark, "next mark", &[key('\'')], Group::Log, None, "Next mark, from the last one to the first"),
    row(
        Command::Jump,
        "go to",
        &[key('@')],
        Group::Log,
        None,
        "Go to a time (03:07), a line (812), +5m or -30s from here",
    ),
    row(
        Command::Copy,
        "copy",
        &[key('c')],
        Group::Log,
        Some("copy"),
        "Copy from the mark to here, or this log line; in picture and verdict: their text (OSC 52)",
    ),
    row(Command::SaveLog, "save log", &[KeyPress::ctrl('s')], Group::Log, None, "Save the whole log, scrubbed"),
    row(
        Command::Zoom,
        "zoom",
        &[KeyPress::code(Code::Enter), key('f')],
        Group::View,
        Some("zoom"),
        "Give the focused pane the whole screen, and back",
    ),
    row(Command::NextPane, "next pane", &[KeyPress::code(Code::Tab)], Group::View, Some("pane"), "Next pane"),
    row(Command::PreviousPane, "previous pane", &[KeyPress::code(Code::BackTab)], Group::View, None, "Previous pane"),
    row(
        Command::Find,
        "filter or search",
        &[key('/')],
        Group::View,
        Some("filter"),
        "Filter the lines; in the log and the picture's text: search",
    ),
    row(Command::Palette, "command", &[key(':')], Group::View, Some("command"), "Any command or line by name"),
    row(Command::Media, "media", &[key('M')], Group::View, Some("media"), "Install media of all lines, and back"),
    row(Command::Help, "help", &[key('?')], Group::View, Some("help"), "All keys"),
    row(
        Command::Refresh,
        "refresh",
        &[key('r')],
        Group::View,
        None,
        "Ask vCenter again, also after a refused password",
    ),
    row(
        Command::Mouse,
        "mouse",
        &[KeyPress::code(Code::F(2))],
        Group::View,
        None,
        "Mouse on or off (off: the terminal selects text)",
    ),
    row(
        Command::Call,
        "alarm call",
        &[KeyPress::code(Code::F(3))],
        Group::View,
        None,
        "Alarms: silent, bell, or desktop notification",
    ),
    row(Command::Redraw, "redraw", &[KeyPress::ctrl('l')], Group::View, None, "Draw the screen anew"),
    row(
        Command::Runs,
        "runs",
        &[key('G')],
        Group::GitHub,
        Some("lines"),
        "Runs on GitHub, and back; in the other panes: last",
    ),
    row(
        Command::Dispatch,
        "dispatch",
        &[key('D')],
        Group::GitHub,
        Some("dispatch"),
        "Build the line on GitHub; refused when a waiting run would be dropped for it",
    ),
    row(
        Command::CancelRemote,
        "cancel run on GitHub",
        &[key('X')],
        Group::GitHub,
        Some("cancel"),
        "Cancel the chosen run on GitHub",
    ),
    row(
        Command::Rerun,
        "run again on GitHub",
        &[key('A')],
        Group::GitHub,
        Some("again"),
        "Run the failed legs of the chosen run again",
    ),
    row(
        Command::Schedule,
        "schedule on",
        &[key('U')],
        Group::GitHub,
        Some("schedule on"),
        "Switch the schedule on again after GitHub switched it off",
    ),
    row(Command::Up, "up", &[key('k'), UP], Group::Move, None, "Up"),
    row(Command::Down, "down", &[key('j'), DOWN], Group::Move, None, "Down"),
    row(Command::PageUp, "page up", &[KeyPress::code(Code::PageUp), KeyPress::ctrl('b')], Group::Move, None, "Page up"),
    row(
        Command::PageDown,
        "page down",
        &[KeyPress::code(Code::PageDown), KeyPress::ctrl('f')],
        Group::Move,
        None,
        "Page down",
    ),
    row(Command::Top, "first", &[key('g'), KeyPress::code(Code::Home)], Group::Move, None, "First"),
    row(Command::Bottom, "last", &[KeyPress::code(Code::End)], Group::Move, None, "Last; also G outside the lines"),
    row(
        Command::Left,
        "left",
        &[key('h'), KeyPress::code(Code::Left)],
        Group::Move,
        None,
        "Picture, timeline: the picture before; log: left, when not wrapped",
    ),
    row(
        Command::Right,
        "right",
        &[key('l'), KeyPress::code(Code::Right)],
        Group::Move,
        None,
        "Picture, timeline: the next picture; log: right, when not wrapped",
    ),
    row(
        Command::Back,
        "back",
        &[KeyPress::code(Code::Esc)],
        Group::Program,
        None,
        "Back: overlay, search, filter, zoom, then the lines",
    ),
    row(Command::Quit, "quit", &[key('q')], Group::Program, Some("quit"), "Back, then quit"),
    row(Command::Leave, "leave", &[KeyPress::ctrl('c')], Group::Program, None, "Quit; asks when work is going on"),
    row(Command::Suspend, "suspend", &[KeyPress::ctrl('z')], Group::Program, None, "Suspend to the shell"),
];

/// The command of a key press outside overlays and text fields.
pub fn command(press: KeyPress) -> Option<Command> {
    BINDINGS.iter().find(|binding| binding.keys.contains(&press)).map(|binding| binding.command)
}

/// The key table of the documentation, in Markdown. A test compares it with what the repository holds.
pub fn markdown() -> String {
    let mut text =
        String::from("# Keys\n\nGenerated from the program's own table; `?` in the console shows the same.\n");
    for group in Group::ALL {
        text.push_str(&format!("\n## {}\n\n| Key | Does |\n|---|---|\n", group.title()));
        for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
            let keys: Vec<String> = binding.shown_keys().iter().map(|key| format!("`{key}`")).collect();
            text.push_str(&format!("| {} | {} |\n", keys.join(" "), binding.description));
        }
    }
    text
}
