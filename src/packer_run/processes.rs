//! What the system says of its processes: Linux in `/proc`, others to the crate `sysinfo`.

#[cfg(target_os = "linux")]
#[path = "processes/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "processes/other.rs"]
mod system;

pub(super) use system::{all, boot, find_arguments, has_variable, machine, stat};

/// What is said of one.
pub(super) struct Stat {
    /// one that ended and was not collected by its parent (a zombie) does not run
    pub running: bool,
    /// who started it, or whoever took it on since
    pub parent: i32,
    /// its process group
    pub group: i32,
    /// its session
    pub session: i32,
    /// when it began: ticks since boot on Linux, seconds of the calendar elsewhere
    pub start: u64,
}
