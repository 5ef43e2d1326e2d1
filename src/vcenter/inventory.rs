//! Reading the VMs of the templates' folder, in as few round trips as the protocol allows.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use jiff::Timestamp;

use super::session::{CALL_TIMEOUT, Content, Session};
use super::soap::{self, Element};
use super::{Error, Moid, PowerState, Question, ToolsStatus, Vm};

/// Pages of one answer that are followed; vCenter puts a hundred objects and more on each.
const MAX_PAGES: usize = 200;
/// What all pages of one answer may take together, in bytes.
const MAX_PAGES_SIZE: usize = 128 << 20;
/// How long all pages of one answer may take to come.
const PAGES_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The properties a [`Vm`] is made of.
const PROPERTIES: [&str; 9] = [
    "name",
    "config.template",
    "runtime.powerState",
    "guest.ipAddress",
    "guest.toolsRunningStatus",
    "config.annotation",
    "config.instanceUuid",
    "config.changeVersion",
    "runtime.question",
];

/// The `propSet` of VMs, as the server's version has them.
pub(super) fn vm_properties(content: &Content) -> String {
    vm_properties_and(content, &[])
}

/// [`vm_properties`] and further ones.
pub(super) fn vm_properties_and(content: &Content, more: &[&str]) -> String {
    let created = content.has_create_date().then_some("config.createDate");
    let paths = PROPERTIES.into_iter().chain(created).chain(more.iter().copied());
    let paths: String = paths.map(|path| soap::text("pathSet", path)).collect();
    format!("<propSet><type>VirtualMachine</type>{paths}</propSet>")
}

/// Properties of a folder that are asked for only to see that the answer is one: without a session a server leaves out
/// what may not be seen, and an empty folder would read as "no templates".
pub(super) const FOLDER_NAME: &str = "<propSet><type>Folder</type><pathSet>name</pathSet></propSet>";

/// Everything directly in a folder and the folder itself, as an `objectSet` to collect from.
pub(super) fn folder_members(folder: &Moid) -> String {
    format!(
        "<objectSet>{}<skip>false</skip><selectSet xsi:type=\"TraversalSpec\"><name>members</name>\
         <type>Folder</type><path>childEntity</path><skip>false</skip></selectSet></objectSet>",
        soap::reference("obj", "Folder", &folder.0)
    )
}

/// One object, as an `objectSet`.
pub(super) fn single_object(kind: &str, id: &str) -> String {
    format!("<objectSet>{}<skip>false</skip></objectSet>", soap::reference("obj", kind, id))
}

/// Collects properties, following continuation tokens within bounds.
///
/// Objects that vanish while being read (`ManagedObjectNotFound`) are an error of the call.
pub(super) async fn collect(session: &Session, properties: &str, objects: &str) -> Result<Vec<Element>, Error> {
    let late = |_| Err(Error::Timeout { what: "RetrievePropertiesEx", after: PAGES_TIMEOUT });
    tokio::time::timeout(PAGES_TIMEOUT, all_pages(session, properties, objects)).await.unwrap_or_else(late)
}

async fn all_pages(session: &Session, properties: &str, objects: &str) -> Result<Vec<Element>, Error> {
    let collector = session.content().await?.collector.clone();
    let arguments = format!("<specSet>{properties}{objects}</specSet><options/>");
    let mut answer =
        session.call("RetrievePropertiesEx", "PropertyCollector", &collector, &arguments, CALL_TIMEOUT).await?;
    let mut found = Vec::new();
    let mut size = 0;
    for _ in 0..MAX_PAGES {
        // No returnval at all: nothing matched.
        let Some(page) = answer.children.iter_mut().find(|child| child.name == "returnval") else { return Ok(found) };
        let token = page.at(&["token"]).to_owned();
        size += page.size();
        if size > MAX_PAGES_SIZE {
            break;
        }
        found.extend(std::mem::take(&mut page.children).into_iter().filter(|child| child.name == "objects"));
        if token.is_empty() {
            return Ok(found);
        }
        let arguments = soap::text("token", &token);
        answer = session
            .call("ContinueRetrievePropertiesEx", "PropertyCollector", &collector, &arguments, CALL_TIMEOUT)
            .await?;
    }
    let reason = format!("it does not end within {MAX_PAGES} pages and {} MiB", MAX_PAGES_SIZE >> 20);
    Err(Error::Protocol { call: "RetrievePropertiesEx", reason })
}

/// The id of a collected object.
pub(super) fn moid(object: &Element) -> Moid {
    Moid(object.at(&["obj"]).to_owned())
}

/// The collected objects of one type, e.g. `VirtualMachine`.
pub(super) fn of_kind<'a>(found: &'a [Element], kind: &'static str) -> impl Iterator<Item = &'a Element> {
    found.iter().filter(move |object| object.child("obj").is_some_and(|obj| obj.kind == kind))
}

/// The value of a property in a collected object.
pub(super) fn property<'a>(object: &'a Element, path: &str) -> Option<&'a Element> {
    object.all("propSet").find(|set| set.at(&["name"]) == path).and_then(|set| set.child("val"))
}

/// A collected VM. `None` when it has no name: such objects are being created or destroyed.
pub(super) fn parse_vm(object: &Element) -> Option<Vm> {
    let mut vm = Vm::named(moid(object), "");
    for set in object.all("propSet") {
        apply_property(&mut vm, set.at(&["name"]), set.child("val"));
    }
    (!vm.name.is_empty()).then_some(vm)
}

/// Sets one property of a VM; `None` = it has no value any more.
pub(super) fn apply_property(vm: &mut Vm, path: &str, value: Option<&Element>) {
    let text = value.map(|value| value.text.as_str()).unwrap_or_default();
    match path {
        "name" if !text.is_empty() => vm.name = unescape(text),
        "config.template" => vm.template = text == "true",
        "runtime.powerState" => vm.power_state = PowerState::parse(text),
        "guest.ipAddress" => vm.ip_address = Some(text.to_owned()).filter(|ip| !ip.is_empty()),
        "guest.toolsRunningStatus" => {
            vm.tools_running_status = match text {
                "guestToolsRunning" => Some(ToolsStatus::GuestToolsRunning),
                "guestToolsNotRunning" => Some(ToolsStatus::GuestToolsNotRunning),
                "guestToolsExecutingScripts" => Some(ToolsStatus::GuestToolsExecutingScripts),
                _ => None,
            }
        }
        "config.annotation" => vm.annotation = text.to_owned(),
        "config.createDate" => vm.created = text.parse::<Timestamp>().ok(),
        "config.instanceUuid" => vm.instance_uuid = text.to_owned(),
        "config.changeVersion" => vm.change_version = text.to_owned(),
        "runtime.question" => vm.question = value.and_then(Question::parse),
        _ => {}
    }
}

/// vCenter writes `%`, `/` and `\` in names as `%25`, `%2f` and `%5c`.
pub(super) fn unescape(name: &str) -> String {
    name.replace("%2f", "/").replace("%2F", "/").replace("%5c", "\\").replace("%5C", "\\").replace("%25", "%")
}

/// The other way round, for names we send.
pub(super) fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2f").replace('\\', "%5c")
}

/// Names in a folder, whatever has them: VMs, folders, vApps share one space of names.
pub(super) async fn folder_entries(session: &Session, folder: &Moid) -> Result<Vec<(Moid, String)>, Error> {
    let properties = "<propSet><type>ManagedEntity</type><pathSet>name</pathSet></propSet>";
    let found = collect(session, properties, &folder_members(folder)).await?;
    let named = |object: &Element| Some((moid(object), unescape(&property(object, "name")?.text)));
    Ok(found.iter().filter_map(named).collect())
}

/// A VM and the tasks that vCenter lists as recent on it, as an `objectSet` to collect from.
pub(super) fn vm_and_tasks(vm: &Moid) -> String {
    format!(
        "<objectSet>{}<skip>false</skip><selectSet xsi:type=\"TraversalSpec\"><name>tasks</name>\
         <type>VirtualMachine</type><path>recentTask</path><skip>false</skip></selectSet></objectSet>",
        soap::reference("obj", "VirtualMachine", &vm.0)
    )
}

/// The `propSet` of a task: `TaskInfo` has all that is needed.
pub(super) const TASK_INFO: &str = "<propSet><type>Task</type><pathSet>info</pathSet></propSet>";
/// vCenter may drop a task from its list while the answer is made, which fails the whole call: it is repeated at once.
const FORGOTTEN_TASK_RETRY: ConstantBuilder = ConstantBuilder::new().with_delay(Duration::ZERO).with_max_times(2);

/// VMs among these that have a snapshot: disks of linked clones may hang on it.
pub(super) async fn with_snapshot(session: &Session, vms: &[Moid]) -> Result<Vec<Moid>, Error> {
    if vms.is_empty() {
        return Ok(Vec::new());
    }
    let properties = "<propSet><type>VirtualMachine</type><pathSet>snapshot</pathSet></propSet>";
    let objects: String = vms.iter().map(|vm| single_object("VirtualMachine", &vm.0)).collect();
    let found = collect(session, properties, &objects).await?;
    Ok(found.iter().filter(|object| property(object, "snapshot").is_some()).map(moid).collect())
}

/// VMs among these on which a clone task is queued or running.
pub(super) async fn being_cloned(session: &Session, vms: &[Moid]) -> Result<Vec<Moid>, Error> {
    if vms.is_empty() {
        return Ok(Vec::new());
    }
    let objects: String = vms.iter().map(vm_and_tasks).collect();
    // Any task may be forgotten while the answer is made. That says nothing about the others.
    let forgotten = |error: &Error| matches!(error, Error::NotFound(_));
    let infos = (|| collect(session, TASK_INFO, &objects)).retry(FORGOTTEN_TASK_RETRY).when(forgotten).await?;
    let running = infos.iter().filter_map(|object| property(object, "info")).filter(|info| {
        matches!(info.at(&["state"]), "queued" | "running") && info.at(&["descriptionId"]).ends_with(".clone")
    });
    Ok(running.map(|info| Moid(info.at(&["entity"]).to_owned())).collect())
}
