//! What was done at GitHub from this machine: who dispatched, cancelled or reran which run, as the audit log has it.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use crate::fs::open_regular;
use crate::text::Scrubber;
use crate::triage::verdict::YOU;
use crate::vcenter::audit::user_at_host;

/// Bytes at the end of the audit log that are looked at: what is older is no news of a run that is listed.
const TAIL: u64 = 256 << 10;

/// What was done with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// it was begun
    Dispatched,
    /// it was ended
    Cancelled,
    /// its failed legs were run again
    RunAgain,
}

impl What {
    /// As a verb in the past.
    const fn word(self) -> &'static str {
        match self {
            Self::Dispatched => "dispatched",
            Self::Cancelled => "cancelled",
            Self::RunAgain => "reran",
        }
    }
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// what
    pub what: What,
    /// who: [`YOU`], or e.g. `mona@ops3`
    pub who: String,
    /// when
    pub at: Timestamp,
}

impl Deed {
    /// `you cancelled it at 03:12`
    pub fn said(&self, zone: &jiff::tz::TimeZone) -> String {
        let at = self.at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
        format!("{} {} it at {at}", self.who, self.what.word())
    }
}

/// The deeds of each run, by its page; the newest last.
pub type Deeds = BTreeMap<String, Vec<Deed>>;

/// A line of the audit log, as far as it matters here.
#[derive(Deserialize)]
struct Entry {
    time: Timestamp,
    who: String,
    verb: String,
    object: String,
    outcome: String,
    github: Option<String>,
}

/// Reads them. Lines that are no records of this are passed over.
///
/// # Errors
/// Those of reading; without an audit log there are none.
pub fn read(audit_log: &Path) -> io::Result<Deeds> {
    let mut file = match open_regular(audit_log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Deeds::new()),
        other => other?,
    };
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let mut deeds = Deeds::new();
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
    for (page, deed) in lines.filter_map(deed) {
        deeds.entry(page).or_default().push(deed);
    }
    Ok(deeds)
}

fn deed(entry: Entry) -> Option<(String, Deed)> {
    entry.github.as_ref()?;
    let done = entry.outcome == "done";
    let (what, page) = match entry.verb.as_str() {
        "dispatch" => (What::Dispatched, entry.outcome.strip_prefix("done: ")?.to_owned()),
        "cancel" if done => (What::Cancelled, entry.object),
        "rerun" if done => (What::RunAgain, entry.object),
        _ => return None,
    };
    let yours = entry.who == user_at_host();
    let who = if yours { YOU.to_owned() } else { Scrubber::shared().safe_line(&entry.who).into() };
    Some((page, Deed { what, who, at: entry.time }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcenter::audit::{AuditEntry, AuditLog};

    #[test]
    fn what_was_done_is_what_the_audit_log_says_was_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        assert!(read(&path).unwrap().is_empty());
        let page = "https://github.com/acme/images/actions/runs/9088";
        let log = AuditLog::of_github(&path, "acme/images");
        let entry = |verb, object| AuditEntry { verb, call: "x", object, name: "", detail: None };
        log.append(entry("dispatch", "debian-12"), "started").unwrap();
        log.append(entry("dispatch", "debian-12"), &format!("done: {page}")).unwrap();
        log.append(entry("cancel", page), "failed: GitHub is in trouble").unwrap();
        log.append(entry("cancel", page), "done").unwrap();
        AuditLog::here(&path).append(entry("cancel", "debian-12"), "done").unwrap();
        std::fs::write(&path, [std::fs::read(&path).unwrap(), b"{half".to_vec()].concat()).unwrap();
        let deeds = read(&path).unwrap();
        let of: Vec<&str> = deeds.keys().map(String::as_str).collect();
        assert_eq!(of, [page]);
        let said: Vec<(What, &str)> = deeds[page].iter().map(|deed| (deed.what, deed.who.as_str())).collect();
        assert_eq!(said, [(What::Dispatched, YOU), (What::Cancelled, YOU)]);
        let deed = Deed { at: "2026-03-15T03:12:00Z".parse().unwrap(), ..deeds[page][1].clone() };
        assert_eq!(deed.said(&jiff::tz::TimeZone::UTC), "you cancelled it at 03:12");
    }
}
