//! The audit log: one JSON line before each mutating call and one after it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::fs::{append_private, create_private_dir, named, open_regular};
use crate::text::Scrubber;

/// Appends to one file, mode 0600. Records hold names, ids and verbs; secrets never reach it.
#[derive(Debug, Clone)]
pub struct AuditLog {
    path: PathBuf,
    account: Option<String>,
    vcenter: Option<String>,
    github: Option<String>,
    who: String,
}

/// One change to one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditEntry<'a> {
    /// the verb of the product: `promote`, `rollback`, `build`, …
    pub verb: &'a str,
    /// the call, e.g. `Rename_Task`
    pub call: &'a str,
    /// object id, a datastore path, the key of a line, or the page of a run
    pub object: &'a str,
    /// its name at that moment
    pub name: &'a str,
    /// e.g. the new name
    pub detail: Option<&'a str>,
}

#[derive(Serialize)]
struct AuditRecord<'a> {
    time: String,
    who: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vcenter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    github: Option<&'a str>,
    verb: &'a str,
    call: &'a str,
    object: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    outcome: &'a str,
}

impl AuditLog {
    /// An audit log at `path` for `account` on `vcenter`; the file is created at the first record.
    pub fn new(path: impl Into<PathBuf>, account: impl Into<String>, vcenter: impl Into<String>) -> Self {
        Self { account: Some(account.into()), vcenter: Some(vcenter.into()), ..Self::here(path) }
    }

    /// One for what is changed at GitHub, in this repository (`owner/name`).
    pub fn of_github(path: impl Into<PathBuf>, repository: impl Into<String>) -> Self {
        Self { github: Some(repository.into()), ..Self::here(path) }
    }

    /// One for what is changed on this machine.
    pub fn here(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), account: None, vcenter: None, github: None, who: user_at_host() }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one record and syncs the file to disk. `outcome` is `started`, `done`, `failed: …`, or
    /// `unknown: …` where vCenter's answer was lost and looking did not show that it is done.
    ///
    /// # Errors
    /// Those of the file system; the gate refuses the mutation then.
    pub fn append(&self, entry: AuditEntry<'_>, outcome: &str) -> io::Result<()> {
        self.write(entry, outcome)?.sync_data()
    }

    /// Appends one record that reaches the disk with the next [`AuditLog::append`] or [`AuditLog::sync`].
    ///
    /// # Errors
    /// Those of the file system.
    pub fn append_unsynced(&self, entry: AuditEntry<'_>, outcome: &str) -> io::Result<()> {
        self.write(entry, outcome).map(drop)
    }

    /// Syncs everything appended so far to disk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn sync(&self) -> io::Result<()> {
        match open_regular(&self.path) {
            Ok(file) => file.sync_data(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// One `write` of a whole line, so that two processes never mix theirs.
    fn write(&self, entry: AuditEntry<'_>, outcome: &str) -> io::Result<File> {
        let AuditEntry { verb, call, object, name, detail } = entry;
        let record = AuditRecord {
            time: format!("{:.3}", Timestamp::now()),
            who: &self.who,
            account: self.account.as_deref(),
            vcenter: self.vcenter.as_deref(),
            github: self.github.as_deref(),
            verb,
            call,
            object,
            name,
            detail,
            outcome,
        };
        let mut text = String::from(Scrubber::shared().safe_json(&record)?);
        text.push('\n');
        if let Some(folder) = self.path.parent() {
            create_private_dir(folder).map_err(named(folder))?;
        }
        let mut file = append_private(&self.path)?;
        if ends_mid_line(&mut file)? {
            text.insert(0, '\n');
        }
        file.write_all(text.as_bytes())?;
        Ok(file)
    }
}

/// Whether the last record was cut off, by a full disk or a crash: the next one would become part of its line.
fn ends_mid_line(file: &mut File) -> io::Result<bool> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [b'\n'];
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

/// `user@host` of this process.
pub fn user_at_host() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name);
    let host = nix::unistd::gethostname().ok().map(|name| name.to_string_lossy().into_owned());
    format!("{}@{}", user.as_deref().unwrap_or("unknown"), host.as_deref().unwrap_or("unknown"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_record_that_was_cut_off_does_not_take_the_next_one_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let audit = AuditLog::new(dir.path().join("audit.jsonl"), "svc", "vc01");
        std::fs::write(audit.path(), "{\"time\":\"2026-03-01T02:03:04Z\",\"wh").unwrap();
        let entry = AuditEntry { verb: "promote", call: "Rename_Task", object: "vm-1", name: "a", detail: Some("b") };
        audit.append(entry, "started").unwrap();
        audit.append(entry, "done").unwrap();
        let text = std::fs::read_to_string(audit.path()).unwrap();
        let whole = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        assert_eq!(whole.map(|line| line["outcome"].clone()).collect::<Vec<_>>(), ["started", "done"]);
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn whole_private_lines() {
        let dir = tempfile::tempdir().unwrap();
        let audit = AuditLog::new(dir.path().join("state/audit.jsonl"), "svc", "vc01");
        let entry = AuditEntry {
            verb: "promote",
            call: "Rename_Task",
            object: "vm-1",
            name: "a\nb\u{9b}6n",
            detail: Some("b"),
        };
        audit.append(entry, "started").unwrap();
        audit.append(entry, "done").unwrap();
        let text = std::fs::read_to_string(audit.path()).unwrap();
        let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert!(!text.contains('\u{9b}'), "{text}");
        assert_eq!((&lines[1]["outcome"], &lines[1]["name"]), (&"done".into(), &"a\nb\u{9b}6n".into()));
        assert_eq!(lines[0]["who"], user_at_host());
        assert_eq!(std::fs::metadata(audit.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(dir.path().join("state")).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
