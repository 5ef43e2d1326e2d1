//! The places of a repository's lines: each has a link of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::link::{Link, Pending};
use super::{Driver, Parts, Report};
use crate::console::message::Msg;
use crate::ops::Places;
use crate::vcenter::Place;

/// The link to the repository's own place.
pub(super) fn own(parts: &Parts, report: &Report) -> BTreeMap<Place, Link> {
    BTreeMap::from([(Place::MAIN, Link::new(parts.settings.clone(), Place::MAIN, report.clone()))])
}

impl Driver {
    /// The client of a place; of one that nobody watches there will be none.
    pub(super) fn client(&self, place: Place) -> Pending {
        self.links.get(&place).map_or_else(|| tokio::sync::watch::Sender::new(None).subscribe(), Link::client)
    }

    /// Reads where lines live, while the repository's own place is being asked; nothing where that is a lab.
    pub(super) fn read_places(&self) -> Option<JoinHandle<()>> {
        let main = self.parts.settings.as_ref().ok().cloned();
        if main.as_ref().is_some_and(|main| main.simulated.is_some()) {
            return None;
        }
        let (repo, report) = (self.parts.context.repo.clone(), self.report.clone());
        Some(crate::task::spawn(async move {
            let places = crate::task::spawn_blocking(move || Places::read(&repo, main.as_ref())).await;
            match places {
                Ok(places) if places.is_one() => {}
                Ok(places) => report(Msg::PlacesRead(Arc::new(places))),
                Err(failure) => tracing::error!(%failure, "where lines live is not known"),
            }
        }))
    }

    /// Logs in to the other places and watches them.
    pub(super) fn watch_elsewhere(&mut self, places: &Places) {
        for (place, settings) in places.elsewhere() {
            let mut link = Link::new(Ok(settings.clone()), place, self.report.clone());
            link.watch();
            if let Some(old) = self.links.insert(place, link) {
                crate::task::spawn(old.stop());
            }
        }
        self.places = places.clone();
    }
}
