//! Which privileges an account has where.

use super::session::{CALL, Session};
use super::soap;
use super::{Error, Moid, Privilege};

/// `HasPrivilegeOnEntities` for the session's own account (vSphere 5.5 and later).
pub(super) async fn on(session: &Session, entities: &[Moid], ids: &[&str]) -> Result<Vec<Privilege>, Error> {
    let content = session.content().await?;
    let Some(manager) = &content.authorization else {
        return Err(Error::NotFound("AuthorizationManager".into()));
    };
    let list: String = entities.iter().map(|entity| soap::reference("entity", kind(entity), &entity.0)).collect();
    let wanted: String = ids.iter().map(|id| soap::text("privId", id)).collect();
    let ask = async |key: &str| {
        let arguments = format!("{list}{}{wanted}", soap::text("sessionId", key));
        session.call("HasPrivilegeOnEntities", "AuthorizationManager", manager, &arguments, CALL).await
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
            found.push(Privilege {
                entity: moid.clone(),
                id: availability.at(&["privId"]).to_owned(),
                granted: availability.at(&["isGranted"]) == "true",
            });
        }
    }
    Ok(found)
}

/// The type of an object by the prefix vCenter gives its id.
fn kind(moid: &Moid) -> &'static str {
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
