//! `tmpl`: the orchestrator behind `tmpl-tui`.
//!
//! Golden images for vSphere are built by packer as `<base>-build`, promoted to `<base>` and kept one generation as
//! `<base>-prev`. This library knows how to read the pipeline's repository, talk to vCenter, run packer, swap
//! generations without losing the last good one, stage install media and explain failures. The console and the
//! command line are two skins over it.
//!
//! A module knows those of lower numbers and no others; `tests/house.rs` holds them to it, and reads the numbers here.
//!
//! ```text
//!  1 cause       which error is told
//!  1 child       programs that are started: what each of them may know and how much it may say
//!  1 core_dump   none of this process
//!  1 duration    how lengths of time are said
//!  1 fs          how files are written and locked
//!  1 moment      how points in time are written for people
//!  1 paths       where state is kept on disk
//!  1 sha256      checksums
//!  1 task        tasks beside the caller's
//!  2 text        what may be shown or leave: without secrets, harmless to whatever shows it
//!  2 tls         whom a connection trusts
//!  3 pipeline    what the repository says: the matrix, its lines, packer's var-files and argv
//!  4 hook        the user's command that hears of events
//!  4 vcenter     what vCenter says, and the one gate through which anything is changed there
//!  5 packer_log  what packer's log says: lines, stages, times
//!  6 config      the user's own configuration: contexts, keys, colours
//!  6 guest       what a guest's console shows: pictures, recordings, screens that are known
//!  7 packer_run  one packer run: its process, its record on disk, its flight recorder
//!  8 triage      why a build failed: rules, the verdict, bundles of what leaves
//!  9 generation  live, prev, build: promote, rollback, hold, sweep
//!  9 github      the same pipeline on GitHub Actions and ARC
//!  9 iso         install media: what is newer, what is missing, how it gets there
//! 10 lab         a simulated vCenter, GitHub and packer, for `demo` and tests: nothing that is real knows it
//! 10 ops         every operation once, and the one judge of whether it may be done
//! 11 console     the console as a value: state, messages, effects; no terminal, no IO, no clock
//! 12 tui         the only place that knows a terminal (feature `tui`)
//! 13 cli         the verbs: the binary
//! 13 fuzz        what fuzzers feed (feature `testing`)
//! ```

pub mod cause;
pub mod child;
pub mod config;
pub mod console;
pub mod core_dump;
pub mod duration;
pub mod fs;
#[cfg(feature = "testing")]
pub mod fuzz;
pub mod generation;
pub mod github;
pub mod guest;
pub mod hook;
pub mod iso;
pub mod lab;
pub mod moment;
pub mod ops;
pub mod packer_log;
pub mod packer_run;
pub mod paths;
pub mod pipeline;
mod sha256;
mod task;
pub mod text;
pub mod tls;
pub mod triage;
#[cfg(feature = "tui")]
pub mod tui;
pub mod vcenter;
