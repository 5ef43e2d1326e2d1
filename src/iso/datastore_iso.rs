//! What is on the datastore for a line: its ISO, and what uploads that were killed left beside it.

use std::path::Path;

use jiff::Timestamp;

use super::discover::file_name;
use crate::pipeline::{Line, varfiles};
use crate::vcenter::datastore::{DatastorePath, FileInfo};
use crate::vcenter::{Client, Error};

/// The ISO that a line's template mounts, and where it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredIso {
    /// where it must be
    pub file: DatastorePath,
    /// nobody downloads it: a person puts it there
    pub by_hand: bool,
}

/// Matrix and var-files name different ISOs. One line, with what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Drift(pub String);

impl RequiredIso {
    /// The ISO of `line`, provided that the matrix and the var-file the template reads say the same: an ISO staged under
    /// another name or in another folder would be missing when the build mounts it.
    ///
    /// # Errors
    /// [`Drift`], also when a file cannot be read.
    pub fn read(repo: &Path, line: &Line) -> Result<Self, Drift> {
        let path = Path::new(varfiles::CONFIG_DIR).join(&line.config);
        let text = read_file(repo, &path)?;
        let value = |name: &str| {
            varfiles::literal(&text, name).ok_or_else(|| Drift(format!("{}: {name} is not assigned", path.display())))
        };
        let (iso, folder) = (value("iso_file")?, value("iso_datastore_path")?);
        let differs = |name: &str, here: &str, there: &str| {
            Drift(format!("{}: {name} is {here:?}, ci/matrix.json has {there:?}; change both together", path.display()))
        };
        if folder != line.iso_datastore_path {
            return Err(differs("iso_datastore_path", &folder, &line.iso_datastore_path));
        }
        match line.iso_url.as_deref().map(file_name) {
            Some(name) if name != iso => return Err(differs("iso_file", &iso, name)),
            _ => {}
        }
        if iso.is_empty() || iso.contains('/') {
            return Err(Drift(format!("{}: iso_file is {iso:?}, not a file name", path.display())));
        }
        let file = DatastorePath { datastore: datastore(repo)?, path: format!("{folder}/{iso}") };
        Ok(Self { file, by_hand: line.iso_url.is_none() })
    }
}

/// The datastore of all ISOs, as the templates have it.
///
/// # Errors
/// [`Drift`]
pub fn datastore(repo: &Path) -> Result<String, Drift> {
    let path = Path::new(varfiles::CONFIG_DIR).join("common.pkrvars.hcl");
    varfiles::literal(&read_file(repo, &path)?, "common_iso_datastore")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Drift(format!("{} does not assign common_iso_datastore", path.display())))
}

fn read_file(repo: &Path, path: &Path) -> Result<String, Drift> {
    std::fs::read_to_string(repo.join(path)).map_err(|error| Drift(format!("{}: {error}", path.display())))
}

/// The ISO of a line as it is on the datastore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatastoreIso {
    /// what must be there
    pub wanted: RequiredIso,
    /// size in bytes and last change of the ISO, if it is there
    pub there: Option<(u64, Option<Timestamp>)>,
    /// bytes of an upload under way, or of one that was killed
    pub partial: Option<u64>,
}

impl DatastoreIso {
    /// Lists the folder of the ISO.
    ///
    /// # Errors
    /// Any of [`Error`]: no answer is never taken for "absent".
    pub async fn read(client: &Client, wanted: RequiredIso) -> Result<Self, Error> {
        let (folder, name) = wanted.file.folder_and_name();
        let files = client.files(&wanted.file.datastore, folder).await?;
        let find = |name: &str| files.iter().find(|file| file.name == name);
        let there = find(name).map(|file| (file.size, file.modified));
        let partial = find(&partial_name(name)).map(|file| file.size);
        Ok(Self { there, partial, wanted })
    }
}

/// The hidden name a file has until its checksum is known to be right.
pub(super) fn partial_name(name: &str) -> String {
    format!(".{name}.partial")
}

/// Left-overs of uploads in a folder, whatever release they were of.
pub(super) fn partials(files: &[FileInfo]) -> Vec<FileInfo> {
    files.iter().filter(|file| file.name.starts_with('.') && file.name.ends_with(".iso.partial")).cloned().collect()
}
