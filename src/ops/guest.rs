//! Whose console is meant.

use super::Error;
use crate::vcenter::{Client, Vm};

/// The VM of this name in the folder of the pipeline.
///
/// # Errors
/// Those of vCenter.
pub async fn find_vm(client: &Client, name: &str) -> Result<Option<Vm>, Error> {
    Ok(client.vms().await?.into_iter().find(|vm| vm.name == name))
}
