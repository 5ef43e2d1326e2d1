//! The audit log: one JSON line per mutating call, written before the call (`intent`) and after it (`outcome`).

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Appends to one file, mode 0600; each record is one `write`. Secrets never reach it: records hold names, ids, verbs.
#[derive(Debug, Clone)]
pub struct Audit {
    path: PathBuf,
    account: String,
}

/// One line of the audit log.
#[derive(Debug, Clone, Serialize)]
pub struct Record<'a> {
    /// RFC 3339, UTC
    pub time: String,
    /// operating-system user and host, as `user@host`
    pub who: &'a str,
    /// vCenter account
    pub account: &'a str,
    /// vCenter host
    pub vcenter: &'a str,
    /// the verb of the product: `promote`, `rollback`, `build`, …
    pub verb: &'a str,
    /// the call, e.g. `Rename_Task`
    pub call: &'a str,
    /// object id
    pub object: &'a str,
    /// its name at that moment
    pub name: &'a str,
    /// e.g. the new name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'a str>,
    /// `started`, `done`, or `failed: …`
    pub outcome: &'a str,
}

impl Audit {
    /// An audit log at `path` for this vCenter account; the file is created at the first record.
    pub fn new(path: impl Into<PathBuf>, account: impl Into<String>) -> Self {
        Self { path: path.into(), account: account.into() }
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one record.
    ///
    /// # Errors
    /// Those of the file system; the gate refuses the mutation then.
    pub fn append(&self, record: &Record<'_>) -> io::Result<()> {
        let _ = (record, &self.account);
        Err(io::Error::other("not built yet"))
    }
}
