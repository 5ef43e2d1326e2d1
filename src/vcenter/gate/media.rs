//! The gate to install media: files directly in the folders that the lines name, and nothing else.

use reqwest::Body;

use super::answer::{BETWEEN_LOOKS, LOOKS, unanswered};
use super::{Entry, Gate, GateError};
use crate::vcenter::Error;
use crate::vcenter::datastore::FilePath;

/// How a file is written.
const PUT: &str = "PUT";

impl Gate {
    /// Lets files directly in these datastore folders be written, moved and deleted too.
    pub fn with_media(mut self, folders: impl IntoIterator<Item = FilePath>) -> Self {
        self.media.extend(folders.into_iter().map(|folder| folder.to_string()));
        self
    }

    /// Writes a file of `size` bytes from a stream into a media folder.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn upload(&self, verb: &str, file: &FilePath, size: u64, body: Body) -> Result<(), GateError> {
        let act = async || self.client.upload(file, size, body).await;
        self.file(verb, PUT, file, None, "upload", act).await
    }

    /// Puts on record that an upload under way was cut off by us.
    pub fn gave_up_upload(&self, verb: &str, file: &FilePath, why: &str) {
        let object = file.to_string();
        let entry = Entry { verb, call: PUT, object: &object, name: file.split().1, detail: None };
        if let Err(error) = self.audit.append(entry, &format!("unknown: {why}")) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    /// Renames a file within the media folders; refuses to replace one.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn move_file(&self, verb: &str, from: &FilePath, to: &FilePath) -> Result<(), GateError> {
        self.medium(to)?;
        let act = async || match self.client.move_file(from, to, &|_| {}).await {
            Err(error) if unanswered(&error) && self.moved(from, to).await => Ok(()),
            answer => answer,
        };
        self.file(verb, "MoveDatastoreFile_Task", from, Some(&to.to_string()), "move", act).await
    }

    /// Deletes a file of a media folder; one that is not there is no error.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn delete_file(&self, verb: &str, file: &FilePath) -> Result<(), GateError> {
        let act = async || self.client.delete_file(file).await;
        self.file(verb, "DeleteDatastoreFile_Task", file, None, "delete", act).await
    }

    /// Makes a media folder, with its parents.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn make_folder(&self, verb: &str, folder: &FilePath) -> Result<(), GateError> {
        self.writable("make folder")?;
        if !self.media.contains(&folder.to_string()) {
            return Err(GateError::ForeignName(folder.to_string()));
        }
        let object = folder.to_string();
        let entry = Entry { verb, call: "MakeDirectory", object: &object, name: &folder.path, detail: None };
        self.audited(entry, async || self.client.make_folder(folder).await).await
    }

    /// Whether a move whose answer was lost has happened all the same: looked at for a while.
    async fn moved(&self, from: &FilePath, to: &FilePath) -> bool {
        for _ in 0..LOOKS {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let there = async |file: &FilePath| {
                let (folder, name) = file.split();
                let files = self.client.files(&file.datastore, folder).await?;
                Ok::<_, Error>(files.iter().any(|file| file.name == name))
            };
            if let (Ok(false), Ok(true)) = (there(from).await, there(to).await) {
                return true;
            }
        }
        false
    }

    async fn file(
        &self,
        verb: &str,
        call: &str,
        file: &FilePath,
        detail: Option<&str>,
        what: &'static str,
        act: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), GateError> {
        self.writable(what)?;
        self.medium(file)?;
        let object = file.to_string();
        self.audited(Entry { verb, call, object: &object, name: file.split().1, detail }, act).await
    }

    fn medium(&self, file: &FilePath) -> Result<(), GateError> {
        let (folder, name) = file.split();
        let folder = FilePath { datastore: file.datastore.clone(), path: folder.to_owned() };
        let plain = !name.is_empty() && name != "." && name != "..";
        if plain && self.media.contains(&folder.to_string()) {
            return Ok(());
        }
        Err(GateError::ForeignName(file.to_string()))
    }
}
