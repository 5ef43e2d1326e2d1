//! The reading side of vCenter: login, inventory, push watch, pictures, privileges.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::Stream;
use jiff::Timestamp;

use super::{Error, Moid, Settings, Vm};

/// `AboutInfo` of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// e.g. `VMware vCenter Server 8.0.2 build-22617221`
    pub full_name: String,
    /// e.g. `8.0.2`
    pub version: String,
    /// `VirtualCenter` or `HostAgent`
    pub api_type: String,
}

/// How the link to vCenter stands; the header shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// first login under way
    Connecting,
    /// data is current
    Live,
    /// lost; next try at `retry_at`
    Lost {
        /// one line
        reason: String,
        /// when the next attempt starts
        retry_at: Timestamp,
    },
    /// given up until a person acts (password refused, certificate not trusted)
    Stopped {
        /// one line
        reason: String,
    },
}

/// What the watch reports. After every (re)connect one `Reset` comes first.
#[derive(Debug, Clone, PartialEq)]
pub enum FolderEvent {
    /// link came up, went down or was given up
    Link(LinkState),
    /// the whole folder as it is now
    Reset(Vec<Vm>),
    /// one VM appeared or changed
    Changed(Box<Vm>),
    /// one VM left the folder or was destroyed
    Gone(Moid),
    /// nothing changed, but vCenter answered: the data is still current
    Fresh,
}

/// The push watch: never ends by itself, reconnects with back-off, reports its link state. Dropping it stops it.
pub type Watch = Pin<Box<dyn Stream<Item = FolderEvent> + Send>>;

/// One privilege looked up on one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Privilege {
    /// the entity asked about
    pub entity: Moid,
    /// vSphere's id, e.g. `VirtualMachine.Config.Rename`
    pub id: String,
    /// whether the session's account has it
    pub granted: bool,
}

/// Progress of a vCenter task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskProgress {
    /// the task's own id
    pub task: Moid,
    /// 0..=100, absent while vCenter does not say
    pub percent: Option<u8>,
}

/// A session with one vCenter. Cheap to clone; all clones share the session.
///
/// Expired sessions are renewed once per call with the known password; a refused password stops all further logins of
/// this client ([`Error::Login`]).
#[derive(Debug, Clone)]
pub struct Client {}

impl Client {
    /// Prepares a client; the first call logs in. Never blocks on the network.
    ///
    /// # Errors
    /// [`Error::Settings`] when the CA file or thumbprint cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let _ = settings;
        Err(Error::Settings("not built yet".into()))
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        unimplemented_client()
    }

    /// Who answers.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn about(&self) -> Result<About, Error> {
        unimplemented_client()
    }

    /// The configured folder of templates.
    ///
    /// # Errors
    /// [`Error::NotFound`] naming datacenter or folder.
    pub async fn folder(&self) -> Result<Moid, Error> {
        unimplemented_client()
    }

    /// All VMs and templates directly in the configured folder; at most five round trips whatever their number.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn vms(&self) -> Result<Vec<Vm>, Error> {
        unimplemented_client()
    }

    /// One VM by id, `None` when it is gone.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn vm(&self, moid: &Moid) -> Result<Option<Vm>, Error> {
        let _ = moid;
        unimplemented_client()
    }

    /// VMs outside the folder too that are linked clones or otherwise running from `template`; names.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn watch(&self) -> Watch {
        unimplemented_client()
    }

    /// The guest's console as PNG bytes: `/screen`, else `CreateScreenshot_Task` and download. `width` asks the server
    /// to scale where it can.
    ///
    /// # Errors
    /// [`Error::Picture`] when it is powered off, refused for lack of privilege (both named), or not a picture.
    pub async fn screenshot(&self, vm: &Vm, width: Option<u32>) -> Result<Bytes, Error> {
        let _ = (vm, width);
        unimplemented_client()
    }

    /// `HasPrivilegeOnEntities` for this session's account.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn privileges(&self, entities: &[Moid], ids: &[&str]) -> Result<Vec<Privilege>, Error> {
        let _ = (entities, ids);
        unimplemented_client()
    }

    /// Ends the session on the server. Errors are of no consequence and are logged.
    pub async fn logout(&self) {}
}

fn unimplemented_client<T>() -> T {
    std::process::abort()
}
