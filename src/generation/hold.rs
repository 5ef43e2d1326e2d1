//! A hold: no promotion of this line until somebody releases it.
//!
//! It is one line in the notes of a template, beside whatever stands there, so that a run on another machine sees it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::vcenter::Moid;

/// Begins the line of the notes that holds it; JSON follows.
const MARK: &str = "tmpl-tui hold: ";

/// Why a line is held, by whom, since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// what the person gave as reason
    pub reason: String,
    /// `user@host`
    pub by: String,
    /// UTC
    pub since: Timestamp,
    /// the template that a rollback made, or is making, live; absent where nothing was rolled back
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Moid>,
}

impl Hold {
    /// The hold in these notes. A marked line that cannot be read is a hold all the same: somebody meant it.
    pub fn read(notes: &str) -> Option<Self> {
        let line = notes.lines().find_map(|line| line.strip_prefix(MARK))?;
        Some(serde_json::from_str(line).unwrap_or_else(|_| Self {
            reason: line.trim().to_owned(),
            by: "unknown".into(),
            since: Timestamp::UNIX_EPOCH,
            to: None,
        }))
    }

    /// The notes with this hold instead of any other; the rest byte for byte.
    pub fn write(&self, notes: &str) -> String {
        let rest = Self::remove(notes);
        let line = serde_json::to_string(self).unwrap_or_default();
        if rest.is_empty() { format!("{MARK}{line}") } else { format!("{rest}\n{MARK}{line}") }
    }

    /// The notes without any hold; the rest byte for byte.
    pub fn remove(notes: &str) -> String {
        let mut rest = notes.to_owned();
        while let Some(start) = line_start(&rest) {
            let end = rest[start..].find('\n').map_or(rest.len(), |length| start + length);
            // The line break that `write` put before it goes too, or the one after it where it stands first.
            let (start, end) = if start > 0 { (start - 1, end) } else { (0, (end + 1).min(rest.len())) };
            rest.replace_range(start..end, "");
        }
        rest
    }
}

/// Where the first line with a hold begins.
fn line_start(notes: &str) -> Option<usize> {
    let mut marks = notes.match_indices(MARK).map(|(at, _)| at);
    marks.find(|at| *at == 0 || notes.as_bytes().get(at - 1) == Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hold(reason: &str) -> Hold {
        Hold { reason: reason.into(), by: "op@host".into(), since: "2026-03-01T02:03:04Z".parse().unwrap(), to: None }
    }

    proptest! {
        #[test]
        fn notes_come_back_byte_for_byte(notes in "[a-z\r\n\" ]{0,40}", reason in "[^\u{0}]{0,30}") {
            let held = hold(&reason).write(&notes);
            prop_assert_eq!(Hold::read(&held), Some(hold(&reason)));
            prop_assert_eq!(Hold::remove(&held), notes.clone());
            prop_assert_eq!(hold("again").write(&held), hold("again").write(&notes));
        }
    }

    #[test]
    fn a_damaged_hold_still_holds_and_can_be_removed() {
        let notes = "kept\ntmpl-tui hold: do not promote\nalso kept";
        assert_eq!(Hold::read(notes).unwrap().reason, "do not promote");
        assert_eq!(Hold::remove(notes), "kept\nalso kept");
        assert_eq!(Hold::read("says tmpl-tui hold: in the middle"), None);
        // Pasted twice, and once by an editor that ends lines its own way.
        let twice = "tmpl-tui hold: a\ntmpl-tui hold: b\r\nkept";
        assert_eq!(Hold::remove(twice), "kept");
    }
}
