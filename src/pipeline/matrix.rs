//! `ci/matrix.json`: the single source of truth, one entry per OS line.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layout::{Layout, LayoutError};
use super::template::is_template;
use super::{Builds, Invocation, Names, Smoke, builds, discover, entries, may_be, overlay};

/// Where the matrix is, below the repository's root.
pub const MATRIX_PATH: &str = "ci/matrix.json";

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
    /// how a clone is tried before a promotion; absent = not at all
    #[serde(default, deserialize_with = "super::smoke::read")]
    pub smoke: Option<Smoke>,
    /// the entry as it stands in the file, all fields in order
    #[serde(skip)]
    pub raw: serde_json::Value,
    /// the same as compact JSON, as [`super::plan`] prints it; empty where it was found in a template
    #[serde(skip)]
    pub compact: String,
    /// what its templates are called, where that is not as documented; see [`Line::names`]
    #[serde(skip)]
    pub names: Option<Names>,
    /// how packer is called, where that is not as documented; see [`Line::invocation`]
    #[serde(skip)]
    pub invocation: Option<Box<Invocation>>,
    /// what its template says is built in this checkout; see [`Line::build_name`]
    #[serde(skip)]
    pub builds: Builds,
}

impl Line {
    /// A line about which only its key is known.
    pub(super) fn empty(key: Key) -> Self {
        Self {
            base_name: key.0.clone(),
            key,
            enabled: true,
            os: Os::Linux,
            dist: String::new(),
            version: String::new(),
            edition: None,
            only: None,
            build_dir: String::new(),
            config: String::new(),
            iso_url: None,
            sums_url: None,
            iso_datastore_path: String::new(),
            timeout: None,
            smoke: None,
            raw: serde_json::Value::Null,
            compact: String::new(),
            names: None,
            invocation: None,
            builds: Builds::default(),
        }
    }

    /// What its templates in vCenter are called.
    pub fn names(&self) -> Names {
        self.names.clone().unwrap_or_else(|| Names::documented(&self.base_name))
    }

    /// How packer is called for it.
    pub fn invocation(&self) -> Invocation {
        self.invocation.as_deref().cloned().unwrap_or_else(|| Invocation::documented(self))
    }

    /// The fresh template or the VM being built: as documented `<base>-build`, but on a branch whose template says otherwise.
    pub fn build_name(&self) -> String {
        self.builds.name.clone().unwrap_or_else(|| self.promoted_name())
    }

    /// Whether its build may have this name: of a name that only a build knows in part any that fits is one.
    pub fn builds_as(&self, name: &str) -> bool {
        may_be(&self.build_name(), name)
    }

    /// The fresh template that a promotion makes live, as documented `<base>-build`.
    pub fn promoted_name(&self) -> String {
        self.names().build().to_owned()
    }

    /// `<base>-prev`: the rollback generation.
    pub fn prev_name(&self) -> String {
        match self.names() {
            Names::Generations { prev, .. } => prev,
            Names::InPlace { name } | Names::Library { name, .. } => format!("{name}-prev"),
        }
    }

    /// Its template: the folder, or the one file that packer is given.
    pub(crate) fn template_path(&self) -> PathBuf {
        let target = self.invocation().target;
        if is_template(&target) { target } else { self.build_dir.clone().into() }
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
    /// the file they stand in, relative to the repository; none where they were found in templates
    pub source: Option<PathBuf>,
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
    /// `tmpl.toml` is not what it should be
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// neither a matrix nor a template
    #[error("{}: no ci/matrix.json, and no template of type vsphere-iso or vsphere-clone; run in the pipeline's repository or pass --repo DIR", repo.display())]
    NoLines {
        /// where it was looked
        repo: PathBuf,
    },
    /// templates, and of packer's old form
    #[error("{}: a template of packer's old form; `packer hcl2_upgrade {}` writes it as HCL, which is read here", template.display(), template.display())]
    OldForm {
        /// the first of them, relative to the repository
        template: PathBuf,
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
    /// The lines of the repository at `repo`: those of its matrix (`ci/matrix.json`, or what `tmpl.toml` names), else one
    /// for each image that its templates build.
    ///
    /// # Errors
    /// [`MatrixError::Layout`]; [`MatrixError::NoLines`]; [`MatrixError::OldForm`]; [`MatrixError::Unreadable`] or [`MatrixError::Malformed`] (also for
    /// an empty array, duplicate keys or base names, and names that are not plain: they become folders, files, arguments
    /// and names in vCenter).
    pub fn load(repo: &Path) -> Result<Self, MatrixError> {
        let layout = Layout::load(repo)?;
        let Some(path) = layout.matrix_path(repo) else { return Self::discover(repo, &layout) };
        let text = match std::fs::read_to_string(repo.join(&path)) {
            Ok(text) => text,
            Err(source) => return Err(MatrixError::Unreadable { path: repo.join(path), source }),
        };
        let mut matrix = Self::parse_at(repo, path, &text)?;
        overlay::apply(&mut matrix, &layout)?;
        builds::fill(&mut matrix, &|name| std::env::var(name).ok());
        Ok(matrix)
    }

    /// The lines that the templates make.
    fn discover(repo: &Path, layout: &Layout) -> Result<Self, MatrixError> {
        let lines = discover::lines(repo, layout, &|name| std::env::var(name).ok());
        if lines.is_empty() {
            return Err(match discover::old_form(repo) {
                Some(template) => MatrixError::OldForm { template },
                None => MatrixError::NoLines { repo: repo.to_owned() },
            });
        }
        let mut matrix = Self { repo: repo.to_owned(), lines, source: None };
        overlay::apply(&mut matrix, layout)?;
        Ok(matrix)
    }

    /// Parses the text of a matrix as if it stood in `repo`.
    ///
    /// # Errors
    /// [`MatrixError::Malformed`]
    pub fn parse(repo: &Path, text: &str) -> Result<Self, MatrixError> {
        Self::parse_at(repo, MATRIX_PATH.into(), text)
    }

    fn parse_at(repo: &Path, path: PathBuf, text: &str) -> Result<Self, MatrixError> {
        let lines = entries::read(text).map_err(|defect| {
            let (line, column) = defect.line_and_column(text);
            MatrixError::Malformed { path: repo.join(&path), line, column, reason: defect.reason }
        })?;
        Ok(Self { repo: repo.to_owned(), lines, source: Some(path) })
    }

    /// The file it was read from; where the lines were found in templates, the repository.
    pub fn path(&self) -> PathBuf {
        self.source.as_ref().map_or_else(|| self.repo.clone(), |source| self.repo.join(source))
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
