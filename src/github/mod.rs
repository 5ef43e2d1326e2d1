//! The same pipeline on GitHub Actions, where an ARC scale set runs the builds.
//!
//! [`Client`] talks to GitHub's REST API (its public OpenAPI description, version 2022-11-28) and keeps the rate limit;
//! everything else here is asked through it. Nothing in here knows a terminal or the console.
//!
//! * [`run`], [`leg`]: a run of `build-templates.yml`, and its job for one line.
//! * [`Board`]: the recent runs with their legs at one moment, and what follows from them for a line.
//! * [`artifact`], [`unpack`], [`evidence`]: what a failed leg left behind, fetched within bounds and kept as a run.
//! * [`pins`]: what the checkout pins beside what a log says was used.
//! * [`step`]: what a step of a workflow tells its runner. [`pod`]: the log of a leg at work, from its pod.
//! * [`schedule`]: whether the weekly run happens, and whether anybody picks its legs up.
//! * [`dispatch`], [`control`]: start a run; cancel it, run its failed legs again.

pub mod artifact;
mod board;
mod client;
pub mod control;
pub mod dispatch;
mod error;
pub mod evidence;
mod headers;
mod known;
pub mod leg;
pub mod pins;
pub mod pod;
mod refusal;
pub mod run;
pub mod schedule;
mod settings;
pub mod step;
pub mod unpack;

pub use board::{Board, RunWithJobs};
pub use client::{Client, Rate};
pub use error::Error;
pub use leg::Leg;
pub use refusal::{Lacking, Refusal};
pub use run::{Conclusion, RemoteRun, State};
#[cfg(feature = "testing")]
pub(crate) use schedule::fuzz_parse;
pub use schedule::{Health, Schedule};
pub use settings::{Repository, Settings, has_part};

/// The workflow that builds and promotes templates.
pub const BUILD: &str = crate::pipeline::layout::BUILD_WORKFLOW;
