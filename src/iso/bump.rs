//! A newer release, written into matrix and var-file together, every other byte left alone.
//!
//! The var-file is replaced first and the matrix second. Killed between the two, the matrix still names the old
//! release, so the next run finds the bump again, finds the var-file done, and finishes. One process at a time writes.

use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::structure::Body;

use super::Release;
use super::discover::file_name;
use crate::fs::{Access, FileLock, WholeFile};
use crate::pipeline::matrix::MATRIX_PATH;
use crate::pipeline::positions::Positions;
use crate::pipeline::varfiles::CONFIG_DIR;
use crate::pipeline::{Layout, Line};

/// Why a bump was not written. Nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum BumpError {
    /// the file system
    #[error("{path}: {source}")]
    File {
        /// the file
        path: PathBuf,
        /// why
        source: std::io::Error,
    },
    /// the file does not say what it must
    #[error("{path}: {reason}")]
    Content {
        /// the file, relative to the repository
        path: PathBuf,
        /// what was expected and found
        reason: String,
    },
    /// another process is writing
    #[error("another bump of this repository is being written; try again after it")]
    Locked,
    /// it is not what the bump was made from
    #[error("{0} changed meanwhile; look again")]
    Stale(PathBuf),
}

/// Prefix of files that are being written; a killed process leaves them behind.
const TEMP_PREFIX: &str = ".tmpl-tui-bump-";

/// One file before and after, ready to be written or shown as a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// relative to the repository
    pub path: PathBuf,
    /// as it is
    pub before: String,
    /// as it will be
    pub after: String,
}

/// The two files of one line's bump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bump {
    /// ISO before
    pub from: String,
    /// ISO after
    pub to: String,
    /// the line's var-file
    pub config: FileChange,
    /// the matrix
    pub matrix: FileChange,
}

impl Bump {
    /// Reads both files of `line` and works out the change to `release`; writes nothing.
    ///
    /// # Errors
    /// [`BumpError`]: both `iso_file` and `iso_content_library_item` must be assigned once, to the current or already
    /// to the new ISO.
    pub fn prepare(repo: &Path, line: &Line, release: &Release) -> Result<Self, BumpError> {
        let from = file_name(line.iso_url.as_deref().unwrap_or_default()).to_owned();
        let to = release.file().to_owned();
        let config = config(repo, line, &from, &to)?;
        let matrix = matrix(repo, line, release)?;
        Ok(Self { from, to, config, matrix })
    }

    /// The lines that change, as a person reads them: per file its path, then what goes (`-`) and what comes (`+`).
    pub fn diff(&self) -> Vec<String> {
        let mut text = Vec::new();
        for change in [&self.config, &self.matrix] {
            text.push(change.path.display().to_string());
            // An edit replaces values within their lines.
            let pairs = change.before.lines().zip(change.after.lines()).filter(|(before, after)| before != after);
            for (before, after) in pairs {
                text.push(format!("- {}", before.trim()));
                text.push(format!("+ {}", after.trim()));
            }
        }
        text
    }
}

/// Writes bumps into a repository, of which it holds the lock: one process at a time.
#[derive(Debug)]
pub struct BumpWriter {
    repo: PathBuf,
    _lock: FileLock,
}

impl BumpWriter {
    /// Takes the lock, and removes what a killed process left half-written.
    ///
    /// # Errors
    /// [`BumpError::Locked`] when another process has it.
    pub fn open(repo: &Path) -> Result<Self, BumpError> {
        let wrong = |path: &str| {
            let path = PathBuf::from(path);
            move |source| BumpError::File { path, source }
        };
        let lock = FileLock::of_folder(&repo.join("ci")).map_err(wrong("ci"))?.ok_or(BumpError::Locked)?;
        for folder in ["ci", CONFIG_DIR] {
            for entry in fs::read_dir(repo.join(folder)).map_err(wrong(folder))? {
                let entry = entry.map_err(wrong(folder))?;
                if entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX) {
                    fs::remove_file(entry.path()).map_err(wrong(folder))?;
                }
            }
        }
        Ok(Self { repo: repo.to_owned(), _lock: lock })
    }

    /// Writes the var-file, then the matrix, each whole or not at all. Should the matrix fail, the var-file is put back.
    ///
    /// # Errors
    /// [`BumpError::Stale`] when a file is no longer what the bump was made from; [`BumpError::File`]
    pub fn write(&self, bump: &Bump) -> Result<(), BumpError> {
        for change in [&bump.config, &bump.matrix] {
            if read(&self.repo, &change.path)? != change.before {
                return Err(BumpError::Stale(change.path.clone()));
            }
        }
        self.replace(&bump.config.path, &bump.config.after)?;
        self.replace(&bump.matrix.path, &bump.matrix.after).inspect_err(|_| {
            if let Err(error) = self.replace(&bump.config.path, &bump.config.before) {
                tracing::error!(%error, "the var-file could not be put back");
            }
        })
    }

    fn replace(&self, path: &Path, text: &str) -> Result<(), BumpError> {
        let target = self.repo.join(path);
        let written =
            WholeFile::new(&target, Access::Shared).prefix(TEMP_PREFIX).write(|out| out.write_all(text.as_bytes()));
        written.map_err(|source| BumpError::File { path: path.into(), source })
    }
}

fn read(repo: &Path, path: &Path) -> Result<String, BumpError> {
    fs::read_to_string(repo.join(path)).map_err(|source| BumpError::File { path: path.into(), source })
}

fn config(repo: &Path, line: &Line, from: &str, to: &str) -> Result<FileChange, BumpError> {
    let path = Path::new(CONFIG_DIR).join(&line.config);
    let before = read(repo, &path)?;
    let wrong = |reason: String| BumpError::Content { path: path.clone(), reason };
    let body: Body = before.parse().map_err(|error: hcl_edit::parser::Error| {
        wrong(format!("line {}: {}", error.location().line(), error.message()))
    })?;
    let stem = |file: &str| file.strip_suffix(".iso").unwrap_or(file).to_owned();
    // What is wrong with it is said where the lines are read.
    let iso = Layout::load(repo).unwrap_or_default().iso_of(&line.key);
    let mut edits = Vec::new();
    for (name, old, new) in
        [(iso.file(), from.to_owned(), to.to_owned()), ("iso_content_library_item", stem(from), stem(to))]
    {
        let attribute = body.get_attribute(name).ok_or_else(|| wrong(format!("{name} is not assigned")))?;
        let value = attribute.value.as_str().ok_or_else(|| wrong(format!("{name} is no literal string")))?;
        if value != old && value != new {
            return Err(wrong(format!("{name} is {value:?}, not the current {old:?}; correct it by hand")));
        }
        let range = attribute.value.span().ok_or_else(|| wrong(format!("cannot tell where {name} stands")))?;
        edits.push((range, serde_json::Value::from(new).to_string()));
    }
    let after = edited(&before, edits);
    Ok(FileChange { path, before, after })
}

fn matrix(repo: &Path, line: &Line, release: &Release) -> Result<FileChange, BumpError> {
    let path = PathBuf::from(MATRIX_PATH);
    let before = read(repo, &path)?;
    let positions = Positions::parse(&before);
    let edits = [("iso_url", &release.iso_url), ("sums_url", &release.sums_url)].map(|(name, url)| {
        let range = positions.value(&line.key.0, name);
        range.map(|range| (range, serde_json::Value::from(url.as_str()).to_string()))
    });
    let [Some(iso), Some(sums)] = edits else {
        return Err(BumpError::Content { path, reason: format!("{} has no iso_url and sums_url", line.key) });
    };
    let after = edited(&before, vec![iso, sums]);
    Ok(FileChange { path, before, after })
}

fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, new) in edits {
        text.replace_range(range, &new);
    }
    text
}
