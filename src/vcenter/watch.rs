//! The push watch over the templates' folder: one property filter, `WaitForUpdatesEx`, reconnect with back-off.
//!
//! It has a session of its own, so that a long poll never holds up another call.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBuilder};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::client::{FolderEvent, LinkState};
use super::inventory::{FOLDER_NAME, apply_property, collect, folder_members, of_kind, parse_vm, vm_properties};
use super::location;
use super::patience::Patience;
use super::session::{CALL_TIMEOUT, Session};
use super::soap::{self, Element};
use super::{Error, Moid, Settings, Vm};

/// `maxWaitSeconds` of the long poll: after so long without a change vCenter answers all the same. Nothing but an answer
/// proves that what is shown is current, so that is not long; one that says nothing costs vCenter next to nothing.
const MAX_WAIT: Duration = Duration::from_secs(4);
/// How often the folder is read anew while nothing is pushed.
const REREAD: Duration = Duration::from_secs(10);
/// The same of a server that was not seen to push what stands in notes (some never do), so that a hold that somebody else
/// wrote is seen soon.
const UNPROVEN_REREAD: Duration = MAX_WAIT;
/// The property that proves it.
const NOTES: &str = "config.annotation";
/// What all VMs of the folder may take in memory, in bytes: a server may push new ones for ever.
const MAX_FOLDER_SIZE: usize = 128 << 20;
/// Pauses between attempts to connect.
const RECONNECT_BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(500))
    .with_max_delay(Duration::from_secs(30))
    .without_max_times();

/// The receiver is gone: nobody watches any more.
struct ReceiverGone;

/// Watches until the receiver is dropped.
pub(super) async fn run(settings: Settings, session: Arc<Session>, events: mpsc::Sender<FolderEvent>) {
    let mut backoff = RECONNECT_BACKOFF.build();
    if events.send(FolderEvent::Link(LinkState::Connecting)).await.is_err() {
        return;
    }
    loop {
        let mut connected = false;
        let outcome = tokio::select! {
            outcome = watch_connection(&settings, &session, &events, &mut connected) => outcome,
            () = events.closed() => break,
        };
        let Err(error) = outcome else { break };
        let reason = error.to_string();
        if error.needs_a_person() {
            let _ = events.send(FolderEvent::Link(LinkState::Stopped { reason })).await;
            break;
        }
        if connected {
            backoff = RECONNECT_BACKOFF.build();
        }
        let Some(pause) = backoff.next() else { break };
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

/// Watches over one connection: ends with the error that broke it, or `Ok` when nobody watches any more.
async fn watch_connection(
    settings: &Settings,
    session: &Session,
    events: &mpsc::Sender<FolderEvent>,
    connected: &mut bool,
) -> Result<(), Error> {
    let folder = location::find(session, settings).await?.folder;
    let content = session.content().await?;
    let view = create_view(session, &content.views, &folder).await?;
    let asked = Instant::now();
    let filter = create_filter(session, &view).await?;
    let mut patience = Patience::new(asked.elapsed());
    let mut known = HashMap::new();
    let mut version = String::new();
    let (mut pushes_notes, mut read) = (false, Instant::now());
    let ended = loop {
        let asked = wait_for_updates(session, &version);
        let answer = match answered(events, &mut patience, MAX_WAIT, asked).await {
            Ok(answer) => answer,
            Err(error) => break Err(error),
        };
        let first = version.is_empty();
        let quiet = answer.is_none();
        let mut update = match answer {
            Some(set) => {
                version = set.at(&["version"]).to_owned();
                pushes_notes |= !first && changes(&set, NOTES);
                let changes = apply_update_set(&set, &mut known);
                let truncated = set.at(&["truncated"]) == "true";
                if first { Update::First { truncated } } else { Update::Changes(changes) }
            }
            None => Update::Changes(Vec::new()),
        };
        // A server that pushes other things all the time is never quiet.
        let due =
            if pushes_notes { quiet && read.elapsed() >= REREAD } else { quiet || read.elapsed() >= UNPROVEN_REREAD };
        if let Update::Changes(changes) = &mut update
            && due
        {
            let asked = reread(session, &folder, &mut known);
            changes.extend(answered(events, &mut patience, Duration::ZERO, asked).await?);
            read = Instant::now();
        }
        if known.values().map(Vm::size).sum::<usize>() > MAX_FOLDER_SIZE {
            let reason = format!("more VMs than {} MiB hold", MAX_FOLDER_SIZE >> 20);
            break Err(Error::Protocol { call: "WaitForUpdatesEx", reason });
        }
        if send_update(events, update, &known, connected).await.is_err() {
            break Ok(());
        }
    };
    // The server forgets both with the session; this is for one that stays alive.
    let _ = session.call("DestroyPropertyFilter", "PropertyFilter", &filter, "", Duration::from_secs(5)).await;
    ended
}

/// Waits for an answer that is due after so long; one that is later than this vCenter's usually are is told of.
async fn answered<T>(
    events: &mpsc::Sender<FolderEvent>,
    patience: &mut Patience,
    due: Duration,
    asked: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let began = Instant::now();
    let mut asked = pin!(asked);
    let answer = match tokio::time::timeout(due + patience.grace(), &mut asked).await {
        Ok(answer) => answer,
        Err(_) => {
            // Whoever is gone is noticed with the next answer.
            let _ = events.send(FolderEvent::Silent).await;
            asked.await
        }
    }?;
    if let Some(late) = began.elapsed().checked_sub(due) {
        patience.answered(late);
    }
    Ok(answer)
}

enum Update {
    First { truncated: bool },
    Changes(Vec<FolderEvent>),
}

async fn send_update(
    events: &mpsc::Sender<FolderEvent>,
    update: Update,
    known: &HashMap<Moid, Vm>,
    connected: &mut bool,
) -> Result<(), ReceiverGone> {
    let list = match update {
        // More of the first picture follows; a reset with half the folder would show lines as gone.
        Update::First { truncated: true } => return Ok(()),
        Update::First { truncated: false } => reset(known, connected),
        Update::Changes(_) if !*connected => reset(known, connected),
        Update::Changes(changes) if changes.is_empty() => vec![FolderEvent::Heartbeat],
        Update::Changes(changes) => changes,
    };
    for event in list {
        events.send(event).await.map_err(|_| ReceiverGone)?;
    }
    Ok(())
}

fn reset(known: &HashMap<Moid, Vm>, connected: &mut bool) -> Vec<FolderEvent> {
    *connected = true;
    let mut vms: Vec<Vm> = known.values().filter(|vm| !vm.name.is_empty()).cloned().collect();
    vms.sort_by(|a, b| (&a.name, &a.moid).cmp(&(&b.name, &b.moid)));
    vec![FolderEvent::Link(LinkState::Live), FolderEvent::Reset(vms)]
}

async fn create_view(session: &Session, views: &str, folder: &Moid) -> Result<String, Error> {
    let arguments = format!(
        "{}<type>VirtualMachine</type><recursive>false</recursive>",
        soap::reference("container", "Folder", &folder.0)
    );
    let answer = session.call("CreateContainerView", "ViewManager", views, &arguments, CALL_TIMEOUT).await?;
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
    let answer =
        session.call("CreateFilter", "PropertyCollector", &content.collector, &arguments, CALL_TIMEOUT).await?;
    Ok(answer.at(&["returnval"]).to_owned())
}

/// Whether an update set is about that property of any object.
fn changes(set: &Element, property: &str) -> bool {
    let mut objects = set.all("filterSet").flat_map(|filter| filter.all("objectSet"));
    objects.any(|object| object.all("changeSet").any(|change| change.at(&["name"]) == property))
}

/// The next update set; `None` when nothing changed for so long.
async fn wait_for_updates(session: &Session, version: &str) -> Result<Option<Element>, Error> {
    let content = session.content().await?;
    let arguments = format!(
        "{}<options><maxWaitSeconds>{}</maxWaitSeconds></options>",
        soap::text("version", version),
        MAX_WAIT.as_secs()
    );
    let limit = MAX_WAIT + CALL_TIMEOUT;
    let answer = session.call("WaitForUpdatesEx", "PropertyCollector", &content.collector, &arguments, limit).await?;
    Ok(answer.children.into_iter().find(|child| child.name == "returnval"))
}

/// Reads the whole folder when nothing was pushed for a while, and reports what a push should have reported: not every server
/// pushes every property.
async fn reread(session: &Session, folder: &Moid, known: &mut HashMap<Moid, Vm>) -> Result<Vec<FolderEvent>, Error> {
    let properties = format!("{FOLDER_NAME}{}", vm_properties(session.content().await?));
    let found = collect(session, &properties, &folder_members(folder)).await?;
    let now: HashMap<Moid, Vm> =
        of_kind(&found, "VirtualMachine").filter_map(parse_vm).map(|vm| (vm.moid.clone(), vm)).collect();
    let gone = known.keys().filter(|moid| !now.contains_key(moid)).cloned().map(FolderEvent::Gone);
    let changed = now.iter().filter(|(moid, vm)| known.get(moid) != Some(vm));
    let events = gone.chain(changed.map(|(_, vm)| FolderEvent::Changed(Box::new(vm.clone())))).collect();
    *known = now;
    Ok(events)
}

/// Applies an update set to what is known; what changed, in order.
fn apply_update_set(set: &Element, known: &mut HashMap<Moid, Vm>) -> Vec<FolderEvent> {
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
            apply_property(vm, change.at(&["name"]), change.child("val").filter(|_| !removed));
        }
        if *vm != before && !vm.name.is_empty() {
            events.push(FolderEvent::Changed(Box::new(vm.clone())));
        }
    }
    events
}
