//! The gate to install media: files directly in the folders that the lines name, and nothing else.

use reqwest::Body;

use super::confirm::{CONFIRM_ATTEMPTS, CONFIRM_INTERVAL, outcome_unknown};
use super::{AuditEntry, Gate, GateError};
use crate::vcenter::Error;
use crate::vcenter::datastore::DatastorePath;

/// How a file is written.
const PUT: &str = "PUT";

impl Gate {
    /// Lets files directly in these datastore folders be written, moved and deleted too.
    pub fn with_media(mut self, folders: impl IntoIterator<Item = DatastorePath>) -> Self {
        self.media.extend(folders.into_iter().map(|folder| folder.to_string()));
        self
    }

    /// Writes a file of `size` bytes from a stream into a media folder.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn upload(&self, verb: &str, file: &DatastorePath, size: u64, body: Body) -> Result<(), GateError> {
        let act = async || self.client.upload(file, size, body).await;
        self.change_file(verb, PUT, file, None, "upload", act).await
    }

    /// Puts on record that an upload under way was cut off by us.
    pub fn record_abandoned_upload(&self, verb: &str, file: &DatastorePath, why: &str) {
        let object = file.to_string();
        let entry = AuditEntry { verb, call: PUT, object: &object, name: file.folder_and_name().1, detail: None };
        if let Err(error) = self.audit.append(entry, &format!("unknown: {why}")) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    /// Renames a file within the media folders; refuses to replace one.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn move_file(&self, verb: &str, from: &DatastorePath, to: &DatastorePath) -> Result<(), GateError> {
        self.check_media_path(to)?;
        let act = async || match self.client.move_file(from, to, &|_| {}).await {
            Err(error) if outcome_unknown(&error) && self.move_happened(from, to).await => Ok(()),
            answer => answer,
        };
        self.change_file(verb, "MoveDatastoreFile_Task", from, Some(&to.to_string()), "move", act).await
    }

    /// Deletes a file of a media folder; one that is not there is no error.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn delete_file(&self, verb: &str, file: &DatastorePath) -> Result<(), GateError> {
        let act = async || self.client.delete_file(file).await;
        self.change_file(verb, "DeleteDatastoreFile_Task", file, None, "delete", act).await
    }

    /// Makes a media folder, with its parents.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn make_folder(&self, verb: &str, folder: &DatastorePath) -> Result<(), GateError> {
        self.check_mode("make folder")?;
        if !self.media.contains(&folder.to_string()) {
            return Err(GateError::ForeignName(folder.to_string()));
        }
        let object = folder.to_string();
        let entry = AuditEntry { verb, call: "MakeDirectory", object: &object, name: &folder.path, detail: None };
        self.audited(entry, async || self.client.make_folder(folder).await).await
    }

    /// Whether a move whose answer was lost has happened all the same: looked at for a while.
    async fn move_happened(&self, from: &DatastorePath, to: &DatastorePath) -> bool {
        for _ in 0..CONFIRM_ATTEMPTS {
            tokio::time::sleep(CONFIRM_INTERVAL).await;
            let there = async |file: &DatastorePath| {
                let (folder, name) = file.folder_and_name();
                let files = self.client.files(&file.datastore, folder).await?;
                Ok::<_, Error>(files.iter().any(|file| file.name == name))
            };
            if let (Ok(false), Ok(true)) = (there(from).await, there(to).await) {
                return true;
            }
        }
        false
    }

    async fn change_file(
        &self,
        verb: &str,
        call: &str,
        file: &DatastorePath,
        detail: Option<&str>,
        what: &'static str,
        act: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), GateError> {
        self.check_mode(what)?;
        self.check_media_path(file)?;
        let object = file.to_string();
        self.audited(AuditEntry { verb, call, object: &object, name: file.folder_and_name().1, detail }, act).await
    }

    fn check_media_path(&self, file: &DatastorePath) -> Result<(), GateError> {
        let (folder, name) = file.folder_and_name();
        let folder = DatastorePath { datastore: file.datastore.clone(), path: folder.to_owned() };
        let plain = !name.is_empty() && name != "." && name != "..";
        if plain && self.media.contains(&folder.to_string()) {
            return Ok(());
        }
        Err(GateError::ForeignName(file.to_string()))
    }
}
