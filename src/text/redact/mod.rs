//! Scrubs secrets from everything that leaves: the screen, files, bundles, other programs.
//!
//! A literal replacement of the values finds nothing in a real log: what leaks there is escaped, encoded, typed one key
//! per line, or half masked by packer itself (it replaces *other* sensitive values inside the secret). [`Scrubber`] knows
//! every such form of every secret; [`Stream`] applies it to bytes as they come, in memory that does not grow.

mod forms;
mod header;
mod keys;
mod masked;
mod needles;
mod scrubber;
mod secret;
mod spelling;
mod stream;

pub use scrubber::{Scrubber, environment, secrets_of};
pub use secret::{Secret, is_secret_name};
pub use stream::Stream;

pub(crate) use keys::{KeyMatcher, typed_key};
