//! The methods of the simulated vCenter.

mod datastore;
mod event;
mod property;
mod session;
mod vm;

use super::fault::Fault;
use super::node::Node;
use super::session::Session;
use super::state::State;
use super::value::{Moref, Object, Value};

/// How a call ends.
#[derive(Debug)]
pub enum Answer {
    /// the inside of the response element
    Done(String),
    /// a session was opened; its key goes into the cookie
    LoggedIn {
        /// the inside of the response element
        body: String,
        /// key of the session
        key: String,
    },
    /// nothing to say yet: ask again until the time is over
    Wait(property::Wait),
}

pub use property::Wait;

/// One call: who asks, of what, with which arguments.
#[derive(Debug)]
pub struct Call<'a> {
    /// the method, e.g. `Rename_Task`
    pub method: &'a str,
    /// id of the object it is called on
    pub this: &'a str,
    /// arguments
    pub arguments: &'a Node,
    /// the caller's session, if it has one
    pub session: Option<Session>,
}

impl Call<'_> {
    /// Text of an argument.
    pub fn text(&self, name: &str) -> &str {
        self.arguments.text_of(name)
    }

    /// The caller's session.
    ///
    /// # Errors
    /// `NotAuthenticated`
    pub fn session(&self) -> Result<&Session, Fault> {
        self.session.as_ref().ok_or_else(|| Fault::not_authenticated(&Moref::new("ManagedObject", self.this)))
    }
}

/// An answer with one returned value.
fn returned(value: impl Into<Value>) -> Answer {
    let mut body = String::new();
    value.into().write(&mut body, "returnval");
    Answer::Done(body)
}

/// An answer without a value.
fn nothing() -> Answer {
    Answer::Done(String::new())
}

/// Answers one call.
///
/// # Errors
/// The fault that vCenter would answer.
pub fn call(state: &mut State, call: &Call<'_>) -> Result<Answer, Fault> {
    match call.method {
        "RetrieveServiceContent" => return Ok(returned(content(state.world.real.is_some()))),
        "Login" => return session::login(state, call),
        _ => {}
    }
    let session = call.session()?;
    if let Some(privilege) = privilege(call.method).filter(|privilege| !session.account.may(privilege)) {
        let object = state
            .world
            .entity(call.this)
            .map_or_else(|_| Moref::new("ManagedObject", call.this), |entity| entity.moref.clone());
        return Err(Fault::no_permission(&object, privilege));
    }
    state.world.tick();
    session::call(state, call)
        .or_else(|| property::call(state, call))
        .or_else(|| vm::call(state, call))
        .or_else(|| datastore::call(state, call))
        .or_else(|| event::call(state, call))
        .unwrap_or_else(|| Err(Fault::not_supported(call.method)))
}

/// What a method needs, for the methods whose privilege tests take away.
pub fn privilege(method: &str) -> Option<&'static str> {
    Some(match method {
        "Rename_Task" => "VirtualMachine.Config.Rename",
        "Destroy_Task" => "VirtualMachine.Inventory.Delete",
        "PowerOnVM_Task" => "VirtualMachine.Interact.PowerOn",
        "PowerOffVM_Task" => "VirtualMachine.Interact.PowerOff",
        "MarkAsTemplate" => "VirtualMachine.Provisioning.MarkAsTemplate",
        "ReconfigVM_Task" => "VirtualMachine.Config.Annotation",
        "EnterMaintenanceMode_Task" | "ExitMaintenanceMode_Task" => "Host.Config.Maintenance",
        "PutUsbScanCodes" => "VirtualMachine.Interact.PutUsbScanCodes",
        "AnswerVM" => "VirtualMachine.Interact.AnswerQuestion",
        "CreateScreenshot_Task" => "VirtualMachine.Interact.CreateScreenshot",
        "CreateVM_Task" => "VirtualMachine.Inventory.Create",
        "CloneVM_Task" => "VirtualMachine.Provisioning.DeployTemplate",
        "SearchDatastore_Task" | "SearchDatastoreSubFolders_Task" => "Datastore.Browse",
        "MoveDatastoreFile_Task" | "DeleteDatastoreFile_Task" | "MakeDirectory" => "Datastore.FileManagement",
        _ => return None,
    })
}

/// `ServiceContent`: the managers that exist here.
///
/// Its name says to whoever looks that it is no vCenter, and whether its guests are real.
pub fn content(real_guests: bool) -> Object {
    let real = if real_guests { " with real guests" } else { "" };
    let about = Object::new("AboutInfo")
        .with("name", "tmpl-tui lab")
        .with("fullName", format!("tmpl-tui lab (simulated vCenter){real} 8.0.2"))
        .with("vendor", "tmpl-tui")
        .with("version", "8.0.2")
        .with("build", "0")
        .with("localeVersion", "INTL")
        .with("localeBuild", "000")
        .with("osType", "linux-x64")
        .with("productLineId", "vpx")
        .with("apiType", "VirtualCenter")
        .with("apiVersion", "8.0.2.0")
        .with("instanceUuid", "7a6c7a6c-0000-4000-8000-000000000001")
        .with("licenseProductName", "VMware VirtualCenter Server")
        .with("licenseProductVersion", "8.0");
    let mut content = Object::new("ServiceContent")
        .with("rootFolder", Moref::new("Folder", "group-d1"))
        .with("propertyCollector", Moref::new("PropertyCollector", "propertyCollector"))
        .with("viewManager", Moref::new("ViewManager", "ViewManager"))
        .with("about", about);
    for (field, kind, id) in MANAGERS {
        content = content.with(field, Moref::new(kind, *id));
    }
    content
}

const MANAGERS: &[(&str, &str, &str)] = &[
    ("sessionManager", "SessionManager", "SessionManager"),
    ("authorizationManager", "AuthorizationManager", "AuthorizationManager"),
    ("taskManager", "TaskManager", "TaskManager"),
    ("searchIndex", "SearchIndex", "SearchIndex"),
    ("fileManager", "FileManager", "FileManager"),
    // These are named so that a client finds them; their methods answer NotSupported.
    ("setting", "OptionManager", "VpxSettings"),
    ("eventManager", "EventManager", "EventManager"),
    ("virtualDiskManager", "VirtualDiskManager", "virtualDiskManager"),
    ("customFieldsManager", "CustomFieldsManager", "CustomFieldsManager"),
];

/// Objects that exist once.
pub fn singletons() -> Vec<Moref> {
    let named = MANAGERS.iter().map(|(_, kind, id)| Moref::new(kind, *id));
    named.chain([Moref::new("ServiceInstance", "ServiceInstance")]).collect()
}
