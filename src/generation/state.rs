//! The state of one line, read from the names in its folder and nothing else.

use jiff::Timestamp;

use crate::pipeline::{SMOKE_SUFFIX, Smoke};
use crate::vcenter::{Moid, PowerState, Vm};

use super::draft::{OtherNames, Slot};
use super::{Claim, Hold};

/// The generations of one line as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generations {
    /// the base name
    pub base: String,
    /// `<base>`
    pub live: Option<Vm>,
    /// name of what is built here: `<base>-build`, but on a branch whose templates say otherwise
    pub builds: String,
    /// its names beside the base name
    pub(super) others: OtherNames,
    /// what has that name
    pub build: Option<Vm>,
    /// `<base>-prev`
    pub prev: Option<Vm>,
    /// `<base>-retired`: a promotion is under way or was interrupted
    pub retired: Option<Vm>,
    /// `<base>-swapping`: a rollback is under way or was interrupted
    pub swapping: Option<Vm>,
    /// `<base>-smoke`: a clone of a build while it is tried, or what is left of one
    pub smoke: Option<Vm>,
    /// how the matrix wants a build to be tried before it is promoted
    pub smoke_test: Option<Smoke>,
    /// the hold on the line, whichever of its VMs carries it
    pub hold: Option<Hold>,
    /// packer builds under the name that is cloned: there is nothing to promote
    pub in_place: bool,
    /// the content library that the build ends in
    pub library: Option<String>,
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
    /// The generations of a base name of which `<base>-build` is built.
    pub fn read(base: &str, vms: &[Vm]) -> Self {
        Self::named(base, OtherNames::documented(base), vms)
    }

    pub(super) fn named(base: &str, others: OtherNames, vms: &[Vm]) -> Self {
        let smoke = format!("{base}{SMOKE_SUFFIX}");
        let mut duplicates = Vec::new();
        let mut named = |slot: Slot| {
            let name = slot.name(base, &others);
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
            builds: others.builds.clone(),
            others: OtherNames::default(),
            smoke: vms.iter().find(|vm| vm.name == smoke).cloned(),
            smoke_test: None,
            hold: None,
            in_place: false,
            library: None,
            duplicates: Vec::new(),
        };
        (generations.duplicates, generations.others) = (duplicates, others);
        generations.with_hold()
    }

    /// With the hold that one of them carries.
    pub(super) fn with_hold(mut self) -> Self {
        // Where a rollback was undone both templates carry one; the newer one is meant.
        let hold = self.objects().filter_map(|vm| Hold::read(&vm.annotation)).max_by_key(|hold| hold.since);
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

    /// When somebody rolled back from what is prev now, as the hold of a rollback on live says.
    pub fn rolled_back(&self) -> Option<Timestamp> {
        let live = self.live.as_ref().filter(|_| self.prev.is_some())?;
        let hold = Hold::read(&live.annotation).filter(|hold| hold.to.as_ref() == Some(&live.moid));
        hold.map(|hold| hold.since)
    }

    /// Whether prev was made after live: somebody rolled back from it, or promoted in spite of its age.
    pub fn prev_is_newer(&self) -> bool {
        let (live, prev) = (self.live.as_ref(), self.prev.as_ref());
        let created = |vm: Option<&Vm>| vm.and_then(|vm| vm.created);
        created(prev).zip(created(live)).is_some_and(|(prev, live)| prev > live)
    }

    /// What is built here is no build of the line, but of a branch: shown, and never promoted.
    pub fn is_branch_build(&self) -> bool {
        !self.builds.is_empty() && self.builds != self.others.promotable
    }

    /// The generations that were live once: all but the fresh build.
    pub(super) fn older(&self) -> impl Iterator<Item = &Vm> {
        [&self.live, &self.prev, &self.swapping, &self.retired].into_iter().flatten()
    }

    /// Every object of the line.
    fn objects(&self) -> impl Iterator<Item = &Vm> {
        Slot::ALL.into_iter().filter_map(|slot| self.get(slot))
    }

    /// The claim of a build on what is built here, of whatever age.
    pub fn claim(&self) -> Option<Claim> {
        self.build.as_ref().and_then(Claim::of)
    }

    /// The template that tells of builds of the line that have no VM yet. There is none before the first one was promoted,
    /// nor where a build takes the place of the live template.
    pub fn carrier(&self) -> Option<&Vm> {
        self.live.as_ref().or(self.prev.as_ref()).filter(|_| !self.in_place)
    }

    /// A clone that is being tried, or was left over: its notes say so. What else has that name is somebody's.
    pub(super) fn clone_on_trial(&self) -> Option<&Vm> {
        self.smoke.as_ref().filter(|vm| !vm.template && Claim::of_clone(vm).is_some())
    }

    /// Whose smoke test tries a clone, or that one was left over.
    pub fn trial_said(&self, now: Timestamp) -> Option<String> {
        let clone = self.clone_on_trial()?;
        Some(match Claim::of_clone(clone).filter(|claim| claim.fresh(now)) {
            Some(claim) => format!("a smoke test by {} tries {}", claim.by, clone.name),
            None => format!("{} ({}) was left by a smoke test: sweep removes it", clone.name, clone.moid),
        })
    }

    /// Whether neither a build nor a clone of one is there to be destroyed.
    pub fn nothing_to_sweep(&self) -> bool {
        self.build.is_none() && self.clone_on_trial().is_none()
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
        Snapshot {
            objects: self.objects().map(ObjectState::of).collect(),
            hold: self.hold.clone(),
            claim: self.claim(),
            duplicates: self.duplicates.clone(),
        }
    }
}

/// Every object of a line as it is, and what is said in notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub objects: Vec<ObjectState>,
    pub hold: Option<Hold>,
    pub claim: Option<Claim>,
    duplicates: Vec<String>,
}

/// What a plan depends on, of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectState {
    moid: Moid,
    instance_uuid: String,
    name: String,
    template: bool,
    power: PowerState,
    /// empty while it runs: a guest and its tools change their own configuration
    change_version: String,
}

impl ObjectState {
    fn of(vm: &Vm) -> Self {
        let still = vm.power_state == PowerState::PoweredOff;
        Self {
            moid: vm.moid.clone(),
            instance_uuid: vm.instance_uuid.clone(),
            name: vm.name.clone(),
            template: vm.template,
            power: vm.power_state,
            change_version: if still { vm.change_version.clone() } else { String::new() },
        }
    }
}
