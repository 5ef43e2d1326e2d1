//! The only place that knows a terminal.
#![expect(clippy::disallowed_methods, reason = "a terminal is drawn on, not told lines")]

mod app;
mod backend;
mod driver;
mod hits;
mod input;
mod layout;
mod opening;
mod overlay;
pub mod picture;
mod run;
mod screen;
pub mod terminal;
mod theme;
mod view;

pub use run::{Ended, Error, Options, run};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::drawn as draws;
