//! What may be shown or leave.
//!
//! Servers, guests, packer, playbooks and whoever pushes to GitHub have their say in nearly every text. Two things are
//! done about it, always in the same order and only in here: secrets are scrubbed ([`Scrubber`]), and what a terminal or
//! the runner of a workflow would obey is made harmless ([`clean`] and its like). [`Safe`] is a text that went through
//! both; it is what a terminal, JSON, the audit log and GitHub take.
//!
//! * [`Scrubber::safe`], [`Scrubber::safe_line`], [`Scrubber::safe_lines`]: texts.
//! * [`Scrubber::safe_json`]: values, every text in them scrubbed.
//! * [`SafeLines`]: logs as they come, of any size.
//! * [`Scrubber::copy`], [`Stream`]: bytes that stay as they are but for their secrets: logs saved as files.
//!
//! Lines of a log that is only read come from [`lines::each`]. Nothing in here knows where secrets are declared; the
//! process tells its one scrubber at the start ([`Scrubber::share`]).

mod clean;
mod json;
pub mod lines;
pub(crate) mod quads;
pub mod redact;
mod safe;
mod safe_lines;

pub(crate) use clean::needs_care;
pub use clean::{clean, cut};
pub use json::harmless as harmless_json;
pub use redact::{Scrubber, Secret, Stream};
pub use safe::Safe;
#[cfg(test)]
pub(crate) use safe_lines::LONGEST;
pub use safe_lines::SafeLines;
