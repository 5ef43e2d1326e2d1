//! Changes of generations: asked about, then carried out through the gate.

use tokio_util::sync::CancellationToken;

use super::Report;
use super::link::{Pending, ready};
use crate::console::message::{Msg, RequestId};
use crate::generation::{Plan, Progress, Request};
use crate::ops::change::CarriedOut;
use crate::ops::{Context, Error, change};

/// Whether vCenter would let it happen.
pub(super) async fn guard(context: Context, client: Pending, plan: Box<Plan>) -> Result<Vec<String>, Error> {
    let client = ready(client).await?;
    let context = change::context_of(context, &client, &plan).await?;
    Ok(change::guard(&context, &client, &plan).await?.notes)
}

/// Carries it out; what vCenter was asked before is asked again first.
pub(super) async fn apply(
    context: Context,
    client: Pending,
    plan: Box<Plan>,
    request: RequestId,
    report: Report,
) -> Result<String, Error> {
    let client = ready(client).await?;
    let context = change::context_of(context, &client, &plan).await?;
    let gate = context.gate(&client);
    let on = |progress: &Progress| report(Msg::Progressed { request, step: words(progress) });
    let guarded = change::guard(&context, gate.client(), &plan).await?;
    Ok(match change::carry_out(&gate, guarded, &on, &CancellationToken::new()).await? {
        CarriedOut::Done(seen) => seen.into_iter().fold(done(&plan), |done, seen| format!("{done}; {seen}")),
        CarriedOut::Stopped => "nothing was changed".into(),
    })
}

fn words(progress: &Progress) -> String {
    let percent = progress.percent.map(|percent| format!(" {percent} %")).unwrap_or_default();
    format!("{}/{} {}{percent}", progress.step + 1, progress.steps, progress.text)
}

fn done(plan: &Plan) -> String {
    let base = &plan.base;
    match &plan.request {
        _ if plan.caveat.is_some() => format!("{base}: {}", plan.caveat.unwrap_or_default()),
        Request::Promote => format!("{base} promoted; the one before is {base}-prev"),
        Request::Rollback { .. } => format!("{base} rolled back and held: no promotion until H releases it"),
        Request::Hold { .. } => format!("{base} held: no promotion until H releases it"),
        Request::Release => format!("{base} released"),
        Request::Sweep => {
            let gone: Vec<&str> = plan.steps.iter().map(|step| step.subject().name.as_str()).collect();
            format!("{} destroyed", gone.join(" and "))
        }
    }
}
