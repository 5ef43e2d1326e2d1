//! The link to vCenter: one client, its watch, pictures.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::Report;
use crate::console::binding::keyed;
use crate::console::message::Msg;
use crate::generation::STEP_PRIVILEGES;
use crate::ops::{Error, Refusal};
use crate::vcenter::privilege::{ANSWER, TYPE};
use crate::vcenter::{Account, Client, FolderEvent, LinkState, Moid, Place, Settings};

/// The client of this session, replaced when a person asks for a new login.
pub(super) struct Link {
    settings: Result<Settings, String>,
    place: Place,
    report: Report,
    client: watch::Sender<Option<Client>>,
    task: Option<JoinHandle<()>>,
}

/// A client that may not be there yet: making one reads certificates.
pub(super) type Pending = watch::Receiver<Option<Client>>;

impl Link {
    pub(super) fn new(settings: Result<Settings, String>, place: Place, report: Report) -> Self {
        Self { settings, place, report, client: watch::Sender::new(None), task: None }
    }

    /// Logs in and watches, with a new client; a password that was refused is tried once more.
    pub(super) fn watch(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        if let Some(old) = self.client.send_replace(None) {
            crate::task::spawn(async move { old.logout().await });
        }
        let (report, client) = (self.report.clone(), self.client.clone());
        let settings = match &self.settings {
            Ok(settings) => settings.clone(),
            Err(reason) => {
                let link = LinkState::Stopped { reason: reason.clone() };
                return report(told(self.place, FolderEvent::Link(link)));
            }
        };
        settings.retry_login();
        let place = self.place;
        self.task = Some(crate::task::spawn(async move { follow((settings, place), &report, &client).await }));
    }

    pub(super) fn client(&self) -> Pending {
        self.client.subscribe()
    }

    pub(super) async fn stop(self) {
        if let Some(task) = self.task {
            task.abort();
            // Its watch must be over, or it would log in again.
            let _ = task.await;
        }
        if let Some(client) = self.client.send_replace(None) {
            // The session would end by itself later; nobody should wait for it here.
            let _ = tokio::time::timeout(Duration::from_millis(500), client.logout()).await;
        }
    }
}

/// What a place's watch reported.
fn told(place: Place, event: FolderEvent) -> Msg {
    if place == Place::MAIN { Msg::FolderChanged(event) } else { Msg::ElsewhereChanged(place, event) }
}

async fn follow((settings, place): (Settings, Place), report: &Report, client: &watch::Sender<Option<Client>>) {
    let link = |state| report(told(place, FolderEvent::Link(state)));
    link(LinkState::Connecting);
    let made = crate::task::spawn_blocking(move || Client::new(settings)).await;
    let new = match made {
        Ok(Ok(new)) => new,
        Ok(Err(error)) => return link(LinkState::Stopped { reason: error.to_string() }),
        Err(failure) => return link(LinkState::Stopped { reason: failure.to_string() }),
    };
    client.send_replace(Some(new.clone()));
    let mut events = new.watch();
    let mut said = false;
    let mut beneath = Abandoned(None);
    while let Some(event) = events.next().await {
        if let (FolderEvent::Reset(vms), Place::MAIN) = (&event, place) {
            let vms = vms.iter().take(ASKED_ABOUT).map(|vm| vm.moid.clone()).collect();
            crate::task::spawn(privileges(new.clone(), vms, report.clone()));
            crate::task::spawn(server(new.clone(), report.clone()));
            beneath.replace(Some(crate::task::spawn(resources(new.clone(), report.clone()))));
        }
        said = matches!(event, FolderEvent::Link(LinkState::Stopped { .. }));
        report(told(place, event));
    }
    // It says why before it ends; its own panic it cannot say.
    if !said {
        link(LinkState::Stopped { reason: keyed("the watch of vCenter broke off; ‹refresh› starts it again") });
    }
}

/// A task that ends when nobody waits for it any more.
struct Abandoned(Option<JoinHandle<()>>);

impl Abandoned {
    fn replace(&mut self, task: Option<JoinHandle<()>>) {
        if let Some(task) = std::mem::replace(&mut self.0, task) {
            task.abort();
        }
    }
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.replace(None);
    }
}

/// What of it is simulated.
async fn server(client: Client, report: Report) {
    if let Ok(about) = client.about().await {
        report(Msg::ServerRead(about.simulated()));
    }
}

/// How often datastore and hosts of builds are looked at.
const RESOURCES: Duration = Duration::from_secs(60);

async fn resources(client: Client, report: Report) {
    let mut every = tokio::time::interval(RESOURCES);
    loop {
        every.tick().await;
        report(Msg::ResourcesRead(crate::ops::resources::look(&client).await));
    }
}

/// About how many VMs vCenter is asked what may be done with them.
const ASKED_ABOUT: usize = 64;

/// What the account of builds may not do with any of these. Granted on one is granted: the guard asks about the very
/// object before anything is changed.
async fn privileges(client: Client, vms: Vec<Moid>, report: Report) {
    let ids = [&STEP_PRIVILEGES[..], &[TYPE, ANSWER]].concat();
    if vms.is_empty() {
        return;
    }
    match client.privileges(Account::Builder, &vms, &ids).await {
        Ok(found) => {
            let granted = |id: &str| found.iter().any(|privilege| privilege.id == id && privilege.granted);
            report(Msg::PrivilegesRead(ids.into_iter().filter(|id| !granted(id)).collect()));
        }
        Err(error) => tracing::warn!(%error, "privileges are not known"),
    }
}

/// Waits for the client; a request asked while logging in is answered after it.
pub(super) async fn ready(mut client: Pending) -> Result<Client, Error> {
    let ready = client.wait_for(Option::is_some).await.ok().and_then(|ready| ready.clone());
    ready.ok_or_else(|| Refusal::NoLink.into())
}
