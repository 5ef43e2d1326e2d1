//! Where everything goes.

use ratatui::layout::Rect;

use crate::console::Console;
use crate::console::panes::{Measures, Pane, View};
use crate::vcenter::LinkState;

/// From this many columns on, all panes are shown.
const WIDE: u16 = 120;
/// From this many rows for panes on, a wide screen shows all of them.
const FULL: u16 = 26;
/// Rows of the timeline: stages, clock (often two), pictures, borders.
const TIMELINE: u16 = 6;
/// Least rows of the verdict on a full screen: cause, remedy, first evidence, borders.
const VERDICT: u16 = 6;
/// Below this many rows for panes, only the focused one is shown.
const FLAT: u16 = 9;
/// Rows a lower pane needs to be of use, borders included.
const LOWER: u16 = 5;

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
    /// last row
    pub hints: Rect,
    /// all panes together; overlays are centred in it
    pub body: Rect,
    wide: bool,
    full: bool,
}

impl Layout {
    /// For a screen of this size.
    pub fn of(console: &Console, screen: Rect) -> Self {
        let header = Rect { height: screen.height.min(1), ..screen };
        let hints_height = u16::from(screen.height >= 3);
        let body = Rect {
            y: screen.y + header.height,
            height: screen.height.saturating_sub(header.height + hints_height),
            ..screen
        };
        let hints = Rect { y: body.bottom(), height: hints_height, ..screen };
        let mut layout = Self { header, hints, body, wide: screen.width >= WIDE, ..Self::default() };
        layout.wide &= body.height >= 14;
        layout.full = layout.wide && body.height >= FULL;
        let flat = body.height < FLAT;
        if console.github.open {
            return layout;
        }
        if console.panes.view == View::Media {
            layout.media = body;
        } else if console.panes.zoomed || flat {
            *layout.slot(console.panes.focus) = body;
        } else if layout.wide {
            layout.split_wide(console);
        } else {
            layout.split_narrow(console);
        }
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

    fn split_wide(&mut self, console: &Console) {
        let body = self.body;
        let below = if self.full { VERDICT } else { 0 };
        let wanted = (rows_of(console) + below).max(body.height * if self.full { 6 } else { 5 } / 10);
        let top = wanted.min(body.height * if self.full { 7 } else { 6 } / 10);
        // Consoles are 4:3 and a cell is twice as high as wide: what such a picture does not need is for the lines, as
        // far as their columns need it.
        let rows = top.saturating_sub(if self.full { TIMELINE + 2 } else { 2 });
        let picture = (rows * 8 / 3).saturating_add(2);
        let left = body.width.saturating_sub(picture).clamp(body.width / 2, 112.max(body.width / 2));
        let upper = Rect { width: left, height: top, ..body };
        let beside = Rect { x: body.x + left, width: body.width - left, height: top, ..body };
        let lower = Rect { y: body.y + top, height: body.height - top, ..body };
        if self.full {
            // What the lines leave free shows more of the evidence.
            (self.lines, self.verdict) = cut(upper, VERDICT.max(top.saturating_sub(rows_of(console))));
            (self.picture, self.timeline) = cut(beside, TIMELINE);
            self.log = lower;
        } else {
            (self.lines, self.picture) = (upper, beside);
            // What it is called depends on the width alone, and that is known here before it is measured.
            let pane = if console.panes.lower == Pane::Picture { Pane::Log } else { console.panes.lower };
            *self.slot(pane) = lower;
        }
    }

    fn split_narrow(&mut self, console: &Console) {
        let body = self.body;
        let top = rows_of(console).min(body.height.saturating_sub(LOWER)).max(4);
        self.lines = Rect { height: top, ..body };
        let lower = Rect { y: body.y + top, height: body.height - top, ..body };
        *self.slot(console.panes.lower) = lower;
    }

    /// What the console must know of the sizes.
    pub fn measures(&self) -> Measures {
        let inner = |rect: Rect| (rect.width.saturating_sub(2), rect.height.saturating_sub(2));
        Measures {
            wide: self.wide,
            full: self.full,
            lines: inner(if self.media.is_empty() { self.lines } else { self.media }).1.saturating_sub(1),
            log: inner(self.log).1,
            log_columns: inner(self.log).0,
            help: super::overlay::help::rows(self.body),
        }
    }

    /// The pane at a cell.
    pub fn pane_at(&self, column: u16, row: u16) -> Option<Pane> {
        let at = ratatui::layout::Position { x: column, y: row };
        self.panes().into_iter().find(|(_, rect)| rect.contains(at)).map(|(pane, _)| pane)
    }

    /// The panes with their places; those of panes that are not drawn are empty.
    pub const fn panes(&self) -> [(Pane, Rect); 6] {
        [
            (Pane::Lines, self.lines),
            // Its rows are the lines too.
            (Pane::Lines, self.media),
            (Pane::Picture, self.picture),
            (Pane::Log, self.log),
            (Pane::Timeline, self.timeline),
            (Pane::Verdict, self.verdict),
        ]
    }
}

/// Cuts the lowest rows off.
fn cut(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let rest = area.height - rows;
    (Rect { height: rest, ..area }, Rect { y: area.y + rest, height: rows, ..area })
}

/// Rows that the lines take, with heading and borders, and with the reason when vCenter is not at hand.
fn rows_of(console: &Console) -> u16 {
    let trouble = matches!(console.session.link, LinkState::Lost { .. } | LinkState::Stopped { .. });
    let lines = u16::try_from(console.lines.all().len()).unwrap_or(u16::MAX);
    lines.saturating_add(if trouble { 5 } else { 3 })
}
