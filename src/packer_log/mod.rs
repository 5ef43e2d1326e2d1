//! A packer log of any size, read while it grows.
//!
//! [`LogFile`] answers the thread that draws at once (rows on screen are read where they lie); a thread of its own keeps
//! the table of lines and the [`Facts`] (stages, task, deadlines, problems) up to date. No mapping of a file that another
//! process truncates; memory does not grow with the log beyond 16 bytes per 64 KB.

mod facts;
mod file;
mod follow;
mod index;
mod line;
pub mod parse;
mod phase;
mod search;
mod show;
pub mod stage_times;
mod typed;

pub use facts::Facts;
pub use file::{LogFile, Status};
pub use line::{Level, LogLine, Origin, Problem};
pub use phase::{Deadline, Ending, Phase, Span, Task, Track, Tracks, go_duration, task_name};
pub use search::{Direction, Pattern};
