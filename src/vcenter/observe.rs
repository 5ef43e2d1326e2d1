//! What happens to VMs: their recent tasks and events, clones under way, snapshots; the flight recorder polls it every few
//! seconds.

use jiff::Timestamp;

use super::inventory::{self, collect, of_kind, property};
use super::session::{CALL_TIMEOUT, Session};
use super::soap::{self, Element};
use super::{Client, Error, Moid, Vm};

/// A task vCenter lists as recent on a VM, or an event of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmEvent {
    /// vCenter's id, e.g. `task-42`, or `event-4711`
    pub id: String,
    /// e.g. `VirtualMachine.powerOn`, or an event's type, e.g. `VmPoweredOnEvent`
    pub name: String,
    /// vSphere's word: `queued`, `running`, `success`, `error`; `event` for events
    pub state: String,
    /// what vCenter says: the reason of a failure, the text of an event
    pub text: Option<String>,
    /// when it was queued or happened, by vCenter's clock
    pub at: Option<Timestamp>,
}

impl Client {
    /// One VM and the tasks vCenter lists as recent on it, in one round trip; `None` when it is gone.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn observe(&self, moid: &Moid) -> Result<Option<(Vm, Vec<VmEvent>)>, Error> {
        vm_and_recent_tasks(self.session(), moid).await
    }

    /// Events of a VM since a moment of vCenter's clock (from its beginning without one).
    ///
    /// # Errors
    /// Any of [`Error`]; a server without events answers with a fault.
    pub async fn events(&self, moid: &Moid, since: Option<Timestamp>) -> Result<Vec<VmEvent>, Error> {
        events(self.session(), moid, since).await
    }

    /// Which of these VMs a clone task is running on.
    ///
    /// Seen are the tasks vCenter lists as recent on the VM itself; clones that have ended are VMs of their own.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn being_cloned(&self, vms: &[Moid]) -> Result<Vec<Moid>, Error> {
        inventory::being_cloned(self.session(), vms).await
    }

    /// Which of these VMs have a snapshot.
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn with_snapshot(&self, vms: &[Moid]) -> Result<Vec<Moid>, Error> {
        inventory::with_snapshot(self.session(), vms).await
    }

    /// The server's clock (`CurrentTime`).
    ///
    /// # Errors
    /// Any of [`Error`].
    pub async fn current_time(&self) -> Result<Timestamp, Error> {
        let answer = self.session().call("CurrentTime", "ServiceInstance", "ServiceInstance", "", CALL_TIMEOUT).await?;
        let text = answer.at(&["returnval"]);
        text.parse().map_err(|error| Error::Protocol { call: "CurrentTime", reason: format!("{text:?}: {error}") })
    }
}

/// The VM and its recent tasks; `None` when it is gone.
async fn vm_and_recent_tasks(session: &Session, moid: &Moid) -> Result<Option<(Vm, Vec<VmEvent>)>, Error> {
    let content = session.content().await?;
    let properties = format!("{}{}", inventory::vm_properties_and(content, &["recentTask"]), inventory::TASK_INFO);
    let found = match collect(session, &properties, &inventory::vm_and_tasks(moid)).await {
        Ok(found) => found,
        // One of its tasks may be forgotten meanwhile; that is not the VM.
        Err(Error::NotFound(what)) if what == moid.0 => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(vm) = of_kind(&found, "VirtualMachine").find_map(inventory::parse_vm) else { return Ok(None) };
    Ok(Some((vm, of_kind(&found, "Task").filter_map(|object| parse_task(property(object, "info")?)).collect())))
}

fn parse_task(info: &Element) -> Option<VmEvent> {
    let text = |path: &[&str]| Some(info.at(path).to_owned()).filter(|text| !text.is_empty());
    Some(VmEvent {
        id: text(&["key"])?,
        name: text(&["descriptionId"]).or_else(|| text(&["name"])).unwrap_or_default(),
        state: text(&["state"])?,
        text: text(&["error", "localizedMessage"]),
        at: info.at(&["queueTime"]).parse().ok(),
    })
}

/// Events of a VM since a moment of vCenter's clock, that moment included.
///
/// `EventManager.QueryEvents` needs `System.View` only; a server without it answers with a fault.
async fn events(session: &Session, moid: &Moid, since: Option<Timestamp>) -> Result<Vec<VmEvent>, Error> {
    let Some(manager) = session.content().await?.events.clone() else { return Ok(Vec::new()) };
    let time =
        since.map_or_else(String::new, |since| format!("<time>{}</time>", soap::text("beginTime", &since.to_string())));
    let filter = format!(
        "<filter><entity>{}<recursion>self</recursion></entity>{time}</filter>",
        soap::reference("entity", "VirtualMachine", &moid.0)
    );
    let answer = session.call("QueryEvents", "EventManager", &manager, &filter, CALL_TIMEOUT).await?;
    Ok(answer.all("returnval").filter_map(parse_event).collect())
}

fn parse_event(event: &Element) -> Option<VmEvent> {
    Some(VmEvent {
        id: Some(event.at(&["key"])).filter(|key| !key.is_empty()).map(|key| format!("event-{key}"))?,
        name: event.kind.clone(),
        state: "event".into(),
        text: Some(event.at(&["fullFormattedMessage"]).to_owned()).filter(|text| !text.is_empty()),
        at: event.at(&["createdTime"]).parse().ok(),
    })
}
