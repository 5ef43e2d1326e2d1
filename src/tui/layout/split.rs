//! How the panes share the room between header and hints.

use ratatui::layout::Rect;

use super::{Layout, rows_of};
use crate::console::Console;
use crate::console::panes::{Content, Pane, Room};
use crate::tui::view;

/// Rows of the timeline: stages, clock (often two), pictures, borders.
const TIMELINE: u16 = 6;
/// Rows a log needs to be of use, borders included.
const LOG: u16 = 5;
/// Rows the pane of the cause needs, borders included.
const CAUSE: u16 = 5;
/// Columns of the lines beside a picture, where all panes have room: names, generations, and the run in a few words.
const LINES: u16 = 62;
/// The same with all that a wide screen tells of a line.
const ALL_OF_LINES: u16 = 100;
/// Columns in which a picture's text is read with ease; what is beyond goes to the lines first.
const READABLE: u16 = 90;
/// Columns of a picture of 1024 pixels at 9 pixels a cell; a larger one shows nothing more.
const WHOLE: u16 = 116;

impl Layout {
    pub(super) fn split(&mut self, console: &Console) {
        let content = console.content();
        match self.room {
            Room::Flat => *self.slot(console.panes.focus) = self.body,
            Room::Full => self.split_full(console, content),
            Room::Double | Room::Single if console.panes.lower(content) == Pane::Picture => {
                self.split_around_picture(console)
            }
            Room::Double => self.split_double(console, content),
            Room::Single => self.split_single(console, content),
        }
    }

    /// Lines, cause and log on the left, the picture on the right: at least half the width, and more as far as its height
    /// lets it use that. Without a picture the log is there.
    fn split_full(&mut self, console: &Console, content: Content) {
        let body = self.body;
        let picture = columns_of_picture(self.rows.saturating_sub(TIMELINE));
        let most = (body.width - LINES).min(body.width.saturating_sub(ALL_OF_LINES).max(READABLE + 2));
        let right = picture.min(WHOLE + 2).min(most).max(body.width / 2);
        let (left, right) =
            (Rect { width: body.width - right, ..body }, Rect { x: body.right() - right, width: right, ..body });
        let (lines, below) = top(left, rows_of(console).min(left.height * 6 / 10));
        self.lines = lines;
        if content.quiet() {
            return self.split_rest(console, content, below, right);
        }
        if !console.panes.visible_in(self.room, Pane::Picture, content) {
            // The log is all that there is to look at.
            self.verdict = below;
            (self.log, self.timeline) = bottom(right, TIMELINE);
            return;
        }
        (self.verdict, self.log) = top(below, self.rows_of_cause(console, below, LOG));
        let beside = if console.words.shown { u16::MAX } else { rows_of_picture(right.width) };
        let rows = beside.min(right.height.saturating_sub(TIMELINE));
        (self.picture, self.timeline) = top(right, rows);
    }

    /// A line at rest: what there is to know of it on the right, with its last picture; the log of its last run on the
    /// left.
    fn split_rest(&mut self, console: &Console, content: Content, below: Rect, right: Rect) {
        let room = self.room;
        let visible = |pane| console.panes.visible_in(room, pane, content);
        if visible(Pane::Log) {
            self.log = below;
        } else {
            self.lines.height += below.height;
        }
        let mut rest = right;
        if visible(Pane::Timeline) {
            (rest, self.timeline) = bottom(rest, TIMELINE);
        }
        if visible(Pane::Picture) {
            let wanted = view::verdict::rows(console, rest.width) + 2;
            let rows = rest.height.saturating_sub(wanted.max(CAUSE)).min(rows_of_picture(rest.width));
            let least = rest.height / 3;
            (rest, self.picture) = bottom(rest, rows.max(least));
        }
        self.verdict = rest;
    }

    /// The lines at the top; below them the cause, or what was turned to, and the log.
    fn split_double(&mut self, console: &Console, content: Content) {
        let room = self.room;
        let visible = |pane| console.panes.visible_in(room, pane, content);
        let half = self.body.height / 2;
        // The facts of a line need few rows, and nothing else is below: the list takes the others.
        let alone = !(visible(Pane::Picture) || visible(Pane::Timeline) || visible(Pane::Log));
        let most = if alone { half.max(self.body.height - self.rows_of_cause(console, self.body, half)) } else { half };
        let (lines, below) = top(self.body, rows_of(console).min(most));
        self.lines = lines;
        if visible(Pane::Picture) {
            // A line at rest, and its last picture.
            let right = columns_of_picture(below.height).min(below.width / 2);
            self.verdict = Rect { width: below.width - right, ..below };
            self.picture = Rect { x: below.right() - right, width: right, ..below };
            return;
        }
        match (visible(Pane::Timeline), visible(Pane::Log)) {
            (true, true) => (self.timeline, self.log) = top(below, below.height / 2),
            (true, false) => self.timeline = below,
            (false, true) => (self.verdict, self.log) = top(below, self.rows_of_cause(console, below, LOG)),
            (false, false) => self.verdict = below,
        }
    }

    /// The lines at the top, one pane below. The cause gets the rows that it needs, the lines those that are left.
    fn split_single(&mut self, console: &Console, content: Content) {
        let pane = console.panes.lower(content);
        // Some lines, their heading and the borders stay: five where a screen has 24 rows.
        let kept = rows_of(console).min(self.body.height * 2 / 5).max(4);
        let least = if pane == Pane::Verdict { self.rows_of_cause(console, self.body, kept) } else { LOG };
        let rows = rows_of(console).min(self.body.height.saturating_sub(least)).max(kept);
        let (lines, below) = top(self.body, rows);
        self.lines = lines;
        *self.slot(pane) = below;
    }

    /// The picture at its full height on the right, the lines and the cause beside it.
    fn split_around_picture(&mut self, console: &Console) {
        let body = self.body;
        let beside = if self.room == Room::Double { 34 } else { 26 };
        let right = columns_of_picture(self.rows).min(body.width.saturating_sub(beside));
        let right = if console.words.shown { body.width.saturating_sub(beside) } else { right };
        self.picture = Rect { x: body.right() - right, width: right, ..body };
        let left = Rect { width: body.width - right, ..body };
        let rows = rows_of(console).min(left.height / 2);
        (self.lines, self.verdict) = top(left, rows);
    }

    /// Rows of the cause in this room, of which the pane below keeps `other`.
    fn rows_of_cause(&self, console: &Console, room: Rect, other: u16) -> u16 {
        let wanted = view::verdict::rows(console, room.width).saturating_add(2).max(CAUSE);
        wanted.min(room.height.saturating_sub(other))
    }
}

/// Consoles are 4:3 and a cell is twice as high as wide.
fn columns_of_picture(rows: u16) -> u16 {
    rows.saturating_sub(2) * 8 / 3 + 2
}

fn rows_of_picture(columns: u16) -> u16 {
    (columns.saturating_sub(2) * 3).div_ceil(8) + 2
}

/// Cuts so many rows off at the top.
fn top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// Cuts so many rows off at the bottom: what is left, and those.
fn bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    top(area, area.height.saturating_sub(rows))
}
