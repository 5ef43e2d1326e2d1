//! Bumps in the repository's history: what was written and not committed, and one commit of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::Bump;
use super::discover::file_name;
use crate::child::{self, Bound, Kind};
use crate::pipeline::matrix::MATRIX_PATH;
use crate::pipeline::varfiles::CONFIG_DIR;
use crate::pipeline::{Key, Line, Matrix};
use crate::text::Scrubber;

/// Hooks and a passphrase take their time; the matrix is no small file.
const BOUND: Bound = Bound { time: Duration::from_secs(10 * 60), bytes: 16 << 20 };

/// Why bumps are not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// git is not there, or does not start
    #[error("cannot run git: {0}")]
    Git(child::Error),
    /// git's last words
    #[error("the bumps are written, but git could not commit them ({0}); the next run does")]
    NotCommitted(String),
}

/// A bump that is written, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bumped {
    /// the line
    pub key: Key,
    /// ISO before
    pub from: String,
    /// ISO after
    pub to: String,
    /// what changes, relative to the repository
    pub files: Vec<PathBuf>,
}

impl Bumped {
    /// Of `key`, by `bump`.
    pub fn new(key: &Key, bump: Bump) -> Self {
        let files = vec![bump.config.path, bump.matrix.path];
        Self { key: key.clone(), from: bump.from, to: bump.to, files }
    }

    /// A bump of `line` that an earlier run wrote and then could not commit: killed, or without a name to commit under.
    pub fn left_uncommitted(committed: &Matrix, line: &Line) -> Option<Self> {
        let before = committed.line(&line.key.0).ok()?;
        let (from, to) = (file_name(before.iso_url.as_deref()?), file_name(line.iso_url.as_deref()?));
        let files = vec![Path::new(CONFIG_DIR).join(&line.config), MATRIX_PATH.into()];
        (from != to).then(|| Self { key: line.key.clone(), from: from.to_owned(), to: to.to_owned(), files })
    }
}

/// The matrix as it was last committed; `None` where there is none yet.
///
/// # Errors
/// [`CommitError::Git`]
pub fn committed(repo: &Path) -> Result<Option<Matrix>, CommitError> {
    let mut git = git(repo);
    git.args(["show", &format!("HEAD:./{MATRIX_PATH}")]);
    let output = child::output_blocking(git, BOUND).map_err(CommitError::Git)?;
    if !output.status.success() {
        return Ok(None);
    }
    // One that cannot be read says nothing about bumps; the one at hand was read.
    Ok(Matrix::parse(repo, &String::from_utf8_lossy(&output.stdout)).ok())
}

/// One commit of exactly the files that were bumped.
///
/// # Errors
/// [`CommitError`]
pub fn commit(repo: &Path, bumps: &[Bumped]) -> Result<(), CommitError> {
    let mut message = "Bump install media\n".to_owned();
    for Bumped { key, from, to, .. } in bumps {
        message.push_str(&format!("\n{key}: {from} -> {to}"));
    }
    let files = bumps.iter().flat_map(|bumped| &bumped.files);
    let mut git = git(repo);
    git.args(["commit", "--quiet", "--message", &message, "--only", "--"]).args(files);
    let output = child::output_blocking(git, BOUND).map_err(CommitError::Git)?;
    if output.status.success() {
        return Ok(());
    }
    let words = [output.stdout, output.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    Err(CommitError::NotCommitted(Scrubber::shared().safe_line(last.trim()).into()))
}

fn git(repo: &Path) -> Command {
    let mut git = child::command(Kind::Git, "git");
    git.arg("-C").arg(repo);
    git
}
