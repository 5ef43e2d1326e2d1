//! Every operation, once. The console and the command line are skins over what is in here.
//!
//! * [`Operation`]: what can be done; [`check`]: the one judge of whether it may be done now, from [`Facts`] that either
//!   skin gathers; [`Refusal`]: why not, with the facts that a skin puts into its own words.
//! * One module for each operation's work. It takes a [`Context`] and typed arguments, reports progress through a
//!   callback, and ends with a typed outcome or an [`Error`], from whose variant the exit code follows.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod acknowledge;
pub mod answer;
mod audit;
mod blocking;
pub mod build;
mod build_begins;
pub mod build_vm;
mod built;
pub mod change;
mod check;
mod check_rules;
pub mod claim;
mod clones;
mod context;
pub mod deeds;
mod enter;
mod error;
mod exit;
pub mod facts;
mod forgave;
mod guest;
pub mod history;
pub mod hold;
pub mod judge;
pub mod media;
pub mod metrics;
mod operation;
pub mod outcome;
pub mod picture;
mod places;
pub mod plugin;
mod refusal;
pub mod remote;
pub mod resources;
pub mod save;
mod screen_text;
pub mod signals;
pub mod smoke;
mod teach;
pub mod tell;
mod type_into;
pub mod usual;

pub(crate) use blocking::blocking;
pub use built::NotBuilt;
pub use check::{check, check_here};
pub use check_rules::{RulesChecked, check_rules};
pub use context::{Context, permitted};
pub use enter::enter;
pub use error::Error;
pub use exit::Exit;
pub use facts::Facts;
pub use guest::find_vm;
pub use operation::Operation;
pub use places::Places;
pub use refusal::{GitHubRefusal, MediaRefusal, Refusal};
pub use screen_text::{PictureReader, ScreenText};
pub use teach::{Description, teach, try_out};
pub use type_into::{may, type_into, wake};
