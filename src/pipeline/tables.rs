//! The tables of `tmpl.toml`: for all lines, and for one.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::setting::{Origin, Setting};
use super::workflow::WorkflowTable;

/// What is different for one line, or all that is known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LineTable {
    /// folder or file of its template: the line need not be found, one template may build several
    pub template: Option<String>,
    /// whether `all` includes it
    pub enabled: Option<bool>,
    /// what `{base}` stands for in its names; without it, what the template computes
    pub base: Option<String>,
    /// how packer is called
    pub packer: PackerTable,
    /// what its templates in vCenter are called
    pub names: NamesTable,
    /// where vCenter is and who builds there
    pub vsphere: BTreeMap<Setting, Origin>,
    /// what its workflow is called
    pub workflow: WorkflowTable,
    /// variables of its install medium
    pub iso: IsoTable,
    /// further variables of the environment whose values are secrets
    pub secrets: Vec<String>,
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
    /// the content library that the build ends in: there is no template that could be renamed
    pub library: Option<String>,
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

impl IsoTable {
    /// The same, with what `beneath` says where it says nothing.
    pub fn over(self, beneath: &Self) -> Self {
        let or = |own: Option<String>, beneath: &Option<String>| own.or_else(|| beneath.clone());
        Self {
            file: or(self.file, &beneath.file),
            path: or(self.path, &beneath.path),
            datastore: or(self.datastore, &beneath.datastore),
        }
    }

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
