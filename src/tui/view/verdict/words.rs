//! What the pane says around a verdict: why there is none, what can be done, where evidence is found.

use crate::console::binding::keyed;
use crate::console::lines::LineRow;
use crate::console::remote::{Newest, RemoteResult};
use crate::console::verdict::Case;
use crate::console::{Console, age};
use crate::triage::verdict::{Evidence, EvidenceSource};
use crate::tui::view::width;
use crate::tui::view::wrap::textwrap;
use crate::vcenter::PowerState;

/// Why there is no verdict.
pub(super) fn none(console: &Console, case: Option<&Case>) -> Vec<String> {
    if let Some(reason) = case.and_then(Case::trouble) {
        return vec![format!("▲ {reason}")];
    }
    let Some(row) = console.lines.selected() else { return Vec::new() };
    let (text, hint) = match (&row.run, case) {
        (None, _) => (unattended(row), ""),
        (_, Some(case)) if case.working() => ("looking at log, pictures and guest", ""),
        (Some(run), _) if run.state.live() => ("nothing looks wrong yet", "‹verdict› judges the run as it stands"),
        (Some(_), _) => ("not judged", "‹verdict› judges the run"),
    };
    [text, hint].into_iter().filter(|text| !text.is_empty()).map(keyed).collect()
}

/// How a build VM stands that no run here is about.
fn unattended(row: &LineRow) -> &'static str {
    match row.guest().map(|vm| vm.power_state) {
        Some(PowerState::PoweredOn) => "its build VM is on, and no run on this machine is about it",
        Some(PowerState::PoweredOff) => "its build VM is powered off, and no run on this machine is about it",
        Some(PowerState::Suspended) => "its build VM is suspended, and no run on this machine is about it",
        Some(PowerState::Unknown) => "vCenter does not tell whether its build VM is on",
        None => "no run on this machine is about it",
    }
}

/// Why there is no verdict on a run of GitHub's.
pub(super) fn not_here(console: &Console, remote: &RemoteResult) -> String {
    match () {
        () if console.github.busy() => "fetching its log and pictures…".into(),
        () if remote.state.failed() => "its log and pictures are not here".into(),
        () if remote.state.live() => format!("it is at work: {}", remote.page),
        () => format!("GitHub keeps no log of a run that went well: {}", remote.page),
    }
}

/// Which run the verdict is on, where a newer one is GitHub's.
pub(super) fn before(console: &Console, row: &LineRow) -> Option<String> {
    let run = row.run.as_ref()?;
    let Some(Newest::GitHub(remote, None)) = row.newest() else { return None };
    let when = if run.started > remote.began { "since then" } else { "before that" };
    Some(format!("{when}, here, {} ago:", age::spoken(console.now, run.ended.unwrap_or(run.started))))
}

/// What can be done about it: keys, and the file to edit. No key is torn from its word.
pub(super) fn next(console: &Console, place: Option<String>, columns: usize) -> Vec<String> {
    let keys = console.next_keys().into_iter().map(|next| format!("{} {}", next.key, next.word));
    let edit = place.map(|place| format!("edit {place}"));
    let mut rows: Vec<String> = Vec::new();
    for step in edit.into_iter().chain(keys) {
        match rows.last_mut() {
            None => rows = textwrap(&format!("Next: {step}"), columns),
            Some(last) if usize::from(width(last)) + 3 + usize::from(width(&step)) <= columns => {
                last.push_str(" · ");
                last.push_str(&step);
            }
            Some(_) => rows.extend(textwrap(&step, columns)),
        }
    }
    rows
}

/// Where the evidence is found.
pub(super) fn place(console: &Console, evidence: &Evidence) -> String {
    match (evidence.source, evidence.line, &evidence.frame) {
        (EvidenceSource::Log, Some(line), _) => format!("log {line}"),
        (EvidenceSource::Log, None, _) => "log".into(),
        (EvidenceSource::Screen, _, Some(name)) => match console.timeline.frame_named(name) {
            Some(frame) => format!("picture {}", age::clock(frame.at, &console.zone)),
            None => "picture".into(),
        },
        (EvidenceSource::Screen, ..) => "picture".into(),
        (EvidenceSource::Guest, ..) => "guest".into(),
    }
}
