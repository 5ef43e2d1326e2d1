//! What is on the datastore for a line: its ISO, and what uploads that were killed left beside it.

use std::path::Path;

use jiff::Timestamp;

use super::discover::file_name;
use crate::pipeline::{Line, Medium};
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
        let medium = Medium::read(repo, line).map_err(Drift)?;
        let shown = medium.source.display();
        let matrix = "ci/matrix.json";
        let differs = |name: &str, here: &str, there: &str| {
            Drift(format!("{shown}: {name} is {here:?}, {matrix} has {there:?}; change both together"))
        };
        // Of a line that was found in its template nothing is said twice.
        let said_twice = !line.config.is_empty();
        if said_twice && medium.folder != line.iso_datastore_path {
            return Err(differs(&medium.names.1, &medium.folder, &line.iso_datastore_path));
        }
        match line.iso_url.as_deref().map(file_name) {
            Some(name) if name != medium.file => return Err(differs(&medium.names.0, &medium.file, name)),
            _ => {}
        }
        if medium.file.is_empty() || medium.file.contains('/') {
            return Err(Drift(format!("{shown}: {} is {:?}, not a file name", medium.names.0, medium.file)));
        }
        let path = [medium.folder.as_str(), medium.file.as_str()].into_iter().filter(|part| !part.is_empty());
        let path = path.collect::<Vec<_>>().join("/");
        Ok(Self { file: DatastorePath { datastore: medium.datastore, path }, by_hand: line.iso_url.is_none() })
    }
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
