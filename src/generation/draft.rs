//! The names of a line as they will be while the steps of a plan are drawn up.

use super::{Generations, Note, Refusal, Retired, Step, StepTarget};
use crate::vcenter::{Moid, PowerState, Vm};

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

    /// Its name, of a line that has this base name and these other ones.
    pub(super) fn name(self, base: &str, others: &OtherNames) -> String {
        match self {
            Self::Build => others.builds.clone(),
            Self::Live => base.to_owned(),
            Self::Prev => others.prev.clone(),
            Self::Retired => format!("{base}-retired"),
            Self::Swapping => format!("{base}-swapping"),
        }
    }
}

/// The names of a line that do not follow from its base name alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct OtherNames {
    /// what this checkout builds
    pub builds: String,
    /// what a promotion makes live
    pub promotable: String,
    /// the previous generation
    pub prev: String,
}

impl OtherNames {
    /// `<base>-build` and `<base>-prev`.
    pub(super) fn documented(base: &str) -> Self {
        let builds = format!("{base}-build");
        Self { promotable: builds.clone(), builds, prev: format!("{base}-prev") }
    }
}

/// Steps so far, and who has which name after them.
pub(super) struct Draft<'a> {
    pub(super) base: &'a str,
    others: &'a OtherNames,
    slots: [Option<&'a Vm>; 5],
    pub(super) steps: Vec<Step>,
    pub(super) caveat: Option<&'static str>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(now: &'a Generations) -> Self {
        let slots = Slot::ALL.map(|slot| now.get(slot));
        Self { base: &now.base, others: &now.others, slots, steps: Vec::new(), caveat: None }
    }

    /// Who has this name.
    pub(super) fn vm(&self, slot: Slot) -> Option<&'a Vm> {
        self.slots[slot as usize]
    }

    pub(super) fn has(&self, slot: Slot) -> bool {
        self.vm(slot).is_some()
    }

    fn subject(&self, slot: Slot) -> Option<StepTarget> {
        self.vm(slot).map(|vm| StepTarget { name: self.name(slot), ..StepTarget::of(vm) })
    }

    fn name(&self, slot: Slot) -> String {
        slot.name(self.base, self.others)
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
            let running = runs(known);
            let keep = [Slot::Live, Slot::Prev].into_iter().filter_map(|slot| self.subject(slot)).collect();
            self.steps.push(Step::Destroy { vm, running, keep });
            self.slots[slot as usize] = None;
        }
    }

    /// Destroys a clone that was tried: no generation depends on it.
    pub(super) fn destroy_clone(&mut self, clone: &Vm) {
        let vm = StepTarget::of(clone);
        self.steps.push(Step::Destroy { vm, running: runs(clone), keep: Vec::new() });
    }

    pub(super) fn annotate(&mut self, slot: Slot, note: Note) {
        if let Some(vm) = self.subject(slot) {
            self.steps.push(Step::Annotate { vm, note });
        }
    }

    /// Marks prev and calls it retired: from here on it may be destroyed.
    pub(super) fn retire_prev(&mut self, mark: impl FnOnce(&Moid, &Moid) -> Retired) {
        let (Some(prev), Some(live)) = (self.vm(Slot::Prev), self.vm(Slot::Live)) else { return };
        // Killed after the mark was written: it is as good as a new one.
        if self.retired(prev).is_none_or(|mark| mark.live != live.moid) {
            self.annotate(Slot::Prev, Note::Retire(mark(&prev.moid, &live.moid)));
        }
        self.rename(Slot::Prev, Slot::Retired);
    }

    /// The mark that an object carries after the steps so far.
    fn retired(&self, vm: &Vm) -> Option<Retired> {
        let noted = self.steps.iter().rev().find_map(|step| match step {
            Step::Annotate { vm: of, note: Note::Retire(mark) } if of.moid == vm.moid => Some(Some(mark.clone())),
            Step::Annotate { vm: of, note: Note::Unretire } if of.moid == vm.moid => Some(None),
            Step::Annotate { .. } | Step::Rename { .. } | Step::Destroy { .. } => None,
        });
        noted.unwrap_or_else(|| Retired::of(vm))
    }

    /// Takes the retired one back into use. The mark goes first: nothing that is in use may carry one.
    pub(super) fn unretire(&mut self, to: Slot) {
        if self.vm(Slot::Retired).is_some_and(|vm| Retired::marked(&vm.annotation)) {
            self.annotate(Slot::Retired, Note::Unretire);
        }
        self.rename(Slot::Retired, to);
    }

    /// Destroys the retired one, provided a promotion of ours retired it, and it is the generation before live and prev.
    pub(super) fn destroy_retired(&mut self, ignore_age: bool) -> Result<(), Refusal> {
        let (Some(retired), Some(live), Some(prev)) =
            (self.vm(Slot::Retired), self.vm(Slot::Live), self.vm(Slot::Prev))
        else {
            return Ok(());
        };
        if self.retired(retired).is_none_or(|mark| mark.live != live.moid && mark.live != prev.moid) {
            return Err(Refusal::NotRetiredByUs { name: retired.name.clone(), moid: retired.moid.clone() });
        }
        // After a rollback it may well be newer than the one of the two that came back.
        if let (Some(made), Some(one), Some(other)) = (retired.created, live.created, prev.created)
            && made > one.max(other)
            && !ignore_age
        {
            return Err(Refusal::NewestRetired { name: retired.name.clone(), moid: retired.moid.clone() });
        }
        self.destroy(Slot::Retired);
        Ok(())
    }
}

/// Whether it is powered off before it is destroyed. Where that is not known, the gate refuses.
const fn runs(vm: &Vm) -> bool {
    match vm.power_state {
        PowerState::PoweredOff => false,
        PowerState::PoweredOn | PowerState::Suspended | PowerState::Unknown => true,
    }
}
