//! The claim on the VM of a build, said again while packer is at work.

use std::collections::BTreeSet;

use crate::generation::{Actor, Claim};
use crate::ops::build_begins::Begins;
use crate::pipeline::Line;
use crate::vcenter::gate::{Gate, GateError};
use crate::vcenter::{Moid, Vm};

/// Keeps the VM of a build claimed while packer is at work.
pub(super) struct Keeper {
    pub gate: Gate,
    pub line: Line,
    /// what was there before the build
    pub before: BTreeSet<Moid>,
    /// what tells of the build until it has a VM
    pub begins: Option<Begins>,
    pub claim: Option<Claim>,
    /// vCenter does not let notes be written: asked once
    pub refused: bool,
    /// that it is not claimed was said
    pub told: bool,
}

impl Keeper {
    /// Claims the VM, or says again that it is claimed; what is in the way, when that is new.
    pub async fn look(&mut self, run: String) -> Option<String> {
        if self.refused {
            return None;
        }
        match self.keep(run).await {
            Ok(trouble) => {
                self.told = false;
                trouble
            }
            // Somebody, packer perhaps, changed it at the same moment; or the link is gone for a while.
            Err(GateError::Stale { .. }) => None,
            Err(GateError::VCenter(error)) if !error.needs_a_person() => {
                tracing::debug!(%error, "the claim is not kept");
                None
            }
            Err(error) => {
                // A person takes a while; a full disk under the audit log may be empty in a minute.
                self.refused = matches!(error, GateError::VCenter(_) | GateError::ReadOnly(_));
                if std::mem::replace(&mut self.told, true) {
                    return None;
                }
                Some(format!("its VM is not claimed, other machines cannot tell that it is being built: {error}"))
            }
        }
    }

    async fn keep(&mut self, run: String) -> Result<Option<String>, GateError> {
        let client = self.gate.client();
        let vm = match &self.claim {
            Some(claim) => client.vm(&claim.vm).await?,
            None => {
                let fresh = |vm: &Vm| self.line.builds_as(&vm.name) && !self.before.contains(&vm.moid);
                client.vms().await?.into_iter().find(fresh)
            }
        };
        // packer has not made it yet, or makes another one.
        let Some(vm) = vm else {
            self.claim = None;
            if let Some(begins) = &mut self.begins {
                begins.refresh(&self.gate).await?;
            }
            return Ok(None);
        };
        let now = client.current_time().await?;
        let mine = Claim::new(self.line.key.clone(), &Actor::current(), run, vm.moid.clone(), now);
        let there = Claim::of(&vm);
        if let Some(other) = there.as_ref().filter(|there| !there.same_run(&mine) && there.fresh(now)) {
            self.refused = true;
            return Ok(Some(format!(
                "{} ({}) is claimed by {} (run {}): two builds of one line",
                vm.name, vm.moid, other.by, other.run
            )));
        }
        let claim = match there.filter(|there| there.same_run(&mine)) {
            Some(there) => there.refreshed(now),
            None => mine,
        };
        // It is new, and has a name that the line's builds have.
        let gate = self.gate.clone().with_name(vm.name.clone());
        gate.annotate("build", &vm, &claim.write(&vm.annotation), &|_| {}).await?;
        self.claim = Some(claim);
        if let Some(begins) = self.begins.take() {
            let withdrawn = begins.withdraw(&self.gate).await;
            self.begins = Some(begins).filter(|_| withdrawn.is_err());
        }
        Ok(None)
    }
}
