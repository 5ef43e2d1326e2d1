//! The mark of a template that a promotion has retired: what permits its destruction.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notes::Mark;
use crate::vcenter::{Moid, Vm};

const MARK: Mark = Mark { word: "retired" };

/// That a promotion retired this template, in its notes. Without it whatever is called `-retired` was put there by
/// somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// `user@host`
    pub by: String,
    /// when its promotion began
    pub at: Timestamp,
    /// the template itself: notes are copied to whatever is cloned from it
    pub vm: Moid,
    /// what was live then, and is live or prev as long as this is the generation before the two
    pub live: Moid,
}

impl Retired {
    /// The mark of a template.
    pub fn of(vm: &Vm) -> Option<Self> {
        let mark: Option<Self> = MARK.read(&vm.annotation).and_then(Result::ok);
        mark.filter(|mark| mark.vm == vm.moid)
    }

    /// The notes with this mark; the rest byte for byte.
    pub fn write(&self, notes: &str) -> String {
        MARK.write(notes, self)
    }

    /// Whether notes carry a mark, readable or not.
    pub fn marked(notes: &str) -> bool {
        MARK.text(notes).is_some()
    }

    /// The notes without it; the rest byte for byte.
    pub fn remove(notes: &str) -> String {
        MARK.remove(notes)
    }
}
