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
    /// the names it is about, where they are many: `what` does not say them
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// what to do about it
    pub remedy: String,
}

impl Defect {
    /// One that names nothing by the dozen.
    pub fn new(
        file: impl Into<PathBuf>,
        line: Option<usize>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line, what: what.into(), names: Vec::new(), remedy: remedy.into() }
    }
}

/// Of the names of a defect so many are said in one line where there are many.
const NAMES: usize = 4;

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.what)?;
        match self.names.split_at_checked(NAMES).filter(|(_, more)| more.len() > 1) {
            Some((first, more)) => write!(f, ": {} and {} more (--json names them all)", first.join(", "), more.len())?,
            None if self.names.is_empty() => {}
            None => write!(f, ": {}", self.names.join(", "))?,
        }
        write!(f, "; {}", self.remedy)
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
                Err(Defect::new(shown, None, what, remedy))
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
        Defect::new(self.path.clone(), line, what, remedy)
    }

    /// A defect about the file as a whole.
    pub fn whole(&self, what: impl Into<String>, remedy: impl Into<String>) -> Defect {
        Defect::new(self.path.clone(), None, what, remedy)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_take_one_line() {
        let told = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            Defect { names, ..Defect::new("packer", Some(3), "nobody supplies what it needs", "export them") }
                .to_string()
        };
        assert_eq!(told(&[]), "packer:3: nobody supplies what it needs; export them");
        assert_eq!(told(&["a", "b"]), "packer:3: nobody supplies what it needs: a, b; export them");
        assert!(told(&["a", "b", "c", "d", "e"]).contains("needs: a, b, c, d, e; export"));
        assert!(
            told(&["a", "b", "c", "d", "e", "f"])
                .contains("needs: a, b, c, d and 2 more (--json names them all); export")
        );
    }
}
