//! A click: what it can mean, and what follows.

use jiff::Timestamp;

use super::effect::Effect;
use super::github::RowId;
use super::panes::{Pane, View};
use super::state::Console;
use crate::pipeline::Key;

/// What a cell of the screen shows. Rows are told by what they show and not by their place, which may have changed since
/// they were drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// a pane, where it has no row to select
    Pane(Pane),
    /// a line of the matrix
    Line(Key),
    /// a piece of the verdict's evidence, by its index
    Evidence(usize),
    /// a moment of the timeline
    Moment(Timestamp),
    /// a run on GitHub or one of its legs
    GitHub(RowId),
}

impl Console {
    /// Focuses what was clicked and selects its row.
    pub(super) fn clicked(&mut self, target: Target, effects: &mut Vec<Effect>) {
        if self.overlay.is_some() {
            return;
        }
        self.prompt = None;
        self.lines.choose();
        match (target, self.panes.view) {
            (Target::Pane(pane), View::Lines) => self.panes.focus(pane),
            (Target::Line(key), View::Media | View::Wall) => self.lines.select_visible(&key),
            (Target::Line(key), View::Lines) => {
                self.panes.focus(Pane::Lines);
                self.lines.select_visible(&key);
            }
            (Target::Evidence(index), View::Lines) => {
                self.panes.focus(Pane::Verdict);
                self.choose_evidence(index);
            }
            (Target::Moment(at), View::Lines) => {
                self.panes.focus(Pane::Timeline);
                self.show_moment(at, effects);
            }
            (Target::GitHub(id), View::GitHub) => self.choose_on_github(id),
            // Drawn before another view took its place.
            (Target::Pane(_) | Target::Evidence(_) | Target::Moment(_), View::Media | View::GitHub | View::Wall)
            | (Target::Line(_), View::GitHub)
            | (Target::GitHub(_), View::Lines | View::Media | View::Wall) => {}
        }
    }
}
