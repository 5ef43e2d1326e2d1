//! What vCenter says, over its SOAP interface (`/sdk`), and the one gate through which anything is changed there.
//!
//! [`Client`] reads; [`gate::Gate`] is the only public way to change something. SOAP is used because it works on every
//! vSphere that packer's plugin works on.

pub mod audit;
pub mod client;
pub mod error;
pub mod gate;
pub mod settings;
pub mod vm;

pub use client::{About, Client, FolderEvent, LinkState, Privilege, TaskProgress, Watch};
pub use error::Error;
pub use settings::Settings;
pub use vm::{Moid, PowerState, ToolsStatus, Vm};
