//! Why a build failed: the log, and redaction of everything that leaves.

pub mod picture;
