//! Moving about in the log: cursor, following, marks.

use jiff::civil::DateTime;

use super::{Fold, LogPane};
use crate::console::command::Motion;

/// Columns by which one press scrolls sideways.
const SIDEWAYS: u16 = 16;

impl LogPane {
    /// The pane has this many rows.
    pub fn measured(&mut self, rows: u16) {
        let hidden = self.rows == 0 && rows > 0;
        self.rows = rows;
        if hidden && !self.follow {
            // Something may have gone to a line while there was no room to show what stands around it.
            let most = self.facts.lines.saturating_sub(u64::from(rows));
            self.top = self.cursor.saturating_sub(u64::from(rows) / 3).min(most);
        }
        self.settle();
    }

    /// The last line to draw: the one under the cursor; of a log that is followed the newest at hand, so that it does not
    /// blink while newer ones are on their way.
    pub fn last_shown(&self) -> u64 {
        let at_hand = self.window.end().min(self.facts.lines).checked_sub(1);
        at_hand.filter(|_| self.follow && !self.window.rows.is_empty()).unwrap_or(self.cursor)
    }

    /// Packer's clock at the line under the cursor, or at the nearest one before it that says.
    pub fn stamp_near_cursor(&self) -> Option<DateTime> {
        let before = (self.window.first..=self.cursor).rev();
        before.map_while(|line| self.row(line)).find_map(|row| row.stamp)
    }

    /// Moves as a key says.
    pub fn motion(&mut self, motion: Motion) {
        match motion {
            Motion::Up => self.moved(-1),
            Motion::Down => self.moved(1),
            Motion::PageUp => self.paged(false),
            Motion::PageDown => self.paged(true),
            Motion::First => self.ends(false),
            Motion::Last => self.ends(true),
            Motion::Left => self.sideways(false),
            Motion::Right => self.sideways(true),
        }
    }

    /// Moves the cursor by lines; moving up stops following, the last line resumes it.
    pub fn moved(&mut self, by: i64) {
        let last = self.facts.lines.saturating_sub(1);
        let to = if self.fold != Fold::Nothing { self.unfolded(by) } else { self.cursor.saturating_add_signed(by) }
            .min(last);
        self.go(to, by > 0 && to == last);
    }

    /// Moves by screenfuls.
    pub fn paged(&mut self, forwards: bool) {
        let page = i64::from(self.rows.max(2)) - 1;
        let before = self.cursor;
        self.moved(if forwards { page } else { -page });
        // The page turns, also where the cursor could go as far on the one that is shown.
        let by = self.cursor.abs_diff(before);
        let most = self.facts.lines.saturating_sub(u64::from(self.rows));
        self.top = if forwards { self.top.saturating_add(by).min(most) } else { self.top.saturating_sub(by) };
        self.settle();
    }

    /// First or last line.
    pub fn ends(&mut self, last: bool) {
        let to = if last { self.facts.lines.saturating_sub(1) } else { 0 };
        self.go(to, last);
    }

    /// Follows the end, or stops.
    pub fn toggle_follow(&mut self) {
        if self.follow {
            self.pause();
        } else {
            self.ends(true);
        }
    }

    /// Sideways.
    pub fn sideways(&mut self, right: bool) {
        self.left = if right { (self.left + SIDEWAYS).min(2_000) } else { self.left.saturating_sub(SIDEWAYS) };
    }

    /// Marks the line under the cursor, or takes its mark away.
    pub fn toggle_mark(&mut self) {
        if self.marks.remove(&self.cursor).is_none() {
            let stamp = self.stamp_near_cursor();
            self.marks.insert(self.cursor, stamp);
        }
    }

    /// From the nearest mark to the cursor, or the line under the cursor.
    pub fn selection(&self) -> (u64, u64) {
        let near = self.marks.keys().min_by_key(|mark| mark.abs_diff(self.cursor)).copied().unwrap_or(self.cursor);
        (near.min(self.cursor), near.max(self.cursor))
    }

    /// Goes to the next mark; from the last one to the first.
    pub fn next_mark(&mut self) {
        let beyond = self.marks.range(self.cursor + 1..).next().or_else(|| self.marks.iter().next());
        if let Some(line) = beyond.map(|(line, _)| *line) {
            self.show_line(line);
        }
    }

    /// The moment that times are counted from at a line: the nearest mark before it, else the first one, else the start
    /// of the build.
    pub fn zero(&self, line: u64) -> Option<DateTime> {
        let mark = self.marks.range(..=line).next_back().or_else(|| self.marks.iter().next());
        let start = || self.facts.track.as_ref()?.spans.first()?.since;
        mark.map_or_else(start, |(_, stamp)| *stamp)
    }

    fn pause(&mut self) {
        if self.follow {
            self.follow = false;
            self.paused_at = self.facts.lines;
        }
    }

    /// Goes to a line and shows what stands around it.
    pub(super) fn show_line(&mut self, line: u64) {
        let line = line.min(self.facts.lines.saturating_sub(1));
        let rows = u64::from(self.rows);
        if line < self.top || line >= self.top + rows {
            self.top = line.saturating_sub(rows / 3).min(self.facts.lines.saturating_sub(rows));
        }
        self.go(line, false);
    }

    /// Goes to a line that evidence cites.
    pub fn reveal(&mut self, line: u64) {
        self.show_line(line);
    }

    pub(super) fn go(&mut self, line: u64, follow: bool) {
        if follow {
            self.follow = true;
        } else {
            self.pause();
        }
        self.cursor = line;
        self.settle();
    }

    /// Keeps cursor and top within the log, and the cursor on screen.
    pub(super) fn settle(&mut self) {
        let last = self.facts.lines.saturating_sub(1);
        let rows = u64::from(self.rows.max(1));
        if self.follow {
            self.cursor = last;
        }
        self.cursor = self.cursor.min(last);
        self.top = self.top.min(self.cursor).max((self.cursor + 1).saturating_sub(rows));
        if self.follow {
            self.top = self.facts.lines.saturating_sub(rows);
        }
    }
}
