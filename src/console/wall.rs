//! The wall: the pictures of everything that is being built or failed lately, at once.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::command::Motion;
use super::effect::Effect;
use super::lines::LineRow;
use super::message::{Reply, RequestId};
use super::panes::{Pane, View};
use super::remote::Newest;
use super::state::Console;
use super::trouble::Trouble;
use crate::guest::picture::Picture;
use crate::pipeline::Key;
use crate::vcenter::PowerState;

/// How often a picture is taken.
const EVERY: SignedDuration = SignedDuration::from_secs(5);
/// How long a failure is a fresh one.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// Pictures that are asked for at the same time, at most.
const AT_ONCE: usize = 2;

/// The picture of one line.
#[derive(Debug, Clone, Default)]
pub struct Tile {
    /// the run that it shows; another one begins with no picture
    run: Option<Timestamp>,
    asked: Option<RequestId>,
    asked_at: Option<Timestamp>,
    picture: Option<Picture>,
    trouble: Option<String>,
}

impl Tile {
    /// The newest picture.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    /// Why there is none.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }
}

/// The wall's state; the chosen tile is that of the selected line.
#[derive(Debug, Clone, Default)]
pub struct Wall(BTreeMap<Key, Tile>);

impl Wall {
    /// The tile of a line.
    pub fn tile(&self, key: &Key) -> Option<&Tile> {
        self.0.get(key)
    }
}

impl Console {
    /// The lines on the wall, in the order of the matrix: at work anywhere, with a guest, or failed within a day.
    pub(crate) fn on_wall(&self) -> Vec<&LineRow> {
        let fresh = |at: Timestamp| self.now.duration_since(at) < FRESH;
        let shown = |row: &&LineRow| match row.newest() {
            _ if row.guest().is_some_and(|vm| vm.power_state == PowerState::PoweredOn) => true,
            Some(Newest::Here(run)) => run.state.live() || run.alarming() && run.ended.is_none_or(fresh),
            Some(Newest::GitHub(remote, _)) => {
                remote.state.live() || remote.alarming() && fresh(remote.ended.unwrap_or(remote.began))
            }
            None => false,
        };
        self.lines.all().iter().filter(shown).collect()
    }

    /// Opens the wall, or goes back from it.
    pub(super) fn turn_to_wall(&mut self) {
        if self.panes.view == View::Wall {
            self.panes.view = View::Lines;
            return;
        }
        self.panes.view = View::Wall;
        self.lines.set_filter("");
        let shown = self.on_wall();
        let here = self.lines.selected().is_some_and(|row| shown.iter().any(|other| other.line.key == row.line.key));
        let worst = shown.iter().rev().max_by_key(|row| row.trouble()).map(|row| row.line.key.clone());
        if let Some(key) = worst.filter(|_| !here) {
            self.lines.select(&key);
        }
    }

    /// Moves the choice.
    pub(super) fn wall_moved(&mut self, motion: Motion) {
        let keys: Vec<Key> = self.on_wall().iter().map(|row| row.line.key.clone()).collect();
        let selected = self.lines.selected().map(|row| row.line.key.clone());
        let here = keys.iter().position(|key| Some(key) == selected.as_ref()).unwrap_or(0);
        let columns = usize::from(self.panes.measures.wall.max(1));
        let last = keys.len().saturating_sub(1);
        let to = match motion {
            Motion::Left => here.saturating_sub(1),
            Motion::Right => (here + 1).min(last),
            Motion::Up => here.checked_sub(columns).unwrap_or(here),
            Motion::Down => Some(here + columns).filter(|to| *to <= last).unwrap_or(here),
            Motion::PageUp | Motion::First => 0,
            Motion::PageDown | Motion::Last => last,
        };
        if let Some(key) = keys.get(to) {
            self.lines.select(key);
        }
    }

    /// Opens the chosen picture among the panes of its line; of a line without one, what is known of it.
    pub(super) fn open_tile(&mut self) {
        self.panes.view = View::Lines;
        let pictured = self.lines.selected().and_then(|row| self.wall.tile(&row.line.key)).and_then(Tile::picture);
        if self.content().picture || pictured.is_some() {
            self.panes.focus(Pane::Picture);
        } else {
            self.panes.rest();
        }
    }

    /// Asks for the pictures that are due, while somebody looks.
    pub(super) fn wall_wants(&mut self, effects: &mut Vec<Effect>) {
        if self.panes.view != View::Wall {
            return;
        }
        let mut wanted = Vec::new();
        for row in self.on_wall() {
            let run = row.run.as_ref().map(|run| run.started);
            let guest = row.guest().filter(|vm| vm.power_state == PowerState::PoweredOn).cloned();
            let dir = row.run.as_ref().map(|run| run.dir.clone());
            wanted.push((row.line.key.clone(), run, guest, dir));
        }
        let mut busy = self.wall.0.values().filter(|tile| tile.asked.is_some()).count();
        for (key, run, guest, dir) in wanted {
            let (now, request) = (self.now, self.request());
            let tile = self.wall.0.entry(key).or_default();
            if tile.run != run {
                *tile = Tile { run, ..Tile::default() };
            }
            let due = tile.asked_at.is_none_or(|at| now.duration_since(at) >= EVERY);
            // What is over does not change any more.
            let known = guest.is_none() && (tile.picture.is_some() || tile.trouble.is_some());
            if busy >= AT_ONCE || tile.asked.is_some() || !due || known {
                continue;
            }
            let effect = match (guest, dir) {
                (Some(vm), _) => Effect::TakeThumbnail { request, vm: Box::new(vm) },
                (None, Some(dir)) => Effect::ReadLastFrame { request, dir },
                (None, None) => continue,
            };
            (tile.asked, tile.asked_at) = (Some(request), Some(now));
            busy += 1;
            effects.push(effect);
        }
    }

    /// A picture came, or why there is none.
    pub(super) fn tile_taken(&mut self, request: RequestId, answer: Reply<Picture>) -> bool {
        let Some(tile) = self.wall.0.values_mut().find(|tile| tile.asked == Some(request)) else { return false };
        tile.asked = None;
        match answer {
            Ok(picture) => {
                let same = tile.picture.as_ref().is_some_and(|before| before.hash() == picture.hash());
                (tile.picture, tile.trouble) = (Some(picture), None);
                !same
            }
            Err(reason) => {
                tile.trouble = Some(reason.into());
                true
            }
        }
    }

    /// Whether a line on the wall needs a person.
    pub fn alarming_tile(row: &LineRow) -> bool {
        row.trouble() >= Trouble::Failed
    }
}
