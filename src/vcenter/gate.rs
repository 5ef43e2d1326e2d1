//! The one gate through which anything is changed in vCenter.
//!
//! It knows read-only mode, the names it may touch, the folder they must be in, and the audit log, and nothing else.

mod clone;
mod confirm;
mod guest;
mod media;
mod mode;

use std::collections::BTreeSet;

use super::audit::{AuditEntry, AuditLog};
use super::change::LocatedVm;
use super::{Client, Error, PowerState, TaskProgress, Vm};

pub use self::mode::{Mode, ReadOnly};
pub use crate::pipeline::SUFFIXES;
use confirm::outcome_unknown;

const RENAME: &str = "Rename_Task";

/// Why a change did not happen, or did not finish.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// nothing may be changed
    #[error("read-only: {0} is not done")]
    ReadOnly(&'static str),
    /// the name is none of the pipeline's own
    #[error("{0:?} is not a name of this pipeline; nothing was changed")]
    ForeignName(String),
    /// the object is not what the plan says (renamed, moved, gone) since it was read
    #[error("{name} ({moid}) is no longer what it was: {found}; nothing was changed")]
    Stale {
        /// the expected name
        name: String,
        /// the object
        moid: String,
        /// what is there now
        found: String,
    },
    /// the audit log cannot be written, so nothing is done
    #[error("the audit log {path} cannot be written: {source}; nothing was changed")]
    Audit {
        /// its path
        path: String,
        /// why
        source: std::io::Error,
    },
    /// what was to be destroyed was powered off, and then not destroyed
    #[error("it was powered off, and not destroyed: {0}")]
    PoweredOff(Box<GateError>),
    /// vCenter's own answer
    #[error(transparent)]
    VCenter(#[from] Error),
}

/// Every change of a VM reads the object once more by its id and checks name and folder, then writes the audit
/// log, acts, waits for the task, and writes the outcome.
#[derive(Debug, Clone)]
pub struct Gate {
    client: Client,
    mode: Mode,
    names: BTreeSet<String>,
    media: BTreeSet<String>,
    audit: AuditLog,
}

/// A rename that is checked and recorded as started, and not yet done.
#[derive(Debug)]
pub struct PreparedRename {
    verb: String,
    vm: Vm,
    to: String,
}

impl PreparedRename {
    fn entry(&self) -> AuditEntry<'_> {
        entry(&self.verb, RENAME, &self.vm, Some(&self.to))
    }
}

/// Receives progress of the task under way.
pub type OnProgress<'a> = &'a (dyn Fn(TaskProgress) + Sync);

impl Gate {
    /// A gate for the templates of these base names (each with [`SUFFIXES`]).
    pub fn new(client: Client, mode: Mode, bases: impl IntoIterator<Item = String>, audit: AuditLog) -> Self {
        let names = bases.into_iter().flat_map(|base| SUFFIXES.map(|suffix| format!("{base}{suffix}"))).collect();
        Self { client, mode, names, media: BTreeSet::new(), audit }
    }

    /// The same, with a VM of another name: what a branch of the repository builds.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.names.insert(name.into());
        self
    }

    /// The client behind it, for reading.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether anything may be changed.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The VM as it is now, provided it still has the name and the folder and is a template or not as `vm` says.
    ///
    /// # Errors
    /// [`GateError::Stale`], and those of reading.
    pub async fn read_unchanged(&self, vm: &Vm) -> Result<Vm, GateError> {
        Ok(self.verify_unchanged(vm).await?.vm)
    }

    async fn verify_unchanged(&self, vm: &Vm) -> Result<LocatedVm, GateError> {
        let folder = self.client.folder().await?;
        let Some(now) = self.client.locate(&vm.moid).await? else { return Err(stale(vm, "it is gone")) };
        let other = !vm.instance_uuid.is_empty() && now.vm.instance_uuid != vm.instance_uuid;
        let found = if other {
            "it is another object now".into()
        } else if now.vm.name != vm.name {
            format!("it is called {:?} now", now.vm.name)
        } else if now.folder != folder {
            "it is in another folder now".into()
        } else if now.vm.template && !vm.template {
            "it is a template now".into()
        } else if !now.vm.template && vm.template {
            "it is no template any more".into()
        } else {
            return Ok(now);
        };
        Err(stale(vm, &found))
    }

    /// Renames `vm` to `to` and waits.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn rename(&self, verb: &str, vm: &Vm, to: &str, progress: OnProgress<'_>) -> Result<(), GateError> {
        let rename = self.prepare_rename(verb, vm, to).await?;
        self.execute_rename(&rename, progress).await
    }

    /// Checks a rename and records its start, without doing it: for a rename that must follow another one without delay.
    ///
    /// # Errors
    /// [`GateError`]; nothing was changed
    pub async fn prepare_rename(&self, verb: &str, vm: &Vm, to: &str) -> Result<PreparedRename, GateError> {
        self.check_name(to)?;
        self.check_change(vm, "rename").await?;
        let rename = PreparedRename { verb: verb.to_owned(), vm: vm.clone(), to: to.to_owned() };
        self.record_start(rename.entry())?;
        Ok(rename)
    }

    /// Renames and waits.
    ///
    /// # Errors
    /// [`GateError::VCenter`]
    pub async fn execute_rename(&self, rename: &PreparedRename, progress: OnProgress<'_>) -> Result<(), GateError> {
        let PreparedRename { vm, to, .. } = rename;
        let answer = self.client.rename(&vm.moid, to, progress).await;
        let result = self.confirm_in_doubt(vm, answer, |now| now.is_some_and(|now| now.name == *to)).await;
        self.record_end(rename.entry(), result)
    }

    /// Puts on record whose claim on a VM is set aside, and why: before the change that it would have forbidden.
    ///
    /// # Errors
    /// [`GateError`]
    pub fn take_over(&self, verb: &str, vm: &Vm, whose: &str) -> Result<(), GateError> {
        self.check_allowed(vm, "take over")?;
        self.record_start(entry(verb, "TakeOver", vm, Some(whose)))
    }

    /// Puts on record that a prepared rename is not done.
    pub fn abandon_rename(&self, rename: &PreparedRename) {
        if let Err(error) = self.audit.append(rename.entry(), "not done: the step before it failed") {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    /// Destroys it with its disks, and waits. A running one is powered off first, provided `vm` says that it runs.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn destroy(&self, verb: &str, vm: &Vm, progress: OnProgress<'_>) -> Result<(), GateError> {
        let now = self.check_change(vm, "destroy").await?.power_state;
        if !needs_power_off(vm.power_state, now).map_err(|why| stale(vm, why))? {
            return self.destroy_only(verb, vm, progress).await;
        }
        self.power(verb, vm, false, progress).await?;
        let destroyed = async {
            self.check_change(vm, "destroy").await?;
            self.destroy_only(verb, vm, progress).await
        };
        destroyed.await.map_err(|error| GateError::PoweredOff(Box::new(error)))
    }

    async fn destroy_only(&self, verb: &str, vm: &Vm, progress: OnProgress<'_>) -> Result<(), GateError> {
        let act = async || {
            let answer = self.client.destroy(&vm.moid, progress).await;
            self.confirm_in_doubt(vm, answer, |now| now.is_none()).await
        };
        self.audited(entry(verb, "Destroy_Task", vm, None), act).await
    }

    /// Replaces the notes, provided they are still those of `vm`: the new ones were made from them.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn annotate(&self, verb: &str, vm: &Vm, notes: &str, progress: OnProgress<'_>) -> Result<(), GateError> {
        self.check_allowed(vm, "annotate")?;
        let now = self.verify_unchanged(vm).await?;
        if now.vm.annotation != vm.annotation {
            return Err(stale(vm, "somebody changed its notes"));
        }
        let act = async || {
            let answer = self.client.annotate(&vm.moid, notes, &now.change_version, progress).await;
            self.confirm_in_doubt(vm, answer, |now| now.is_some_and(|now| now.annotation == notes)).await
        };
        match self.audited(entry(verb, "ReconfigVM_Task", vm, Some("notes")), act).await {
            Err(GateError::VCenter(Error::Fault { fault, .. })) if fault == "ConcurrentAccess" => {
                Err(stale(vm, "somebody changed it at the same moment"))
            }
            done => done,
        }
    }

    async fn change(
        &self,
        entry: AuditEntry<'_>,
        vm: &Vm,
        what: &'static str,
        act: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), GateError> {
        self.check_change(vm, what).await?;
        self.audited(entry, act).await
    }

    /// Every check before a change of a VM; the VM as it is now.
    async fn check_change(&self, vm: &Vm, what: &'static str) -> Result<Vm, GateError> {
        self.check_allowed(vm, what)?;
        self.read_unchanged(vm).await
    }

    fn check_allowed(&self, vm: &Vm, what: &'static str) -> Result<(), GateError> {
        self.check_mode(what)?;
        self.check_name(&vm.name)
    }

    /// Syncs the outcomes of renames to disk, after the last of them: in between a sync would only lengthen the time without
    /// a live template.
    pub fn sync_audit_log(&self) {
        if let Err(error) = self.audit.sync() {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }

    async fn audited(
        &self,
        entry: AuditEntry<'_>,
        act: impl AsyncFnOnce() -> Result<(), Error>,
    ) -> Result<(), GateError> {
        self.record_start(entry)?;
        self.record_end(entry, act().await)
    }

    /// No record, no change: `started` is on disk before the call goes out.
    fn record_start(&self, entry: AuditEntry<'_>) -> Result<(), GateError> {
        self.audit
            .append(entry, "started")
            .map_err(|source| GateError::Audit { path: self.audit.path().display().to_string(), source })?;
        let AuditEntry { verb, call, object, name, detail } = entry;
        tracing::info!(verb, call, object, ?name, ?detail, "started");
        Ok(())
    }

    fn record_end(&self, entry: AuditEntry<'_>, result: Result<(), Error>) -> Result<(), GateError> {
        let outcome = match &result {
            Ok(()) => "done".to_owned(),
            Err(error) if outcome_unknown(error) => format!("unknown: {error}"),
            Err(error) => format!("failed: {error}"),
        };
        let AuditEntry { verb, call, object, .. } = entry;
        tracing::info!(verb, call, object, ?outcome, "ended");
        // Between two renames there may be no live template: the next record takes this one to the disk.
        let written = if call == RENAME {
            self.audit.append_unsynced(entry, &outcome)
        } else {
            self.audit.append(entry, &outcome)
        };
        if let Err(error) = written {
            // The change itself cannot be undone by that; the next one will be refused.
            tracing::error!(%error, outcome, "the audit log cannot be written");
        }
        Ok(result?)
    }

    fn check_mode(&self, what: &'static str) -> Result<(), GateError> {
        match self.mode {
            Mode::ReadWrite => Ok(()),
            Mode::ReadOnly(_) => Err(GateError::ReadOnly(what)),
        }
    }

    fn check_name(&self, name: &str) -> Result<(), GateError> {
        if self.names.contains(name) { Ok(()) } else { Err(GateError::ForeignName(name.to_owned())) }
    }
}

fn stale(vm: &Vm, found: &str) -> GateError {
    GateError::Stale { name: vm.name.clone(), moid: vm.moid.0.clone(), found: found.to_owned() }
}

fn entry<'a>(verb: &'a str, call: &'a str, vm: &'a Vm, detail: Option<&'a str>) -> AuditEntry<'a> {
    AuditEntry { verb, call, object: &vm.moid.0, name: &vm.name, detail }
}

/// Whether a VM that was `seen` like this is powered off before it is destroyed, now that it is like that.
fn needs_power_off(seen: PowerState, now: PowerState) -> Result<bool, &'static str> {
    use PowerState::{PoweredOff, PoweredOn, Suspended, Unknown};
    match (seen, now) {
        (_, PoweredOff) => Ok(false),
        (_, Unknown) => Err("vCenter does not tell whether it runs"),
        (PoweredOff, PoweredOn | Suspended) => Err("it is powered on now"),
        (PoweredOn | Suspended | Unknown, PoweredOn | Suspended) => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_run_is_not_destroyed_as_if_it_did_not() {
        let known = [PowerState::PoweredOn, PowerState::Suspended, PowerState::PoweredOff, PowerState::Unknown];
        for seen in known {
            assert_eq!(needs_power_off(seen, PowerState::PoweredOff), Ok(false));
            assert!(needs_power_off(seen, PowerState::Unknown).is_err());
        }
        assert!(needs_power_off(PowerState::PoweredOff, PowerState::PoweredOn).is_err());
        assert_eq!(needs_power_off(PowerState::PoweredOn, PowerState::PoweredOn), Ok(true));
    }
}
