//! What a refused call answers: vSphere's faults by their type names.

use super::value::{Moref, Object, Value};

/// A fault, as SOAP detail or as the error of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    detail: Object,
    name: &'static str,
    message: String,
}

impl Fault {
    /// A fault of this type with vCenter's message.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self { detail: Object::named(name), name, message: message.into() }
    }

    /// Adds a field to the detail.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.detail = self.detail.with(name, value);
        self
    }

    /// Type name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// `NotAuthenticated`
    pub fn not_authenticated(object: &Moref) -> Self {
        Self::new("NotAuthenticated", "The session is not authenticated.")
            .with("object", object.clone())
            .with("privilegeId", "System.View")
    }

    /// `InvalidLogin`
    pub fn invalid_login() -> Self {
        Self::new("InvalidLogin", "Cannot complete login due to an incorrect user name or password.")
    }

    /// `NoPermission`
    pub fn no_permission(object: &Moref, privilege: &str) -> Self {
        Self::new("NoPermission", "Permission to perform this operation was denied.")
            .with("object", object.clone())
            .with("privilegeId", privilege)
    }

    /// `ManagedObjectNotFound`
    pub fn gone(object: &Moref) -> Self {
        let message = format!(
            "The object 'vim.{}:{}' has already been deleted or has not been completely created",
            object.kind, object.id
        );
        Self::new("ManagedObjectNotFound", message).with("obj", object.clone())
    }

    /// `ManagedObjectNotFound` about a task: a vCenter that was restarted knows none from before
    #[cfg(feature = "testing")]
    pub fn forgotten_task(id: &str) -> Self {
        Self::gone(&Moref::new("Task", id))
    }

    /// `ConcurrentAccess`: the object is not in the version that the change was made for
    pub fn concurrent_access() -> Self {
        Self::new("ConcurrentAccess", "The resource is being changed by another operation or was changed meanwhile.")
    }

    /// `DuplicateName`
    pub fn duplicate_name(name: &str, object: &Moref) -> Self {
        Self::new("DuplicateName", format!("The name '{name}' already exists."))
            .with("name", name)
            .with("object", object.clone())
    }

    /// `InvalidPowerState`
    pub fn invalid_power_state(requested: &str, existing: &str) -> Self {
        Self::new(
            "InvalidPowerState",
            format!("The attempted operation cannot be performed in the current state ({})", pretty(existing)),
        )
        .with("requestedState", Value::of("VirtualMachinePowerState", requested))
        .with("existingState", Value::of("VirtualMachinePowerState", existing))
    }

    /// `FileNotFound`
    pub fn file_not_found(path: &str) -> Self {
        Self::new("FileNotFound", format!("File {path} was not found")).with("file", path)
    }

    /// `FileAlreadyExists`
    pub fn file_exists(path: &str) -> Self {
        Self::new(
            "FileAlreadyExists",
            format!("Cannot complete the operation because the file or folder {path} already exists"),
        )
        .with("file", path)
    }

    /// `InvalidArgument`, a property of the call that makes no sense.
    pub fn invalid(property: &str) -> Self {
        Self::new("InvalidArgument", format!("A specified parameter was not correct: {property}"))
            .with("invalidProperty", property)
    }

    /// `NotSupported`
    pub fn not_supported(what: &str) -> Self {
        Self::new("NotSupported", format!("The operation is not supported on the object: {what} (simulated vCenter)"))
    }

    /// The body of a SOAP answer.
    pub fn body(&self) -> String {
        let mut detail = String::new();
        Value::from(self.detail.clone()).write(&mut detail, &format!("{}Fault", self.name));
        // The detail element names its namespace, as vCenter does.
        let detail = detail.replacen(' ', " xmlns=\"urn:vim25\" ", 1);
        format!(
            "<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>{}</faultstring><detail>{detail}</detail></soapenv:Fault>",
            quick_xml::escape::escape(self.message.as_str()),
        )
    }

    /// The `LocalizedMethodFault` of a failed task.
    pub fn localized(&self) -> Object {
        Object::new("LocalizedMethodFault")
            .with("fault", self.detail.clone())
            .with("localizedMessage", self.message.as_str())
    }
}

fn pretty(state: &str) -> &str {
    match state {
        "poweredOn" => "Powered on",
        "poweredOff" => "Powered off",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_what_vcenter_sends() {
        let fault = Fault::no_permission(&Moref::new("VirtualMachine", "vm-1"), "VirtualMachine.Config.Rename");
        assert_eq!(
            fault.body(),
            "<soapenv:Fault><faultcode>ServerFaultCode</faultcode>\
             <faultstring>Permission to perform this operation was denied.</faultstring><detail>\
             <NoPermissionFault xmlns=\"urn:vim25\" xsi:type=\"NoPermission\"><object type=\"VirtualMachine\">vm-1</object>\
             <privilegeId>VirtualMachine.Config.Rename</privilegeId></NoPermissionFault></detail></soapenv:Fault>"
        );
    }
}
