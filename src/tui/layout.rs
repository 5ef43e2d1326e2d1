//! Where everything goes.
//!
//! A pane takes the rows that its content needs; what is left goes to the log, to the pictures of the timeline, or to the
//! picture, which gets the most. Where the lines stand follows from the screen's size alone, so that nothing jumps when
//! another line is selected.

mod split;

use ratatui::layout::Rect;

use super::view;
use crate::console::Console;
use crate::console::panes::{Measures, Pane, Room, Scrolled, View};
use crate::console::scope::Scope;
use crate::vcenter::LinkState;

/// From these columns and rows for panes on, all panes are shown.
const FULL: (u16, u16) = (150, 26);
/// From these on, three of them.
const DOUBLE: (u16, u16) = (100, 24);
/// Below this many rows for panes, only the focused one is shown.
const FLAT: u16 = 9;
/// From this many rows of the screen on, a row of its own is kept for notices; on smaller ones they take that of the hints.
const NOTICE_ROW: u16 = 20;

/// The places; empty rectangles are not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// first row
    pub header: Rect,
    /// pane
    pub lines: Rect,
    /// pane
    pub picture: Rect,
    /// pane
    pub log: Rect,
    /// pane
    pub timeline: Rect,
    /// pane
    pub verdict: Rect,
    /// in place of all panes
    pub media: Rect,
    /// in place of all panes
    pub github: Rect,
    /// in place of all panes
    pub wall: Rect,
    /// pictures beside each other on the wall
    across: u16,
    /// the newest notice, above the hints; or in their place
    pub notice: Rect,
    /// last row
    pub hints: Rect,
    /// all panes together; overlays are centred in it
    pub body: Rect,
    /// its rows while there is one row of notices
    rows: u16,
    /// of the open overlay: rows of a page, and how many can be the first
    scrolled: (u16, u16),
    /// of the focused pane's text
    text: Scrolled,
    room: Room,
}

impl Layout {
    /// For a screen of this size.
    pub fn of(console: &Console, screen: Rect) -> Self {
        let header = Rect { height: screen.height.min(1), ..screen };
        let hints = Rect { y: screen.bottom().saturating_sub(1), height: u16::from(screen.height >= 3), ..screen };
        // Where there is no row for notices, they take that of the hints and no more: the panes stay as they are.
        let apart = screen.height >= NOTICE_ROW;
        let kept = if apart { view::notice::rows(console, screen.width) } else { 0 };
        let body = Rect {
            y: header.bottom(),
            height: screen.height.saturating_sub(header.height + hints.height + kept),
            ..screen
        };
        let notice = Rect { y: body.bottom(), height: if apart { kept } else { hints.height }, ..screen };
        let rows = steady_rows(screen, body);
        let scrolled = super::overlay::scrolled(console, body);
        let room = room(screen, rows);
        let mut layout = Self { header, notice, hints, body, rows, scrolled, room, ..Self::default() };
        match console.panes.view {
            View::Media => layout.media = body,
            View::GitHub => layout.github = body,
            View::Wall => {
                layout.wall = body;
                layout.across = view::wall::grid(body, console.on_wall().len()).0;
            }
            View::Lines if console.panes.zoomed => *layout.slot(console.panes.focus) = body,
            View::Lines => layout.split(console),
        }
        layout.text = match console.panes.scope() {
            Scope::Verdict => view::verdict::scrolled(console, layout.verdict),
            Scope::Picture => view::picture::scrolled(console, layout.picture),
            Scope::Lines | Scope::Log | Scope::Timeline | Scope::Media | Scope::GitHub | Scope::Wall => {
                Scrolled::default()
            }
        };
        layout
    }

    fn slot(&mut self, pane: Pane) -> &mut Rect {
        match pane {
            Pane::Lines => &mut self.lines,
            Pane::Picture => &mut self.picture,
            Pane::Log => &mut self.log,
            Pane::Timeline => &mut self.timeline,
            Pane::Verdict => &mut self.verdict,
        }
    }

    /// What the console must know of the sizes.
    pub fn measures(&self) -> Measures {
        let inner = |rect: Rect| (rect.width.saturating_sub(2), rect.height.saturating_sub(2));
        Measures {
            room: self.room,
            lines: inner(if self.media.is_empty() { self.lines } else { self.media }).1.saturating_sub(1),
            log: inner(self.log).1,
            log_columns: inner(self.log).0,
            wall: self.across,
            page: self.scrolled.0,
            tops: self.scrolled.1,
            text: self.text,
        }
    }

    /// The pane or view at a cell.
    pub fn scope_at(&self, column: u16, row: u16) -> Option<Scope> {
        let at = ratatui::layout::Position { x: column, y: row };
        self.scopes().into_iter().find(|(_, rect)| rect.contains(at)).map(|(scope, _)| scope)
    }

    /// The panes and views with their places; those that are not drawn are empty.
    pub const fn scopes(&self) -> [(Scope, Rect); 8] {
        [
            (Scope::Lines, self.lines),
            (Scope::Picture, self.picture),
            (Scope::Log, self.log),
            (Scope::Timeline, self.timeline),
            (Scope::Verdict, self.verdict),
            (Scope::Media, self.media),
            (Scope::GitHub, self.github),
            (Scope::Wall, self.wall),
        ]
    }
}

/// Rows for panes. A notice of several rows must not move them sideways, so the rows it takes are counted in.
fn steady_rows(screen: Rect, body: Rect) -> u16 {
    let taken = if screen.height >= NOTICE_ROW { 3 } else { 2 };
    screen.height.saturating_sub(taken).max(body.height)
}

/// How many panes have room.
fn room(screen: Rect, rows: u16) -> Room {
    let fits = |(columns, least): (u16, u16)| screen.width >= columns && rows >= least;
    match () {
        () if rows < FLAT => Room::Flat,
        () if fits(FULL) => Room::Full,
        () if fits(DOUBLE) => Room::Double,
        () => Room::Single,
    }
}

/// Rows that the lines take, with heading and borders, and with the reason when vCenter is not at hand.
fn rows_of(console: &Console) -> u16 {
    let trouble = matches!(console.session.link, LinkState::Lost { .. } | LinkState::Stopped { .. });
    let lines = u16::try_from(console.lines.all().len()).unwrap_or(u16::MAX);
    lines.saturating_add(if trouble { 5 } else { 3 })
}
