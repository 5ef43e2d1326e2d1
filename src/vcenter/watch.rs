//! The push watch over the templates' folder: one property filter, `WaitForUpdatesEx`, reconnect with back-off.
//!
//! It has a session of its own, so that a long poll never holds up another call.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::client::{FolderEvent, LinkState};
use super::inventory::{PROOF, apply, collect, folder_members, vm, vm_properties};
use super::place;
use super::session::{CALL, Session};
use super::soap::{self, Element};
use super::{Error, Moid, Settings, Vm};

/// How long vCenter may hold one question back when nothing changes; each answer proves the link.
const HOLD: Duration = Duration::from_secs(10);
/// Between two connections that did not come up.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(Duration::from_secs(30))
    .without_max_times();

/// The receiver is gone: nobody watches any more.
struct Unwatched;

/// Watches until the receiver is dropped.
pub(super) async fn run(settings: Settings, session: Arc<Session>, events: mpsc::Sender<FolderEvent>) {
    let mut pauses = PAUSES.build();
    if events.send(FolderEvent::Link(LinkState::Connecting)).await.is_err() {
        return;
    }
    loop {
        let mut came_up = false;
        let outcome = tokio::select! {
            outcome = follow(&settings, &session, &events, &mut came_up) => outcome,
            () = events.closed() => break,
        };
        let Err(error) = outcome else { break };
        let reason = error.to_string();
        if error.needs_a_person() {
            let _ = events.send(FolderEvent::Link(LinkState::Stopped { reason })).await;
            break;
        }
        if came_up {
            pauses = PAUSES.build();
        }
        let Some(pause) = pauses.next() else { break };
        let wait = jittered(pause);
        let retry_at = Timestamp::now() + wait;
        if events.send(FolderEvent::Link(LinkState::Lost { reason, retry_at })).await.is_err() {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = events.closed() => break,
        }
    }
    session.logout().await;
}

/// Spread by a fifth, so that consoles that lost one vCenter together do not return together. Without its feature `std`,
/// backon's own jitter is the same in every process.
fn jittered(pause: Duration) -> Duration {
    let spread = u64::from(Timestamp::now().subsec_nanosecond().unsigned_abs() % 400);
    pause.mul_f64(0.8 + spread as f64 / 1000.0)
}

/// One connection's life: ends with the error that broke it, or `Ok` when nobody watches any more.
async fn follow(
    settings: &Settings,
    session: &Session,
    events: &mpsc::Sender<FolderEvent>,
    came_up: &mut bool,
) -> Result<(), Error> {
    let folder = place::find(session, settings.datacenter.as_deref(), &settings.folder).await?.folder;
    let content = session.content().await?;
    let view = view(session, &content.views, &folder).await?;
    let filter = create_filter(session, &view).await?;
    let mut known = HashMap::new();
    let mut version = String::new();
    let ended = loop {
        let answer = match next(session, &version).await {
            Ok(answer) => answer,
            Err(error) => break Err(error),
        };
        let first = version.is_empty();
        let report = match answer {
            Some(set) => {
                version = set.at(&["version"]).to_owned();
                let changes = changes(&set, &mut known);
                let truncated = set.at(&["truncated"]) == "true";
                if first { Report::First { truncated } } else { Report::Changes(changes) }
            }
            None => Report::Changes(reread(session, &folder, &mut known).await?),
        };
        if tell(events, report, &known, came_up).await.is_err() {
            break Ok(());
        }
    };
    // The server forgets both with the session; this is for one that stays alive.
    let _ = session.call("DestroyPropertyFilter", "PropertyFilter", &filter, "", Duration::from_secs(5)).await;
    ended
}

enum Report {
    First { truncated: bool },
    Changes(Vec<FolderEvent>),
}

async fn tell(
    events: &mpsc::Sender<FolderEvent>,
    report: Report,
    known: &HashMap<Moid, Vm>,
    came_up: &mut bool,
) -> Result<(), Unwatched> {
    let list = match report {
        // More of the first picture follows; a reset with half the folder would show lines as gone.
        Report::First { truncated: true } => return Ok(()),
        Report::First { truncated: false } => reset(known, came_up),
        Report::Changes(_) if !*came_up => reset(known, came_up),
        Report::Changes(changes) if changes.is_empty() => vec![FolderEvent::Fresh],
        Report::Changes(changes) => changes,
    };
    for event in list {
        events.send(event).await.map_err(|_| Unwatched)?;
    }
    Ok(())
}

fn reset(known: &HashMap<Moid, Vm>, came_up: &mut bool) -> Vec<FolderEvent> {
    *came_up = true;
    let mut vms: Vec<Vm> = known.values().filter(|vm| !vm.name.is_empty()).cloned().collect();
    vms.sort_by(|a, b| (&a.name, &a.moid).cmp(&(&b.name, &b.moid)));
    vec![FolderEvent::Link(LinkState::Live), FolderEvent::Reset(vms)]
}

async fn view(session: &Session, views: &str, folder: &Moid) -> Result<String, Error> {
    let arguments = format!(
        "{}<type>VirtualMachine</type><recursive>false</recursive>",
        soap::reference("container", "Folder", &folder.0)
    );
    let answer = session.call("CreateContainerView", "ViewManager", views, &arguments, CALL).await?;
    Ok(answer.at(&["returnval"]).to_owned())
}

async fn create_filter(session: &Session, view: &str) -> Result<String, Error> {
    let content = session.content().await?;
    let objects = format!(
        "<objectSet>{}<skip>true</skip><selectSet xsi:type=\"TraversalSpec\"><name>members</name>\
         <type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet>",
        soap::reference("obj", "ContainerView", view)
    );
    let arguments = format!("<spec>{}{objects}</spec><partialUpdates>true</partialUpdates>", vm_properties(content));
    let answer = session.call("CreateFilter", "PropertyCollector", &content.collector, &arguments, CALL).await?;
    Ok(answer.at(&["returnval"]).to_owned())
}

/// The next update set; `None` when nothing changed while vCenter held the question.
async fn next(session: &Session, version: &str) -> Result<Option<Element>, Error> {
    let content = session.content().await?;
    let arguments = format!(
        "{}<options><maxWaitSeconds>{}</maxWaitSeconds></options>",
        soap::text("version", version),
        HOLD.as_secs()
    );
    let limit = HOLD + CALL;
    let answer = session.call("WaitForUpdatesEx", "PropertyCollector", &content.collector, &arguments, limit).await?;
    Ok(answer.children.into_iter().find(|child| child.name == "returnval"))
}

/// Reads the whole folder when nothing was pushed for a while, and tells what a push should have told: not every server
/// pushes every property.
async fn reread(session: &Session, folder: &Moid, known: &mut HashMap<Moid, Vm>) -> Result<Vec<FolderEvent>, Error> {
    let properties = format!("{PROOF}{}", vm_properties(session.content().await?));
    let found = collect(session, &properties, &folder_members(folder)).await?;
    let now: HashMap<Moid, Vm> = found
        .iter()
        .filter(|object| object.child("obj").is_some_and(|obj| obj.kind == "VirtualMachine"))
        .filter_map(vm)
        .map(|vm| (vm.moid.clone(), vm))
        .collect();
    let gone = known.keys().filter(|moid| !now.contains_key(moid)).cloned().map(FolderEvent::Gone);
    let changed = now.iter().filter(|(moid, vm)| known.get(moid) != Some(vm));
    let events = gone.chain(changed.map(|(_, vm)| FolderEvent::Changed(Box::new(vm.clone())))).collect();
    *known = now;
    Ok(events)
}

/// Applies an update set to what is known; what changed, in order.
fn changes(set: &Element, known: &mut HashMap<Moid, Vm>) -> Vec<FolderEvent> {
    let mut events = Vec::new();
    for object in set.all("filterSet").flat_map(|filter| filter.all("objectSet")) {
        let moid = Moid(object.at(&["obj"]).to_owned());
        if object.at(&["kind"]) == "leave" {
            if known.remove(&moid).is_some() {
                events.push(FolderEvent::Gone(moid));
            }
            continue;
        }
        let vm = known.entry(moid.clone()).or_insert_with(|| Vm::named(moid, ""));
        let before = vm.clone();
        for change in object.all("changeSet") {
            let removed = matches!(change.at(&["op"]), "remove" | "indirectRemove");
            apply(vm, change.at(&["name"]), change.child("val").filter(|_| !removed));
        }
        if *vm != before && !vm.name.is_empty() {
            events.push(FolderEvent::Changed(Box::new(vm.clone())));
        }
    }
    events
}
