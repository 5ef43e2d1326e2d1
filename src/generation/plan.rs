//! What a verb would do to a line: the exact steps, or why not. Asks nobody and changes nothing.

use std::fmt;

use jiff::Timestamp;

use super::{Generations, Hold};
use crate::vcenter::{Moid, Vm};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// build becomes live, live becomes prev
    Promote,
    /// live and prev change places, and the line is held
    Rollback {
        /// kept with the hold
        reason: String,
    },
    /// no promotion until released
    Hold {
        /// kept with the hold
        reason: String,
    },
    /// lift the hold
    Release,
    /// destroy a leftover `-build`
    Sweep,
}

impl Request {
    /// Its name on the command line and in the audit log.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Rollback { .. } => "rollback",
            Self::Hold { .. } => "hold",
            Self::Release => "release",
            Self::Sweep => "sweep",
        }
    }
}

/// Who asks, for the hold: `user@host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(pub String);

impl Actor {
    /// The operating-system user of this process.
    pub fn current() -> Self {
        Self(crate::vcenter::audit::who())
    }
}

/// One change to one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// give it another name
    Rename {
        /// the object
        moid: Moid,
        /// its name when the step begins
        from: String,
        /// its name afterwards
        to: String,
    },
    /// replace its notes
    Annotate {
        /// the object
        moid: Moid,
        /// its name when the step begins
        name: String,
        /// the whole new notes
        notes: String,
        /// for people: what changes in them
        what: &'static str,
    },
    /// destroy it with its disks
    Destroy {
        /// the object
        moid: Moid,
        /// its name when the step begins
        name: String,
        /// it runs and is powered off first
        running: bool,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rename { moid, from, to } => write!(f, "rename {from} → {to} ({moid})"),
            Self::Annotate { moid, name, what, .. } => write!(f, "{what} in the notes of {name} ({moid})"),
            Self::Destroy { moid, name, running: false } => write!(f, "destroy {name} ({moid})"),
            Self::Destroy { moid, name, running: true } => write!(f, "power off and destroy {name} ({moid})"),
        }
    }
}

/// The steps of one request on one line, bound to the world they were made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// what was asked for
    pub request: Request,
    /// the line's base name
    pub base: String,
    /// in this order
    pub steps: Vec<Step>,
    /// what the steps come to where that is less than what was asked for
    pub caveat: Option<&'static str>,
    pub(super) sight: Vec<(Moid, String, bool)>,
}

/// Why nothing is done: one line, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub String);

/// The steps that fulfil `request` on a line in this state.
///
/// # Errors
/// [`Refusal`] when a guard that needs no question to vCenter forbids it; see [`super::guard`] for the others.
pub fn plan(request: &Request, now: &Generations, by: &Actor, time: Timestamp) -> Result<Plan, Refusal> {
    if let Some(name) = now.duplicates.first() {
        return Err(Refusal(format!("more than one object is called {name}; rename or remove all but one")));
    }
    let mut draft = Draft { names: Names::of(now), steps: Vec::new(), caveat: None };
    let hold = |reason: &str| Hold { reason: reason.to_owned(), by: by.0.clone(), since: time };
    match request {
        Request::Promote => draft.promote(now)?,
        Request::Rollback { reason } => draft.rollback(now, &hold(reason))?,
        Request::Hold { reason } => draft.hold(now, &hold(reason))?,
        Request::Release => draft.release(now)?,
        Request::Sweep => draft.sweep(now)?,
    }
    let Draft { steps, caveat, .. } = draft;
    Ok(Plan { request: request.clone(), base: now.base.clone(), steps, caveat, sight: now.sight() })
}

/// The slots as they will be while the steps are drawn up.
struct Names<'a> {
    base: &'a str,
    live: Option<&'a Vm>,
    build: Option<&'a Vm>,
    prev: Option<&'a Vm>,
    retired: Option<&'a Vm>,
    swapping: Option<&'a Vm>,
}

#[derive(Clone, Copy)]
enum Slot {
    Live,
    Build,
    Prev,
    Retired,
    Swapping,
}

impl<'a> Names<'a> {
    fn of(now: &'a Generations) -> Self {
        Self {
            base: &now.base,
            live: now.live.as_ref(),
            build: now.build.as_ref(),
            prev: now.prev.as_ref(),
            retired: now.retired.as_ref(),
            swapping: now.swapping.as_ref(),
        }
    }

    fn slot(&mut self, slot: Slot) -> &mut Option<&'a Vm> {
        match slot {
            Slot::Live => &mut self.live,
            Slot::Build => &mut self.build,
            Slot::Prev => &mut self.prev,
            Slot::Retired => &mut self.retired,
            Slot::Swapping => &mut self.swapping,
        }
    }

    fn name(&self, slot: Slot) -> String {
        let suffix = match slot {
            Slot::Live => "",
            Slot::Build => "-build",
            Slot::Prev => "-prev",
            Slot::Retired => "-retired",
            Slot::Swapping => "-swapping",
        };
        format!("{}{suffix}", self.base)
    }
}

struct Draft<'a> {
    names: Names<'a>,
    steps: Vec<Step>,
    caveat: Option<&'static str>,
}

impl<'a> Draft<'a> {
    /// Moves whatever is in `from` to the free slot `to`; nothing where `from` is empty.
    fn rename(&mut self, from: Slot, to: Slot) {
        if let Some(vm) = self.names.slot(from).take() {
            let step = Step::Rename { moid: vm.moid.clone(), from: self.names.name(from), to: self.names.name(to) };
            self.steps.push(step);
            *self.names.slot(to) = Some(vm);
        }
    }

    fn destroy(&mut self, slot: Slot) {
        if let Some(vm) = self.names.slot(slot).take() {
            let running = vm.power_state != crate::vcenter::PowerState::PoweredOff;
            self.steps.push(Step::Destroy { moid: vm.moid.clone(), name: self.names.name(slot), running });
        }
    }

    fn annotate(&mut self, slot: Slot, notes: String, what: &'static str) {
        if let Some(vm) = *self.names.slot(slot) {
            let name = self.names.name(slot);
            self.steps.push(Step::Annotate { moid: vm.moid.clone(), name, notes, what });
        }
    }

    fn promote(&mut self, now: &Generations) -> Result<(), Refusal> {
        let base = self.names.base;
        if let Some(hold) = &now.hold {
            let Hold { reason, by, since } = hold;
            return Err(Refusal(format!(
                "{base} is held since {since:.0} by {by}: {reason}; lift it with `release` when that is settled"
            )));
        }
        self.finish_rollback()?;
        let Some(build) = self.names.build else {
            return self.without_build();
        };
        ready(build, self.names.live)?;
        // An earlier promotion that only lacked its last step: live and prev are newer than what it retired.
        if self.names.live.is_some() && self.names.prev.is_some() {
            self.destroy(Slot::Retired);
            self.rename(Slot::Prev, Slot::Retired);
        }
        if self.names.live.is_some() {
            self.rename(Slot::Live, Slot::Prev);
        }
        self.rename(Slot::Build, Slot::Live);
        if self.names.prev.is_some() {
            self.destroy(Slot::Retired);
        } else {
            // The retired one is all there is behind the new live: it is the way back.
            self.rename(Slot::Retired, Slot::Prev);
        }
        Ok(())
    }

    /// No build to promote: an interrupted promotion is taken back, or finished where only its last step is missing.
    fn without_build(&mut self) -> Result<(), Refusal> {
        let base = self.names.base;
        let before = self.steps.len();
        if self.names.live.is_some() && self.names.prev.is_some() {
            self.destroy(Slot::Retired);
        } else {
            if self.names.live.is_none() {
                self.restore_live();
            }
            self.rename(Slot::Retired, Slot::Prev);
            self.caveat = Some("an interrupted change was taken back; there is no build to promote");
        }
        if self.steps.len() == before {
            return Err(Refusal(format!("{base}-build not found: nothing to promote; build the line first")));
        }
        Ok(())
    }

    /// Gives the live name to the newest older generation.
    fn restore_live(&mut self) {
        if self.names.prev.is_some() {
            self.rename(Slot::Prev, Slot::Live);
        } else {
            self.rename(Slot::Retired, Slot::Live);
        }
    }

    /// Finishes a rollback that was interrupted, if one was; whether there was one.
    fn finish_rollback(&mut self) -> Result<bool, Refusal> {
        if self.names.swapping.is_none() {
            return Ok(false);
        }
        match (self.names.live.is_some(), self.names.prev.is_some()) {
            (true, true) => {
                let base = self.names.base;
                return Err(Refusal(format!(
                    "{base}, {base}-prev and {base}-swapping are all there, which no interrupted rollback leaves; \
                     rename or remove {base}-swapping by hand"
                )));
            }
            (false, false) => self.rename(Slot::Swapping, Slot::Live),
            (false, true) => {
                self.rename(Slot::Prev, Slot::Live);
                self.rename(Slot::Swapping, Slot::Prev);
            }
            (true, false) => self.rename(Slot::Swapping, Slot::Prev),
        }
        Ok(true)
    }

    fn rollback(&mut self, now: &Generations, hold: &Hold) -> Result<(), Refusal> {
        // First of all, so that no crash leaves a rolled back line without its hold.
        let next_live = match (&self.names.swapping, &self.names.live, &self.names.prev) {
            (Some(_), Some(_), _) => Slot::Live,
            (_, _, Some(_)) => Slot::Prev,
            (Some(_), None, None) => Slot::Swapping,
            (None, _, None) => Slot::Retired,
        };
        if let Some(vm) = *self.names.slot(next_live)
            && now.hold.is_none()
        {
            self.annotate(next_live, hold.write(&vm.annotation), "write the hold");
        }
        if self.finish_rollback()? {
            return Ok(());
        }
        let base = self.names.base;
        if self.names.live.is_none() {
            // A promotion was interrupted before the new one went live: the way back is to take it back.
            if self.names.prev.is_none() && self.names.retired.is_none() {
                return Err(Refusal(format!("{base} has neither a live nor a previous template; build and promote")));
            }
            self.restore_live();
            if self.names.prev.is_none() {
                self.rename(Slot::Retired, Slot::Prev);
            }
            return Ok(());
        }
        if self.names.prev.is_none() {
            self.rename(Slot::Retired, Slot::Prev);
        }
        if self.names.prev.is_none() {
            return Err(Refusal(format!("{base}-prev not found: there is no generation to go back to")));
        }
        self.rename(Slot::Live, Slot::Swapping);
        self.rename(Slot::Prev, Slot::Live);
        self.rename(Slot::Swapping, Slot::Prev);
        Ok(())
    }

    fn hold(&mut self, now: &Generations, hold: &Hold) -> Result<(), Refusal> {
        let base = self.names.base;
        if let Some(Hold { reason, by, .. }) = &now.hold {
            return Err(Refusal(format!("{base} is held already by {by}: {reason}; release it first")));
        }
        let slot = if self.names.live.is_some() { Slot::Live } else { Slot::Prev };
        let Some(vm) = *self.names.slot(slot) else {
            return Err(Refusal(format!("{base} has no template that could carry a hold; there is nothing to hold")));
        };
        self.annotate(slot, hold.write(&vm.annotation), "write the hold");
        Ok(())
    }

    fn release(&mut self, now: &Generations) -> Result<(), Refusal> {
        for slot in [Slot::Live, Slot::Prev, Slot::Swapping, Slot::Retired] {
            if let Some(vm) = *self.names.slot(slot)
                && Hold::read(&vm.annotation).is_some()
            {
                self.annotate(slot, Hold::remove(&vm.annotation), "remove the hold");
            }
        }
        if self.steps.is_empty() {
            return Err(Refusal(format!("{} is not held", now.base)));
        }
        Ok(())
    }

    fn sweep(&mut self, now: &Generations) -> Result<(), Refusal> {
        let base = self.names.base;
        let Some(build) = self.names.build else {
            return Err(Refusal(format!("{base}-build not found: nothing to sweep")));
        };
        if build.template && now.carriers().next().is_none() {
            return Err(Refusal(format!(
                "{base}-build is the only template of this line; promote it, or remove it in vCenter by hand"
            )));
        }
        self.destroy(Slot::Build);
        Ok(())
    }
}

/// Whether a build may become live.
fn ready(build: &Vm, live: Option<&Vm>) -> Result<(), Refusal> {
    let name = &build.name;
    if !build.template {
        return Err(Refusal(format!("{name} is no template yet; wait for its build, or sweep it if it was left over")));
    }
    if let (Some(built), Some(live)) = (build.created, live.and_then(|live| live.created))
        && built < live
    {
        return Err(Refusal(format!(
            "{name} was made {built:.0}, before the live template ({live:.0}); sweep it and build anew"
        )));
    }
    Ok(())
}
