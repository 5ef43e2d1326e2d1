//! Typing into a guest.

use super::{Error, Refusal};
use crate::vcenter::gate::{Gate, Mode};
use crate::vcenter::privilege::TYPE;
use crate::vcenter::{Account, Client, Vm};

/// Whether vCenter lets the account type into a guest.
///
/// # Errors
/// [`Refusal::LacksPrivilege`], and those of asking.
pub async fn may_type(client: &Client, vm: &Vm) -> Result<(), Error> {
    let found = client.privileges(Account::Builder, std::slice::from_ref(&vm.moid), &[TYPE]).await?;
    if found.iter().any(|privilege| privilege.id == TYPE && privilege.granted) {
        return Ok(());
    }
    let account = client.settings().credentials.username.clone();
    let object = Some(format!("{} ({})", vm.name, vm.moid));
    Err(Refusal::LacksPrivilege { account, privilege: TYPE, object }.into())
}

/// Types into a guest as a US keyboard, and says how many keys that were; control characters are the keys that have one.
/// The audit log gets their number, never what they are.
///
/// # Errors
/// A refusal, nothing typed; those of vCenter.
pub async fn type_into(gate: &Gate, vm: &Vm, keys: &str) -> Result<usize, Error> {
    // Nothing is asked that would not matter.
    if gate.mode() == Mode::ReadOnly {
        return Err(Refusal::ReadOnly.into());
    }
    may_type(gate.client(), vm).await?;
    gate.type_text("type", vm, keys).await?;
    Ok(keys.chars().count())
}
