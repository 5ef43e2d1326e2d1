//! Changes of generations: asked about, then carried out through the gate.

use std::collections::BTreeMap;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::limits::APPLY;
use super::link::{Pending, ready};
use super::{Driver, Report};
use crate::console::message::{Msg, RequestId};
use crate::generation::{Plan, Progress, Request};
use crate::ops::change::CarriedOut;
use crate::ops::{Context, Error, change};
use crate::vcenter::Place;

/// Changes under way: they are not to be cut off.
#[derive(Default)]
pub(super) struct Changes {
    tasks: Vec<JoinHandle<()>>,
    /// what stops the smoke tests of promotions
    tests: BTreeMap<RequestId, CancellationToken>,
}

impl Changes {
    /// Asks for the end of a smoke test. It comes too late for one that is over.
    pub(super) fn stop_test(&mut self, request: RequestId) {
        if let Some(stop) = self.tests.remove(&request) {
            stop.cancel();
        }
    }

    /// Waits for the end of every change.
    pub(super) async fn finish(&mut self) {
        for change in self.tasks.drain(..) {
            // Its outcome, a panic included, was reported.
            let _ = change.await;
        }
    }
}

impl Driver {
    /// Carries a change out.
    pub(super) fn apply(&mut self, request: RequestId, place: Place, plan: Box<Plan>) {
        let stop = CancellationToken::new();
        if plan.smoke.is_some() {
            self.changes.tests.insert(request, stop.clone());
        }
        let (context, client) = (self.parts.context.clone(), self.client(place));
        let applied = apply(context, client, plan, request, self.report.clone(), stop);
        let change = self.ask(APPLY, "the change", applied, move |answer| Msg::Finished { request, answer });
        self.changes.tasks.retain(|change| !change.is_finished());
        self.changes.tasks.push(change);
    }
}

/// Whether vCenter would let it happen.
pub(super) async fn guard(context: Context, client: Pending, plan: Box<Plan>) -> Result<Vec<String>, Error> {
    let client = ready(client).await?;
    let context = change::context_of(context, &client, &plan).await?;
    Ok(change::guard(&context, &client, &plan).await?.notes)
}

/// Carries it out; what vCenter was asked before is asked again first.
async fn apply(
    context: Context,
    client: Pending,
    plan: Box<Plan>,
    request: RequestId,
    report: Report,
    stop: CancellationToken,
) -> Result<String, Error> {
    let client = ready(client).await?;
    let context = change::context_of(context, &client, &plan).await?;
    let gate = context.gate(&client);
    let tests = plan.smoke.is_some();
    let on = |progress: &Progress| {
        report(Msg::Progressed { request, step: words(progress), tried: tests && progress.step == 0 });
    };
    let guarded = change::guard(&context, gate.client(), &plan).await?;
    Ok(match change::carry_out(&gate, guarded, &on, &stop).await? {
        CarriedOut::Done(seen) => seen.into_iter().fold(done(&plan), |done, seen| format!("{done}; {seen}")),
        CarriedOut::Stopped => format!("the smoke test of {} was stopped: nothing was promoted", plan.base),
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
        Request::Rollback { .. } => {
            format!("{base} rolled back and held: no promotion until ‹hold or release› releases it")
        }
        Request::Hold { .. } => format!("{base} held: no promotion until ‹hold or release› releases it"),
        Request::Release => format!("{base} released"),
        Request::Sweep => {
            let gone: Vec<&str> = plan.steps.iter().map(|step| step.subject().name.as_str()).collect();
            format!("{} destroyed", gone.join(" and "))
        }
    }
}
