//! Nothing that leaves holds a secret.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod exits;
#[path = "../support/fake_packer.rs"]
mod fake_packer;
mod oracle;
mod property;
mod wrapped;
