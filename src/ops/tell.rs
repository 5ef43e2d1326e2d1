//! What the user's hook hears of operations, whichever skin asked for them.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::{Context, history, judge};
use crate::generation::{Plan, Request};
use crate::hook::{Event, EventKind, Hook};
use crate::packer_run::{self, Run, RunState};
use crate::paths::StateDir;
use crate::pipeline::Key;
use crate::text::Scrubber;

/// How long a verdict may take: the event is told without it, too.
const JUDGE: Duration = Duration::from_secs(10);

/// A change of generations was carried out.
pub(super) fn changed(key: &Key, plan: &Plan) {
    let Some(hook) = Hook::shared() else { return };
    let base = &plan.base;
    let (kind, text, reason) = match &plan.request {
        Request::Promote => (EventKind::Promoted, format!("{key}: {base} promoted"), None),
        Request::Rollback { reason } => {
            (EventKind::RolledBack, format!("{key}: {base} rolled back and held: {reason}"), Some(reason.clone()))
        }
        Request::Hold { reason } => (EventKind::Held, format!("{key}: {base} held: {reason}"), Some(reason.clone())),
        Request::Release => (EventKind::Released, format!("{key}: {base} released"), None),
        Request::Sweep => return,
    };
    hook.tell(Event { reason, ..Event::new(kind, key, unique(), text) });
}

/// An ISO was put on the datastore.
pub(super) fn staged(key: &Key, file: &str) {
    if let Some(hook) = Hook::shared() {
        hook.tell(Event::new(EventKind::Staged, key, unique(), format!("{key}: {file} is staged")));
    }
}

/// A build was done by this process.
pub(super) fn ended(context: &Context, run: &Run) {
    let Some(hook) = Hook::shared() else { return };
    let run = run.refresh().unwrap_or_else(|_| run.clone());
    match run.state {
        RunState::Succeeded => {
            let name = run.build_name();
            let key = &run.key;
            hook.tell(about(EventKind::Built, &run, format!("{key}: {name} is built and waits to be promoted")));
            if failed_before(&context.state, &run) {
                hook.tell(about(EventKind::Recovered, &run, format!("{key}: built again after a failure")));
            }
        }
        RunState::Failed { .. } | RunState::Lost => failed(context.repo.clone(), run),
        RunState::Cancelled | RunState::Starting | RunState::Running | RunState::Cancelling => {}
    }
}

/// A build failed, with why as far as that can be told soon.
fn failed(repo: PathBuf, run: Run) {
    let Some(hook) = Hook::shared() else { return };
    hook.after(async move {
        let case =
            judge::Case { dir: Some(run.dir.clone()), log: Some(run.shown().to_owned()), ..judge::Case::default() };
        let judged = judge::judge(&repo, Scrubber::for_evidence().clone(), case);
        let verdict = match tokio::time::timeout(JUDGE, judged).await {
            Ok(Ok(judged)) => Some(judged.verdict),
            Ok(Err(_)) | Err(_) => None,
        };
        let why = verdict.as_ref().map(|verdict| verdict.cause.clone()).or_else(|| run.reason.clone());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let event = about(EventKind::Failed, &run, format!("{}: build {}{why}", run.key, run.state.word()));
        Some(match verdict {
            Some(verdict) => Event {
                class: Some(verdict.class.clone()),
                cause: Some(verdict.cause.clone()),
                remedy: verdict.remedy.clone(),
                ..event
            },
            None => event,
        })
    });
}

/// The console sees that a build calls for a person, `once` for this reason: it is at work and in trouble, or it ended and nobody told it.
pub fn alarm(context: &Context, key: &Key, once: &str, text: String) {
    let Some(hook) = Hook::shared() else { return };
    let run = packer_run::latest(&context.state, key).ok().flatten();
    match run {
        Some(run) if !run.state.live() => failed(context.repo.clone(), run),
        run => {
            let id = run.as_ref().map(history::id);
            let once = format!("{} {once}", id.as_deref().unwrap_or_default());
            hook.tell(Event { run: id, ..Event::new(EventKind::Alarm, key, once, text) });
        }
    }
}

/// An event of a run: told once, whoever sees its end.
fn about(kind: EventKind, run: &Run, text: String) -> Event {
    let id = history::id(run);
    Event { run: Some(id.clone()), url: run.origin.clone(), ..Event::new(kind, &run.key, id, text) }
}

/// Whether the run before that went to its end did not end well.
fn failed_before(state: &StateDir, run: &Run) -> bool {
    let mut runs = packer_run::all(state, &run.key).unwrap_or_default();
    runs.retain(|other| {
        other.started < run.started
            && matches!(other.state, RunState::Succeeded | RunState::Failed { .. } | RunState::Lost)
    });
    runs.iter().max_by_key(|other| other.started).is_some_and(|other| other.state != RunState::Succeeded)
}

/// What is done twice happens twice.
fn unique() -> String {
    format!("{} {}", Timestamp::now(), std::process::id())
}
