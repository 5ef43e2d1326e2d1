//! `tmpl`: the orchestrator behind `tmpl-tui`.
//!
//! Golden images for vSphere are built by packer as `<base>-build`, promoted to `<base>` and kept one generation as
//! `<base>-prev`. This library knows how to read the pipeline's repository, talk to vCenter, run packer, swap
//! generations without losing the last good one, stage install media and explain failures. The console and the
//! command line are two skins over it.
//!
//! Arrows between the modules point one way:
//!
//! ```text
//! pipeline → vcenter → build → generation / iso / triage / remote → console → tui
//! ```
//!
//! * [`pipeline`]: what the repository says: the matrix, its lines, packer's var-files and argv.
//! * [`vcenter`]: what vCenter says, and the one gate through which anything is changed there.
//! * [`build`]: one packer run: its process, its record on disk, its flight recorder.
//! * [`generation`]: live, prev, build: promote, rollback, hold, sweep.
//! * [`triage`]: why a build failed: the log, the console, the verdict; redaction and bundles of what leaves.
//! * [`remote`]: the same pipeline on GitHub Actions and ARC.
//! * [`console`]: the console as a value: state, messages, effects; no terminal in it.
//! * `tui`: the only place that knows a terminal (feature `tui`).
//! * [`lab`]: a simulated vCenter and a simulated packer, for people without a vCenter and for tests.
//! * [`text`]: what may be shown or leave: without secrets, harmless to whatever shows it.
//! * [`paths`]: where state is kept on disk.

pub mod console;
#[doc(hidden)]
pub mod fuzz;
pub mod generation;
pub mod github;
pub mod guest;
pub mod iso;
pub mod lab;
pub mod packer_log;
pub mod packer_run;
pub mod paths;
pub mod pipeline;
pub mod text;
pub mod tls;
pub mod triage;
#[cfg(feature = "tui")]
pub mod tui;
pub mod vcenter;
