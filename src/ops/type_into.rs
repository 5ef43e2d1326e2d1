//! Keys for a guest: text, and the one that only wakes its console.

use super::{Error, Refusal};
use crate::vcenter::gate::{Gate, Mode};
use crate::vcenter::privilege::TYPE;
use crate::vcenter::{Account, Client, Vm};

/// Whether vCenter gives the account a privilege on a guest.
///
/// # Errors
/// [`Refusal::LacksPrivilege`], and those of asking.
pub async fn may(client: &Client, vm: &Vm, privilege: &'static str) -> Result<(), Error> {
    let found = client.privileges(Account::Builder, std::slice::from_ref(&vm.moid), &[privilege]).await?;
    if found.iter().any(|found| found.id == privilege && found.granted) {
        return Ok(());
    }
    let account = client.settings().credentials.username.clone();
    let object = Some(format!("{} ({})", vm.name, vm.moid));
    Err(Refusal::LacksPrivilege { account, privilege, object }.into())
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
    may(gate.client(), vm, TYPE).await?;
    gate.type_text("type", vm, keys).await?;
    Ok(keys.chars().count())
}

/// Presses shift, which types nothing: a console that went blank shows its picture again.
///
/// # Errors
/// A refusal, nothing pressed; those of vCenter.
pub async fn wake(gate: &Gate, vm: &Vm) -> Result<(), Error> {
    if gate.mode() == Mode::ReadOnly {
        return Err(Refusal::ReadOnly.into());
    }
    may(gate.client(), vm, TYPE).await?;
    Ok(gate.wake("wake", vm).await?)
}
