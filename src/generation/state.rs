//! The state of one line, read from the names in its folder and nothing else.

use crate::vcenter::{Moid, Vm};

use super::Hold;

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
        let mut named = |suffix: &str| {
            let name = format!("{base}{suffix}");
            let mut found = vms.iter().filter(|vm| vm.name == name);
            let first = found.next().cloned();
            if found.next().is_some() {
                duplicates.push(name);
            }
            first
        };
        let mut generations = Self {
            base: base.to_owned(),
            live: named(""),
            build: named("-build"),
            prev: named("-prev"),
            retired: named("-retired"),
            swapping: named("-swapping"),
            hold: None,
            duplicates: Vec::new(),
        };
        generations.duplicates = duplicates;
        let hold = generations.carriers().find_map(|vm| Hold::read(&vm.annotation));
        generations.hold = hold;
        generations
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
    pub fn carriers(&self) -> impl Iterator<Item = &Vm> {
        [&self.live, &self.prev, &self.swapping, &self.retired].into_iter().flatten()
    }

    /// What a plan was made from: every object with its name, and the hold. Two equal sights are the same world.
    pub(super) fn sight(&self) -> Vec<(Moid, String, bool)> {
        let all = [&self.live, &self.build, &self.prev, &self.retired, &self.swapping];
        all.into_iter().flatten().map(|vm| (vm.moid.clone(), vm.name.clone(), vm.template)).collect()
    }
}
