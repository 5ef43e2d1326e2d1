//! Whose console is meant.

use super::Error;
use crate::pipeline::may_be;
use crate::vcenter::{Client, Vm};

/// The VM of this name in the folder of the pipeline.
///
/// # Errors
/// Those of vCenter.
pub async fn find_vm(client: &Client, name: &str) -> Result<Option<Vm>, Error> {
    let named = client.vms().await?.into_iter().filter(|vm| may_be(name, &vm.name));
    // Of several that fit, the one that is being built: no template, and the newest.
    Ok(named.max_by_key(|vm| (vm.name == name, !vm.template, vm.created)))
}
