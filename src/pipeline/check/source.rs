//! A file of the repository, and where in it something stands.

use std::path::{Path, PathBuf};

use super::Defect;

/// A text file with its path relative to the repository.
pub(super) struct Source {
    pub path: PathBuf,
    pub text: String,
}

impl Source {
    /// Reads `path`; a file that is not there or not text is a defect of its own.
    pub fn read(repo: &Path, path: &Path) -> Result<Self, Defect> {
        match std::fs::read_to_string(repo.join(path)) {
            Ok(text) => Ok(Self { path: path.to_owned(), text }),
            Err(error) => Err(Defect {
                file: path.to_owned(),
                line: None,
                what: format!("cannot be read: {error}"),
                remedy: "create it or correct the name where it is used".into(),
            }),
        }
    }

    /// A defect at a byte offset.
    pub fn at(&self, offset: usize, what: impl Into<String>, remedy: impl Into<String>) -> Defect {
        let line = self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1;
        Defect { file: self.path.clone(), line: Some(line), what: what.into(), remedy: remedy.into() }
    }

    /// A defect about the file as a whole.
    pub fn whole(&self, what: impl Into<String>, remedy: impl Into<String>) -> Defect {
        Defect { file: self.path.clone(), line: None, what: what.into(), remedy: remedy.into() }
    }
}
