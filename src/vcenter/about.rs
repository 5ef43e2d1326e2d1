//! What a server says of itself.

/// `AboutInfo` of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// e.g. `VMware vCenter Server 8.0.2 build-22617221`
    pub full_name: String,
    /// e.g. `8.0.2`
    pub version: String,
    /// `VirtualCenter` or `HostAgent`
    pub api_type: String,
}

/// What of a server that is no vCenter is simulated, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulated {
    /// vCenter and its guests
    All,
    /// vCenter; its guests are real machines
    AllButGuests,
}

impl About {
    /// What is simulated; `None` of a real vCenter. `tmpl-tui lab` calls itself so.
    pub fn simulated(&self) -> Option<Simulated> {
        let lab = self.full_name.contains("(simulated vCenter)");
        let real = self.full_name.contains("real guests");
        lab.then_some(if real { Simulated::AllButGuests } else { Simulated::All })
    }
}
