//! `tmpl.toml`: how a repository is laid out, where it is not laid out as documented. Everything in it is optional, and so
//! is the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::matrix::{Key, MATRIX_PATH};
pub use super::setting::{CommandOrigin, EnvironmentOrigin, Origin, Setting};

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

/// What is different for one line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineTable {
    /// whether `all` includes it
    pub enabled: Option<bool>,
    /// what `{base}` stands for in its names; without it, what the template computes
    pub base: Option<String>,
    /// how packer is called
    pub packer: PackerTable,
    /// what its templates in vCenter are called
    pub names: NamesTable,
}

/// How packer is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PackerTable {
    /// where it runs: `.` is the repository, `{template}` the template's folder
    pub dir: Option<String>,
    /// what it is given to build: `{template}`, the folder, or `{file}`
    pub target: Option<String>,
    /// var-files in their order, relative to the repository. One that ends in `?` is given only to templates that declare
    /// something it assigns
    pub var_files: Option<Vec<String>>,
    /// sources, as `-only` wants them
    pub only: Option<Vec<String>>,
    /// further arguments of `packer build`
    pub args: Option<Vec<String>>,
    /// `-force`: a template of the name that is built is replaced
    pub force: Option<bool>,
    /// `-on-error` where the command line says nothing
    pub on_error: Option<OnErrorWord>,
}

/// What packer does with the VM of a build that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnErrorWord {
    /// destroy it
    Cleanup,
    /// leave it
    Abort,
    /// ask
    Ask,
}

/// What a line's templates in vCenter are called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NamesTable {
    /// the template that is cloned; `{base}` stands for the line's base name
    pub live: Option<String>,
    /// the rollback generation
    pub prev: Option<String>,
    /// what packer builds
    pub build: Option<String>,
    /// packer replaces the one template: nothing is promoted
    pub in_place: Option<bool>,
}

/// What the repository's workflows are called. `none` stands for one that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkflowTable {
    /// the workflow that builds: a file of `.github/workflows`
    pub build: Option<String>,
    /// the one that stages install media
    pub upload: Option<String>,
    /// name of the job of a line; `{key}` stands for its key
    pub job: Option<String>,
    /// name of the artifact with its log
    pub artifact: Option<String>,
    /// the log in that artifact
    pub log: Option<String>,
}

/// The variables that say which install medium a line takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IsoTable {
    /// its file name
    pub file: Option<String>,
    /// its folder on the datastore
    pub path: Option<String>,
    /// the datastore
    pub datastore: Option<String>,
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

impl IsoTable {
    /// The variable with the file name of the medium.
    pub fn file(&self) -> &str {
        self.file.as_deref().unwrap_or("iso_file")
    }

    /// The variable with its folder on the datastore.
    pub fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("iso_datastore_path")
    }

    /// The variable with the datastore.
    pub fn datastore(&self) -> &str {
        self.datastore.as_deref().unwrap_or("common_iso_datastore")
    }
}

/// The documented workflow that builds.
pub const BUILD_WORKFLOW: &str = "build-templates.yml";

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows";

impl WorkflowTable {
    /// The workflow that builds, a file name; none where there is none.
    pub fn build(&self) -> Option<&str> {
        Some(self.build.as_deref().unwrap_or(BUILD_WORKFLOW)).filter(|name| *name != "none")
    }

    /// The one that stages install media.
    pub fn upload(&self) -> Option<&str> {
        Some(self.upload.as_deref().unwrap_or("upload-isos.yml")).filter(|name| *name != "none")
    }

    /// The file of the workflow that builds, also where there is none of its own: GitHub then says that it is not there.
    pub fn build_file(&self) -> &str {
        self.build().unwrap_or(BUILD_WORKFLOW)
    }

    /// The line whose job has this name. Whoever may push names jobs as he likes.
    pub fn line_of_job(&self, name: &str) -> Option<Key> {
        let (before, after) = self.job.as_deref().unwrap_or("build ({key})").split_once("{key}")?;
        Key::plain(name.strip_prefix(before)?.strip_suffix(after)?)
    }

    /// Name of the artifact with the log of a line.
    pub fn artifact_of(&self, key: &Key) -> String {
        self.artifact.as_deref().unwrap_or("{key}-build-debug-log").replace("{key}", &key.0)
    }

    /// The log in that artifact.
    pub fn log(&self) -> &str {
        self.log.as_deref().unwrap_or("packer-build.log")
    }

    /// Those that are dispatched by line, relative to the repository.
    pub fn dispatched(&self) -> impl Iterator<Item = PathBuf> {
        [self.build(), self.upload()].into_iter().flatten().map(|name| Path::new(WORKFLOWS).join(name))
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
