//! The one table of keys: dispatch, the hint bar, `?`, the palette and the documented key table all read it.

use super::command::{
    Change, Command, GenerationChange, GitHubChange, LineCommand, LogCommand, MediaChange, Motion, ProgramCommand,
    ViewCommand,
};
use super::key::{Code, KeyPress};

impl Command {
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
    row(
        Command::Change(Change::Build),
        "build",
        &[key('b')],
        Group::Line,
        Some("build"),
        "Build the line with packer, detached",
    ),
    row(
        Command::Change(Change::Generation(GenerationChange::Promote)),
        "promote",
        &[key('p')],
        Group::Line,
        Some("promote"),
        "Make -build the live template; live becomes -prev",
    ),
    row(
        Command::Change(Change::Generation(GenerationChange::Rollback)),
        "roll back",
        &[key('R')],
        Group::Line,
        Some("rollback"),
        "Swap live and -prev, and hold the line",
    ),
    row(
        Command::Change(Change::Generation(GenerationChange::HoldOrRelease)),
        "hold or release",
        &[key('H')],
        Group::Line,
        Some("hold"),
        "Hold the line (no promotion until released), or release it",
    ),
    row(
        Command::Change(Change::CancelRun),
        "cancel build",
        &[key('x')],
        Group::Line,
        Some("cancel"),
        "Cancel the running build; packer destroys its VM",
    ),
    row(
        Command::Change(Change::Generation(GenerationChange::Sweep)),
        "sweep",
        &[key('S')],
        Group::Line,
        Some("sweep"),
        "Destroy a leftover -build that no run owns",
    ),
    row(
        Command::Line(LineCommand::Judge),
        "verdict",
        &[key('v')],
        Group::Line,
        Some("verdict"),
        "Say why the newest run fails, from log, pictures and guest",
    ),
    row(
        Command::Line(LineCommand::OpenEvidence),
        "open evidence",
        &DIGITS,
        Group::Line,
        None,
        "Open that piece of the verdict's evidence; Enter in the verdict: the chosen one",
    ),
    row(
        Command::Change(Change::Type),
        "type",
        &[key('i')],
        Group::Line,
        None,
        "Type into the guest of the picture; asks first",
    ),
    row(
        Command::Line(LineCommand::ScreenText),
        "picture text",
        &[key('u')],
        Group::Line,
        None,
        "Show the text of the picture beside it, or hide it",
    ),
    row(
        Command::Change(Change::Teach),
        "teach screen",
        &[key('T')],
        Group::Line,
        None,
        "Name the screen in the picture, for the rules in ci/triage.toml",
    ),
    row(
        Command::Line(LineCommand::SavePicture),
        "save picture",
        &[key('o')],
        Group::Line,
        None,
        "Save the console picture as PNG",
    ),
    row(
        Command::Line(LineCommand::SaveBundle),
        "save bundle",
        &[key('z')],
        Group::Line,
        None,
        "Save verdict, pictures, timeline and log of the newest run as a zip, scrubbed",
    ),
    row(
        Command::Program(ProgramCommand::CheckMedia),
        "check media",
        &[key('a')],
        Group::Media,
        Some("ask mirrors"),
        "Ask every mirror for newer ISOs",
    ),
    row(
        Command::Change(Change::Media(MediaChange::Bump)),
        "bump ISO",
        &[key('B')],
        Group::Media,
        Some("bump"),
        "Write the newer ISO into matrix and var-file",
    ),
    row(
        Command::Change(Change::Media(MediaChange::Stage)),
        "stage ISO",
        &[key('I')],
        Group::Media,
        Some("stage"),
        "Put the line's ISO on the datastore, checksummed",
    ),
    row(
        Command::Change(Change::Media(MediaChange::StopStaging)),
        "stop staging",
        &[key('K')],
        Group::Media,
        Some("stop"),
        "Stop staging the line's ISO",
    ),
    row(
        Command::Log(LogCommand::Follow),
        "follow log",
        &[key('s')],
        Group::Log,
        Some("follow"),
        "Follow the end of the log, or stop following",
    ),
    row(Command::Log(LogCommand::Wrap), "wrap log", &[key('w')], Group::Log, Some("wrap"), "Wrap long lines"),
    row(
        Command::Log(LogCommand::Timestamps),
        "timestamps",
        &[key('t')],
        Group::Log,
        Some("times"),
        "Times: of day, since the mark, none",
    ),
    row(
        Command::Log(LogCommand::Fold),
        "fold log",
        &[key('d')],
        Group::Log,
        None,
        "Hide what packer and its plugins write for each other, or show it",
    ),
    row(Command::Log(LogCommand::NextError), "next error", &[key('e')], Group::Log, Some("error"), "Next error"),
    row(Command::Log(LogCommand::PreviousError), "previous error", &[key('E')], Group::Log, None, "Previous error"),
    row(Command::Log(LogCommand::NextMatch), "next match", &[key('n')], Group::Log, None, "Next match"),
    row(Command::Log(LogCommand::PreviousMatch), "previous match", &[key('N')], Group::Log, None, "Previous match"),
    row(
        Command::Log(LogCommand::Mark),
        "mark",
        &[key('m')],
        Group::Log,
        Some("mark"),
        "Mark this log line, or take the mark away",
    ),
    row(
        Command::Log(LogCommand::NextMark),
        "next mark",
        &[key('\'')],
        Group::Log,
        None,
        "Next mark, from the last one to the first",
    ),
    row(
        Command::Log(LogCommand::GoTo),
        "go to",
        &[key('@')],
        Group::Log,
        None,
        "Go to a time (03:07), a line (812), +5m or -30s from here",
    ),
    row(
        Command::View(ViewCommand::Copy),
        "copy",
        &[key('c')],
        Group::Log,
        Some("copy"),
        "Copy from the mark to here, or this log line; in picture and verdict: their text (OSC 52)",
    ),
    row(
        Command::Log(LogCommand::Save),
        "save log",
        &[KeyPress::ctrl('s')],
        Group::Log,
        None,
        "Save the whole log, scrubbed",
    ),
    row(
        Command::View(ViewCommand::Zoom),
        "zoom",
        &[KeyPress::code(Code::Enter), key('f')],
        Group::View,
        Some("zoom"),
        "Give the focused pane the whole screen, and back",
    ),
    row(
        Command::View(ViewCommand::NextPane),
        "next pane",
        &[KeyPress::code(Code::Tab)],
        Group::View,
        Some("pane"),
        "Next pane",
    ),
    row(
        Command::View(ViewCommand::PreviousPane),
        "previous pane",
        &[KeyPress::code(Code::BackTab)],
        Group::View,
        None,
        "Previous pane",
    ),
    row(
        Command::View(ViewCommand::Find),
        "filter or search",
        &[key('/')],
        Group::View,
        Some("filter"),
        "Filter the lines; in the log and the picture's text: search",
    ),
    row(
        Command::View(ViewCommand::Palette),
        "command",
        &[key(':')],
        Group::View,
        Some("command"),
        "Any command or line by name",
    ),
    row(
        Command::View(ViewCommand::Media),
        "media",
        &[key('M')],
        Group::View,
        Some("media"),
        "Install media of all lines, and back",
    ),
    row(Command::View(ViewCommand::Help), "help", &[key('?')], Group::View, Some("help"), "All keys"),
    row(
        Command::Program(ProgramCommand::Refresh),
        "refresh",
        &[key('r')],
        Group::View,
        None,
        "Ask vCenter again, also after a refused password",
    ),
    row(
        Command::Program(ProgramCommand::Mouse),
        "mouse",
        &[KeyPress::code(Code::F(2))],
        Group::View,
        None,
        "Mouse on or off (off: the terminal selects text)",
    ),
    row(
        Command::Program(ProgramCommand::AlarmCall),
        "alarm call",
        &[KeyPress::code(Code::F(3))],
        Group::View,
        None,
        "Alarms: silent, bell, or desktop notification",
    ),
    row(
        Command::Program(ProgramCommand::Redraw),
        "redraw",
        &[KeyPress::ctrl('l')],
        Group::View,
        None,
        "Draw the screen anew",
    ),
    row(
        Command::View(ViewCommand::GitHub),
        "runs",
        &[key('G')],
        Group::GitHub,
        Some("lines"),
        "Runs on GitHub, and back; in the other panes: last",
    ),
    row(
        Command::Change(Change::GitHub(GitHubChange::Dispatch)),
        "dispatch",
        &[key('D')],
        Group::GitHub,
        Some("dispatch"),
        "Build the line on GitHub; refused when a waiting run would be dropped for it",
    ),
    row(
        Command::Change(Change::GitHub(GitHubChange::Cancel)),
        "cancel run on GitHub",
        &[key('X')],
        Group::GitHub,
        Some("cancel"),
        "Cancel the chosen run on GitHub",
    ),
    row(
        Command::Change(Change::GitHub(GitHubChange::Rerun)),
        "run again on GitHub",
        &[key('A')],
        Group::GitHub,
        Some("again"),
        "Run the failed legs of the chosen run again",
    ),
    row(
        Command::Change(Change::GitHub(GitHubChange::EnableSchedule)),
        "schedule on",
        &[key('U')],
        Group::GitHub,
        Some("schedule on"),
        "Switch the schedule on again after GitHub switched it off",
    ),
    row(Command::Move(Motion::Up), "up", &[key('k'), UP], Group::Move, None, "Up"),
    row(Command::Move(Motion::Down), "down", &[key('j'), DOWN], Group::Move, None, "Down"),
    row(
        Command::Move(Motion::PageUp),
        "page up",
        &[KeyPress::code(Code::PageUp), KeyPress::ctrl('b')],
        Group::Move,
        None,
        "Page up",
    ),
    row(
        Command::Move(Motion::PageDown),
        "page down",
        &[KeyPress::code(Code::PageDown), KeyPress::ctrl('f')],
        Group::Move,
        None,
        "Page down",
    ),
    row(Command::Move(Motion::First), "first", &[key('g'), KeyPress::code(Code::Home)], Group::Move, None, "First"),
    row(
        Command::Move(Motion::Last),
        "last",
        &[KeyPress::code(Code::End)],
        Group::Move,
        None,
        "Last; also G outside the lines",
    ),
    row(
        Command::Move(Motion::Left),
        "left",
        &[key('h'), KeyPress::code(Code::Left)],
        Group::Move,
        None,
        "Picture, timeline: the picture before; log: left, when not wrapped",
    ),
    row(
        Command::Move(Motion::Right),
        "right",
        &[key('l'), KeyPress::code(Code::Right)],
        Group::Move,
        None,
        "Picture, timeline: the next picture; log: right, when not wrapped",
    ),
    row(
        Command::Program(ProgramCommand::Back),
        "back",
        &[KeyPress::code(Code::Esc)],
        Group::Program,
        None,
        "Back: overlay, search, filter, zoom, then the lines",
    ),
    row(Command::Program(ProgramCommand::Quit), "quit", &[key('q')], Group::Program, Some("quit"), "Back, then quit"),
    row(
        Command::Program(ProgramCommand::Leave),
        "leave",
        &[KeyPress::ctrl('c')],
        Group::Program,
        None,
        "Quit; asks when work is going on",
    ),
    row(
        Command::Program(ProgramCommand::Suspend),
        "suspend",
        &[KeyPress::ctrl('z')],
        Group::Program,
        None,
        "Suspend to the shell",
    ),
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
