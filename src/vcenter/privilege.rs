//! vSphere's privilege ids, and which of them an account has where.

use super::session::{CALL_TIMEOUT, Session};
use super::soap;
use super::{Error, Moid, PrivilegeCheck};

/// To rename a VM or template.
pub const RENAME: &str = "VirtualMachine.Config.Rename";
/// To destroy one.
pub const DELETE: &str = "VirtualMachine.Inventory.Delete";
/// To deploy a VM from one that is a template.
pub const DEPLOY: &str = "VirtualMachine.Provisioning.DeployTemplate";
/// To make a VM of another one, in a folder.
pub const CREATE_FROM_EXISTING: &str = "VirtualMachine.Inventory.CreateFromExisting";
/// To give a VM a disk of its own.
pub const ADD_NEW_DISK: &str = "VirtualMachine.Config.AddNewDisk";
/// To take a device out of one.
pub const ADD_REMOVE_DEVICE: &str = "VirtualMachine.Config.AddRemoveDevice";
/// To power one on.
pub const POWER_ON: &str = "VirtualMachine.Interact.PowerOn";
/// To power one off.
pub const POWER_OFF: &str = "VirtualMachine.Interact.PowerOff";
/// To write its notes, where a hold is kept.
pub const ANNOTATE: &str = "VirtualMachine.Config.Annotation";
/// To type into its console.
pub const TYPE: &str = "VirtualMachine.Interact.PutUsbScanCodes";
/// To answer what vCenter asks about it.
pub const ANSWER: &str = "VirtualMachine.Interact.AnswerQuestion";
/// To see its console.
pub const CONSOLE: &str = "VirtualMachine.Interact.ConsoleInteract";
/// To have vCenter take a picture of its console.
pub const SCREENSHOT: &str = "VirtualMachine.Interact.CreateScreenshot";
/// To look into a datastore.
pub const BROWSE: &str = "Datastore.Browse";
/// To write files to one.
pub const FILE_MANAGEMENT: &str = "Datastore.FileManagement";

/// `HasPrivilegeOnEntities` for the session's own account (vSphere 5.5 and later).
pub(super) async fn check(session: &Session, entities: &[Moid], ids: &[&str]) -> Result<Vec<PrivilegeCheck>, Error> {
    let content = session.content().await?;
    let Some(manager) = &content.authorization else {
        return Err(Error::NotFound("AuthorizationManager".into()));
    };
    let list: String = entities.iter().map(|entity| soap::reference("entity", type_of(entity), &entity.0)).collect();
    let wanted: String = ids.iter().map(|id| soap::text("privId", id)).collect();
    let ask = async |key: &str| {
        let arguments = format!("{list}{}{wanted}", soap::text("sessionId", key));
        session.call("HasPrivilegeOnEntities", "AuthorizationManager", manager, &arguments, CALL_TIMEOUT).await
    };
    let key = session.key().await?;
    let mut answer = ask(&key).await?;
    // A session that had to be renewed for this question has another key than the one it was asked about.
    let renewed = session.key().await?;
    if renewed != key {
        answer = ask(&renewed).await?;
    }
    let mut found = Vec::new();
    for entity in answer.all("returnval") {
        let moid = Moid(entity.at(&["entity"]).to_owned());
        for availability in entity.all("privAvailability") {
            found.push(PrivilegeCheck {
                entity: moid.clone(),
                id: availability.at(&["privId"]).to_owned(),
                granted: availability.at(&["isGranted"]) == "true",
            });
        }
    }
    Ok(found)
}

/// The type of an object by the prefix vCenter gives its id.
fn type_of(moid: &Moid) -> &'static str {
    match moid.0.split('-').next().unwrap_or_default() {
        "group" | "folder" => "Folder",
        "datacenter" => "Datacenter",
        "datastore" => "Datastore",
        "network" => "Network",
        "dvportgroup" => "DistributedVirtualPortgroup",
        "resgroup" => "ResourcePool",
        _ => "VirtualMachine",
    }
}
