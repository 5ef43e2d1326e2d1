//! Promotion and rollback, from every state that either can be interrupted in.
//!
//! Promotion destroys one thing, its very last step: the generation retired before the two that live and prev are then.
//! Rollback destroys nothing. Its first step writes the hold, with the id of the template that is to become live, into that
//! template's notes: no crash leaves a rolled back line without its hold, and the same rollback asked for again goes on
//! towards that template instead of turning back half way.

use super::draft::{Draft, Slot};
use super::plan::Terms;
use super::{Generations, Hold, Note, Refusal, Retired};
use crate::vcenter::{Moid, Vm};

impl Draft<'_> {
    pub(super) fn promote(&mut self, now: &Generations, terms: &Terms<'_>) -> Result<(), Refusal> {
        let ignore_age = terms.consent.ignore_age;
        if let Some(hold) = &now.hold {
            return Err(Refusal::Held { base: self.base.to_owned(), hold: hold.clone() });
        }
        if now.is_branch_build() {
            return Err(Refusal::BranchBuild { base: self.base.to_owned(), builds: now.builds.clone() });
        }
        self.all_templates()?;
        if self.has(Slot::Swapping) {
            self.finish_rollback()?;
        }
        let Some(build) = self.vm(Slot::Build) else {
            return self.without_build(ignore_age);
        };
        check_promotable(build, self.vm(Slot::Live).or(self.vm(Slot::Prev)), ignore_age)?;
        let mark = |vm: &Moid, live: &Moid| Retired {
            by: terms.by.0.clone(),
            at: terms.time,
            vm: vm.clone(),
            live: live.clone(),
        };
        // An earlier promotion that only lacked its last step: live and prev are newer than what it retired.
        if self.has(Slot::Live) && self.has(Slot::Prev) {
            self.destroy_retired(ignore_age)?;
            self.retire_prev(mark);
        }
        if self.has(Slot::Live) {
            self.rename(Slot::Live, Slot::Prev);
        }
        self.rename(Slot::Build, Slot::Live);
        if self.has(Slot::Prev) {
            self.destroy_retired(ignore_age)?;
        } else {
            // The retired one is all there is behind the new live: it is the way back.
            self.unretire(Slot::Prev);
        }
        Ok(())
    }

    /// No build to promote: an interrupted promotion is taken back, or finished where only its last step is missing.
    fn without_build(&mut self, ignore_age: bool) -> Result<(), Refusal> {
        if self.has(Slot::Live) && self.has(Slot::Prev) {
            self.destroy_retired(ignore_age)?;
        } else {
            self.revert_promotion();
            self.caveat = Some("an interrupted change was taken back; there is no build to promote");
        }
        if self.steps.is_empty() {
            return Err(Refusal::NothingToPromote { base: self.base.to_owned() });
        }
        Ok(())
    }

    /// Gives the live name to the newest older generation where nobody has it, and prev to the retired one.
    fn revert_promotion(&mut self) {
        if !self.has(Slot::Live) {
            if self.has(Slot::Prev) {
                self.rename(Slot::Prev, Slot::Live);
            } else {
                self.unretire(Slot::Live);
            }
        }
        if !self.has(Slot::Prev) {
            self.unretire(Slot::Prev);
        }
    }

    /// Finishes a rollback of which the former live is still called `-swapping`.
    fn finish_rollback(&mut self) -> Result<(), Refusal> {
        if self.has(Slot::Live) && self.has(Slot::Prev) {
            return Err(Refusal::Tangled { base: self.base.to_owned() });
        }
        if !self.has(Slot::Live) && !self.has(Slot::Prev) {
            self.rename(Slot::Swapping, Slot::Live);
            self.unretire(Slot::Prev);
            return Ok(());
        }
        if !self.has(Slot::Live) {
            self.rename(Slot::Prev, Slot::Live);
        }
        self.rename(Slot::Swapping, Slot::Prev);
        Ok(())
    }

    pub(super) fn rollback(&mut self, now: &Generations, hold: &Hold) -> Result<(), Refusal> {
        self.all_templates()?;
        let target = self.rollback_target(hold)?;
        let written =
            self.rollback_hold(target).filter(|mark| mark.reason == hold.reason && now.hold.as_ref() == Some(mark));
        if written.is_none() {
            let to = self.vm(target).map(|vm| vm.moid.clone());
            self.annotate(target, Note::Hold(Hold { to, ..hold.clone() }));
        }
        if self.has(Slot::Swapping) {
            return self.finish_rollback();
        }
        if self.has(Slot::Live) && target != Slot::Live {
            if !self.has(Slot::Prev) {
                self.unretire(Slot::Prev);
            }
            self.rename(Slot::Live, Slot::Swapping);
            self.rename(Slot::Prev, Slot::Live);
            self.rename(Slot::Swapping, Slot::Prev);
        } else {
            self.revert_promotion();
        }
        Ok(())
    }

    /// Which template a rollback makes live.
    fn rollback_target(&self, wanted: &Hold) -> Result<Slot, Refusal> {
        let base = || self.base.to_owned();
        let (live, prev) = (self.has(Slot::Live), self.has(Slot::Prev));
        if self.has(Slot::Swapping) {
            return Ok(if live {
                Slot::Live
            } else if prev {
                Slot::Prev
            } else {
                Slot::Swapping
            });
        }
        if let Some(hold) = self.rollback_hold(Slot::Live) {
            // Killed while it took an interrupted promotion back: live is right, the retired one not yet.
            if !prev && self.has(Slot::Retired) {
                return Ok(Slot::Live);
            }
            if hold.reason == wanted.reason {
                return Err(Refusal::RolledBackAlready { base: base(), hold });
            }
        }
        match (prev, self.has(Slot::Retired)) {
            (true, _) => Ok(Slot::Prev),
            (false, true) => Ok(Slot::Retired),
            (false, false) if live => Err(Refusal::NoPrevious { base: base() }),
            (false, false) => Err(Refusal::NoTemplate { base: base() }),
        }
    }

    /// The hold in the notes of the template in `slot`, where a rollback to this very template wrote it.
    fn rollback_hold(&self, slot: Slot) -> Option<Hold> {
        let vm = self.vm(slot)?;
        Hold::read(&vm.annotation).filter(|hold| hold.to.as_ref() == Some(&vm.moid))
    }

    /// Every generation is a template: one that somebody made a VM of again is in use, or half changed.
    fn all_templates(&self) -> Result<(), Refusal> {
        let generations = [Slot::Live, Slot::Prev, Slot::Retired, Slot::Swapping];
        match generations.into_iter().filter_map(|slot| self.vm(slot)).find(|vm| !vm.template) {
            None => Ok(()),
            Some(vm) => Err(Refusal::NotATemplate { name: vm.name.clone(), moid: vm.moid.clone() }),
        }
    }
}

/// Whether a build may become live.
fn check_promotable(build: &Vm, live: Option<&Vm>, ignore_age: bool) -> Result<(), Refusal> {
    let name = || build.name.clone();
    if !build.template {
        return Err(Refusal::NotFinished { name: name() });
    }
    if let (Some(built), Some(live)) = (build.created, live.and_then(|live| live.created))
        && built < live
        && !ignore_age
    {
        return Err(Refusal::OlderThanLive { name: name(), built, live });
    }
    Ok(())
}
