//! What vCenter says about a guest, and about what it stands on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::vcenter::{PowerState, ToolsStatus, Vm};

/// What vCenter said about the guest from a moment on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestState {
    /// since when
    pub at: Timestamp,
    /// `None`: there is no VM of this build
    pub power: Option<PowerState>,
    /// its address, if it has one
    pub ip: Option<String>,
    /// VMware Tools
    pub tools: Option<ToolsStatus>,
    /// what vCenter asks about it, and waits for an answer
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// why nothing can be written to one of its datastores
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
    /// what is wrong with its host
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

impl GuestState {
    /// Of a VM as vCenter has it at a moment. What it stands on is not known of it alone.
    pub fn of(vm: &Vm, at: Timestamp) -> Self {
        Self {
            at,
            power: Some(vm.power_state),
            ip: vm.ip_address.clone(),
            tools: vm.tools_running_status,
            question: vm.question.as_ref().map(|question| question.text.clone()),
            ..Self::default()
        }
    }
}
