//! The console as a value: state, messages in, effects out. No terminal, no IO, no clock in here.
//!
//! ```text
//! Msg ──► Console::update ──► Vec<Effect> ──► driver ──► Msg
//! ```
//!
//! [`Console::update`] only dispatches; each concern has its file. [`Console::allows`] judges every operation.

// Wherever commands, effects or messages are told apart, a new one has to be decided about.
#![deny(clippy::wildcard_enum_match_arm)]

mod acknowledge;
mod advice;
pub mod age;
pub mod alarm;
pub mod arming;
pub mod binding;
mod change;
pub mod click;
pub mod command;
pub mod confirm;
mod contexts;
pub mod cursor;
pub mod effect;
mod elsewhere;
mod evidence;
mod facts;
mod filter;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind of effect among all")]
pub(crate) mod fixture;
mod folder;
pub mod github;
mod invocation;
mod judge;
mod jump;
pub mod key;
mod keys;
mod leave;
pub mod lines;
pub mod log;
mod log_commands;
pub mod media;
pub mod message;
mod mouse;
mod next;
mod order;
mod outcome;
pub mod overlay;
pub mod own;
pub mod palette;
pub mod panes;
pub mod past;
pub mod picture;
mod plugins;
pub mod preferences;
mod prompt;
mod refusal;
pub mod remarks;
pub mod remote;
pub mod run;
mod same_as;
pub mod scope;
pub mod screen_text;
mod state;
pub mod teach;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind of effect among all")]
pub(crate) mod tests;
pub mod text;
pub mod timeline;
pub mod toast;
pub(crate) mod trouble;
mod type_into;
mod typing;
mod update;
pub mod verdict;
pub mod wall;

pub use crate::config::Images;
pub use effect::Effect;
pub use invocation::Invocation;
pub use message::{Msg, RequestId};
pub use preferences::Preferences;
pub use refusal::Refusal;
pub use state::{Console, Opening, Session};
