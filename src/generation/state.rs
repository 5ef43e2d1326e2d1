//! The state of one line, read from the names in its folder and nothing else.

use crate::vcenter::{Moid, Vm};

use super::Hold;
use super::draft::Slot;

/// The generations of one line as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generations {
    /// the base name
    pub base: String,
    /// `<base>`
    pub live: Option<Vm>,
    /// `<base>-build`
    pub build: Option<Vm>,
    /// `<base>-prev`
    pub prev: Option<Vm>,
    /// `<base>-retired`: a promotion is under way or was interrupted
    pub retired: Option<Vm>,
    /// `<base>-swapping`: a rollback is under way or was interrupted
    pub swapping: Option<Vm>,
    /// the hold on the line, whichever generation carries it
    pub hold: Option<Hold>,
    /// packer builds under the name that is cloned: there is nothing to promote
    pub in_place: bool,
    /// names that more than one object has; nothing is done while there are any
    pub duplicates: Vec<String>,
}

/// An interrupted change, and what the next run of its verb makes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pending {
    /// a promotion; `promote` finishes it forwards, or backwards where its build is gone
    Promote,
    /// a rollback; `rollback` finishes it
    Rollback,
    /// there is no live template, though an older generation is there
    NoLive,
}

impl Pending {
    /// The verb that finishes it.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Promote | Self::NoLive => "promote",
            Self::Rollback => "rollback",
        }
    }
}

impl Generations {
    /// Picks the line's generations out of the VMs of the folder.
    pub fn read(base: &str, vms: &[Vm]) -> Self {
        let mut duplicates = Vec::new();
        let mut named = |slot: Slot| {
            let name = format!("{base}{}", slot.suffix());
            let mut found = vms.iter().filter(|vm| vm.name == name);
            let first = found.next().cloned();
            if found.next().is_some() {
                duplicates.push(name);
            }
            first
        };
        let mut generations = Self {
            base: base.to_owned(),
            live: named(Slot::Live),
            build: named(Slot::Build),
            prev: named(Slot::Prev),
            retired: named(Slot::Retired),
            swapping: named(Slot::Swapping),
            hold: None,
            in_place: false,
            duplicates: Vec::new(),
        };
        generations.duplicates = duplicates;
        generations.with_hold()
    }

    /// With the hold that one of them carries.
    pub(super) fn with_hold(mut self) -> Self {
        // Where a rollback was undone both templates carry one; the newer one is meant.
        let hold = self.hold_carriers().filter_map(|vm| Hold::read(&vm.annotation)).max_by_key(|hold| hold.since);
        self.hold = hold;
        self
    }

    /// Whether a promotion or rollback was interrupted here.
    pub fn pending(&self) -> Option<Pending> {
        if self.swapping.is_some() {
            Some(Pending::Rollback)
        } else if self.retired.is_some() {
            Some(Pending::Promote)
        } else if self.live.is_none() && self.prev.is_some() {
            Some(Pending::NoLive)
        } else {
            None
        }
    }

    /// The generations that may carry a hold: all but the fresh build.
    pub fn hold_carriers(&self) -> impl Iterator<Item = &Vm> {
        [&self.live, &self.prev, &self.swapping, &self.retired].into_iter().flatten()
    }

    /// Who has this name.
    pub(super) fn get(&self, slot: Slot) -> Option<&Vm> {
        match slot {
            Slot::Live => self.live.as_ref(),
            Slot::Build => self.build.as_ref(),
            Slot::Prev => self.prev.as_ref(),
            Slot::Retired => self.retired.as_ref(),
            Slot::Swapping => self.swapping.as_ref(),
        }
    }

    /// What a plan is made from. Equal snapshots mean that nothing a plan depends on has changed.
    pub(super) fn snapshot(&self) -> Snapshot {
        let all = Slot::ALL.into_iter().filter_map(|slot| self.get(slot));
        Snapshot {
            objects: all.map(|vm| (vm.moid.clone(), vm.name.clone(), vm.template)).collect(),
            hold: self.hold.clone(),
            duplicates: self.duplicates.clone(),
        }
    }
}

/// Every object of a line with its name and whether it is a template, and the hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    objects: Vec<(Moid, String, bool)>,
    hold: Option<Hold>,
    duplicates: Vec<String>,
}
