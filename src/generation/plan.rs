//! What a verb would do to a line: the exact steps, or why not. No IO.

use jiff::{Timestamp, ToSpan};

use super::draft::{Draft, Slot};
use super::state::Snapshot;
use super::{Generations, Hold, Note, Pending, Refusal, Step};
use crate::pipeline::evaluate::OPEN;
use crate::sha256::Sha256;

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
    /// The same, for another reason.
    pub fn with_reason(&self, reason: &str) -> Self {
        let reason = reason.to_owned();
        match self {
            Self::Rollback { .. } => Self::Rollback { reason },
            Self::Hold { .. } => Self::Hold { reason },
            Self::Promote | Self::Release | Self::Sweep => self.clone(),
        }
    }

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
        Self(crate::vcenter::audit::user_at_host())
    }
}

/// The steps of one request on one line, bound to the state of the line that they were made from.
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
    pub(super) snapshot: Snapshot,
}

impl Plan {
    /// A short name for exactly these steps on exactly these objects: the same steps have the same one.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::default();
        for step in &self.steps {
            hash.update(step.to_string());
            hash.update("\n");
        }
        hash.finish().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The steps that fulfil `request` on a line in this state.
///
/// # Errors
/// [`Refusal`] when a guard that needs no question to vCenter forbids it; see [`super::guard`] for the others.
pub fn plan(request: &Request, now: &Generations, by: &Actor, time: Timestamp) -> Result<Plan, Refusal> {
    if let Some(name) = now.duplicates.first() {
        return Err(Refusal::Duplicate { name: name.clone() });
    }
    let noted = matches!(request, Request::Hold { .. } | Request::Release) && !now.base.contains(OPEN);
    if now.in_place && !noted {
        return Err(Refusal::ReplacedInPlace { base: now.base.clone() });
    }
    let mut draft = Draft::new(now);
    match request {
        Request::Promote => draft.promote(now)?,
        Request::Rollback { reason } => draft.rollback(now, &new_hold(reason, by, after_existing_hold(now, time))?)?,
        Request::Hold { reason } => draft.hold(now, new_hold(reason, by, after_existing_hold(now, time))?)?,
        Request::Release => draft.release()?,
        Request::Sweep => draft.sweep(now)?,
    }
    let Draft { steps, caveat, .. } = draft;
    Ok(Plan { request: request.clone(), base: now.base.clone(), steps, caveat, snapshot: now.snapshot() })
}

/// A time after the hold that is there, also within the same second and where the clocks of two hosts disagree: of two
/// holds the newer one counts.
fn after_existing_hold(now: &Generations, time: Timestamp) -> Timestamp {
    let earlier = now.hold.as_ref().map(|hold| hold.since);
    earlier.and_then(|earlier| earlier.checked_add(1.second()).ok()).map_or(time, |next| next.max(time))
}

fn new_hold(reason: &str, by: &Actor, since: Timestamp) -> Result<Hold, Refusal> {
    // One line: it is shown in one.
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ").replace(char::is_control, "");
    if reason.is_empty() {
        return Err(Refusal::NoReason);
    }
    // Fractions of a second tell nobody anything.
    let since = since.round(jiff::Unit::Second).unwrap_or(since);
    Ok(Hold { reason, by: by.0.clone(), since, to: None })
}

impl Draft<'_> {
    fn hold(&mut self, now: &Generations, hold: Hold) -> Result<(), Refusal> {
        if let Some(hold) = &now.hold {
            return Err(Refusal::HeldAlready { base: self.base.to_owned(), hold: hold.clone() });
        }
        let carrier = [Slot::Live, Slot::Prev, Slot::Swapping, Slot::Retired].into_iter().find(|slot| self.has(*slot));
        let Some(slot) = carrier else {
            return Err(Refusal::NothingToHold { base: self.base.to_owned() });
        };
        self.annotate(slot, Note::Hold(hold));
        Ok(())
    }

    fn release(&mut self) -> Result<(), Refusal> {
        for slot in Slot::ALL {
            if self.vm(slot).is_some_and(|vm| Hold::read(&vm.annotation).is_some()) {
                self.annotate(slot, Note::Release);
            }
        }
        if self.steps.is_empty() {
            return Err(Refusal::NotHeld { base: self.base.to_owned() });
        }
        Ok(())
    }

    fn sweep(&mut self, now: &Generations) -> Result<(), Refusal> {
        let base = || self.base.to_owned();
        let Some(build) = self.vm(Slot::Build) else {
            return Err(Refusal::NothingToSweep { base: base() });
        };
        if build.template && now.hold_carriers().next().is_none() {
            return Err(Refusal::OnlyTemplate { base: base() });
        }
        if build.template && matches!(now.pending(), Some(Pending::Promote | Pending::NoLive)) {
            return Err(Refusal::PromotionInterrupted { base: base() });
        }
        self.destroy(Slot::Build);
        Ok(())
    }
}
