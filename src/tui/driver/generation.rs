//! Changes of generations: asked about, then carried out through the gate.

use super::link::{Pending, ready};
use super::{Parts, Report};
use crate::console::message::{Msg, Reply, RequestId};
use crate::generation::{self, Plan, Progress, Request};
use crate::paths::StateDir;
use crate::vcenter::audit::AuditLog;
use crate::vcenter::gate::{Gate, Mode};

/// What a gate is made of, once there is a client.
pub(super) struct Gateway {
    client: Pending,
    mode: Mode,
    bases: Vec<String>,
    state: StateDir,
}

impl Gateway {
    pub(super) fn new(parts: &Parts, client: Pending) -> Self {
        let mode = if parts.read_only { Mode::ReadOnly } else { Mode::ReadWrite };
        let bases = parts.lines.iter().map(|line| line.base_name.clone()).collect();
        Self { client, mode, bases, state: parts.state.clone() }
    }

    pub(super) async fn open(self) -> Reply<Gate> {
        let client = ready(self.client).await?;
        let settings = client.settings();
        let audit = AuditLog::new(self.state.audit_log(), &settings.credentials.username, settings.host());
        Ok(Gate::new(client, self.mode, self.bases, audit))
    }
}

/// Whether vCenter would let it happen.
pub(super) async fn guard(client: Pending, plan: Box<Plan>) -> Reply<()> {
    let client = ready(client).await?;
    generation::guard(&client, &plan).await.map_err(|error| error.to_string())
}

/// Carries it out; what vCenter was asked before is asked again first.
pub(super) async fn apply(gate: Gateway, plan: Box<Plan>, request: RequestId, report: Report) -> Reply<String> {
    let gate = gate.open().await?;
    generation::guard(gate.client(), &plan).await.map_err(|error| error.to_string())?;
    let on = |progress: &Progress| report(Msg::Progressed { request, step: words(progress) });
    generation::apply(&gate, &plan, &on).await.map_err(|error| error.to_string())?;
    Ok(done(&plan))
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
        Request::Sweep => format!("{base}-build destroyed"),
    }
}
