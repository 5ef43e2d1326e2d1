//! Folding: a row stands for all the lines that packer and its plugins write for each other.

use super::LogPane;
use crate::packer_log::{LogLine, Origin};

/// Which lines are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// those that tell of single keys of the boot command
    Keys,
    /// all that packer and its plugins write for each other
    Noise,
    /// none
    Nothing,
}

impl Fold {
    /// The next one.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Keys => Self::Noise,
            Self::Noise => Self::Nothing,
            Self::Nothing => Self::Keys,
        }
    }

    /// Lines read before and after those on screen, so that a folded page is full: a long boot command has a hundred keys,
    /// and a talkative plugin writes more.
    pub(super) const fn around(self) -> u64 {
        match self {
            Self::Keys => 120,
            Self::Noise => 1_000,
            Self::Nothing => 0,
        }
    }

    /// Whether it hides a line; never one that tells of a problem.
    fn hides(self, row: &LogLine) -> bool {
        let noise = row.problem.is_none() && matches!(row.origin, Origin::Plugin | Origin::Core | Origin::Machine);
        match self {
            Self::Keys => noise && row.tells_a_key(),
            Self::Noise => noise,
            Self::Nothing => false,
        }
    }
}

impl LogPane {
    /// Hides less, or more.
    pub fn turn_fold(&mut self) {
        self.fold = self.fold.turned();
        // More lines are wanted than are at hand.
        self.window = super::Window::default();
        self.reading = None;
        self.settle();
    }

    /// Whether a line at hand is hidden. Never one that is marked or under the cursor of a log that stands still.
    pub fn folded(&self, line: u64) -> bool {
        if self.fold == Fold::Nothing || self.marked(line) || line == self.cursor && !self.follow {
            return false;
        }
        // A further line of a message is as that message is.
        let mut said = line;
        while self.row(said).is_some_and(|row| row.origin == Origin::Continuation) && said > self.window.first {
            said -= 1;
        }
        self.row(said).is_some_and(|row| self.fold.hides(row))
    }

    /// How many lines a row stands for that begins with this hidden one; 0 when the row before stands for it.
    pub fn fold_length(&self, line: u64) -> u64 {
        let before = line.checked_sub(1).filter(|before| *before >= self.window.first);
        if before.is_some_and(|before| self.folded(before)) {
            return 0;
        }
        (line..self.window.end()).take_while(|line| self.folded(*line)).count() as u64
    }

    /// The line `by` visible ones away.
    pub(super) fn unfolded(&self, by: i64) -> u64 {
        let forwards = by > 0;
        let mut at = self.cursor;
        for _ in 0..by.unsigned_abs().min(self.fold.around()) {
            let step = |at: u64| if forwards { at + 1 } else { at.saturating_sub(1) };
            at = step(at);
            while at > 0 && self.folded(at) {
                at = step(at);
            }
        }
        at
    }
}
