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
    SavePicture,
    Refresh,
    NextPane,
    PreviousPane,
    Zoom,
    Find,
    Palette,
    Help,
    Mouse,
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
    NextHit,
    PreviousHit,
    NextError,
    PreviousError,
    Mark,
    Copy,
    SaveLog,
    Back,
    Quit,
    Leave,
    Suspend,
}

impl Command {
    /// Whether it changes something outside this program: vCenter, or a run.
    pub const fn mutates(self) -> bool {
        matches!(self, Self::Build | Self::Promote | Self::Rollback | Self::Hold | Self::CancelRun | Self::Sweep)
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
    /// the log pane
    Log,
    /// panes and overlays
    View,
    /// moving about
    Move,
    /// the program itself
    Program,
}

impl Group {
    /// All, in the order of the help.
    pub const ALL: [Self; 5] = [Self::Line, Self::Log, Self::View, Self::Move, Self::Program];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Line => "Selected line",
            Self::Log => "Log",
            Self::View => "View",
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
    /// any of these keys; the first one is shown in hints
    pub keys: &'static [KeyPress],
    /// heading in the help
    pub group: Group,
    /// one line for help, palette and docs
    pub description: &'static str,
    /// one word for the hint bar; `None` = not in the hint bar
    pub hint: Option<&'static str>,
}

const fn key(char: char) -> KeyPress {
    KeyPress::char(char)
}

const fn row(
    command: Command,
    keys: &'static [KeyPress],
    group: Group,
    hint: Option<&'static str>,
    description: &'static str,
) -> Binding {
    Binding { command, keys, group, description, hint }
}

const UP: KeyPress = KeyPress::code(Code::Up);
const DOWN: KeyPress = KeyPress::code(Code::Down);

/// Every key of the program, in the order in which hints and help show them.
pub static BINDINGS: &[Binding] = &[
    row(Command::Build, &[key('b')], Group::Line, Some("build"), "Build the line with packer, detached"),
    row(
        Command::Promote,
        &[key('p')],
        Group::Line,
        Some("promote"),
        "Make -build the live template; live becomes -prev",
    ),
    row(Command::Rollback, &[key('R')], Group::Line, Some("rollback"), "Swap live and -prev, and hold the line"),
    row(
        Command::Hold,
        &[key('H')],
        Group::Line,
        Some("hold"),
        "Hold the line (no promotion until released), or release it",
    ),
    row(
        Command::CancelRun,
        &[key('x')],
        Group::Line,
        Some("cancel"),
        "Cancel the running build; packer destroys its VM",
    ),
    row(Command::Sweep, &[key('S')], Group::Line, Some("sweep"), "Destroy a leftover -build that no run owns"),
    row(Command::SavePicture, &[key('o')], Group::Line, None, "Save the console picture as PNG"),
    row(Command::Follow, &[key('s')], Group::Log, Some("follow"), "Follow the end of the log, or stop following"),
    row(Command::Wrap, &[key('w')], Group::Log, Some("wrap"), "Wrap long lines"),
    row(Command::Stamps, &[key('t')], Group::Log, Some("times"), "Show or hide timestamps"),
    row(Command::NextError, &[key('e')], Group::Log, Some("error"), "Next error"),
    row(Command::PreviousError, &[key('E')], Group::Log, None, "Previous error"),
    row(Command::NextHit, &[key('n')], Group::Log, None, "Next match"),
    row(Command::PreviousHit, &[key('N')], Group::Log, None, "Previous match"),
    row(Command::Mark, &[key('m')], Group::Log, Some("mark"), "Mark this log line, or take the mark away"),
    row(Command::Copy, &[key('c')], Group::Log, Some("copy"), "Copy from the mark to here, or this log line (OSC 52)"),
    row(Command::SaveLog, &[KeyPress::ctrl('s')], Group::Log, None, "Save the whole log, scrubbed"),
    row(
        Command::Zoom,
        &[KeyPress::code(Code::Enter), key('f')],
        Group::View,
        Some("zoom"),
        "Give the focused pane the whole screen, and back",
    ),
    row(Command::NextPane, &[KeyPress::code(Code::Tab)], Group::View, Some("pane"), "Next pane"),
    row(Command::PreviousPane, &[KeyPress::code(Code::BackTab)], Group::View, None, "Previous pane"),
    row(Command::Find, &[key('/')], Group::View, Some("filter"), "Filter the lines; in the log: search"),
    row(Command::Palette, &[key(':')], Group::View, Some("command"), "Any command or line by name"),
    row(Command::Help, &[key('?')], Group::View, Some("help"), "All keys"),
    row(Command::Refresh, &[key('r')], Group::View, None, "Ask vCenter again, also after a refused password"),
    row(
        Command::Mouse,
        &[KeyPress::code(Code::F(2))],
        Group::View,
        None,
        "Mouse on or off (off: the terminal selects text)",
    ),
    row(Command::Up, &[key('k'), UP], Group::Move, None, "Up"),
    row(Command::Down, &[key('j'), DOWN], Group::Move, None, "Down"),
    row(Command::PageUp, &[KeyPress::code(Code::PageUp), KeyPress::ctrl('b')], Group::Move, None, "Page up"),
    row(Command::PageDown, &[KeyPress::code(Code::PageDown), KeyPress::ctrl('f')], Group::Move, None, "Page down"),
    row(Command::Top, &[key('g'), KeyPress::code(Code::Home)], Group::Move, None, "First"),
    row(Command::Bottom, &[key('G'), KeyPress::code(Code::End)], Group::Move, None, "Last"),
    row(Command::Left, &[key('h'), KeyPress::code(Code::Left)], Group::Move, None, "Log: left, when not wrapped"),
    row(Command::Right, &[key('l'), KeyPress::code(Code::Right)], Group::Move, None, "Log: right, when not wrapped"),
    row(
        Command::Back,
        &[KeyPress::code(Code::Esc)],
        Group::Program,
        None,
        "Back: overlay, search, filter, zoom, then the lines",
    ),
    row(Command::Quit, &[key('q')], Group::Program, Some("quit"), "Back, then quit"),
    row(Command::Leave, &[KeyPress::ctrl('c')], Group::Program, None, "Quit; asks when work is going on"),
    row(Command::Suspend, &[KeyPress::ctrl('z')], Group::Program, None, "Suspend to the shell"),
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
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            text.push_str(&format!("| {} | {} |\n", keys.join(" "), binding.description));
        }
    }
    text
}
