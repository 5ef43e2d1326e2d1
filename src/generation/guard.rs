//! The guards that ask vCenter before the first step: privileges, and clones under way.

use super::{Plan, Refusal, Step};
use crate::vcenter::{Account, Client, Error, Moid};

/// What renaming a VM or template needs.
const RENAME: &str = "VirtualMachine.Config.Rename";
/// What destroying it needs.
const DELETE: &str = "VirtualMachine.Inventory.Delete";
/// What changing its notes needs.
const ANNOTATE: &str = "VirtualMachine.Config.Annotation";

/// Refused, or vCenter could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// nothing was changed, and why
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// nothing was changed: no answer
    #[error(transparent)]
    VCenter(#[from] Error),
}

/// Asks whether the account may do every step and nobody is cloning what is about to be renamed or destroyed.
///
/// # Errors
/// [`GuardError`]; nothing was changed.
pub async fn guard(client: &Client, plan: &Plan) -> Result<(), GuardError> {
    let needs: Vec<(&Moid, &str, &str)> = plan.steps.iter().map(need).collect();
    let entities: Vec<Moid> = needs.iter().map(|(moid, ..)| (*moid).clone()).collect();
    let ids = [RENAME, DELETE, ANNOTATE];
    let held = client.privileges(Account::Builder, &unique(entities.clone()), &ids).await?;
    for (moid, name, id) in &needs {
        if held.iter().any(|privilege| privilege.entity == **moid && privilege.id == *id && !privilege.granted) {
            let account = &client.settings().credentials.username;
            return Err(Refusal(format!("{account} lacks {id} on {name}; grant it on the folder of templates")).into());
        }
    }
    let cloning = client.being_cloned(&unique(entities)).await?;
    if let Some((_, name, _)) = needs.iter().find(|(moid, ..)| cloning.contains(moid)) {
        return Err(Refusal(format!("{name} is being cloned right now; try again when that is done")).into());
    }
    Ok(())
}

fn need(step: &Step) -> (&Moid, &str, &'static str) {
    match step {
        Step::Rename { moid, from, .. } => (moid, from, RENAME),
        Step::Annotate { moid, name, .. } => (moid, name, ANNOTATE),
        Step::Destroy { moid, name, .. } => (moid, name, DELETE),
    }
}

fn unique(mut moids: Vec<Moid>) -> Vec<Moid> {
    moids.sort();
    moids.dedup();
    moids
}
