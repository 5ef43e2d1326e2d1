//! A place in a list, and how keys and the wheel move it.

use super::command::Motion;

/// One movement within a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// to the row above
    Up,
    /// to the row below
    Down,
    /// a page towards the start
    PageUp,
    /// a page towards the end
    PageDown,
    /// to the start
    First,
    /// to the end
    Last,
}

impl Step {
    /// What a motion means in a list; `None` if it does not move there.
    pub const fn of(motion: Motion) -> Option<Self> {
        match motion {
            Motion::Up => Some(Self::Up),
            Motion::Down => Some(Self::Down),
            Motion::PageUp => Some(Self::PageUp),
            Motion::PageDown => Some(Self::PageDown),
            Motion::First => Some(Self::First),
            Motion::Last => Some(Self::Last),
            Motion::Left | Motion::Right => None,
        }
    }
}

/// A place in a list. The list may change between two movements, so its length is given with each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cursor(usize);

impl Cursor {
    /// At a row.
    pub const fn at(index: usize) -> Self {
        Self(index)
    }

    /// The row in a list of this length; 0 in an empty one.
    pub fn index(self, len: usize) -> usize {
        self.0.min(len.saturating_sub(1))
    }

    /// Whether it is at the start.
    pub const fn is_first(self) -> bool {
        self.0 == 0
    }

    /// Moves within a list; a page has so many rows.
    pub fn step(&mut self, step: Step, page: usize, len: usize) {
        let page = i64::try_from(page).unwrap_or(i64::MAX);
        match step {
            Step::Up => self.by(-1, len),
            Step::Down => self.by(1, len),
            Step::PageUp => self.by(-page, len),
            Step::PageDown => self.by(page, len),
            Step::First => self.first(),
            Step::Last => self.last(len),
        }
    }

    /// Moves by rows, down if positive.
    pub fn by(&mut self, rows: i64, len: usize) {
        let far = usize::try_from(rows.unsigned_abs()).unwrap_or(usize::MAX);
        let here = self.index(len);
        let to = if rows < 0 { here.saturating_sub(far) } else { here.saturating_add(far) };
        self.0 = Self(to).index(len);
    }

    /// Goes to the start.
    pub const fn first(&mut self) {
        self.0 = 0;
    }

    /// Goes to the end.
    pub fn last(&mut self, len: usize) {
        self.0 = len.saturating_sub(1);
    }

    /// Stays within a list that changed.
    pub fn clamp(&mut self, len: usize) {
        self.0 = self.index(len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_within_the_list() {
        let moved = |from: usize, step: Step, len: usize| {
            let mut cursor = Cursor::at(from);
            cursor.step(step, 3, len);
            cursor.index(usize::MAX)
        };
        for (step, from_start, from_middle, from_end) in [
            (Step::Up, 0, 4, 8),
            (Step::Down, 1, 6, 9),
            (Step::PageUp, 0, 2, 6),
            (Step::PageDown, 3, 8, 9),
            (Step::First, 0, 0, 0),
            (Step::Last, 9, 9, 9),
        ] {
            let ends = (moved(0, step, 10), moved(5, step, 10), moved(9, step, 10));
            assert_eq!(ends, (from_start, from_middle, from_end), "{step:?}");
            assert_eq!(moved(7, step, 0), 0, "{step:?} in an empty list");
        }
    }

    #[test]
    fn it_is_within_a_list_that_became_shorter_before_it_moves() {
        let mut cursor = Cursor::at(9);
        assert_eq!(cursor.index(4), 3);
        cursor.by(-1, 4);
        assert_eq!(cursor, Cursor::at(2));
        let mut cursor = Cursor::at(9);
        cursor.clamp(4);
        assert_eq!(cursor, Cursor::at(3));
    }

    #[test]
    fn no_distance_is_too_far() {
        let mut cursor = Cursor::at(2);
        cursor.by(i64::MAX, 5);
        assert_eq!(cursor, Cursor::at(4));
        cursor.by(i64::MIN, 5);
        assert_eq!(cursor, Cursor::at(0));
        cursor.step(Step::PageDown, usize::MAX, 5);
        assert_eq!(cursor, Cursor::at(4));
    }
}
