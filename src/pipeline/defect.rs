//! What is wrong with a file of the repository, and where in it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

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

/// A text file with its path relative to the repository.
pub(super) struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// Reads `path`; a file that is not there or not text is a defect of its own.
    pub fn read(repo: &Path, path: &Path) -> Result<Self, Defect> {
        let shown = real(repo, path).unwrap_or_else(|| path.to_owned());
        match std::fs::read_to_string(repo.join(path)) {
            Ok(text) => Ok(Self { path: shown, text }),
            Err(error) => {
                let (what, remedy) = match error.kind() {
                    io::ErrorKind::InvalidData => ("is no text in UTF-8".to_owned(), "save it as UTF-8"),
                    _ => (format!("cannot be read: {error}"), "create it or correct the name where it is used"),
                };
                Err(Defect { file: shown, line: None, what, remedy: remedy.into() })
            }
        }
    }

    /// The line of a byte offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
    }

    /// A defect at a byte offset.
    pub fn at(&self, offset: usize, what: impl Into<String>, remedy: impl Into<String>) -> Defect {
        let line = Some(self.line(offset));
        Defect { file: self.path.clone(), line, what: what.into(), remedy: remedy.into() }
    }

    /// A defect about the file as a whole.
    pub fn whole(&self, what: impl Into<String>, remedy: impl Into<String>) -> Defect {
        Defect { file: self.path.clone(), line: None, what: what.into(), remedy: remedy.into() }
    }
}

/// The file that a symbolic link leads to, below the repository: that is where it is mended, and links to one file are one
/// file.
fn real(repo: &Path, path: &Path) -> Option<PathBuf> {
    let link = repo.join(path);
    if !link.symlink_metadata().ok()?.is_symlink() {
        return None;
    }
    let (real, repo) = (link.canonicalize().ok()?, repo.canonicalize().ok()?);
    real.strip_prefix(repo).ok().map(Path::to_owned)
}
