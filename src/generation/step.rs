//! One change to one object, and what it shows of itself before it happens.

use std::fmt;

use serde::Serialize;

use super::{Hold, Retired};
use crate::vcenter::{Moid, PowerState, Vm};

/// The object of a step, as it must be when the step begins; anything else makes the plan stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTarget {
    /// vCenter's id
    pub moid: Moid,
    /// its name when the step begins
    pub name: String,
    /// whether it is a template
    pub template: bool,
    /// vCenter's other id, which no second object ever gets
    #[serde(skip)]
    pub instance_uuid: String,
}

impl StepTarget {
    /// The object as it is.
    pub(crate) fn of(vm: &Vm) -> Self {
        let (moid, name, instance_uuid) = (vm.moid.clone(), vm.name.clone(), vm.instance_uuid.clone());
        Self { moid, name, template: vm.template, instance_uuid }
    }

    /// The part of a [`Vm`] that the gate compares with the object as it is.
    pub(crate) fn expected_vm(&self, power_state: PowerState) -> Vm {
        let (template, instance_uuid) = (self.template, self.instance_uuid.clone());
        Vm { template, power_state, instance_uuid, ..Vm::named(self.moid.clone(), &self.name) }
    }
}

impl fmt::Display for StepTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.moid)
    }
}

/// What becomes of the notes of a template. Applied to the notes as they stand at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Note {
    /// this hold instead of any other
    Hold(Hold),
    /// no hold
    Release,
    /// a promotion retires it
    Retire(Retired),
    /// it is in use again
    Unretire,
}

impl Note {
    /// The notes afterwards; what is not ours stays byte for byte.
    pub(super) fn apply(&self, notes: &str) -> String {
        match self {
            Self::Hold(hold) => hold.write(notes),
            Self::Release => Hold::remove(notes),
            Self::Retire(mark) => mark.write(notes),
            Self::Unretire => Retired::remove(notes),
        }
    }
}

/// One change to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Step {
    /// give it another name
    Rename {
        /// the object
        vm: StepTarget,
        /// its name afterwards
        to: String,
    },
    /// change its notes
    Annotate {
        /// the object
        vm: StepTarget,
        /// how
        note: Note,
    },
    /// destroy it with its disks
    Destroy {
        /// the object
        vm: StepTarget,
        /// it runs and is powered off first
        running: bool,
        /// the generations that make it dispensable: looked at once more before it goes
        keep: Vec<StepTarget>,
    },
}

impl Step {
    /// The object it changes.
    pub fn subject(&self) -> &StepTarget {
        match self {
            Self::Rename { vm, .. } | Self::Annotate { vm, .. } | Self::Destroy { vm, .. } => vm,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { vm, to } => write!(f, "rename {} → {to} ({})", vm.name, vm.moid),
            Self::Annotate { vm, note: Note::Hold(_) } => write!(f, "write the hold into the notes of {vm}"),
            Self::Annotate { vm, note: Note::Release } => write!(f, "remove the hold from the notes of {vm}"),
            Self::Annotate { vm, note: Note::Retire(_) } => write!(f, "mark {vm} as retired"),
            Self::Annotate { vm, note: Note::Unretire } => write!(f, "remove the mark of retirement from {vm}"),
            Self::Destroy { vm, running: false, .. } => write!(f, "destroy {vm}"),
            Self::Destroy { vm, running: true, .. } => write!(f, "power off and destroy {vm}"),
        }
    }
}
