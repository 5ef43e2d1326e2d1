//! Promote, rollback, hold and sweep by the real program, on VMware's vcsim and on the lab, with govc as witness.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod doctor;
mod killed;
#[path = "../support/proxy.rs"]
#[expect(dead_code, reason = "other tests make other trouble")]
mod proxy;
#[path = "../support/pty.rs"]
mod pty;
mod record;
mod skins;
mod smoke;
#[path = "../support/tools.rs"]
mod tools;
mod trouble;
#[path = "../support/vcsim.rs"]
mod vcsim;
mod verbs;
#[path = "../support/world.rs"]
mod world;

use world::{BASE, KEY, Kind, Names, World};
