//! What is changed elsewhere than in vCenter, in the same audit log as everything that passes the gate: one line before it
//! and one after.

use std::path::Path;

use super::Error;
use super::build::{Done, Ending, ending};
use crate::github;
use crate::packer_run::Run;
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::vcenter::Settings;
use crate::vcenter::audit::{AuditEntry, AuditLog};
use crate::vcenter::gate::GateError;

/// A change, to be put on record.
#[derive(Debug)]
pub(super) struct Audited<'a> {
    log: AuditLog,
    entry: AuditEntry<'a>,
}

/// What follows from an audit log that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// nothing is done
    Refuses,
    /// it is done all the same: a full disk keeps nobody from stopping a build
    IsLogged,
}

impl<'a> Audited<'a> {
    /// A change at GitHub, in this repository.
    pub fn on_github(state: &StateDir, repository: &str, entry: AuditEntry<'a>) -> Self {
        Self { log: AuditLog::of_github(state.audit_log(), repository), entry }
    }

    /// A change of a run of the line, which works in the vCenter of `repo`, where that is known.
    pub fn of_run(state: &StateDir, repo: &Path, key: &Key, entry: AuditEntry<'a>) -> Self {
        let path = state.audit_log();
        let log = match Settings::of_line(repo, key) {
            Ok(settings) => AuditLog::new(path, settings.credentials.username.clone(), settings.host()),
            Err(_) => AuditLog::here(path),
        };
        Self { log, entry }
    }

    /// Does it, between its two lines.
    ///
    /// # Errors
    /// Those of the change; [`GateError::Audit`] where an audit log that cannot be written refuses.
    pub async fn change<T>(
        &self,
        unwritten: Unwritten,
        change: impl Future<Output = Result<T, Error>>,
        became: impl FnOnce(&T) -> String,
    ) -> Result<T, Error> {
        match (self.log.append(self.entry, "started"), unwritten) {
            (Ok(()), _) => {}
            (Err(source), Unwritten::Refuses) => {
                return Err(GateError::Audit { path: self.log.path().display().to_string(), source }.into());
            }
            (Err(error), Unwritten::IsLogged) => self.warn(&error),
        }
        let result = change.await;
        let outcome = match &result {
            Ok(done) => became(done),
            Err(error) if answer_lost(error) => format!("unknown: {error}"),
            Err(error) => format!("failed: {error}"),
        };
        if let Err(error) = self.log.append(self.entry, &outcome) {
            self.warn(&error);
        }
        result
    }

    fn warn(&self, error: &std::io::Error) {
        tracing::error!(%error, verb = self.entry.verb, object = self.entry.object, "the audit log cannot be written");
    }
}

/// Whether GitHub may have done what was asked, for its answer did not come or says nothing.
fn answer_lost(error: &Error) -> bool {
    matches!(error, Error::GitHub(error) if error.is_transient() || matches!(**error, github::Error::Shape { .. }))
}

/// How a build that ended came out, as the audit log says it.
pub(super) fn outcome_of(done: &Done) -> String {
    let run = &done.outcome.run;
    let word = match ending(done.outcome.stage) {
        Ending::Built => "done",
        Ending::Cancelled => "cancelled",
        Ending::Failed => "failed",
    };
    let made = run.built.as_ref().map(|vm| format!(", {} ({})", vm.name, vm.moid));
    let why = run.reason.as_ref().map(|reason| format!(", {reason}"));
    format!("{word}: run {}{}", name_of(run), made.or(why).unwrap_or_default())
}

/// What a run is called in the audit log: its folder.
pub(super) fn name_of(run: &Run) -> String {
    run.dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
