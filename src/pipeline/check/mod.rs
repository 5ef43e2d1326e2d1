//! Static validation: what can be said about the repository without packer, vCenter or a network.
//!
//! Every defect names file, line and remedy. The checks are those whose absence cost the field a night: a var-file
//! that assigns what the template does not declare, an ISO named differently in matrix and var-file, a dispatch list
//! that forgot a line, a password in a file.

mod dispatch;
mod entries;
mod line;
mod matrix;
mod source;
mod template;
mod varfile;

use std::fmt;
use std::path::{Path, PathBuf};

pub use line::FROM_ENVIRONMENT;
use matrix::MatrixText;
use source::Source;
pub use template::{Template, Variable};

/// One defect: where it is, what it is, what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Defect {
    /// file, relative to the repository
    pub file: PathBuf,
    /// line in that file, from 1; absent when the file as a whole is meant
    pub line: Option<usize>,
    /// what is wrong
    pub what: String,
    /// what to do about it
    pub remedy: String,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}; {}", self.what, self.remedy)
    }
}

/// Checks the repository at `repo`: every line, or only the one called `only`. An empty result means sound.
///
/// What concerns the matrix as a whole (duplicates, dispatch lists) is checked in both cases.
pub fn check(repo: &Path, only: Option<&str>) -> Vec<Defect> {
    let mut defects = Vec::new();
    let matrix = match Source::read(repo, Path::new(super::matrix::MATRIX_PATH)) {
        Ok(source) => MatrixText::new(source),
        Err(defect) => return vec![defect],
    };
    let entries = match entries::read(repo, &matrix, &mut defects) {
        Some(entries) => entries,
        None => return defects,
    };
    dispatch::check(repo, &entries, &mut defects);
    for entry in entries.iter().filter(|entry| only.is_none_or(|key| entry.key.0 == key)) {
        line::check(repo, &matrix, entry, &mut defects);
    }
    defects.sort();
    // A shared var-file's defect is found once per line that uses it.
    defects.dedup();
    defects
}
