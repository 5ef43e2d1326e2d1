//! What lies over the panes and takes the keys: at most one at a time.

use super::arming::Arming;
use super::command::Command;
use super::confirm::Confirm;
use super::cursor::Cursor;
use super::panes::Pane;
use super::teach::Teaching;
use super::text::Field;
use crate::pipeline::Key;

/// The overlay.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// asks before something is changed
    Confirm(Box<Confirm>),
    /// all keys
    Help(Help),
    /// commands and lines by name
    Palette(Palette),
    /// a screen is described
    Teach(Box<Teaching>),
    /// work goes on: leave it, end it, or stay
    Quit(QuitAsk),
}

/// All keys, filterable by typing.
#[derive(Debug, Clone, Default)]
pub struct Help {
    /// the first row on the screen
    pub top: Cursor,
    /// what is typed
    pub filter: Field,
}

/// Commands and lines by name.
#[derive(Debug, Clone, Default)]
pub struct Palette {
    /// what is typed
    pub query: Field,
    /// among the entries that match
    pub chosen: Cursor,
}

/// One entry of the palette.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// a command of the table
    Command(Command),
    /// a command on a line
    On(Command, Key),
    /// go to a line
    Line(Key),
    /// go to a pane
    Pane(Pane),
    /// open the console in a context
    Context(String),
}

/// The request when work goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuitAsk {
    /// builds that go on when left alone
    pub runs: Vec<Key>,
    /// changes of vCenter under way, in words; the program ends after them
    pub changes: Vec<String>,
    /// commands of the user's own at work, by name; the program ends them
    pub plugins: Vec<&'static str>,
    /// focused answer
    pub choice: QuitChoice,
    /// whether it listens yet
    pub arming: Arming,
}

/// Its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuitChoice {
    /// the builds go on without us
    Leave,
    /// the builds are cancelled; the program ends when their VMs are gone
    Cancel,
    /// not now
    Stay,
}

impl QuitChoice {
    /// In the order of the buttons.
    pub const ALL: [Self; 3] = [Self::Leave, Self::Cancel, Self::Stay];

    /// The next one, or the one before.
    #[must_use]
    pub fn turned(self, forwards: bool) -> Self {
        match (self, forwards) {
            (Self::Leave, true) | (Self::Stay, false) => Self::Cancel,
            (Self::Cancel, true) | (Self::Leave, false) => Self::Stay,
            (Self::Stay, true) | (Self::Cancel, false) => Self::Leave,
        }
    }
}
