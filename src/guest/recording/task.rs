//! Tasks and events of vCenter, named as vCenter's own client names them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A task or event of vCenter on the VM of the build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskState {
    /// when the recorder saw it like this
    pub at: Timestamp,
    /// vCenter's id of it, e.g. `task-42`, `event-4711`
    pub id: String,
    /// e.g. `VirtualMachine.powerOn`, `VmPoweredOnEvent`
    pub name: String,
    /// vSphere's word: `queued`, `running`, `success`, `error`; `event` for an event
    pub state: String,
    /// what vCenter said: the reason of a failure, the text of an event; scrubbed
    pub error: Option<String>,
}

/// What vCenter calls the tasks that a VM of a build can get: the end of `TaskInfo.descriptionId` in small letters, and the
/// label that `TaskManager.description` has for it. Beside them the method's own name, where that differs.
const LABELS: [(&str, &str); 35] = [
    ("create", "Create virtual machine"),
    ("register", "Register virtual machine"),
    ("clone", "Clone virtual machine"),
    ("importvapp", "Deploy OVF template"),
    ("export", "Export OVF template"),
    ("reconfigure", "Reconfigure virtual machine"),
    ("reconfig", "Reconfigure virtual machine"),
    ("rename", "Rename virtual machine"),
    ("destroy", "Delete virtual machine"),
    ("unregister", "Unregister virtual machine"),
    ("poweron", "Power On virtual machine"),
    ("executevmpoweronlro", "Power On virtual machine"),
    ("poweroff", "Power Off virtual machine"),
    ("suspend", "Suspend virtual machine"),
    ("reset", "Reset virtual machine"),
    ("shutdownguest", "Initiate guest OS shutdown"),
    ("rebootguest", "Initiate guest OS reboot"),
    ("standbyguest", "Initiate guest OS standby"),
    ("answer", "Answer virtual machine question"),
    ("customize", "Customize virtual machine guest OS"),
    ("migrate", "Migrate virtual machine"),
    ("executevmotionlro", "Migrate virtual machine"),
    ("relocate", "Relocate virtual machine"),
    ("markastemplate", "Mark virtual machine as template"),
    ("markasvirtualmachine", "Mark as virtual machine"),
    ("createsnapshot", "Create virtual machine snapshot"),
    ("createsnapshotex", "Create virtual machine snapshot"),
    ("reverttocurrentsnapshot", "Revert to current snapshot"),
    ("removeallsnapshots", "Remove all snapshots"),
    ("consolidatedisks", "Consolidate virtual machine disk files"),
    ("promotedisks", "Promote virtual machine disks"),
    ("upgradevirtualhardware", "Upgrade VM compatibility"),
    ("upgradetools", "Initiated VMware Tools install or upgrade"),
    ("mounttoolsinstaller", "Initiated VMware Tools Installer Mount"),
    ("unmounttoolsinstaller", "Unmount tools installer"),
];

impl TaskState {
    /// In words: `Power On virtual machine completed`; what an event says itself.
    pub fn words(&self) -> String {
        let text = self.error.as_deref().filter(|text| !text.is_empty());
        if self.state == "event" {
            return text.map_or_else(|| apart(self.name.trim_end_matches("Event")), str::to_owned);
        }
        let state = match self.state.as_str() {
            "success" => "completed",
            "error" => "failed",
            other => other,
        };
        let text = text.map_or_else(String::new, |text| format!(": {text}"));
        format!("{} {state}{text}", label(&self.name))
    }
}

/// Of `VirtualMachine.powerOn`, as of `PowerOnVM_Task`: `Power On virtual machine`. What is not known is set apart.
fn label(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let last = last.strip_suffix("_Task").unwrap_or(last);
    let small = last.to_ascii_lowercase();
    let small = small.strip_suffix("vm").unwrap_or(&small);
    let known = LABELS.iter().find(|(known, _)| *known == small);
    known.map_or_else(|| apart(last), |(_, label)| (*label).to_owned())
}

/// `attachDisk` → `Attach disk`.
fn apart(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 8);
    let mut before = None::<char>;
    for char in name.chars() {
        match before {
            None => words.extend(char.to_uppercase()),
            Some(before) if char.is_uppercase() && !before.is_uppercase() => {
                words.push(' ');
                words.extend(char.to_lowercase());
            }
            Some(_) => words.push(char),
        }
        before = Some(char);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_and_events_are_named_as_vcenter_names_them() {
        let words = |name: &str, state: &str, error: Option<&str>| {
            let (name, state, error) = (name.to_owned(), state.to_owned(), error.map(str::to_owned));
            TaskState { at: Timestamp::UNIX_EPOCH, id: "task-1".into(), name, state, error }.words()
        };
        // vCenter's own name, that of a simulated one, and the method.
        for name in ["VirtualMachine.powerOn", "VirtualMachine.powerOnVM", "PowerOnVM_Task", "Drm.ExecuteVmPowerOnLRO"]
        {
            assert_eq!(words(name, "success", None), "Power On virtual machine completed");
        }
        assert_eq!(words("Folder.createVm", "running", None), "Create virtual machine running");
        let refused = words("VirtualMachine.reconfigure", "error", Some("no space left"));
        assert_eq!(refused, "Reconfigure virtual machine failed: no space left");
        assert_eq!(words("VirtualMachine.attachDisk", "queued", None), "Attach disk queued");
        assert_eq!(
            words("VmPoweredOnEvent", "event", Some("tpl on host01 is powered on")),
            "tpl on host01 is powered on"
        );
        assert_eq!(words("VmPoweredOnEvent", "event", None), "Vm powered on");
        assert_eq!(words("", "success", None), " completed");
    }
}
