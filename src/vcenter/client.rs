//! The reading side of vCenter: login, inventory, push watch, pictures, privileges.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, stream};
use jiff::Timestamp;
use tokio::sync::{OnceCell, mpsc};

use super::about::About;
use super::location::{self, FolderLocation};
use super::session::Session;
use super::{Error, Moid, Settings, Vm, inventory, privilege, screen, watch};

/// State of the connection to vCenter.
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
    /// nothing changed, but vCenter answered the long poll: the data is still current
    Heartbeat,
    /// vCenter's answer is later than its answers usually are; the next event of any kind ends that
    Silent,
}

/// The push watch: reconnects with back-off and reports its link state. It ends after [`LinkState::Stopped`] only;
/// dropping it stops it.
pub type Watch = Pin<Box<dyn Stream<Item = FolderEvent> + Send>>;

/// Whether an account has one privilege on one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivilegeCheck {
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

/// Which of the two accounts does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// builds, renames and destroys
    Builder,
    /// takes pictures; the builder where no second account is given
    Pictures,
}

/// A session with one vCenter. Cheap to clone; all clones share the session.
///
/// Expired sessions are renewed once per call with the known password; a refused password stops all further logins with
/// it by this process ([`Error::Login`]) until [`Settings::retry_login`].
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    builder: Session,
    pictures: Option<Session>,
    /// sessions of the watches, ended together with the client's own
    watches: Mutex<Vec<Arc<Session>>>,
    location: OnceCell<FolderLocation>,
}

impl Client {
    /// Prepares a client; the first call logs in. Never blocks on the network.
    ///
    /// # Errors
    /// [`Error::Settings`] when the CA file or thumbprint cannot be used.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let builder = Session::new(&settings, settings.credentials.clone())?;
        let pictures = settings.console.clone().map(|account| Session::new(&settings, account)).transpose()?;
        Ok(Self(Arc::new(Inner { settings, builder, pictures, watches: Mutex::default(), location: OnceCell::new() })))
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Name and version of the server.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn about(&self) -> Result<About, Error> {
        let content = self.session().content().await?;
        Ok(About {
            full_name: content.full_name.clone(),
            version: content.version.clone(),
            api_type: content.api_type.clone(),
        })
    }

    /// Logs in, if that has not happened; the account's name as vCenter spells it.
    ///
    /// # Errors
    /// [`Error::Login`] and transport errors.
    pub async fn user(&self, account: Account) -> Result<String, Error> {
        self.session_of(account).user().await
    }

    /// The configured folder of templates.
    ///
    /// # Errors
    /// [`Error::Settings`] naming datacenter or folder when it is not there.
    pub async fn folder(&self) -> Result<Moid, Error> {
        Ok(self.folder_location().await?.folder.clone())
    }

    /// The datacenter: its id and name.
    ///
    /// # Errors
    /// [`Error::Settings`] when it is not there, or must be named.
    pub async fn datacenter(&self) -> Result<(Moid, String), Error> {
        let location = self.folder_location().await?;
        Ok((location.datacenter.clone(), location.name.clone()))
    }

    /// All VMs and templates directly in the configured folder; four round trips whatever their number, login included.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn vms(&self) -> Result<Vec<Vm>, Error> {
        let folder = self.folder().await?;
        let content = self.session().content().await?;
        let properties = format!("{}{}", inventory::FOLDER_NAME, inventory::vm_properties(content));
        let found = inventory::collect(self.session(), &properties, &inventory::folder_members(&folder)).await?;
        if inventory::of_kind(&found, "Folder")
            .next()
            .is_none_or(|folder| inventory::property(folder, "name").is_none())
        {
            let reason = "the folder is not in its own listing; does the account have System.View on it?".into();
            return Err(Error::Protocol { call: "RetrievePropertiesEx", reason });
        }
        Ok(inventory::of_kind(&found, "VirtualMachine").filter_map(inventory::parse_vm).collect())
    }

    /// One VM by id, `None` when it is gone.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn vm(&self, moid: &Moid) -> Result<Option<Vm>, Error> {
        let content = self.session().content().await?;
        let properties = inventory::vm_properties(content);
        match inventory::collect(self.session(), &properties, &inventory::single_object("VirtualMachine", &moid.0))
            .await
        {
            Ok(found) => Ok(found.first().and_then(inventory::parse_vm)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Watches the configured folder, over a connection of its own.
    pub fn watch(&self) -> Watch {
        let (sender, receiver) = mpsc::channel(64);
        let settings = self.settings().clone();
        match Session::new(&settings, settings.credentials.clone()) {
            Ok(session) => {
                let session = Arc::new(session);
                self.0.watches.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&session));
                crate::task::spawn(watch::run(settings, session, sender));
            }
            Err(error) => {
                let _ = sender.try_send(FolderEvent::Link(LinkState::Stopped { reason: error.to_string() }));
            }
        }
        Box::pin(stream::unfold(receiver, |mut receiver| async move {
            let event = receiver.recv().await?;
            Some((event, receiver))
        }))
    }

    /// The guest's console as PNG bytes: `/screen`, else `CreateScreenshot_Task` and download. `width` asks the server
    /// to scale where it can.
    ///
    /// # Errors
    /// [`Error::Picture`] when it is powered off, refused for lack of privilege (both named), or not a picture.
    pub async fn screenshot(&self, vm: &Vm, width: Option<u32>) -> Result<Bytes, Error> {
        let datacenter = self.datacenter().await?;
        screen::take_picture(self.session_of(Account::Pictures), &datacenter, vm, width).await
    }

    /// `HasPrivilegeOnEntities` for one of the accounts.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn privileges(
        &self,
        account: Account,
        entities: &[Moid],
        ids: &[&str],
    ) -> Result<Vec<PrivilegeCheck>, Error> {
        privilege::check(self.session_of(account), entities, ids).await
    }

    /// The object at this path below the datacenter, e.g. `network/VM Network` or `host/cluster01/Resources`.
    ///
    /// # Errors
    /// [`Error::NotFound`] naming the path, and those of asking.
    pub async fn find_by_path(&self, path: &str) -> Result<Moid, Error> {
        let (_, datacenter) = self.datacenter().await?;
        let path = format!("/{datacenter}/{path}");
        let found = location::find_by_path(self.session(), &path).await?;
        found.map(|(_, moid)| moid).ok_or(Error::NotFound(path))
    }

    /// Everything directly in the configured folder, of whatever kind: id and name.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn folder_entries(&self) -> Result<Vec<(Moid, String)>, Error> {
        inventory::folder_entries(self.session(), &self.folder().await?).await
    }

    /// Ends the sessions on the server, those of its watches included; the client is of no use then. Errors are of no
    /// consequence and are logged.
    pub async fn logout(&self) {
        self.session().logout().await;
        if let Some(pictures) = &self.0.pictures {
            pictures.logout().await;
        }
        let watches = std::mem::take(&mut *self.0.watches.lock().unwrap_or_else(PoisonError::into_inner));
        for watch in watches {
            watch.logout().await;
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.0.builder
    }

    fn session_of(&self, account: Account) -> &Session {
        match account {
            Account::Builder => &self.0.builder,
            Account::Pictures => self.0.pictures.as_ref().unwrap_or(&self.0.builder),
        }
    }

    async fn folder_location(&self) -> Result<&FolderLocation, Error> {
        self.0.location.get_or_try_init(|| location::find(self.session(), self.settings())).await
    }
}
