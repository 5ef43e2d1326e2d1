//! Which panes there are, which one has the focus, and how large they came out.

use super::cursor::{Cursor, Step};

/// A pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Pane {
    /// the lines of the matrix
    #[default]
    Lines,
    /// the console picture of the selected line's guest
    Picture,
    /// the log of the selected line's newest run
    Log,
    /// its stages and pictures over time
    Timeline,
    /// why it fails
    Verdict,
}

impl Pane {
    /// In the order of Tab: left to right, top to bottom.
    pub const ALL: [Self; 5] = [Self::Lines, Self::Picture, Self::Verdict, Self::Log, Self::Timeline];

    fn turned(self, forwards: bool) -> Self {
        let count = Self::ALL.len();
        let at = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        Self::ALL[(at + if forwards { 1 } else { count - 1 }) % count]
    }
}

/// What the screen shows between header and hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// lines, picture, log and the other panes
    #[default]
    Lines,
    /// install media of all lines
    Media,
    /// workflow runs on GitHub
    GitHub,
    /// pictures of all that is being built or failed lately
    Wall,
}

/// How many panes the screen has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Room {
    /// the focused one
    Flat,
    /// the lines and one more
    #[default]
    Single,
    /// the lines, and cause and log below them; or the picture, with lines and cause beside it
    Double,
    /// all
    Full,
}

/// Sizes that the terminal's size gave the panes, in cells, without borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measures {
    /// how many panes have room
    pub room: Room,
    /// rows for lines
    pub lines: u16,
    /// rows for log lines
    pub log: u16,
    /// columns for log lines
    pub log_columns: u16,
    /// pictures beside each other on the wall
    pub wall: u16,
    /// rows that the open overlay is scrolled by with a page key
    pub page: u16,
    /// how many of its rows can be the first one on the screen
    pub tops: u16,
    /// how the text in the focused pane lies there, if it may be longer than the pane
    pub text: Scrolled,
}

/// How a text lies in its pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scrolled {
    /// its first row on the screen
    pub first: u16,
    /// rows of a page
    pub page: u16,
    /// how many of its rows can be the first one
    pub tops: u16,
}

impl Scrolled {
    /// Of so many rows in this room.
    pub fn of(first: usize, rows: usize, room: usize) -> Self {
        let short = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX);
        let tops = short(rows.saturating_sub(room)).saturating_add(1);
        Self { first: short(first), page: short(room).saturating_sub(1).max(1), tops }
    }

    /// How many of its rows are above and below the pane.
    pub fn beyond(self) -> (usize, usize) {
        (self.first.into(), self.tops.saturating_sub(self.first.saturating_add(1)).into())
    }

    /// Whether there is one.
    pub const fn is_there(self) -> bool {
        self.tops > 0
    }

    /// The first row after a step.
    pub fn moved(self, step: Step) -> Cursor {
        let mut top = Cursor::at(self.first.into());
        top.step(step, self.page.into(), self.tops.into());
        top
    }

    /// Whether its end is shown from this row on.
    pub fn ends_at(self, top: Cursor) -> bool {
        top.index(self.tops.into()) + 1 >= usize::from(self.tops)
    }
}

/// What the selected line has to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Content {
    /// something is wrong with it, and there is something to say about that
    pub cause: bool,
    /// nothing is going on: it is neither built nor in trouble
    pub rest: bool,
    /// there is a run with a log
    pub run: bool,
    /// there is a guest or a build at work, or there are recorded pictures
    pub picture: bool,
    /// a build VM is there that no run here is about, and that may be on
    pub unattended: bool,
}

impl Content {
    /// Whether the line itself is all there is to look at, beside its picture: it rests, its run left nothing here, or no
    /// run here is about its guest.
    pub const fn quiet(self) -> bool {
        self.rest || self.unattended || !(self.run || self.picture)
    }
}

/// Focus and zoom.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Panes {
    /// the panes, or another view in their place
    pub view: View,
    /// where keys go
    pub focus: Pane,
    /// the pane that was turned to, where not all have room; `None` = what the line has to show decides
    lower: Option<Pane>,
    /// the focused pane has the whole screen
    pub zoomed: bool,
    /// sizes
    pub measures: Measures,
}

impl Panes {
    /// Gives a pane the focus, in place of any other view, and brings it up where only some of them have room.
    pub fn focus(&mut self, pane: Pane) {
        self.view = View::Lines;
        self.focus = pane;
        if pane != Pane::Lines {
            self.lower = Some(pane);
        }
    }

    /// Back to the lines, with whatever the line has to show.
    pub fn rest(&mut self) {
        self.focus = Pane::Lines;
        self.lower = None;
    }

    /// The pane with the lines, where not all have room: the one turned to; else the cause, when there is one, and the
    /// log when there is none.
    pub fn lower(&self, content: Content) -> Pane {
        match self.lower {
            Some(pane) => pane,
            // A guest that no run here is about: its picture is all there is.
            None if content.unattended => Pane::Picture,
            None if content.cause || content.quiet() => Pane::Verdict,
            None => Pane::Log,
        }
    }

    /// Whether a pane is on the screen.
    pub fn visible(&self, pane: Pane, content: Content) -> bool {
        self.visible_in(self.measures.room, pane, content)
    }

    /// Whether a pane is on a screen that has this room.
    pub fn visible_in(&self, room: Room, pane: Pane, content: Content) -> bool {
        if self.view != View::Lines {
            return false;
        }
        if self.zoomed || room == Room::Flat {
            return self.focus == pane;
        }
        if pane == Pane::Lines || pane == self.focus {
            return true;
        }
        let lower = self.lower(content);
        match (room, lower) {
            (Room::Flat, _) => false,
            (Room::Single | Room::Double, Pane::Picture) => matches!(pane, Pane::Picture | Pane::Verdict),
            (Room::Single, lower) => lower == pane,
            (Room::Double, Pane::Verdict) if content.rest && content.picture => {
                matches!(pane, Pane::Verdict | Pane::Picture)
            }
            (Room::Double, Pane::Timeline) => pane == Pane::Timeline || pane == Pane::Log && content.run,
            (Room::Double, Pane::Lines | Pane::Log | Pane::Verdict) => {
                pane == Pane::Verdict || pane == lower || pane == Pane::Log && content.run
            }
            (Room::Full, _) if content.quiet() => match pane {
                Pane::Lines | Pane::Verdict => true,
                Pane::Log => content.run,
                Pane::Picture => content.picture,
                Pane::Timeline => false,
            },
            (Room::Full, _) => pane != Pane::Picture || content.picture,
        }
    }

    /// The pane that Tab turns to: the next one in reading order, or the one before. Where all have room those that are
    /// not on the screen are passed over.
    pub fn turned(&self, forwards: bool, content: Content) -> Pane {
        let mut pane = self.focus.turned(forwards);
        while self.measures.room == Room::Full && !self.zoomed && !self.visible(pane, content) {
            pane = pane.turned(forwards);
        }
        pane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_screen_shows_the_cause_and_not_the_log_when_there_is_one() {
        let panes = Panes::default();
        let cause = Content { cause: true, run: true, picture: true, rest: false, unattended: false };
        let none = Content { cause: false, ..cause };
        assert!(panes.visible(Pane::Verdict, cause) && !panes.visible(Pane::Log, cause));
        assert!(panes.visible(Pane::Log, none) && !panes.visible(Pane::Verdict, none));
    }

    #[test]
    fn the_picture_is_never_shown_without_its_cause() {
        let content = Content { cause: true, run: true, picture: true, rest: false, unattended: false };
        for room in [Room::Single, Room::Double, Room::Full] {
            let mut panes = Panes { measures: Measures { room, ..Measures::default() }, ..Panes::default() };
            panes.focus(Pane::Picture);
            assert!(panes.visible(Pane::Picture, content) && panes.visible(Pane::Verdict, content), "{room:?}");
        }
    }

    #[test]
    fn tab_reaches_every_pane_that_can_be_shown_and_comes_back() {
        for rest in [false, true] {
            for room in [Room::Flat, Room::Single, Room::Double, Room::Full] {
                let content = Content { cause: !rest, rest, run: true, picture: true, unattended: false };
                let mut panes = Panes { measures: Measures { room, ..Measures::default() }, ..Panes::default() };
                let mut seen = vec![panes.focus];
                loop {
                    let next = panes.turned(true, content);
                    if next == Pane::Lines {
                        break;
                    }
                    panes.focus(next);
                    assert!(panes.visible(next, content));
                    assert_eq!(panes.turned(false, content), seen[seen.len() - 1], "{room:?}");
                    seen.push(next);
                }
                let all = if room == Room::Full && rest { 4 } else { 5 };
                assert_eq!(seen.len(), all, "{room:?} {seen:?}");
            }
        }
    }
}
