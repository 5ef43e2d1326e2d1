//! The one table of keys: dispatch, the hint bar, `?`, the palette and the documented key table all read it.

mod keymap;
mod plugins;
mod table;

pub use keymap::Keymap;
pub use table::BINDINGS;

use super::command::Command;
use super::key::KeyPress;
use super::scope::{Scope, Scopes};

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
    /// commands of the user's own
    Own,
}

impl Group {
    /// All, in the order of the help.
    pub const ALL: [Self; 8] =
        [Self::Line, Self::Own, Self::Log, Self::Media, Self::View, Self::GitHub, Self::Move, Self::Program];

    /// The group whose keys the hint bar shows first.
    pub const fn of(scope: Scope) -> Self {
        match scope {
            Scope::Lines | Scope::Picture | Scope::Timeline | Scope::Verdict | Scope::Wall => Self::Line,
            Scope::Log => Self::Log,
            Scope::Media => Self::Media,
            Scope::GitHub => Self::GitHub,
        }
    }

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
            Self::Own => "Your own",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone)]
pub struct Binding {
    /// what it does
    pub command: Command,
    /// its name in the palette
    pub name: &'static str,
    /// any of these keys; the first one is shown in hints
    pub keys: &'static [KeyPress],
    /// heading in the help
    pub group: Group,
    /// where its keys work
    pub scopes: Scopes,
    /// one line for help, palette and docs
    pub description: &'static str,
    /// one word for the hint bar; `None` = not in the hint bar
    pub hint: Option<&'static str>,
}

impl Binding {
    /// Its keys as help and docs name them; a long row of them by its ends.
    pub fn shown_keys(&self) -> Vec<String> {
        match self.keys {
            [first, _, _, _, .., last] => vec![format!("{first}…{last}")],
            few => few.iter().map(ToString::to_string).collect(),
        }
    }
}

/// A text with the keys of this process in place of the commands that it names, each in `‹›`. No text but the table itself
/// names a key that a user may move.
pub fn keyed(text: impl AsRef<str>) -> String {
    Keymap::of_process().spelled(text.as_ref())
}

/// The key table of the documentation, in Markdown. A test compares it with what the repository holds.
pub fn markdown() -> String {
    let mut text = String::from(
        "# Keys\n\nGenerated from the program's own table; `?` in the console shows the same. The names are those of the palette\n(`:`) and of `[keys]` in [config.toml](configuration.md).\n",
    );
    let used = |group: &Group| BINDINGS.iter().any(|binding| binding.group == *group);
    for group in Group::ALL.into_iter().filter(used) {
        text.push_str(&format!("\n## {}\n\n| Key | Name | Where | Does |\n|---|---|---|---|\n", group.title()));
        for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
            let keys: Vec<String> = binding.shown_keys().iter().map(|key| format!("`{key}`")).collect();
            text.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                keys.join(" "),
                binding.name,
                binding.scopes,
                binding.description
            ));
        }
    }
    text
}
