//! VMs that were made from a template, as vCenter's events tell.

use jiff::Timestamp;
use serde::Serialize;

use super::inventory::unescape;
use super::session::CALL_TIMEOUT;
use super::soap::{self, Element};
use super::{Client, Error, Moid};

/// A VM deployed from a template is one of the second kind; a VM cloned from a VM, or a template from a template, one of
/// the first. Each names its source in a field of its own.
const KINDS: [(&str, &str); 2] = [("VmClonedEvent", "sourceVm"), ("VmDeployedEvent", "srcTemplate")];
/// Events that vCenter answers with at once.
const MOST: usize = 1000;

/// A VM that was made from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CloneEvent {
    /// what was made, by its name then
    pub name: String,
    /// when
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// whose session made it
    pub by: String,
}

/// What was made from a template since a moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clones {
    /// oldest first
    pub made: Vec<CloneEvent>,
    /// vCenter may know of more: it answers with so many at once
    pub more: bool,
}

impl Client {
    /// What was cloned or deployed from an object since a moment of vCenter's clock, as far back as vCenter keeps events.
    /// The object is meant by its id: what its name was does not matter.
    ///
    /// # Errors
    /// Any of [`Error`]; a server without events answers with a fault.
    pub async fn clones_of(&self, source: &Moid, since: Timestamp) -> Result<Clones, Error> {
        let (datacenter, _) = self.datacenter().await?;
        let Some(manager) = self.session().content().await?.events.clone() else {
            return Err(Error::NotFound("EventManager".into()));
        };
        let kinds: String = KINDS.iter().map(|(kind, _)| soap::text("eventTypeId", kind)).collect();
        let filter = format!(
            "<filter><entity>{}<recursion>all</recursion></entity><time>{}</time>{kinds}</filter>",
            soap::reference("entity", "Datacenter", &datacenter.0),
            soap::text("beginTime", &since.to_string())
        );
        let answer = self.session().call("QueryEvents", "EventManager", &manager, &filter, CALL_TIMEOUT).await?;
        let more = answer.all("returnval").count() >= MOST;
        let mut made: Vec<CloneEvent> = answer.all("returnval").filter_map(|event| clone_of(event, source)).collect();
        made.sort_by_key(|clone| clone.at);
        Ok(Clones { made, more })
    }
}

fn clone_of(event: &Element, source: &Moid) -> Option<CloneEvent> {
    let (_, field) = KINDS.iter().find(|(kind, _)| event.kind == *kind)?;
    if event.at(&[field, "vm"]) != source.0 {
        return None;
    }
    Some(CloneEvent {
        name: unescape(event.at(&["vm", "name"])),
        at: event.at(&["createdTime"]).parse().ok(),
        by: event.at(&["userName"]).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_made_from_the_very_object_counts() {
        let event = |kind: &str, field: &str, from: &str| {
            let xml = format!(
                "<returnval type=\"{kind}\"><createdTime>2026-03-01T02:00:00Z</createdTime><userName>VC\\mona</userName>\
                 <vm><name>web%2f1</name><vm type=\"VirtualMachine\">vm-7</vm></vm>\
                 <{field}><name>live</name><vm type=\"VirtualMachine\">{from}</vm></{field}></returnval>"
            );
            Element::parse(xml.as_bytes()).unwrap()
        };
        let live = Moid("vm-1".into());
        let deployed = clone_of(&event("VmDeployedEvent", "srcTemplate", "vm-1"), &live).unwrap();
        assert_eq!((deployed.name.as_str(), deployed.by.as_str()), ("web/1", "VC\\mona"));
        assert!(clone_of(&event("VmClonedEvent", "sourceVm", "vm-1"), &live).is_some());
        assert_eq!(clone_of(&event("VmClonedEvent", "sourceVm", "vm-2"), &live), None);
        assert_eq!(clone_of(&event("VmBeingClonedEvent", "sourceVm", "vm-1"), &live), None);
    }
}
