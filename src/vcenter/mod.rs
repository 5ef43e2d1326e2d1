//! What vCenter says, over its SOAP interface (`/sdk`), and the one gate through which anything is changed there.
//!
//! [`Client`] reads; [`gate::Gate`] is the only public way to change something. SOAP is used because it works on every
//! vSphere that packer's plugin works on.

mod about;
pub mod audit;
mod change;
pub mod client;
mod clone;
mod clones;
pub mod datastore;
pub mod error;
pub mod gate;
mod inventory;
mod keys;
mod location;
mod observe;
mod patience;
pub mod privilege;
mod question;
pub mod resources;
mod screen;
mod session;
pub mod settings;
mod soap;
mod task;
mod untrusted;
pub mod vm;
mod watch;

pub use about::{About, Simulated};
pub use client::{Account, Client, FolderEvent, LinkState, PrivilegeCheck, TaskProgress, Watch};
pub use clones::{CloneEvent, Clones};
pub use error::Error;
pub use observe::VmEvent;
pub use question::{Choice, Question};
pub use settings::Settings;
#[cfg(feature = "testing")]
pub(crate) use soap::fuzz_parse;
pub use vm::{Moid, Place, PowerState, ToolsStatus, Vm};
