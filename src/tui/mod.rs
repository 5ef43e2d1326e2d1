//! The only place that knows a terminal.

pub mod picture;
