//! Whether GitHub builds a line.

use std::path::Path;

use super::super::blocking::blocking;
use super::super::check::not_on_github;
use super::super::facts::{Facts, GitHubFacts, LineFacts, RemoteRunFacts};
use super::super::{Error, Refusal};
use super::{connect, inside_actions};
use crate::generation::Generations;
use crate::github;
use crate::pipeline::Key;
use crate::vcenter::gate::Mode;

/// How many runs are looked at: all of a page, since one at work may be older than many that are over.
const RUNS: u8 = 100;

/// What is known of runs on GitHub that build a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnGitHub {
    /// GitHub has no part in this repository, or this is such a run and cannot ask
    Absent,
    /// it was asked: none does
    Nobody,
    /// this run builds it, now or later
    Run(RemoteRunFacts),
    /// it may, and why that is not known
    Unknown(String),
}

/// Asks GitHub whether it builds a line. A run of GitHub Actions that asks is not meant itself.
pub async fn on_github(repo: &Path, key: &Key) -> OnGitHub {
    let get = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let inside = inside_actions();
    let github = match connect(repo).await {
        Ok(github) => github,
        // Its steps are not given a token unless they ask for one; claims tell what other machines do.
        Err(_) if inside => return OnGitHub::Absent,
        Err(error) => {
            return if has_part(repo).await { OnGitHub::Unknown(error.to_string()) } else { OnGitHub::Absent };
        }
    };
    let own: Option<u64> = get("GITHUB_RUN_ID").filter(|_| inside).and_then(|id| id.parse().ok());
    match github.board(RUNS).await {
        Ok(mut board) => {
            board.runs.retain(|seen| Some(seen.run.id) != own);
            board.builds(key).map_or(OnGitHub::Nobody, |seen| OnGitHub::Run(RemoteRunFacts::from(&seen.run)))
        }
        Err(_) if inside => OnGitHub::Absent,
        Err(error) => OnGitHub::Unknown(error.to_string()),
    }
}

/// Whether GitHub has a part in this repository. When that cannot be told, it may.
async fn has_part(repo: &Path) -> bool {
    let repo = repo.to_owned();
    let asked = blocking("reading the remotes", move || {
        Ok::<_, Error>(github::has_part(&|name| std::env::var(name).ok(), &repo))
    });
    asked.await.unwrap_or(true)
}

/// Refuses what must not meet a run on GitHub that builds the line.
///
/// # Errors
/// [`Refusal::BuiltOnGitHub`]
pub fn not_built_on_github(known: &OnGitHub, key: &Key) -> Result<(), Refusal> {
    let builds = match known {
        OnGitHub::Run(run) => Some(run.clone()),
        OnGitHub::Absent | OnGitHub::Nobody | OnGitHub::Unknown(_) => None,
    };
    let nothing = Generations::default();
    let line = LineFacts::at_rest(key, &nothing);
    let github = GitHubFacts { builds, ..GitHubFacts::default() };
    not_on_github(&Facts { line: Some(line), github, ..Facts::unasked(Mode::ReadWrite) })
}
