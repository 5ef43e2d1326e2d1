//! Whose a claim is, and what is said of it.

use super::{Context, build_begins};
use crate::generation::{Actor, Claim, Consent, SetAside};
use crate::moment::local;
use crate::packer_run::Run;
use crate::pipeline::Key;

/// Whether a claim is of a run on this machine that is over: the claim of one that was killed binds nobody here. One that
/// begins or is at work, and one of which there is no record, does.
pub fn is_ours(context: &Context, key: &Key, claim: &Claim) -> bool {
    // It stands in vCenter, where others write too: the name of a folder, and nothing that leads elsewhere.
    let plain = !claim.run.is_empty() && !claim.run.starts_with('.') && !claim.run.contains(['/', '\\', '\0']);
    if !plain || claim.by != Actor::current().0 {
        return false;
    }
    if build_begins::is_ours(claim) {
        return true;
    }
    let run = Run::read(&context.state.runs().join(&key.0).join(&claim.run));
    matches!(run, Ok(Some(run)) if !run.state.live())
}

/// What was set aside, in one line.
pub fn told(set_aside: &SetAside, consent: &Consent) -> String {
    let (SetAside::Stale(claim) | SetAside::TakenOver(claim)) = set_aside;
    let Claim { by, run, .. } = claim;
    let seen = local(claim.seen);
    match (set_aside, &consent.take_over) {
        (SetAside::Stale(_), _) => {
            format!("a build of {by} (run {run}) was at work on it, last heard of {seen}: too long ago to bind")
        }
        (SetAside::TakenOver(_), reason) => {
            let reason = reason.as_deref().unwrap_or_default();
            format!("taken over from {by} (run {run}, last heard of {seen}): {reason}")
        }
    }
}
