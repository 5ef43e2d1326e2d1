//! `tmpl`: the orchestrator behind `tmpl-tui`.
//!
//! Golden images for vSphere are built by packer as `<base>-build`, promoted to `<base>` and kept one generation as
//! `<base>-prev`. This library knows how to read the pipeline's repository, talk to vCenter, run packer, swap
//! generations without losing the last good one, stage install media and explain failures. The console and the
//! command line are two skins over it.
//!
//! A module uses only what stands left of it:
//!
//! ```text
//! text, pipeline, vcenter, packer_log, guest, packer_run, triage, (generation, iso, github), ops, console, tui
//! ```
//!
//! * [`text`]: what may be shown or leave: without secrets, harmless to whatever shows it.
//! * [`pipeline`]: what the repository says: the matrix, its lines, packer's var-files and argv.
//! * [`vcenter`]: what vCenter says, and the one gate through which anything is changed there.
//! * [`packer_log`]: what packer's log says: lines, stages, times.
//! * [`guest`]: what a guest's console shows: pictures, recordings, screens that are known.
//! * [`packer_run`]: one packer run: its process, its record on disk, its flight recorder.
//! * [`triage`]: why a build failed: rules, the verdict, bundles of what leaves.
//! * [`generation`]: live, prev, build: promote, rollback, hold, sweep.
//! * [`iso`]: install media: newer releases, bumps, staging.
//! * [`github`]: the same pipeline on GitHub Actions and ARC.
//! * [`ops`]: every operation, once, and the one judge of whether it may be done now.
//! * [`console`]: the console as a value: state, messages, effects; no terminal in it.
//! * `tui`: the only place that knows a terminal (feature `tui`).
//! * [`lab`]: a simulated vCenter and a simulated packer, for people without a vCenter and for tests.
//! * [`paths`]: where state is kept on disk.
//! * [`fs`], [`cause`], [`duration`]: how files are written and locked, which error is told, how lengths of time are said.

pub mod cause;
pub mod console;
pub mod duration;
pub mod fs;
#[cfg(feature = "testing")]
pub mod fuzz;
pub mod generation;
pub mod github;
pub mod guest;
pub mod iso;
pub mod lab;
pub mod ops;
pub mod packer_log;
pub mod packer_run;
pub mod paths;
pub mod pipeline;
mod sha256;
pub mod text;
pub mod tls;
pub mod triage;
#[cfg(feature = "tui")]
pub mod tui;
pub mod vcenter;
