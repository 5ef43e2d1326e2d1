//! Scrubs secrets from everything that leaves: the screen, files, bundles, other programs.
//!
//! A literal replacement of the values finds nothing in a real log: what leaks there is escaped, encoded, typed one key
//! per line, or half masked by packer itself (it replaces *other* sensitive values inside the secret). [`Scrubber`] knows
//! every such form of every secret; [`Stream`] applies it to bytes as they come, in memory that does not grow.

mod beginnings;
mod code;
mod entities;
mod findings;
mod forms;
mod header;
mod hits;
mod keys;
mod known;
mod lacking;
mod learned;
mod letters;
#[cfg(test)]
mod linear;
mod masked;
mod names;
mod needles;
mod placeholder;
mod prefix;
mod run;
mod scan;
mod scrubber;
mod secret;
mod stream;
mod structure;
mod view;
mod words;
mod work;

pub use lacking::Lacking;
pub use names::is_secret_name;
pub use scrubber::{Scrubber, environment, secrets_of};
pub use secret::Secret;
pub use stream::Stream;

pub(crate) use keys::{KeyMatcher, typed_key};
