//! The one gate through which anything is changed in vCenter.
//!
//! It knows read-only mode, the names it may touch, the folder they must be in, and the audit log, and nothing else.

use std::collections::BTreeSet;

use super::audit::Audit;
use super::{Client, Error, TaskProgress, Vm};

/// Whether this process may change vCenter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// nothing may be changed
    ReadOnly,
    /// changes within the allow-list
    ReadWrite,
}

/// Why a change did not happen, or did not finish.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// started with `--read-only`
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
    /// vCenter's own answer
    #[error(transparent)]
    VCenter(#[from] Error),
}

/// The gate. Every method re-reads the object by id, checks name and folder, writes the audit log, acts, waits for the
/// task, writes the outcome.
#[derive(Debug, Clone)]
pub struct Gate {
    client: Client,
    mode: Mode,
    names: BTreeSet<String>,
    audit: Audit,
}

/// Receives progress of the task under way.
pub type OnProgress<'a> = &'a (dyn Fn(TaskProgress) + Sync);

impl Gate {
    /// A gate for the given base names: `<base>`, `<base>-build`, `<base>-prev` and our own `<base>-retired` are allowed.
    pub fn new(client: Client, mode: Mode, bases: impl IntoIterator<Item = String>, audit: Audit) -> Self {
        let names = bases
            .into_iter()
            .flat_map(|base| ["", "-build", "-prev", "-retired"].map(|suffix| format!("{base}{suffix}")))
            .collect();
        Self { client, mode, names, audit }
    }

    /// The client behind it, for reading.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether anything may be changed.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Renames `vm` to `to` and waits.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn rename(&self, verb: &str, vm: &Vm, to: &str, progress: OnProgress<'_>) -> Result<(), GateError> {
        let _ = (verb, vm, to, progress, &self.names, &self.audit);
        Err(GateError::ReadOnly("not built yet"))
    }

    /// Powers it off if it is a running VM, then destroys it with its disks, and waits.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn destroy(&self, verb: &str, vm: &Vm, progress: OnProgress<'_>) -> Result<(), GateError> {
        let _ = (verb, vm, progress);
        Err(GateError::ReadOnly("not built yet"))
    }

    /// Replaces the notes.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn annotate(&self, verb: &str, vm: &Vm, notes: &str, progress: OnProgress<'_>) -> Result<(), GateError> {
        let _ = (verb, vm, notes, progress);
        Err(GateError::ReadOnly("not built yet"))
    }

    /// Marks a powered-off VM as template.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn mark_as_template(&self, verb: &str, vm: &Vm) -> Result<(), GateError> {
        let _ = (verb, vm);
        Err(GateError::ReadOnly("not built yet"))
    }

    /// Powers on or off, and waits.
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn power(&self, verb: &str, vm: &Vm, on: bool, progress: OnProgress<'_>) -> Result<(), GateError> {
        let _ = (verb, vm, on, progress);
        Err(GateError::ReadOnly("not built yet"))
    }

    /// Types text into the guest with `PutUsbScanCodes` (US layout).
    ///
    /// # Errors
    /// [`GateError`]
    pub async fn type_text(&self, verb: &str, vm: &Vm, text: &str) -> Result<(), GateError> {
        let _ = (verb, vm, text);
        Err(GateError::ReadOnly("not built yet"))
    }
}
