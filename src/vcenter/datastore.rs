//! Files on a datastore: list, download, upload, move, delete.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Body, Method, Response, header};

use super::privilege::FILE_MANAGEMENT;
use super::session::{CALL_TIMEOUT, Session};
use super::{Client, Error, Moid, TaskProgress, soap, task};

/// A file as vSphere writes it: `[datastore] folder/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatastorePath {
    /// the datastore's name
    pub datastore: String,
    /// path below it, no leading slash
    pub path: String,
}

impl DatastorePath {
    /// Reads `[datastore] folder/name`.
    pub fn parse(text: &str) -> Option<Self> {
        let (datastore, path) = text.strip_prefix('[')?.split_once(']')?;
        Some(Self { datastore: datastore.into(), path: path.trim_start().into() })
    }

    /// Folder and file name; an empty folder for a file at the root.
    pub fn folder_and_name(&self) -> (&str, &str) {
        self.path.rsplit_once('/').unwrap_or(("", &self.path))
    }
}

impl std::fmt::Display for DatastorePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] {}", self.datastore, self.path)
    }
}

/// One entry of a datastore folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// its name in the folder
    pub name: String,
    /// bytes
    pub size: u64,
    /// last change, where vCenter says
    pub modified: Option<Timestamp>,
}

impl Client {
    /// The datastore's managed object, by name.
    ///
    /// # Errors
    /// [`Error::NotFound`] and those of asking.
    pub async fn datastore(&self, name: &str) -> Result<Moid, Error> {
        let (datacenter, _) = self.datacenter().await?;
        let objects = format!(
            "<objectSet>{}<skip>true</skip><selectSet xsi:type=\"TraversalSpec\"><name>stores</name>\
             <type>Datacenter</type><path>datastore</path><skip>false</skip></selectSet></objectSet>",
            soap::reference("obj", "Datacenter", &datacenter.0)
        );
        let properties = "<propSet><type>Datastore</type><pathSet>name</pathSet></propSet>";
        let found = super::inventory::collect(self.session(), properties, &objects).await?;
        let wanted = found.iter().find(|object| {
            super::inventory::property(object, "name")
                .is_some_and(|value| super::inventory::unescape(&value.text) == name)
        });
        let moid = wanted.map(|object| Moid(object.at(&["obj"]).to_owned()));
        moid.ok_or_else(|| Error::NotFound(format!("datastore {name:?}")))
    }

    /// The files of one folder, hidden ones too; empty when the folder does not exist.
    ///
    /// # Errors
    /// Any of [`Error`]: a missing answer is never taken for an empty folder.
    pub async fn files(&self, datastore: &str, folder: &str) -> Result<Vec<FileInfo>, Error> {
        let store = self.datastore(datastore).await?;
        let browser = self.browser(&store).await?;
        let path = DatastorePath { datastore: datastore.into(), path: folder.into() };
        let arguments = format!(
            "{}<searchSpec><details><fileType>false</fileType><fileSize>true</fileSize><modification>true</modification>\
             <fileOwner>false</fileOwner></details>\
             <matchPattern>*</matchPattern><sortFoldersFirst>false</sortFoldersFirst></searchSpec>",
            soap::text("datastorePath", &path.to_string())
        );
        let target = ("HostDatastoreBrowser", browser.0.as_str());
        let result = task::run_with_result(self.session(), "SearchDatastore_Task", target, &arguments, &|_| {}).await;
        let result = match result {
            Err(Error::Fault { fault, .. }) if fault == "FileNotFound" => return Ok(Vec::new()),
            other => other?,
        };
        let file = |file: &soap::Element| FileInfo {
            name: file.at(&["path"]).to_owned(),
            size: file.at(&["fileSize"]).parse().unwrap_or_default(),
            modified: file.at(&["modification"]).parse().ok(),
        };
        Ok(result.all("file").map(file).collect())
    }

    /// Starts downloading a file.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn download(&self, file: &DatastorePath) -> Result<Response, Error> {
        let (_, datacenter) = self.datacenter().await?;
        download(self.session(), &datacenter, file).await
    }

    /// `PUT /folder/…`: writes a file of `size` bytes from a stream, replacing one of that name.
    pub(super) async fn upload(&self, file: &DatastorePath, size: u64, body: Body) -> Result<(), Error> {
        let (_, datacenter) = self.datacenter().await?;
        let url = file_url(self.session(), &datacenter, file);
        let (request, _) = self.session().request(Method::PUT, &url).await?;
        let request = request
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, size)
            .body(body);
        let response =
            request.send().await.map_err(|error| self.session().transport_error("upload", CALL_TIMEOUT, error))?;
        check_status(self.session(), "upload", file, response).map(drop)
    }

    /// `MoveDatastoreFile_Task` within the datacenter; refuses to replace.
    pub(super) async fn move_file(
        &self,
        from: &DatastorePath,
        to: &DatastorePath,
        progress: &(dyn Fn(TaskProgress) + Sync),
    ) -> Result<(), Error> {
        let (datacenter, _) = self.datacenter().await?;
        let manager = file_manager(self.session()).await?;
        let arguments = format!(
            "{}{}{}{}<force>false</force>",
            soap::text("sourceName", &from.to_string()),
            soap::reference("sourceDatacenter", "Datacenter", &datacenter.0),
            soap::text("destinationName", &to.to_string()),
            soap::reference("destinationDatacenter", "Datacenter", &datacenter.0),
        );
        let target = ("FileManager", manager.as_str());
        task::run(self.session(), "MoveDatastoreFile_Task", target, &arguments, progress).await.map(drop)
    }

    /// `DeleteDatastoreFile_Task`; a file that is not there is no error.
    pub(super) async fn delete_file(&self, file: &DatastorePath) -> Result<(), Error> {
        let (datacenter, _) = self.datacenter().await?;
        delete(self.session(), &datacenter, file).await
    }

    /// `MakeDirectory` with its parents; one that is there is no error.
    pub(super) async fn make_folder(&self, folder: &DatastorePath) -> Result<(), Error> {
        let (datacenter, _) = self.datacenter().await?;
        let manager = file_manager(self.session()).await?;
        let arguments = format!(
            "{}{}<createParentDirectories>true</createParentDirectories>",
            soap::text("name", &folder.to_string()),
            soap::reference("datacenter", "Datacenter", &datacenter.0),
        );
        match self.session().call("MakeDirectory", "FileManager", &manager, &arguments, CALL_TIMEOUT).await {
            Err(Error::Fault { fault, .. }) if fault == "FileAlreadyExists" => Ok(()),
            other => other.map(drop),
        }
    }

    async fn browser(&self, store: &Moid) -> Result<Moid, Error> {
        let properties = "<propSet><type>Datastore</type><pathSet>browser</pathSet></propSet>";
        let objects = super::inventory::single_object("Datastore", &store.0);
        let found = super::inventory::collect(self.session(), properties, &objects).await?;
        let browser = found.first().and_then(|object| super::inventory::property(object, "browser"));
        browser
            .map(|value| Moid(value.text.clone()))
            .ok_or_else(|| Error::NotFound(format!("browser of datastore {store}")))
    }
}

/// Timeout of a whole download: only pictures are downloaded this way, never media.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// Starts downloading a file as any account.
pub(super) async fn download(session: &Session, datacenter: &str, file: &DatastorePath) -> Result<Response, Error> {
    let (request, _) = session.request(Method::GET, &file_url(session, datacenter, file)).await?;
    let sent = request.timeout(DOWNLOAD_TIMEOUT).send().await;
    let response = sent.map_err(|error| session.transport_error("download", DOWNLOAD_TIMEOUT, error))?;
    check_status(session, "download", file, response)
}

/// Deletes a file, as any account; one that is not there is no error.
pub(super) async fn delete(session: &Session, datacenter: &Moid, file: &DatastorePath) -> Result<(), Error> {
    let manager = file_manager(session).await?;
    let name = soap::text("name", &file.to_string());
    let arguments = format!("{name}{}", soap::reference("datacenter", "Datacenter", &datacenter.0));
    match task::run(session, "DeleteDatastoreFile_Task", ("FileManager", &manager), &arguments, &|_| {}).await {
        Err(Error::Fault { fault, .. }) if fault == "FileNotFound" => Ok(()),
        other => other.map(drop),
    }
}

async fn file_manager(session: &Session) -> Result<String, Error> {
    session.content().await?.files.clone().ok_or_else(|| Error::NotFound("FileManager".into()))
}

/// `/folder/<path>?dcPath=…&dsName=…`
fn file_url(session: &Session, datacenter: &str, file: &DatastorePath) -> url::Url {
    let mut url = session.endpoint("/folder");
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.extend(file.path.split('/'));
    }
    url.query_pairs_mut().append_pair("dcPath", datacenter).append_pair("dsName", &file.datastore);
    url
}

fn check_status(
    session: &Session,
    call: &'static str,
    file: &DatastorePath,
    response: Response,
) -> Result<Response, Error> {
    match response.status().as_u16() {
        200..=299 => Ok(response),
        404 => Err(Error::NotFound(file.to_string())),
        401 | 403 => Err(Error::Permission {
            account: session.account().into(),
            privilege: FILE_MANAGEMENT.into(),
            object: file.to_string(),
        }),
        status => Err(Error::Fault { call, fault: format!("HTTP {status}"), message: file.to_string() }),
    }
}
