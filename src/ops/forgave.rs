//! Whether packer forgave the failure of a provisioner (`continue_on_error`): what it built is not what the template asks
//! for then.

use std::path::Path;

use super::check::nothing_forgiven;
use super::facts::{Facts, LineFacts};
use super::judge::{Case, judge};
use super::{Context, Error, Refusal, blocking};
use crate::generation::{self, Generations, Plan, Request};
use crate::packer_run::{self, Run, RunState};
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
/// [`generation::Refusal::Forgiven`]; [`generation::Refusal::MayHaveForgiven`] when the run's log cannot be read any more.
pub(super) async fn guard(context: &Context, key: &Key, plan: &Plan) -> Result<(), Error> {
    if plan.request != Request::Promote || plan.consent.allow_warnings {
        return Ok(());
    }
    let Some(run) = maker(context, key, plan).await? else { return Ok(()) };
    let base = plan.base.clone();
    let unknown =
        |error: Error| Refusal::from(generation::Refusal::MayHaveForgiven { base, reason: error.to_string() });
    let forgave = match &run.forgave {
        Some(forgave) => forgave.clone(),
        None => read(&context.repo, &run).await.map_err(unknown)?,
    };
    let mut nothing = Generations::default();
    nothing.base.clone_from(&plan.base);
    let forgave = forgave.first().map(String::as_str);
    let line = LineFacts { key, under_way: None, tried: false, run: None, generations: &nothing, forgave };
    Ok(nothing_forgiven(&Facts { line: Some(line), ..Facts::unasked(Mode::ReadWrite) })?)
}

/// The run that made what would be promoted: the one that says so, else the newest, when nobody could look what it built.
async fn maker(context: &Context, key: &Key, plan: &Plan) -> Result<Option<Run>, Error> {
    let (state, wanted) = (context.state.clone(), key.clone());
    let runs = move || packer_run::all(&state, &wanted).map_err(Error::Record);
    let runs = blocking("reading the records", runs).await?;
    let built = runs.into_iter().filter(|run| run.state == RunState::Succeeded && run.origin.is_none());
    let promoted = |run: &Run| match &run.built {
        Some(built) => plan.steps.iter().any(|step| step.subject().moid == built.moid),
        None => true,
    };
    // What was built before it is not there any more: packer replaces it.
    Ok(built.take(1).find(promoted))
}
