//! The pipeline on GitHub: looked at, started, cancelled, run again; the evidence of its failed legs.

mod built;
mod change;
mod fetch;
mod find;
mod look;
mod result;
mod watch;

use std::path::Path;

pub use built::{OnGitHub, not_built_on_github, on_github};
pub use change::{cancel, dispatch, enable_schedule, rerun};
pub use fetch::{Fetched, fetch_leg};
pub use find::{find_leg, find_run};
pub use look::{Pipeline, look};
pub use result::{BesideHere, RemoteResult, RunHere, beside, greener, newer};
pub use watch::{WatchEvent, watch};

use super::Error;
use super::blocking::blocking;
use crate::github::{Client, Settings};

/// A connection to GitHub about the repository of this checkout, with the token of the environment; nothing is asked yet.
///
/// # Errors
/// [`Error::GitHub`] naming the setting that is missing.
pub async fn connect(repo: &Path) -> Result<Client, Error> {
    let repo = repo.to_owned();
    let settings = move || Ok(Settings::from_env(&|name| std::env::var(name).ok(), &repo)?);
    Ok(Client::new(blocking("reading the settings for GitHub", settings).await?)?)
}

/// Whether this is a step of a run of GitHub Actions.
fn inside_actions() -> bool {
    std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true")
}
