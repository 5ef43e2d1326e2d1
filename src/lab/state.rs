//! All of the simulated vCenter behind one lock.

use std::collections::BTreeMap;

use super::collector::Content;
#[cfg(feature = "testing")]
use super::control::Control;
use super::session::Sessions;
use super::updates::Filters;
use super::view::Views;
use super::world::World;

/// World, sessions and what clients have set up.
#[derive(Debug)]
pub struct State {
    /// inventory, files, tasks, time
    pub world: World,
    /// accounts and sessions
    pub sessions: Sessions,
    /// property filters
    pub filters: Filters,
    /// container views
    pub views: Views,
    /// rest of long answers, by token
    pub pages: BTreeMap<String, (Vec<Content>, usize)>,
    /// calls made, and faults to inject
    #[cfg(feature = "testing")]
    pub control: Control,
}

#[cfg(feature = "testing")]
impl State {
    /// Ends all sessions, with their filters, views and pages.
    pub fn expire_sessions(&mut self) {
        self.sessions.expire();
        self.filters.clear();
        self.views.clear();
        self.pages.clear();
        self.world.touch();
    }
}
