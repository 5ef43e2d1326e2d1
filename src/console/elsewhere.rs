//! Places of lines that live in another folder or vCenter than the others.

use std::sync::Arc;

use jiff::Timestamp;

use super::age;
use super::effect::Effect;
use super::lines::LineRow;
use super::state::Console;
use crate::ops::Places;
use crate::vcenter::{LinkState, Place};

/// A place, and how the link to it stands.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// for people: `vc02.example.com/DC1/Templates`
    pub name: String,
    /// the account that builds there
    pub account: String,
    /// how the link stands
    pub link: LinkState,
    /// when it last answered
    pub fresh: Option<Timestamp>,
    /// its next answer is overdue
    pub silent: bool,
}

impl Console {
    /// Some lines live elsewhere: their places are watched, too.
    pub(super) fn places_read(&mut self, places: Arc<Places>, effects: &mut Vec<Effect>) {
        let new = places.elsewhere().map(|(place, settings)| {
            let (name, account) = (settings.place_name(), settings.credentials.username.clone());
            (place, Elsewhere { name, account, link: LinkState::Connecting, fresh: None, silent: false })
        });
        self.elsewhere = new.collect();
        self.lines.set_places(&places);
        self.lines.set_lacks(self.session.resources.lacks);
        self.read_templates();
        effects.push(Effect::WatchElsewhere(places));
    }

    /// Where a line lives that does not live where the others do, and whether that can be told.
    pub(super) fn lives(&self, row: &LineRow) -> Option<(bool, String)> {
        let Elsewhere { name, link, .. } = self.elsewhere.get(&row.place)?;
        Some(match link {
            LinkState::Live => match self.unanswered(row.place) {
                Some(age) => (true, format!("{name} has not answered for {age}")),
                None => (false, format!("lives in {name}")),
            },
            LinkState::Connecting => (false, format!("lives in {name}, which has not answered yet")),
            LinkState::Lost { reason, .. } => (true, format!("{name} is out of reach: {reason}; trying again")),
            LinkState::Stopped { reason } => (true, format!("{name} is out of reach: {reason}; ‹refresh› tries again")),
        })
    }

    /// For how long a place has not answered that should have, although the link to it stands.
    pub(crate) fn unanswered(&self, place: Place) -> Option<String> {
        let (link, fresh, _) = self.link_to(place);
        let silent = self.elsewhere.get(&place).map_or(self.session.silent, |there| there.silent);
        fresh.filter(|_| silent && *link == LinkState::Live).map(|fresh| age::spoken(self.now, fresh))
    }

    /// How the link to a place stands, when it last answered, and whose account is used there.
    pub(crate) fn link_to(&self, place: Place) -> (&LinkState, Option<Timestamp>, &str) {
        match self.elsewhere.get(&place) {
            Some(there) => (&there.link, there.fresh, &there.account),
            None => (&self.session.link, self.session.fresh, &self.session.account),
        }
    }
}
