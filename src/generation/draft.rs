//! The names of a line as they will be while the steps of a plan are drawn up.

use super::{Generations, Note, Step, StepTarget};
use crate::vcenter::{PowerState, Vm};

/// One of the names a line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Live,
    Build,
    Prev,
    Retired,
    Swapping,
}

impl Slot {
    pub(super) const ALL: [Self; 5] = [Self::Live, Self::Build, Self::Prev, Self::Retired, Self::Swapping];

    /// What follows the base name.
    pub(super) const fn suffix(self) -> &'static str {
        match self {
            Self::Live => "",
            Self::Build => "-build",
            Self::Prev => "-prev",
            Self::Retired => "-retired",
            Self::Swapping => "-swapping",
        }
    }
}

/// Steps so far, and who has which name after them.
pub(super) struct Draft<'a> {
    pub(super) base: &'a str,
    slots: [Option<&'a Vm>; 5],
    pub(super) steps: Vec<Step>,
    pub(super) caveat: Option<&'static str>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(now: &'a Generations) -> Self {
        let slots = Slot::ALL.map(|slot| now.get(slot));
        Self { base: &now.base, slots, steps: Vec::new(), caveat: None }
    }

    /// Who has this name.
    pub(super) fn vm(&self, slot: Slot) -> Option<&'a Vm> {
        self.slots[slot as usize]
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.vm(slot).is_some()
    }

    fn subject(&self, slot: Slot) -> Option<StepTarget> {
        self.vm(slot).map(|vm| StepTarget { moid: vm.moid.clone(), name: self.name(slot), template: vm.template })
    }

    fn name(&self, slot: Slot) -> String {
        format!("{}{}", self.base, slot.suffix())
    }

    /// Moves whatever is in `from` to the free slot `to`; nothing where `from` is empty.
    pub(super) fn rename(&mut self, from: Slot, to: Slot) {
        if let Some(vm) = self.subject(from) {
            self.steps.push(Step::Rename { vm, to: self.name(to) });
            self.slots[to as usize] = self.slots[from as usize].take();
        }
    }

    /// Destroys whatever is in `slot`, as long as live and prev stay what they are at that moment.
    pub(super) fn destroy(&mut self, slot: Slot) {
        if let (Some(vm), Some(known)) = (self.subject(slot), self.vm(slot)) {
            let running = match known.power_state {
                PowerState::PoweredOff => false,
                // Where it is not known, the gate refuses.
                PowerState::PoweredOn | PowerState::Suspended | PowerState::Unknown => true,
            };
            let keep = [Slot::Live, Slot::Prev].into_iter().filter_map(|slot| self.subject(slot)).collect();
            self.steps.push(Step::Destroy { vm, running, keep });
            self.slots[slot as usize] = None;
        }
    }

    pub(super) fn annotate(&mut self, slot: Slot, note: Note) {
        if let Some(vm) = self.subject(slot) {
            self.steps.push(Step::Annotate { vm, note });
        }
    }
}
