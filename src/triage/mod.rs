//! Why a build failed: the log, the recorded screen, and redaction of everything that leaves.

pub mod bundle;
pub mod clock;
pub mod fingerprint;
pub mod log;
pub mod picture;
mod quads;
pub mod recording;
pub mod redact;
pub mod rules;
pub mod screen;
pub mod verdict;
