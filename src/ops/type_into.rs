//! Keys for a guest: text, and the one that only wakes its console.

use jiff::Timestamp;

use super::{Context, Error, Operation, Refusal, blocking, permitted};
use crate::guest::recording::Typed;
use crate::packer_run;
use crate::pipeline::Key;
use crate::vcenter::gate::Gate;
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
/// The audit log gets their number, never what they are; the record of a run at work on that VM gets when it was, because
/// pictures of that time may show a secret.
///
/// # Errors
/// A refusal, nothing typed; those of vCenter.
pub async fn type_into(context: &Context, client: &Client, vm: &Vm, keys: &str) -> Result<usize, Error> {
    let gate = context.gate(client);
    // Nothing is asked that would not matter.
    permitted(Operation::Type, gate.mode())?;
    may(client, vm, TYPE).await?;
    let at = Timestamp::now();
    record(context, vm, Typed { at, until: at }).await?;
    let typed = gate.type_text("type", vm, keys).await;
    record(context, vm, Typed { at, until: Timestamp::now() }).await?;
    typed?;
    Ok(keys.chars().count())
}

async fn record(context: &Context, vm: &Vm, typed: Typed) -> Result<(), Error> {
    let keys: Vec<Key> = context.lines.iter().map(|line| line.key.clone()).collect();
    let (state, vm) = (context.state.clone(), vm.name.clone());
    blocking("recording that something is typed", move || {
        packer_run::record_typing(&state, &keys, &vm, typed).map_err(Error::writing(&state.runs()))
    })
    .await
}

/// Presses shift, which types nothing: a console that went blank shows its picture again.
///
/// # Errors
/// A refusal, nothing pressed; those of vCenter.
pub async fn wake(gate: &Gate, vm: &Vm) -> Result<(), Error> {
    permitted(Operation::Wake, gate.mode())?;
    may(gate.client(), vm, TYPE).await?;
    Ok(gate.wake("wake", vm).await?)
}
