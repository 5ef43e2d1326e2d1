//! A claim: a build is at work on this VM, on some machine. Other machines leave it alone while it is fresh.
//!
//! It is one line in the notes of the VM that packer builds, written as soon as the VM exists and refreshed while the
//! build runs. Times are the server's, so that clocks of machines that disagree do not matter.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Actor;
use super::notes::Mark;
use crate::pipeline::Key;
use crate::vcenter::{Moid, Vm};

const MARK: Mark = Mark { word: "claim" };
/// What is left of a claim when its build has ended: by it, templates that no line's name fits are known as ours.
const BUILT: Mark = Mark { word: "built" };

/// The claim on a clone that is tried: written before the clone has an id, so that `vm` is what it was made of.
const SMOKE: Mark = Mark { word: "smoke" };

/// Who builds a VM, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// the line
    pub key: Key,
    /// `user@host`
    pub by: String,
    /// the run, by the name of its folder there
    pub run: String,
    /// the VM itself: notes are copied to whatever is cloned from it
    pub vm: Moid,
    /// when the VM was claimed
    pub since: Timestamp,
    /// when that was last said
    pub seen: Timestamp,
}

impl Claim {
    /// How often a build says that it is still at work.
    pub const REFRESH: SignedDuration = SignedDuration::from_secs(60);
    /// A claim that was not refreshed for this long does not bind: the machine, or its link to vCenter, is gone.
    pub const STALE_AFTER: SignedDuration = SignedDuration::from_mins(10);

    /// The claim on a VM. One that cannot be read was never refreshed and never grows stale: somebody meant it.
    pub fn of(vm: &Vm) -> Option<Self> {
        let claim = MARK.read(&vm.annotation)?;
        let claim: Self = claim.unwrap_or_else(|text: &str| Self::unreadable(vm, text));
        (claim.vm == vm.moid).then_some(claim)
    }

    /// The claim on a clone that is tried, by whoever made it.
    pub fn of_clone(vm: &Vm) -> Option<Self> {
        SMOKE.read(&vm.annotation).map(|claim| claim.unwrap_or_else(|text: &str| Self::unreadable(vm, text)))
    }

    /// The notes of a clone that is tried.
    pub fn notes_of_clone(&self) -> String {
        SMOKE.write("made by a smoke test and destroyed after it", self)
    }

    fn unreadable(vm: &Vm, text: &str) -> Self {
        Self {
            key: Key(String::new()),
            by: format!("unknown ({text})"),
            run: String::new(),
            vm: vm.moid.clone(),
            since: Timestamp::MAX,
            seen: Timestamp::MAX,
        }
    }

    /// A run's first claim on a VM.
    pub fn new(key: Key, by: &Actor, run: String, vm: Moid, now: Timestamp) -> Self {
        let now = whole_seconds(now);
        Self { key, by: by.0.clone(), run, vm, since: now, seen: now }
    }

    /// The same, still at work.
    pub fn refreshed(&self, now: Timestamp) -> Self {
        Self { seen: whole_seconds(now), ..self.clone() }
    }

    /// Whether it binds others.
    pub fn fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen) < Self::STALE_AFTER
    }

    /// Whether it is of this run, of whichever moment.
    pub fn same_run(&self, other: &Self) -> bool {
        self.by == other.by && self.run == other.run && self.vm == other.vm
    }

    /// The notes with this claim instead of any other; the rest byte for byte.
    pub fn write(&self, notes: &str) -> String {
        MARK.write(notes, self)
    }

    /// The notes without any claim; the rest byte for byte.
    pub fn removed(notes: &str) -> String {
        MARK.remove(notes)
    }

    /// The notes once the build has ended: no claim, and a line that tells which run made this.
    pub fn ended(&self, notes: &str) -> String {
        BUILT.write(&MARK.remove(notes), self)
    }

    /// Which run built a VM, or is building it.
    pub fn origin(vm: &Vm) -> Option<Self> {
        let built: Option<Self> = BUILT.read(&vm.annotation).and_then(Result::ok);
        Self::of(vm).or(built).filter(|claim| claim.vm == vm.moid)
    }
}

fn whole_seconds(time: Timestamp) -> Timestamp {
    time.round(jiff::Unit::Second).unwrap_or(time)
}
