//! Whether packer forgave the failure of a provisioner (`continue_on_error`): what it built is not what the template asks
//! for then.

use std::path::Path;

use super::check::nothing_forgiven;
use super::facts::{Facts, LineFacts};
use super::judge::{Case, judge};
use super::{Context, Error, Refusal, blocking};
use crate::generation::{self, Generations, Plan, Request};
use crate::packer_run::{self, OddRecord, Run, RunState};
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::vcenter::gate::Mode;

/// Reads what packer forgave in a run that ended well, and puts it on record. What cannot be read is read again before
/// a promotion.
pub(super) async fn record(repo: &Path, run: &mut Run) {
    let put = match read(repo, run).await {
        Ok(forgave) => {
            run.forgave = Some(forgave.clone());
            packer_run::set_forgave(run, forgave).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = put {
        tracing::warn!(key = %run.key, %error, "what packer forgave is not on record");
    }
}

async fn read(repo: &Path, run: &Run) -> Result<Vec<String>, Error> {
    let case = Case { dir: Some(run.dir.clone()), log: Some(run.shown().to_owned()), ..Case::default() };
    Ok(judge(repo, Scrubber::for_evidence().clone(), case).await?.verdict.forgiven())
}

/// Refuses to promote what a run on this machine built although a provisioner failed, unless that was agreed to.
///
/// # Errors
/// [`generation::Refusal::Forgiven`]; [`generation::Refusal::MayHaveForgiven`] when the run's log cannot be read any more,
/// or a record that may be that of the run.
pub(super) async fn guard(context: &Context, key: &Key, plan: &Plan) -> Result<(), Error> {
    if plan.request != Request::Promote || plan.consent.allow_warnings {
        return Ok(());
    }
    let base = plan.base.clone();
    let unknown = |reason: String| Refusal::from(generation::Refusal::MayHaveForgiven { base: base.clone(), reason });
    let run = match maker(context, key, plan).await? {
        Maker::Run(run) => run,
        Maker::Unreadable(odd) => return Err(unknown(format!("{}: {}", odd.dir.display(), odd.reason)).into()),
        Maker::Nobody => return Ok(()),
    };
    let forgave = match &run.forgave {
        Some(forgave) => forgave.clone(),
        None => read(&context.repo, &run).await.map_err(|error| unknown(error.to_string()))?,
    };
    let mut nothing = Generations::default();
    nothing.base.clone_from(&plan.base);
    let forgave = forgave.first().map(String::as_str);
    let line = LineFacts { forgave, ..LineFacts::at_rest(key, &nothing) };
    Ok(nothing_forgiven(&Facts { line: Some(line), ..Facts::unasked(Mode::ReadWrite) })?)
}

/// Whose work would be promoted.
enum Maker {
    /// this run's
    Run(Box<Run>),
    /// perhaps that of a run whose record cannot be read
    Unreadable(OddRecord),
    /// no run's of this machine
    Nobody,
}

/// The run that made what would be promoted: the one that says so, else the newest when nobody could look what it built.
async fn maker(context: &Context, key: &Key, plan: &Plan) -> Result<Maker, Error> {
    let (state, wanted) = (context.state.clone(), key.clone());
    let read = move || {
        let odd = packer_run::odd_records(&state, &wanted).map_err(Error::Record)?;
        Ok((packer_run::all(&state, &wanted).map_err(Error::Record)?, odd))
    };
    let (mut runs, odd) = blocking("reading the records", read).await?;
    runs.retain(|run| run.state == RunState::Succeeded && run.origin.is_none());
    let promoted = |run: &Run| {
        let built = run.built.as_ref();
        built.is_some_and(|built| plan.steps.iter().any(|step| step.subject().moid == built.moid))
    };
    if let Some(at) = runs.iter().position(promoted) {
        return Ok(Maker::Run(Box::new(runs.swap_remove(at))));
    }
    if let Some(odd) = odd.into_iter().find(OddRecord::has_log) {
        return Ok(Maker::Unreadable(odd));
    }
    // What was built before another of the same name is not there any more: packer replaces it.
    let replaced = |at: usize| {
        let name = runs[at].build_name();
        !name.contains('*') && runs[..at].iter().any(|newer| newer.built.is_some() && newer.build_name() == name)
    };
    let unknown = runs.iter().position(|run| run.built.is_none()).filter(|at| !replaced(*at));
    Ok(unknown.map_or(Maker::Nobody, |at| Maker::Run(Box::new(runs.swap_remove(at)))))
}
