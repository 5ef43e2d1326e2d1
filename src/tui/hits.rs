//! What the last frame shows where: a click means the row that was drawn.

use ratatui::layout::{Position, Rect};

use crate::console::click::Target;

/// Cells of the screen and what they show.
pub type Hit = (Rect, Target);

/// What a frame shows where.
#[derive(Debug, Default)]
pub struct Hits(Vec<(Rect, Option<Target>)>);

impl Hits {
    /// These were drawn, over what was drawn before.
    pub fn extend(&mut self, hits: impl IntoIterator<Item = Hit>) {
        self.0.extend(hits.into_iter().map(|(area, target)| (area, Some(target))));
    }

    /// Something that no click means was drawn over these cells.
    pub fn cover(&mut self, areas: impl IntoIterator<Item = Rect>) {
        self.0.extend(areas.into_iter().map(|area| (area, None)));
    }

    /// What a cell shows.
    pub fn at(&self, cell: Position) -> Option<&Target> {
        self.0.iter().rfind(|(area, _)| area.contains(cell))?.1.as_ref()
    }
}
