//! The console as a value: state, messages in, effects out. No terminal, no IO, no clock in here.
//!
//! ```text
//! Msg ──► Console::update ──► Vec<Effect> ──► driver ──► Msg
//! ```
//!
//! [`Console::update`] only dispatches; each concern has its file. [`Console::allows`] judges every operation.

// Wherever commands, effects or messages are told apart, a new one has to be decided about.
#![deny(clippy::wildcard_enum_match_arm)]

pub mod age;
pub mod alarm;
pub mod binding;
mod change;
pub mod command;
pub mod confirm;
pub mod effect;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind of effect among all")]
pub(crate) mod fixture;
mod folder;
pub mod github;
mod judge;
mod jump;
pub mod key;
mod keys;
mod leave;
pub mod lines;
pub mod log;
pub mod media;
pub mod message;
mod mouse;
pub mod operation;
pub mod overlay;
pub mod palette;
pub mod panes;
pub mod picture;
mod prompt;
pub mod run;
pub mod scope;
pub mod screen_text;
mod state;
mod teach;
#[cfg(test)]
#[expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one kind of effect among all")]
mod tests;
pub mod text;
pub mod timeline;
pub mod toast;
mod type_into;
mod typing;
mod update;
pub mod verdict;

pub use effect::Effect;
pub use message::{Msg, RequestId};
pub use operation::{Operation, Refusal};
pub use state::{Console, Opening, Session};
