//! Static validation: what can be said about the repository without packer, vCenter or a network.
//!
//! Every defect names file, line and remedy. The checks are those whose absence cost the field a night: a var-file
//! that assigns what the template does not declare, an ISO named differently in matrix and var-file, a dispatch list
//! that forgot a line, a password in a file.

mod dispatch;
mod entries;
mod line;
mod matrix;
mod varfile;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use line::FROM_ENVIRONMENT;
use matrix::MatrixText;

pub use super::defect::Defect;
use super::defect::Source;
use super::layout::{LAYOUT_PATH, Layout, LayoutError};
use super::template::{self, Template};
use super::{Key, Line, Matrix, MatrixError, varfiles};

/// What was found, and what was looked at.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// what packer has no opinion on: the matrix, choice lists, what must agree, secrets in files
    pub ours: Vec<Defect>,
    /// what packer is the judge of, where it can be asked: by the line's key
    pub packers: BTreeMap<Key, Vec<Defect>>,
    /// what is no defect where nobody has agreed that it is one: secrets in var-files of a repository without a matrix
    pub notes: Vec<Defect>,
    /// in words, for when all is well
    pub checked: Vec<String>,
}

impl Findings {
    /// All of them, as if there were no packer.
    pub fn all(&self) -> Vec<Defect> {
        let mut defects: Vec<Defect> = self.ours.iter().chain(self.packers.values().flatten()).cloned().collect();
        defects.sort();
        // A shared var-file's defect is found once per line that uses it.
        defects.dedup();
        defects
    }
}

/// Checks the repository at `repo`: every line, or only the one called `only`. An empty result means sound.
///
/// What concerns the matrix as a whole (duplicates, dispatch lists) is checked in both cases.
pub fn check(repo: &Path, only: Option<&str>) -> Vec<Defect> {
    inspect(repo, only).all()
}

/// The same, apart by who has the last word on it.
pub fn inspect(repo: &Path, only: Option<&str>) -> Findings {
    let mut findings = Findings::default();
    let layout = match Layout::load(repo) {
        Ok(layout) => layout,
        Err(error) => return findings.with(layout_defect(&error)),
    };
    let Some(path) = layout.matrix_path(repo) else { return findings.templates(repo, only) };
    let matrix = match Source::read(repo, &path) {
        Ok(source) => MatrixText::new(source),
        Err(defect) => return findings.with(defect),
    };
    let Some(entries) = entries::read(repo, &matrix, &mut findings.ours) else { return findings };
    findings.checked.push(format!("{} lines in {}", entries.len(), path.display()));
    dispatch::check(repo, &layout, &entries, &mut findings);
    // With what `tmpl.toml` says about them, where both can be read.
    let resolved = Matrix::load(repo).map(|matrix| matrix.lines).unwrap_or(entries);
    for entry in resolved.iter().filter(|entry| only.is_none_or(|key| entry.key.0 == key)) {
        line::check(repo, &layout, Some(&matrix), entry, &mut findings);
    }
    findings.count_files(repo, &resolved)
}

impl Findings {
    fn with(mut self, defect: Defect) -> Self {
        self.ours.push(defect);
        self
    }

    /// Lines that were found in templates.
    fn templates(mut self, repo: &Path, only: Option<&str>) -> Self {
        let (matrix, layout) = match (Matrix::load(repo), Layout::load(repo)) {
            (Ok(matrix), Ok(layout)) => (matrix, layout),
            (Err(MatrixError::Layout(error)), _) | (_, Err(error)) => return self.with(layout_defect(&error)),
            (Err(error), _) => {
                let remedy = "run in the pipeline's repository or pass --repo DIR";
                // These errors say where it was looked and what to do; so does the defect.
                let what = match error {
                    MatrixError::NoLines { .. } => {
                        "no ci/matrix.json, and no template of type vsphere-iso or vsphere-clone".into()
                    }
                    MatrixError::Unreadable { path, source } => {
                        format!("no lines: cannot read {}: {source}", path.display())
                    }
                    other => format!("no lines: {other}"),
                };
                return self.with(Defect::new(".", None, what, remedy));
            }
        };
        self.checked.push(format!("{} lines found in the templates", matrix.lines.len()));
        for line in matrix.lines.iter().filter(|line| only.is_none_or(|key| line.key.0 == key)) {
            line::check(repo, &layout, None, line, &mut self);
        }
        self.count_files(repo, &matrix.lines)
    }

    fn count_files(mut self, repo: &Path, lines: &[Line]) -> Self {
        let folders: BTreeSet<&str> = lines.iter().map(|line| line.build_dir.as_str()).collect();
        let named = lines.iter().flat_map(varfiles::order);
        let automatic = folders.iter().flat_map(|folder| varfiles::automatic(repo, Path::new(folder)));
        let files: BTreeSet<PathBuf> = named.chain(automatic).collect();
        self.checked.push(format!("{} folders of templates", folders.len()));
        self.checked.push(format!("{} var-files", files.len()));
        self
    }
}

fn layout_defect(error: &LayoutError) -> Defect {
    let (line, what) = match error {
        LayoutError::Unreadable { source, .. } => (None, format!("cannot be read: {source}")),
        LayoutError::Malformed { line, reason, .. } => (Some(*line), reason.clone()),
    };
    Defect::new(LAYOUT_PATH, line, what, "docs/tmpl-toml.md explains every key")
}
