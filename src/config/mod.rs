//! The user's own configuration, `$XDG_CONFIG_HOME/tmpl-tui/config.toml`: contexts, keys, colours, how alarms call. What
//! holds for a repository stands in its `tmpl.toml` instead. All of it is optional, none of it is a secret, and what is
//! wrong with it is told with file and line while everything else holds.

mod context;
mod file;
mod markdown;
mod outer;
mod paint;
mod plugin;
mod read;
mod schema;
mod tables;
mod told;
mod words;
mod wrong;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

pub use context::{Context, ContextError, Entered, Source};
pub use file::{ConfigFile, path};
pub use markdown::markdown;
pub use outer::{ENTERED, OUTER, Outer};
pub use paint::{Colour, Paint, Role, ThemeName};
pub use plugin::Plugin;
pub use schema::{Kind, SELECTED, Section, Setting, misplaced, sections};
pub use told::{Commands, Told, told, unused};
pub use words::{Call, Images, Order};
pub use wrong::wrong_variables;

use crate::packer_log::Phase;

/// What the file says; everything that it does not say is as without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// the context to open with
    pub context: Option<String>,
    /// a shell command that hears of events
    pub hook: Option<String>,
    /// how the terminal calls
    pub notify: Option<Call>,
    /// whether the console begins with the mouse on
    pub mouse: bool,
    /// in which order the console begins to show the lines
    pub order: Order,
    /// how pictures reach the terminal
    pub images: Option<Images>,
    /// where the console saves files
    pub save_dir: Option<PathBuf>,
    /// colours of all roles
    pub theme: ThemeName,
    /// colours of single roles
    pub colours: BTreeMap<Role, Paint>,
    /// keys of commands, by the names of the commands
    pub keys: Vec<KeyOverride>,
    /// how long a stage may take before it is an alarm, whatever earlier runs took
    pub alarms: BTreeMap<Phase, Duration>,
    /// vCenters and repositories
    pub contexts: BTreeMap<String, Context>,
    /// commands of the user's own
    pub plugins: Vec<Plugin>,
    /// what is set, by dotted path: `contexts.prod.endpoint`
    pub written: BTreeMap<String, Written>,
}

/// Where something is set, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// from 1
    pub line: usize,
    /// the value, as it is written
    pub text: String,
}

/// Other keys for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOverride {
    /// its name, as the palette shows it
    pub command: String,
    /// its keys; none: it has no key
    pub keys: Vec<String>,
    /// where that stands
    pub line: usize,
}

#[cfg(test)]
mod tests;
