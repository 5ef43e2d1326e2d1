//! A clone that is tried and thrown away: made under a name of ours, and changed no further than that.

use super::confirm::{CONFIRM_ATTEMPTS, CONFIRM_INTERVAL, outcome_unknown};
use super::{Gate, GateError, OnProgress, entry};
use crate::vcenter::clone::CloneSpec;
use crate::vcenter::{Error, Moid, Vm};

impl Gate {
    /// Makes a powered-off VM called `name` of a template, with these notes in place of the template's own.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn clone_vm(
        &self,
        verb: &str,
        source: &Vm,
        name: &str,
        notes: &str,
        progress: OnProgress<'_>,
    ) -> Result<Vm, GateError> {
        self.check_name(name)?;
        self.check_change(source, "clone").await?;
        let pool = self.client.pool_for(&source.moid).await?;
        let spec = CloneSpec { name, notes, pool: &pool };
        let entry = entry(verb, "CloneVM_Task", source, Some(name));
        self.record_start(entry)?;
        let made = match self.client.clone_vm(&source.moid, &spec, progress).await {
            // Its answer was lost, or it was delivered twice: what has the name and these very notes is it.
            Err(error) if outcome_unknown(&error) || is_echo(&error) => self.find_clone(&spec).await.ok_or(error),
            answer => answer,
        };
        let (outcome, made) = match made {
            Ok(moid) => (Ok(()), Some(moid)),
            Err(error) => (Err(error), None),
        };
        self.record_end(entry, outcome)?;
        let moid = made.unwrap_or_else(|| Moid(String::new()));
        let gone = || Error::NotFound(format!("{name} ({moid}), cloned a moment ago"));
        let vm = self.client.vm(&moid).await?.ok_or_else(gone)?;
        if vm.annotation == notes {
            return Ok(vm);
        }
        self.annotate(verb, &vm, notes, progress).await?;
        Ok(Vm { annotation: notes.to_owned(), ..vm })
    }

    async fn find_clone(&self, spec: &CloneSpec<'_>) -> Option<Moid> {
        for _ in 0..CONFIRM_ATTEMPTS {
            if let Ok(vms) = self.client.vms().await
                && let Some(vm) = vms.into_iter().find(|vm| vm.name == spec.name && vm.annotation == spec.notes)
            {
                return Some(vm.moid);
            }
            tokio::time::sleep(CONFIRM_INTERVAL).await;
        }
        None
    }

    /// Takes every network card out of a VM.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn disconnect(&self, verb: &str, vm: &Vm, progress: OnProgress<'_>) -> Result<(), GateError> {
        let act = async || self.client.remove_network_cards(&vm.moid, progress).await;
        self.change(entry(verb, "ReconfigVM_Task", vm, Some("no network card")), vm, "disconnect", act).await
    }
}

fn is_echo(error: &Error) -> bool {
    matches!(error, Error::Fault { fault, .. } if fault == "DuplicateName")
}
