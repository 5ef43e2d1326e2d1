//! `ci/matrix.json`: the single source of truth, one entry per OS line.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entries;

/// Where the matrix is, below the repository's root.
pub const MATRIX_PATH: &str = "ci/matrix.json";

/// What `<base>` may be followed by in the name of an object this program touches.
pub const SUFFIXES: [&str; 5] = ["", "-build", "-prev", "-retired", "-swapping"];

/// The name of a line as operators type it (`debian-12`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(pub String);

impl Key {
    /// The key that this text is, when it can be one: as the matrix lets them through.
    pub fn plain(text: &str) -> Option<Self> {
        entries::check_plain_name(text).is_ok().then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Operating-system family of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Os {
    /// built over SSH
    Linux,
    /// built over WinRM
    Windows,
}

/// One entry of the matrix. Fields this program does not know are kept in [`Line::raw`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    /// unique; also artifact and job name
    pub key: Key,
    /// built by the weekly run
    pub enabled: bool,
    /// family
    pub os: Os,
    /// e.g. `Ubuntu Server`
    pub dist: String,
    /// e.g. `24.04`
    pub version: String,
    /// Windows only: `Datacenter`, `Standard`, `Enterprise`, `Professional`
    pub edition: Option<String>,
    /// Windows Server only: packer's `-only`
    pub only: Option<String>,
    /// folder of the packer template, relative to the repository
    pub build_dir: String,
    /// the line's own var-file, a file name in `ci/config/`
    pub config: String,
    /// name of the live template; unique
    pub base_name: String,
    /// absent = manual media
    pub iso_url: Option<String>,
    /// checksum file of the ISO
    pub sums_url: Option<String>,
    /// folder on the ISO datastore, no slash at either end
    pub iso_datastore_path: String,
    /// time limit of the CI job; see [`Line::timeout_minutes`]
    #[serde(rename = "timeout_minutes")]
    pub timeout: Option<u32>,
    /// the entry as it stands in the file, all fields in order
    #[serde(skip)]
    pub raw: serde_json::Value,
    /// the same as compact JSON, as [`super::plan`] prints it
    #[serde(skip)]
    pub compact: String,
}

impl Line {
    /// `<base>-build`: the fresh template or the VM being built.
    pub fn build_name(&self) -> String {
        format!("{}-build", self.base_name)
    }

    /// `<base>-prev`: the rollback generation.
    pub fn prev_name(&self) -> String {
        format!("{}-prev", self.base_name)
    }

    /// Minutes after which CI gives up; 150 where the matrix does not say.
    pub fn timeout_minutes(&self) -> u32 {
        self.timeout.unwrap_or(150)
    }
}

/// The whole file, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// root of the repository it was read from
    pub repo: PathBuf,
    /// its lines, in file order
    pub lines: Vec<Line>,
}

/// What is wrong with the matrix, in one line: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// not there or not readable
    #[error("cannot read {}: {source}; run in the pipeline's repository or pass --repo DIR", path.display())]
    Unreadable {
        /// the file
        path: PathBuf,
        /// why
        source: std::io::Error,
    },
    /// not what it should be
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Malformed {
        /// the file
        path: PathBuf,
        /// from 1
        line: usize,
        /// from 1, in characters
        column: usize,
        /// what, and what to do
        reason: String,
    },
    /// no such line
    #[error("no line {key:?} in {}; lines are: {known}", path.display())]
    UnknownKey {
        /// as asked for
        key: String,
        /// the file
        path: PathBuf,
        /// comma-separated keys
        known: String,
    },
    /// every line is disabled
    #[error("no line in {} is enabled; enable one, or name a line", path.display())]
    NothingEnabled {
        /// the file
        path: PathBuf,
    },
}

impl Matrix {
    /// Reads `<repo>/ci/matrix.json`.
    ///
    /// # Errors
    /// [`MatrixError::Unreadable`] or [`MatrixError::Malformed`] (also for an empty array, duplicate keys or base names,
    /// and names that are not plain: they become folders, files, arguments and names in vCenter).
    pub fn load(repo: &Path) -> Result<Self, MatrixError> {
        let path = repo.join(MATRIX_PATH);
        let text =
            std::fs::read_to_string(&path).map_err(|source| MatrixError::Unreadable { path: path.clone(), source })?;
        Self::parse(repo, &text)
    }

    /// Parses the text of a matrix as if it stood in `repo`.
    ///
    /// # Errors
    /// [`MatrixError::Malformed`]
    pub fn parse(repo: &Path, text: &str) -> Result<Self, MatrixError> {
        let lines = entries::read(text).map_err(|defect| {
            let (line, column) = defect.line_and_column(text);
            MatrixError::Malformed { path: repo.join(MATRIX_PATH), line, column, reason: defect.reason }
        })?;
        Ok(Self { repo: repo.to_owned(), lines })
    }

    /// The file it was read from.
    pub fn path(&self) -> PathBuf {
        self.repo.join(MATRIX_PATH)
    }

    /// The line with this key, enabled or not.
    ///
    /// # Errors
    /// [`MatrixError::UnknownKey`]
    pub fn line(&self, key: &str) -> Result<&Line, MatrixError> {
        self.lines.iter().find(|line| line.key.0 == key).ok_or_else(|| MatrixError::UnknownKey {
            key: key.into(),
            path: self.path(),
            known: self.lines.iter().map(|line| line.key.0.as_str()).collect::<Vec<_>>().join(", "),
        })
    }
}
