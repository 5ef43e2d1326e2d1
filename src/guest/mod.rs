//! What the guest shows: the picture of its console, the text on it, whether it moves, and the recording of a build.

pub mod fingerprint;
pub mod picture;
pub mod recording;
pub mod screen;
