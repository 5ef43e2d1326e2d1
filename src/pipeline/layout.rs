//! `tmpl.toml`: how a repository is laid out, where it is not laid out as documented. Everything in it is optional, and so
//! is the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::matrix::{Key, MATRIX_PATH};
pub use super::setting::{CommandOrigin, EnvironmentOrigin, Origin, Setting};
pub use super::tables::{IsoTable, LineTable, NamesTable, OnErrorWord, PackerTable};
pub use super::workflow::{BUILD_WORKFLOW, WorkflowTable, Workflows};

/// Where it is, below the repository's root.
pub const LAYOUT_PATH: &str = "tmpl.toml";

/// What is wrong with it, in one line: file, line, key, what to do.
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// there, and not readable
    #[error("cannot read {}: {source}; make it readable or remove it", path.display())]
    Unreadable {
        /// the file
        path: PathBuf,
        /// why
        source: std::io::Error,
    },
    /// not what it should be
    #[error("{}:{line}: {reason}", path.display())]
    Malformed {
        /// the file
        path: PathBuf,
        /// from 1
        line: usize,
        /// the key, what about it, and what to do
        reason: String,
    },
}

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Layout {
    /// the matrix, relative to the repository; `none`: lines are found in the templates
    pub matrix: Option<String>,
    /// folders of templates; `*` stands for any part of a name. Without it all are looked through
    pub templates: Vec<String>,
    /// environment variables whose values are secrets, whatever their names
    pub secrets: Vec<String>,
    /// how packer is called
    pub packer: PackerTable,
    /// what the templates in vCenter are called
    pub names: NamesTable,
    /// where vCenter is and who builds there
    pub vsphere: BTreeMap<Setting, Origin>,
    /// what the repository's workflows are called
    pub workflow: WorkflowTable,
    /// variables of the install media
    pub iso: IsoTable,
    /// what is different for a line
    pub line: BTreeMap<String, LineTable>,
}

impl Layout {
    /// Reads `<repo>/tmpl.toml`; without one everything is as documented.
    ///
    /// # Errors
    /// [`LayoutError`]
    pub fn load(repo: &Path) -> Result<Self, LayoutError> {
        let path = repo.join(LAYOUT_PATH);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(LayoutError::Unreadable { path, source }),
        }
    }

    /// Where the matrix is, relative to the repository; none where lines are found in the templates.
    pub fn matrix_path(&self, repo: &Path) -> Option<PathBuf> {
        match self.matrix.as_deref() {
            Some("none") => None,
            Some(path) => Some(path.into()),
            None => repo.join(MATRIX_PATH).exists().then(|| MATRIX_PATH.into()),
        }
    }

    /// The variables of a line's install medium.
    pub fn iso_of(&self, key: &Key) -> IsoTable {
        self.line.get(&key.0).map_or_else(|| self.iso.clone(), |own| own.iso.clone().over(&self.iso))
    }

    /// What the workflows of all lines are called.
    pub fn workflows(&self) -> Workflows {
        let own = self.line.iter().filter(|(_, line)| line.workflow != WorkflowTable::default());
        let own = own.map(|(key, line)| (Key(key.clone()), line.workflow.clone().over(&self.workflow)));
        Workflows::new(self.workflow.clone(), own.collect())
    }

    /// Variables of the environment whose values are secrets, of the repository and of every line.
    pub fn all_secrets(&self) -> impl Iterator<Item = &str> {
        self.secrets.iter().chain(self.line.values().flat_map(|line| &line.secrets)).map(String::as_str)
    }

    /// Where vCenter's password comes from: for all lines, and for single ones.
    pub fn password_origins(&self) -> impl Iterator<Item = &Origin> {
        let own = self.line.values().map(|line| &line.vsphere);
        std::iter::once(&self.vsphere).chain(own).filter_map(|vsphere| vsphere.get(&Setting::Password))
    }

    /// Parses its text as if it stood in `path`.
    ///
    /// # Errors
    /// [`LayoutError::Malformed`]
    pub fn parse(path: &Path, text: &str) -> Result<Self, LayoutError> {
        toml::from_str(text).map_err(|error| {
            let place = error.span().unwrap_or_default();
            let line = text.get(..place.start).unwrap_or(text).matches('\n').count() + 1;
            let reason = reason(text.get(place).unwrap_or_default(), error.message());
            LayoutError::Malformed { path: path.to_owned(), line, reason }
        })
    }
}

/// What is wrong in the words of whoever writes the file.
fn reason(place: &str, message: &str) -> String {
    let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let unknown = one_line.strip_prefix("unknown field `").or_else(|| one_line.strip_prefix("unknown variant `"));
    match unknown.and_then(|rest| rest.split_once('`')) {
        Some((key, rest)) => {
            let known = rest.replace(", expected one of ", "").replace(", expected ", "").replace('`', "");
            format!("unknown key {key:?}; keys here are: {known}")
        }
        None if place.is_empty() || place.contains('\n') => format!("{one_line}; correct it"),
        None => format!("{place}: {one_line}; correct it"),
    }
}
