//! Where operations work.

use std::path::PathBuf;

use super::{Error, Operation, Refusal};
use crate::paths::StateDir;
use crate::pipeline::evaluate::OPEN;
use crate::pipeline::{Key, Line, Names, SUFFIXES};
use crate::vcenter::Client;
use crate::vcenter::audit::AuditLog;
use crate::vcenter::gate::{Gate, Mode};

/// The repository, its lines, the state folder, and whether anything may be changed.
#[derive(Debug, Clone)]
pub struct Context {
    /// root of the repository, absolute
    pub repo: PathBuf,
    /// lines of the matrix
    pub lines: Vec<Line>,
    /// where records are kept
    pub state: StateDir,
    /// whether anything may be changed
    pub mode: Mode,
}

impl Context {
    /// A line of the matrix.
    ///
    /// # Errors
    /// There is none of this key.
    pub fn line(&self, key: &Key) -> Result<&Line, Error> {
        let found = self.lines.iter().find(|line| line.key == *key);
        found.ok_or_else(|| Error::Usage(format!("no line {key}")))
    }

    /// The gate through which vCenter is changed: only names of the lines, everything in the audit log.
    pub fn gate(&self, client: &Client) -> Gate {
        let bases = self.lines.iter().map(|line| line.base_name.clone());
        let settings = client.settings();
        let audit = AuditLog::new(self.state.audit_log(), settings.credentials.username.clone(), settings.host());
        let gate = Gate::new(client.clone(), self.mode, bases, audit);
        // What a repository calls its generations otherwise.
        let gate = self.lines.iter().filter_map(|line| line.names.as_ref()).fold(gate, |gate, names| match names {
            Names::Generations { live, prev, build } => SUFFIXES
                .iter()
                .fold(gate, |gate, suffix| gate.with_name(format!("{live}{suffix}")))
                .with_name(prev)
                .with_name(build),
            Names::InPlace { name } | Names::Library { name, .. } => gate.with_name(name),
        });
        // On a branch templates may have builds of other names.
        let names = self.lines.iter().map(Line::build_name).filter(|name| !name.contains(OPEN));
        names.fold(gate, Gate::with_name)
    }
}

/// Whether a program in this mode does such a thing at all. The gate of vCenter asks once more; the repository and GitHub
/// have no gate.
///
/// # Errors
/// [`Refusal::ReadOnly`]
pub const fn permitted(operation: Operation, mode: Mode) -> Result<(), Refusal> {
    match mode {
        Mode::ReadOnly(why) if operation.mutates() => Err(Refusal::ReadOnly(why)),
        Mode::ReadOnly(_) | Mode::ReadWrite => Ok(()),
    }
}
