//! What a verb would do to a line: the exact steps, or why not. No IO.

use jiff::{Timestamp, ToSpan};

use super::draft::{Draft, OtherNames, Slot};
use super::state::Snapshot;
use super::{Claim, Generations, Hold, Note, Pending, Refusal, Step};
use crate::pipeline::evaluate::OPEN;
use crate::pipeline::{SMOKE_SUFFIX, Smoke};
use crate::sha256::Sha256;
use crate::text::Scrubber;

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

/// What whoever asks has agreed to beforehand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Consent {
    /// why the claim of another machine's build is set aside, or the doubt whether there is one
    pub take_over: Option<String>,
    /// by whatever the dates of templates say: a clock was wrong
    pub ignore_age: bool,
    /// to have a clone of the build tried first, also where the matrix does not ask for it
    pub smoke: bool,
    /// although packer forgave the failure of a provisioner
    pub allow_warnings: bool,
}

impl Consent {
    /// To set a claim aside for this reason, if one is given.
    ///
    /// # Errors
    /// [`Refusal::NoReason`]
    pub fn new(take_over: Option<&str>, ignore_age: bool) -> Result<Self, Refusal> {
        Ok(Self { take_over: take_over.map(one_line).transpose()?, ignore_age, ..Self::default() })
    }
}

/// Who asks for a plan, when, having agreed to what.
pub(super) struct Terms<'a> {
    pub by: &'a Actor,
    pub time: Timestamp,
    pub consent: &'a Consent,
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
    /// what was agreed to
    pub consent: Consent,
    /// the line's base name
    pub base: String,
    /// what it builds
    pub builds: String,
    pub(super) others: OtherNames,
    /// before the first step a clone of the build is tried like this
    pub smoke: Option<Smoke>,
    /// in this order
    pub steps: Vec<Step>,
    /// what the steps come to where that is less than what was asked for
    pub caveat: Option<&'static str>,
    pub(super) snapshot: Snapshot,
    /// the claim on a clone that is tried, or was
    pub(super) smoke_claim: Option<Claim>,
    /// of a build that has no VM yet, in the notes of the live template
    pub(super) begins: Option<Claim>,
}

impl Plan {
    /// What the clone is called that is tried.
    pub fn smoke_name(&self) -> String {
        format!("{}{SMOKE_SUFFIX}", self.base)
    }

    /// What will happen, a line each, in order.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.smoke_line().into_iter().chain(self.steps.iter().map(ToString::to_string))
    }

    /// What happens before the first step.
    pub fn smoke_line(&self) -> Option<String> {
        let Smoke { minutes, network, command, .. } = self.smoke.as_ref()?;
        let wait = if *network { "tools and an address" } else { "tools, without a network card" };
        let run = command.as_ref().map(|command| format!(", run `{command}`")).unwrap_or_default();
        let (name, builds) = (self.smoke_name(), &self.builds);
        Some(format!("try {name}, a clone of {builds}: boot, wait for {wait}{run} (at most {minutes} min), destroy it"))
    }

    /// A short name for exactly these steps, for these reasons, on exactly these objects in this state.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::default();
        let mut add = |part: String| {
            hash.update(part.len().to_string());
            hash.update(part);
        };
        add(format!("{:?} {:?}", self.request, self.consent));
        self.steps.iter().for_each(|step| add(step.to_string()));
        self.smoke.iter().for_each(|smoke| add(format!("{smoke:?}")));
        add(format!("{:?}", self.snapshot.objects));
        // When a build was last heard of changes by the minute; whose it is does not.
        add(format!(
            "{:?} {:?}",
            self.snapshot.hold,
            self.snapshot.claim.as_ref().map(|claim| (&claim.by, &claim.run))
        ));
        hash.finish().iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The steps that fulfil `request` on a line in this state.
///
/// # Errors
/// [`Refusal`] when a guard that needs no question to vCenter forbids it; see [`super::guard`] for the others.
pub fn plan(request: &Request, now: &Generations, by: &Actor, time: Timestamp) -> Result<Plan, Refusal> {
    plan_agreed(request, &Consent::default(), now, by, time)
}

/// The same for somebody who has agreed to something beforehand.
///
/// # Errors
/// [`Refusal`]
pub fn plan_agreed(
    request: &Request,
    consent: &Consent,
    now: &Generations,
    by: &Actor,
    time: Timestamp,
) -> Result<Plan, Refusal> {
    if let Some(name) = now.duplicates.first() {
        return Err(Refusal::Duplicate { name: name.clone() });
    }
    let noted = matches!(request, Request::Hold { .. } | Request::Release) && !now.base.contains(OPEN);
    if now.in_place && !noted {
        return Err(Refusal::without_generations(&now.base, now.library.as_deref()));
    }
    let mut draft = Draft::new(now);
    match request {
        Request::Promote => draft.promote(now, &Terms { by, time, consent })?,
        Request::Rollback { reason } => draft.rollback(now, &new_hold(reason, by, after_existing_hold(now, time))?)?,
        Request::Hold { reason } => draft.hold(now, new_hold(reason, by, after_existing_hold(now, time))?)?,
        Request::Release => draft.release()?,
        Request::Sweep => draft.sweep(now)?,
    }
    let Draft { steps, caveat, .. } = draft;
    // Nothing is tried where an interrupted promotion is finished or taken back.
    let promoted = now.build.as_ref().filter(|_| *request == Request::Promote);
    let promoted = promoted.is_some_and(|vm| steps.iter().any(|step| step.subject().moid == vm.moid));
    let smoke = now.smoke_test.clone().or_else(|| consent.smoke.then(Smoke::default)).filter(|_| promoted);
    Ok(Plan {
        request: request.clone(),
        consent: consent.clone(),
        base: now.base.clone(),
        builds: now.builds.clone(),
        others: now.others.clone(),
        smoke,
        smoke_claim: now.smoke.as_ref().and_then(Claim::of_clone),
        begins: now.carrier().and_then(Claim::of),
        steps,
        caveat,
        snapshot: now.snapshot(),
    })
}

/// A time after the hold that is there, also within the same second and where the clocks of two hosts disagree: of two
/// holds the newer one counts.
fn after_existing_hold(now: &Generations, time: Timestamp) -> Timestamp {
    let earlier = now.hold.as_ref().map(|hold| hold.since);
    earlier.and_then(|earlier| earlier.checked_add(1.second()).ok()).map_or(time, |next| next.max(time))
}

fn new_hold(reason: &str, by: &Actor, since: Timestamp) -> Result<Hold, Refusal> {
    let reason = one_line(reason)?;
    // Fractions of a second tell nobody anything.
    let since = since.round(jiff::Unit::Second).unwrap_or(since);
    Ok(Hold { reason, by: by.0.clone(), since, to: None })
}

/// A reason as it is kept: in one line, since it is shown in one, and without secrets, since everybody reads it.
fn one_line(reason: &str) -> Result<String, Refusal> {
    let readable = reason.replace(|c: char| c.is_control() && !c.is_whitespace(), "");
    let reason: String = Scrubber::shared().safe_line(&readable).into();
    if reason.is_empty() { Err(Refusal::NoReason) } else { Ok(reason) }
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
        if let Some(clone) = now.clone_on_trial().filter(|_| !now.is_branch_build()) {
            self.destroy_clone(clone);
            // What it was made of was to be promoted; it takes another sweep.
            if self.vm(Slot::Build).is_none_or(|build| build.template) {
                return Ok(());
            }
        }
        let Some(build) = self.vm(Slot::Build) else {
            return Err(Refusal::NothingToSweep { base: base() });
        };
        if let Some(hold) = Hold::read(&build.annotation) {
            return Err(Refusal::Held { base: base(), hold });
        }
        // What a branch built is nothing to fall back on.
        let of_line = !now.is_branch_build();
        if of_line && build.template && now.older().next().is_none() {
            return Err(Refusal::OnlyTemplate { base: base() });
        }
        if of_line && build.template && matches!(now.pending(), Some(Pending::Promote | Pending::NoLive)) {
            return Err(Refusal::PromotionInterrupted { base: base() });
        }
        self.destroy(Slot::Build);
        Ok(())
    }
}
