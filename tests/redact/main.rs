//! Nothing that leaves holds a secret.
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod oracle;
mod property;
