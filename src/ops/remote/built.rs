//! Whether GitHub builds a line.

use std::path::Path;

use super::super::Error;
use super::connect;
use crate::github::RemoteRun;
use crate::pipeline::Key;

/// How many runs are looked at.
const RUNS: u8 = 20;

/// The run on GitHub that builds the line, now or later. Inside such a run, and where there is nothing to ask GitHub
/// with, nobody is asked and there is none.
///
/// # Errors
/// [`Error::GitHub`] when GitHub was asked and did not answer: not known. A build goes on then, as it did before there
/// was a GitHub to ask.
pub async fn built_on_github(repo: &Path, key: &Key) -> Result<Option<RemoteRun>, Error> {
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        return Ok(None);
    }
    let Ok(github) = connect(repo).await else { return Ok(None) };
    let board = github.board(RUNS).await?;
    Ok(board.builds(key).map(|seen| seen.run.clone()))
}
