//! A hold: no promotion of this line until somebody releases it.
//!
//! It is one line in the notes of a template, beside whatever stands there, so that a run on another machine sees it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notes::Mark;
use crate::vcenter::Moid;

const MARK: Mark = Mark { word: "hold" };

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
    /// The hold in these notes, however a person has written it. A marked line that cannot be read is a hold all the same:
    /// somebody meant it.
    pub fn read(notes: &str) -> Option<Self> {
        let hold = MARK.read(notes)?;
        Some(hold.unwrap_or_else(|text: &str| Self {
            reason: text.to_owned(),
            by: "unknown".into(),
            since: Timestamp::UNIX_EPOCH,
            to: None,
        }))
    }

    /// The notes with this hold instead of any other; the rest byte for byte.
    pub fn write(&self, notes: &str) -> String {
        MARK.write(notes, self)
    }

    /// The notes without any hold; the rest byte for byte.
    pub fn remove(notes: &str) -> String {
        MARK.remove(notes)
    }
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
        assert_eq!(Hold::read("no tmpl-tui holder"), None);
        // Pasted twice, and once by an editor that ends lines its own way.
        let twice = "tmpl-tui hold: a\ntmpl-tui hold: b\r\nkept";
        assert_eq!(Hold::remove(twice), "kept");
    }

    #[test]
    fn a_hold_written_by_hand_holds() {
        for notes in [
            "TMPL-TUI HOLD: wait for Jo",
            "  tmpl-tui hold: wait for Jo",
            "\ttmpl-tui hold:wait for Jo",
            "built\r\n- Tmpl-tui  Hold : wait for Jo\r\nmore",
            "old Mac\rtmpl-tui hold wait for Jo\rmore",
            "\u{feff}* tmpl_tui hold: wait for Jo",
        ] {
            assert_eq!(Hold::read(notes).map(|hold| hold.reason).as_deref(), Some("wait for Jo"), "{notes:?}");
            assert_eq!(Hold::read(&Hold::remove(notes)), None, "{notes:?}");
        }
        assert_eq!(Hold::remove("built\r\n- tmpl-tui hold: x\r\nmore"), "built\r\nmore");
        assert_eq!(Hold::remove("one\rtmpl-tui hold x\rmore"), "one\rmore");
    }
}
