//! The rows of the table.

use super::{Binding, Group};
use crate::console::command::{
    Change, Command, GenerationChange, GitHubChange, LineCommand, LogCommand, MediaChange, Motion, ProgramCommand,
    ViewCommand,
};
use crate::console::key::{Code, KeyPress};
use crate::console::scope::{Scope, Scopes};

const fn key(char: char) -> KeyPress {
    KeyPress::char(char)
}

const ANYWHERE: Scopes = Scopes::ANYWHERE;
const PANES: Scopes = Scopes::PANES;
const PANES_AND_MEDIA: Scopes =
    Scopes(&[Scope::Lines, Scope::Picture, Scope::Log, Scope::Timeline, Scope::Verdict, Scope::Media]);
const PANES_AND_GITHUB: Scopes =
    Scopes(&[Scope::Lines, Scope::Picture, Scope::Log, Scope::Timeline, Scope::Verdict, Scope::GitHub]);
const GITHUB: Scopes = Scopes(&[Scope::GitHub]);
const PANES_GITHUB_AND_WALL: Scopes =
    Scopes(&[Scope::Lines, Scope::Picture, Scope::Log, Scope::Timeline, Scope::Verdict, Scope::GitHub, Scope::Wall]);
const LISTS: Scopes =
    Scopes(&[Scope::Lines, Scope::Picture, Scope::Log, Scope::Verdict, Scope::Media, Scope::GitHub, Scope::Wall]);
const SIDEWAYS: Scopes = Scopes(&[Scope::Picture, Scope::Log, Scope::Timeline, Scope::Wall]);

const fn row(command: Command, name: &'static str, keys: &'static [KeyPress], group: Group, scopes: Scopes) -> Binding {
    Binding { command, name, keys, group, scopes, description: "", hint: None }
}

impl Binding {
    const fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    const fn does(self, description: &'static str) -> Self {
        Self { description, ..self }
    }
}

const fn change(change: Change) -> Command {
    Command::Change(change)
}

const fn generation(change: GenerationChange) -> Command {
    Command::Change(Change::Generation(change))
}

const fn media(change: MediaChange) -> Command {
    Command::Change(Change::Media(change))
}

const fn github(change: GitHubChange) -> Command {
    Command::Change(Change::GitHub(change))
}

const fn line(command: LineCommand) -> Command {
    Command::Line(command)
}

const fn log(command: LogCommand) -> Command {
    Command::Log(command)
}

const fn moves(motion: Motion) -> Command {
    Command::Move(motion)
}

const fn view(command: ViewCommand) -> Command {
    Command::View(command)
}

const fn program(command: ProgramCommand) -> Command {
    Command::Program(command)
}

const DIGITS: [KeyPress; 9] =
    [key('1'), key('2'), key('3'), key('4'), key('5'), key('6'), key('7'), key('8'), key('9')];
const UP: KeyPress = KeyPress::code(Code::Up);
const DOWN: KeyPress = KeyPress::code(Code::Down);

/// Every key of the program, in the order in which hints and help show them.
pub static BINDINGS: &[Binding] = &[
    row(change(Change::Build), "build", &[key('b')], Group::Line, ANYWHERE)
        .hint("build")
        .does("Build the line with packer, detached"),
    row(generation(GenerationChange::Promote), "promote", &[key('p')], Group::Line, ANYWHERE)
        .hint("promote")
        .does("Make -build the live template; live becomes -prev"),
    row(generation(GenerationChange::Rollback), "roll back", &[key('R')], Group::Line, ANYWHERE)
        .hint("rollback")
        .does("Swap live and -prev, and hold the line"),
    row(generation(GenerationChange::HoldOrRelease), "hold or release", &[key('H')], Group::Line, ANYWHERE)
        .hint("hold")
        .does("Hold the line (no promotion until released), or release it"),
    row(change(Change::CancelRun), "cancel build", &[key('x')], Group::Line, ANYWHERE)
        .hint("cancel")
        .does("Cancel the running build; packer destroys its VM"),
    row(generation(GenerationChange::Sweep), "sweep", &[key('S')], Group::Line, ANYWHERE)
        .hint("sweep")
        .does("Destroy a leftover -build that no run owns"),
    row(line(LineCommand::NextTrouble), "next trouble", &[key('.')], Group::Line, PANES)
        .hint("trouble")
        .does("Go to the next line in trouble"),
    row(line(LineCommand::PreviousTrouble), "previous trouble", &[key(',')], Group::Line, PANES)
        .does("Go to the previous line in trouble"),
    row(line(LineCommand::OlderRun), "older run", &[key('[')], Group::Line, PANES)
        .does("Go to the previous run: its log, pictures, timeline and verdict"),
    row(line(LineCommand::NewerRun), "newer run", &[key(']')], Group::Line, PANES)
        .does("Go to the next run; back returns to the newest"),
    row(line(LineCommand::Judge), "verdict", &[key('v')], Group::Line, ANYWHERE)
        .hint("cause")
        .does("Why the newest run fails, by log, pictures and guest; again: its picture, and back"),
    row(line(LineCommand::Suspects), "suspects", &[key('V')], Group::Line, PANES)
        .does("Everything that changed since the last good run, or the three most suspicious"),
    row(line(LineCommand::Acknowledge), "acknowledge", &[key('Q')], Group::Line, PANES)
        .does("Acknowledge the alarm with a note, or take that back: quiet until its cause changes"),
    row(line(LineCommand::OpenEvidence), "open evidence", &DIGITS, Group::Line, PANES)
        .does("Open that piece of the verdict's evidence"),
    row(change(Change::Type), "type", &[key('i')], Group::Line, PANES)
        .does("Type into the guest of the picture; asks first"),
    row(change(Change::Wake), "wake", &[key('Z')], Group::Line, PANES)
        .does("Press shift in the guest of the picture, so that a blanked console shows itself; asks first"),
    row(change(Change::Answer), "answer", &[key('!')], Group::Line, ANYWHERE)
        .hint("answer")
        .does("Answer what vCenter asks about the build VM; asks first"),
    row(line(LineCommand::ScreenText), "picture text", &[key('u')], Group::Line, PANES)
        .does("Show the text of the picture beside it, or hide it"),
    row(change(Change::Teach), "teach screen", &[key('T')], Group::Line, PANES)
        .does("Name the screen in the picture, for the rules in ci/triage.toml"),
    row(line(LineCommand::SavePicture), "save picture", &[key('o')], Group::Line, ANYWHERE)
        .does("Save the console picture as PNG"),
    row(line(LineCommand::SaveBundle), "save bundle", &[key('z')], Group::Line, ANYWHERE)
        .does("Save verdict, pictures, timeline and log of the newest run as a zip, scrubbed"),
    row(program(ProgramCommand::CheckMedia), "check media", &[key('a')], Group::Media, ANYWHERE)
        .hint("ask mirrors")
        .does("Ask every mirror for newer ISOs"),
    row(media(MediaChange::Bump), "bump ISO", &[key('B')], Group::Media, ANYWHERE)
        .hint("bump")
        .does("Write the newer ISO into matrix and var-file"),
    row(media(MediaChange::Stage), "stage ISO", &[key('I')], Group::Media, ANYWHERE)
        .hint("stage")
        .does("Put the line's ISO on the datastore, checksummed"),
    row(media(MediaChange::StopStaging), "stop staging", &[key('K')], Group::Media, ANYWHERE)
        .hint("stop")
        .does("Stop staging the line's ISO"),
    row(log(LogCommand::Follow), "follow log", &[key('s')], Group::Log, PANES)
        .hint("follow")
        .does("Follow the end of the log, or stop following"),
    row(log(LogCommand::Wrap), "wrap log", &[key('w')], Group::Log, PANES).hint("wrap").does("Wrap long lines"),
    row(log(LogCommand::Timestamps), "timestamps", &[key('t')], Group::Log, PANES)
        .hint("times")
        .does("Times: of day, since the mark, none"),
    row(log(LogCommand::Fold), "fold log", &[key('d')], Group::Log, PANES)
        .does("Hide typed keys, or everything packer and its plugins tell each other, or nothing"),
    row(log(LogCommand::NextError), "next error", &[key('e')], Group::Log, PANES).hint("error").does("Next error"),
    row(log(LogCommand::PreviousError), "previous error", &[key('E')], Group::Log, PANES).does("Previous error"),
    row(log(LogCommand::NextWarning), "next warning", &[key('y')], Group::Log, PANES).does("Next warning or error"),
    row(log(LogCommand::PreviousWarning), "previous warning", &[key('Y')], Group::Log, PANES)
        .does("Previous warning or error"),
    row(log(LogCommand::NextMatch), "next match", &[key('n')], Group::Log, PANES).does("Next match"),
    row(log(LogCommand::PreviousMatch), "previous match", &[key('N')], Group::Log, PANES).does("Previous match"),
    row(log(LogCommand::Mark), "mark", &[key('m')], Group::Log, PANES)
        .hint("mark")
        .does("Mark this log line, or take the mark away"),
    row(log(LogCommand::NextMark), "next mark", &[key('\'')], Group::Log, PANES)
        .does("Next mark; after the last one, the first"),
    row(log(LogCommand::GoTo), "go to", &[key('@')], Group::Log, PANES)
        .does("Go to a time (03:07), a line (812), +5m or -30s from here"),
    row(view(ViewCommand::Copy), "copy", &[key('c')], Group::Log, PANES_AND_GITHUB)
        .hint("copy")
        .does("Copy from the mark to here, or this log line; else the text or page shown"),
    row(log(LogCommand::Save), "save log", &[KeyPress::ctrl('s')], Group::Log, PANES)
        .does("Save the whole log, scrubbed"),
    row(view(ViewCommand::Open), "open", &[KeyPress::code(Code::Enter)], Group::View, PANES_GITHUB_AND_WALL)
        .hint("zoom")
        .does("Open the chosen evidence or picture, or the log of a failed job; else zoom"),
    row(view(ViewCommand::Zoom), "zoom", &[key('f')], Group::View, PANES)
        .does("Give the focused pane the whole screen, and back"),
    row(view(ViewCommand::NextPane), "next pane", &[KeyPress::code(Code::Tab)], Group::View, PANES)
        .hint("pane")
        .does("Next pane"),
    row(view(ViewCommand::PreviousPane), "previous pane", &[KeyPress::code(Code::BackTab)], Group::View, PANES)
        .does("Previous pane"),
    row(view(ViewCommand::Find), "filter or search", &[key('/')], Group::View, PANES_AND_MEDIA)
        .hint("filter")
        .does("Filter the lines; in the log and the picture's text: search"),
    row(view(ViewCommand::Order), "sort", &[key('O')], Group::View, PANES_AND_MEDIA)
        .does("Sort the lines: as in the matrix, the worst first, by name, the oldest live first"),
    row(view(ViewCommand::Palette), "command", &[key(':')], Group::View, ANYWHERE)
        .hint("command")
        .does("Any command or line by name"),
    row(view(ViewCommand::Media), "media", &[key('M')], Group::View, ANYWHERE)
        .hint("media")
        .does("Install media of all lines, and back"),
    row(view(ViewCommand::GitHub), "runs on GitHub", &[key('W')], Group::View, ANYWHERE)
        .hint("GitHub")
        .does("Workflow runs on GitHub, and back"),
    row(view(ViewCommand::Wall), "wall", &[key('P')], Group::View, ANYWHERE)
        .hint("wall")
        .does("Pictures of everything that is being built or failed lately, and back"),
    row(view(ViewCommand::Help), "help", &[key('?')], Group::View, ANYWHERE).hint("help").does("All keys"),
    row(program(ProgramCommand::Refresh), "refresh", &[key('r')], Group::View, ANYWHERE)
        .does("Ask vCenter again, also after a refused password"),
    row(program(ProgramCommand::Mouse), "mouse", &[KeyPress::code(Code::F(2))], Group::View, ANYWHERE)
        .does("Mouse on or off (off: the terminal selects text)"),
    row(program(ProgramCommand::AlarmCall), "alarm call", &[KeyPress::code(Code::F(3))], Group::View, ANYWHERE)
        .does("Alarms: silent, bell, or desktop notification"),
    row(program(ProgramCommand::Context), "context", &[KeyPress::code(Code::F(4))], Group::View, ANYWHERE)
        .does("Switch to another context of config.toml: its vCenter and repository"),
    row(program(ProgramCommand::Redraw), "redraw", &[KeyPress::ctrl('l')], Group::View, ANYWHERE).does("Redraw"),
    row(github(GitHubChange::Dispatch), "dispatch", &[key('D')], Group::GitHub, ANYWHERE)
        .hint("dispatch")
        .does("Build the line on GitHub; refused when a waiting run would be dropped for it"),
    row(github(GitHubChange::Cancel), "cancel run on GitHub", &[key('X')], Group::GitHub, GITHUB)
        .hint("cancel")
        .does("Cancel the chosen run on GitHub"),
    row(github(GitHubChange::Rerun), "run again on GitHub", &[key('A')], Group::GitHub, GITHUB)
        .hint("again")
        .does("Run the failed jobs of the chosen run again"),
    row(github(GitHubChange::EnableSchedule), "schedule on", &[key('U')], Group::GitHub, ANYWHERE)
        .hint("schedule on")
        .does("Switch the schedule on again after GitHub switched it off"),
    row(moves(Motion::Up), "up", &[key('k'), UP], Group::Move, LISTS).does("Up"),
    row(moves(Motion::Down), "down", &[key('j'), DOWN], Group::Move, LISTS).does("Down"),
    row(
        moves(Motion::PageUp),
        "page up",
        &[KeyPress::code(Code::PageUp), KeyPress::ctrl('b'), KeyPress::ctrl('u')],
        Group::Move,
        ANYWHERE,
    )
    .does("Page up"),
    row(
        moves(Motion::PageDown),
        "page down",
        &[KeyPress::code(Code::PageDown), KeyPress::ctrl('f'), KeyPress::ctrl('d'), key(' ')],
        Group::Move,
        ANYWHERE,
    )
    .does("Page down"),
    row(moves(Motion::First), "first", &[key('g'), KeyPress::code(Code::Home)], Group::Move, ANYWHERE).does("First"),
    row(moves(Motion::Last), "last", &[key('G'), KeyPress::code(Code::End)], Group::Move, ANYWHERE).does("Last"),
    row(moves(Motion::Left), "left", &[key('h'), KeyPress::code(Code::Left)], Group::Move, SIDEWAYS)
        .does("Picture, timeline: the picture before; log: left, when not wrapped"),
    row(moves(Motion::Right), "right", &[key('l'), KeyPress::code(Code::Right)], Group::Move, SIDEWAYS)
        .does("Picture, timeline: the next picture; log: right, when not wrapped"),
    row(program(ProgramCommand::Back), "back", &[KeyPress::code(Code::Esc)], Group::Program, ANYWHERE)
        .does("Back: overlay, search, filter, zoom, then the lines"),
    row(program(ProgramCommand::Quit), "quit", &[key('q')], Group::Program, ANYWHERE)
        .hint("quit")
        .does("Back, as long as there is a way back; then quit"),
    row(program(ProgramCommand::Leave), "leave", &[KeyPress::ctrl('c')], Group::Program, ANYWHERE)
        .does("Quit from anywhere; asks while work is going on"),
    row(program(ProgramCommand::Suspend), "suspend", &[KeyPress::ctrl('z')], Group::Program, ANYWHERE)
        .does("Suspend to the shell"),
];
