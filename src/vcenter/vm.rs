//! The few facts about a virtual machine that this program shows or acts on.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Question;

/// A managed object id, vCenter's own name for an object (`vm-42`). Stable across renames.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moid(pub String);

impl fmt::Display for Moid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of the places a repository builds in: one folder of one vCenter. Ids of objects mean something within one alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub u16);

impl Place {
    /// The repository's own; the others are those of lines that are built elsewhere.
    pub const MAIN: Self = Self(0);
}

/// `VirtualMachinePowerState`, in vSphere's own spelling on the wire and in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PowerState {
    /// `poweredOn`
    PoweredOn,
    /// `poweredOff`
    PoweredOff,
    /// `suspended`
    Suspended,
    /// vCenter does not tell, or tells a state that we do not know. Nothing is done that needs the VM to be off or on.
    Unknown,
}

impl PowerState {
    /// From vSphere's own spelling.
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "poweredOn" => Self::PoweredOn,
            "poweredOff" => Self::PoweredOff,
            "suspended" => Self::Suspended,
            _ => Self::Unknown,
        }
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PoweredOn => "on",
            Self::PoweredOff => "off",
            Self::Suspended => "suspended",
            Self::Unknown => "unknown",
        }
    }
}

/// `VirtualMachineToolsRunningStatus`, in vSphere's own spelling on the wire and in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolsStatus {
    /// `guestToolsNotRunning`
    GuestToolsNotRunning,
    /// `guestToolsRunning`
    GuestToolsRunning,
    /// `guestToolsExecutingScripts`
    GuestToolsExecutingScripts,
}

impl ToolsStatus {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::GuestToolsNotRunning => "not running",
            Self::GuestToolsRunning => "running",
            Self::GuestToolsExecutingScripts => "starting",
        }
    }
}

/// A virtual machine or template as last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vm {
    /// vCenter's id of the object.
    pub moid: Moid,
    /// Where it is.
    #[serde(skip)]
    pub place: Place,
    /// Its name in the folder, with vCenter's `%2f` style escapes already undone.
    pub name: String,
    /// `config.template`
    pub template: bool,
    /// `runtime.powerState`
    pub power_state: PowerState,
    /// `guest.ipAddress`; absent while the guest has none or VMware Tools do not say.
    pub ip_address: Option<String>,
    /// `guest.toolsRunningStatus`; absent before vCenter knows.
    pub tools_running_status: Option<ToolsStatus>,
    /// `config.annotation`: the notes. May hold our hold marker beside whatever stands there.
    #[serde(default, skip_serializing)]
    pub annotation: String,
    /// `config.createDate` (vSphere 6.7 and later), else absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// `config.instanceUuid`
    #[serde(default, skip_serializing)]
    pub instance_uuid: String,
    /// `config.changeVersion`: another one after every change of its configuration
    #[serde(default, skip_serializing)]
    pub change_version: String,
    /// `runtime.question`: it stands still until somebody answers
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
}

impl Vm {
    /// About what it takes in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let texts = [&self.moid.0, &self.name, &self.annotation, &self.instance_uuid, &self.change_version];
        size_of::<Self>() + texts.into_iter().chain(&self.ip_address).map(String::len).sum::<usize>()
    }

    /// A VM of which nothing but this is known yet.
    pub fn named(moid: Moid, name: impl Into<String>) -> Self {
        Self {
            moid,
            place: Place::MAIN,
            name: name.into(),
            template: false,
            power_state: PowerState::Unknown,
            ip_address: None,
            tools_running_status: None,
            annotation: String::new(),
            created: None,
            instance_uuid: String::new(),
            change_version: String::new(),
            question: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_told_in_vspheres_words_and_one_we_do_not_know_is_not_off() {
        for word in ["poweredOn", "poweredOff", "suspended", "unknown"] {
            assert_eq!(serde_json::to_value(PowerState::parse(word)).unwrap(), word);
        }
        assert_eq!([PowerState::parse(""), PowerState::parse("poweredUp")], [PowerState::Unknown; 2]);
    }
}
