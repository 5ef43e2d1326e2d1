//! That a build of a line begins, in the notes of its live template: until packer has made the VM there is nothing else to
//! claim. vCenter takes notes only in the version they were read in, so that of two builds that begin in the same moment
//! one is the second, and sees the first.

use std::time::Instant;

use super::smoke;
use crate::generation::{Actor, Claim, Generations};
use crate::packer_run::Process;
use crate::pipeline::Line;
use crate::vcenter::Vm;
use crate::vcenter::gate::{Gate, GateError};

/// What a claim calls a build whose run is not on record yet; its process stands behind it.
const BEGINS: &str = "begins-";

/// A build that was announced.
#[derive(Debug, Clone)]
pub(super) struct Begins {
    claim: Claim,
    said: Instant,
}

/// The template that tells of builds of a line. There is none before the first one was promoted, nor where a build takes
/// the place of the live template.
pub(super) fn carrier(now: &Generations) -> Option<&Vm> {
    now.live.as_ref().or(now.prev.as_ref()).filter(|_| !now.in_place)
}

/// Whether a claim is of a build that began on this machine, or of a smoke test, whose process is gone.
pub(super) fn is_over(claim: &Claim) -> bool {
    let process =
        claim.run.strip_prefix(BEGINS).or_else(|| claim.run.strip_prefix(smoke::RUN)).and_then(|pid| pid.parse().ok());
    // Another process may have its number by now: it ends in a few minutes what it does not refresh.
    process.is_some_and(|pid: u32| Process::from_pid(pid).is_err())
}

impl Begins {
    /// Says in the notes of `carrier`, as they were read, that a build of the line begins here.
    ///
    /// # Errors
    /// [`GateError::Stale`] when somebody wrote there meanwhile; those of vCenter.
    pub async fn announce(gate: &Gate, line: &Line, carrier: &Vm) -> Result<Self, GateError> {
        let now = gate.client().current_time().await?;
        let run = format!("{BEGINS}{}", std::process::id());
        let claim = Claim::new(line.key.clone(), &Actor::current(), run, carrier.moid.clone(), now);
        gate.annotate("build", carrier, &claim.write(&carrier.annotation), &|_| {}).await?;
        Ok(Self { claim, said: Instant::now() })
    }

    /// Says it again, when that is due.
    ///
    /// # Errors
    /// Those of the gate.
    pub async fn refresh(&mut self, gate: &Gate) -> Result<(), GateError> {
        if self.said.elapsed().as_secs() < Claim::REFRESH.as_secs().unsigned_abs() {
            return Ok(());
        }
        let Some(carrier) = self.carrier(gate).await? else { return Ok(()) };
        let claim = self.claim.refreshed(gate.client().current_time().await?);
        gate.annotate("build", &carrier, &claim.write(&carrier.annotation), &|_| {}).await?;
        self.said = Instant::now();
        Ok(())
    }

    /// The build has a VM that tells of it, or is over.
    ///
    /// # Errors
    /// Those of the gate.
    pub async fn withdraw(&self, gate: &Gate) -> Result<(), GateError> {
        let Some(carrier) = self.carrier(gate).await? else { return Ok(()) };
        gate.annotate("build", &carrier, &Claim::removed(&carrier.annotation), &|_| {}).await
    }

    /// What carries it, under whichever name, while it does.
    async fn carrier(&self, gate: &Gate) -> Result<Option<Vm>, GateError> {
        let vm = gate.client().vm(&self.claim.vm).await?;
        Ok(vm.filter(|vm| Claim::of(vm).is_some_and(|claim| claim.same_run(&self.claim))))
    }
}
