//! That a build of a line begins, in the notes of its live template: until packer has made the VM there is nothing else to
//! claim. vCenter takes notes only in the version they were read in, so that of two builds that begin in the same moment
//! one is the second, and sees the first.

use std::time::Instant;

use super::smoke;
use crate::generation::{Actor, Claim};
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

/// What a claim calls this process, which has no run on record: where it is, too, since the user and the host of two
/// containers may be called alike.
pub(super) fn run_of(what: &str) -> String {
    let start = Process::current().map_or(0, |own| own.start);
    format!("{what}{}-{start}-{}", std::process::id(), Process::machine())
}

/// The process behind such a claim, if it is or was one of this machine.
fn process(claim: &Claim) -> Option<Process> {
    let run = claim.run.strip_prefix(BEGINS).or_else(|| claim.run.strip_prefix(smoke::RUN))?;
    let mut parts = run.splitn(3, '-');
    let (pid, start, machine) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    let boot = Process::current().ok()?.boot;
    (machine == Process::machine()).then_some(Process { pid, start, boot })
}

/// Whether a claim is of this very process, or of one of this machine that is gone.
pub(super) fn is_ours(claim: &Claim) -> bool {
    process(claim).is_some_and(|behind| !behind.alive() || Process::current().is_ok_and(|own| own == behind))
}

impl Begins {
    /// Says in the notes of `carrier`, as they were read, that a build of the line begins here.
    ///
    /// # Errors
    /// [`GateError::Stale`] when somebody wrote there meanwhile; those of vCenter.
    pub async fn announce(gate: &Gate, line: &Line, carrier: &Vm) -> Result<Self, GateError> {
        let now = gate.client().current_time().await?;
        let claim = Claim::new(line.key.clone(), &Actor::current(), run_of(BEGINS), carrier.moid.clone(), now);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Key;
    use crate::vcenter::Moid;

    #[test]
    fn only_processes_of_this_machine_are_known_to_be_over() {
        let claim = |run: String| {
            let now = jiff::Timestamp::now();
            Claim::new(Key("a".into()), &Actor::current(), run, Moid("vm-1".into()), now)
        };
        let (own, here) = (Process::current().unwrap(), Process::machine());
        assert!(is_ours(&claim(run_of(BEGINS))), "this process is no other build");
        assert!(
            is_ours(&claim(format!("smoke-{}-{}-{here}", own.pid, own.start + 1))),
            "its number went to another one"
        );
        assert!(!is_ours(&claim(format!("{BEGINS}1-{}-{here}", Process::from_pid(1).unwrap().start))), "it runs");
        for elsewhere in [format!("{BEGINS}3999999"), format!("{BEGINS}3999999-7-another"), format!("3999999-7-{here}")]
        {
            assert!(!is_ours(&claim(elsewhere.clone())), "{elsewhere}: nothing is known of it");
        }
    }
}
