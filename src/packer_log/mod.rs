//! A packer log of any size, read while it grows.
//!
//! [`LogFile`] answers the thread that draws at once (rows on screen are read where they lie); a thread of its own keeps
//! the table of lines and the [`Facts`] (phases, task, deadlines, problems) up to date. No mapping of a file that another
//! process truncates; memory does not grow with the log beyond 16 bytes per 64 KB.

mod envelope;
mod facts;
mod file;
mod follow;
mod index;
mod line;
pub mod parse;
mod phase;
pub mod phase_times;
pub mod problem;
mod search;
mod show;
mod stops;
mod typed_keys;
pub mod unpack;
mod wait;

pub use envelope::{Envelope, GitlabLine};
pub use facts::Facts;
pub use file::{LogFile, LogStatus};
pub use line::{Level, LogLine, Origin, Problem};
pub use phase::{AnsibleTask, BuildOutcome, Deadline, Phase, PhaseSpan, Track, Tracks, task_name};
pub use search::{Direction, Pattern};
pub use wait::parse_go_duration;
