//! How everything stands at GitHub.

use std::path::Path;

use serde::Serialize;

use super::super::Error;
use crate::github::{Board, Client, Health};

/// What GitHub says at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pipeline {
    /// runs with their legs
    #[serde(flatten)]
    pub board: Board,
    /// the weekly run
    pub health: Health,
}

/// Asks for the newest `most` runs, and how the schedule in the checkout at `repo` does.
///
/// # Errors
/// [`Error::GitHub`]
pub async fn look(repo: &Path, github: &Client, most: u8) -> Result<Pipeline, Error> {
    let board = github.board(most).await?;
    let health = github.health(&board, repo).await?;
    Ok(Pipeline { board, health })
}
