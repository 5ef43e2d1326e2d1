//! Whether GitHub builds a line.

use std::path::Path;

use super::super::check::not_on_github;
use super::super::facts::{Facts, GitHubFacts, LineFacts, RemoteRunFacts};
use super::super::{Error, Refusal};
use super::connect;
use crate::generation::Generations;
use crate::github::RemoteRun;
use crate::pipeline::Key;
use crate::vcenter::gate::Mode;

/// How many runs are looked at.
const RUNS: u8 = 20;

/// The run on GitHub that builds the line, now or later. Inside such a run, and where there is nothing to ask GitHub
/// with, nobody is asked and there is none.
///
/// # Errors
/// [`Error::GitHub`] when GitHub was asked and did not answer: not known. A build goes on then, as it did before there
/// was a GitHub to ask.
async fn built_on_github(repo: &Path, key: &Key) -> Result<Option<RemoteRun>, Error> {
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        return Ok(None);
    }
    let Ok(github) = connect(repo).await else { return Ok(None) };
    let board = github.board(RUNS).await?;
    Ok(board.builds(key).map(|seen| seen.run.clone()))
}

/// Refuses what must not meet a run on GitHub that builds the line. Where GitHub was asked and did not answer, `unknown`
/// hears why, and nothing is refused.
///
/// # Errors
/// [`Refusal::BuiltOnGitHub`]
pub async fn not_built_on_github(repo: &Path, key: &Key, unknown: impl FnOnce(&Error)) -> Result<(), Refusal> {
    let builds = match built_on_github(repo, key).await {
        Ok(run) => run.as_ref().map(RemoteRunFacts::from),
        Err(error) => {
            unknown(&error);
            None
        }
    };
    let nothing = Generations::default();
    let line = LineFacts { key, under_way: None, run: None, generations: &nothing };
    let github = GitHubFacts { builds, ..GitHubFacts::default() };
    not_on_github(&Facts { line: Some(line), github, ..Facts::unasked(Mode::ReadWrite) })
}
