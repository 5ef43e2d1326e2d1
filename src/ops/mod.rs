//! Every operation, once. The console and the command line are skins over what is in here.
//!
//! * [`Operation`]: what can be done; [`check`]: the one judge of whether it may be done now, from [`Facts`] that either
//!   skin gathers; [`Refusal`]: why not, with the facts that a skin puts into its own words.
//! * One module for each operation's work. It takes a [`Context`] and typed arguments, reports progress through a
//!   callback, and ends with a typed outcome or an [`Error`], from whose variant the exit code follows.

mod blocking;
mod context;
mod error;
mod exit;
mod guest;
pub mod judge;
mod operation;
pub mod picture;
mod refusal;
pub mod save;
mod screen_text;
mod teach;
mod type_into;

pub use blocking::{BrokeOff, blocking};
pub use context::Context;
pub use error::Error;
pub use exit::Exit;
pub use guest::find_vm;
pub use operation::Operation;
pub use refusal::{GitHubRefusal, MediaRefusal, Refusal};
pub use screen_text::{PictureReader, ScreenText};
pub use teach::teach;
pub use type_into::{may_type, type_into};
