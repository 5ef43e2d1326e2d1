//! What may be shown or leave: secrets scrubbed, what a terminal obeys made harmless.

mod clean;
pub mod json;
pub(crate) mod quads;
pub mod redact;

pub(crate) use clean::needs_care;
pub use clean::{clean, cut};
