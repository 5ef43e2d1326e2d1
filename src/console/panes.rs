//! Which panes there are, which one has the focus, and how large they came out.

/// A pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    /// the lines of the matrix
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
    /// In the order of Tab.
    pub const ALL: [Self; 5] = [Self::Lines, Self::Picture, Self::Log, Self::Timeline, Self::Verdict];

    /// The next one, or the one before.
    #[must_use]
    pub fn turned(self, forwards: bool) -> Self {
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
}

/// Sizes that the terminal's size gave the panes, in cells, without borders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measures {
    /// lines and picture side by side, another pane below; else one pane below the lines
    pub wide: bool,
    /// all panes have room
    pub full: bool,
    /// rows for lines
    pub lines: u16,
    /// rows for log lines
    pub log: u16,
    /// columns for log lines
    pub log_columns: u16,
    /// rows of the help
    pub help: u16,
}

/// Focus and zoom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panes {
    /// the panes, or another view in their place
    pub view: View,
    /// where keys go
    pub focus: Pane,
    /// below the lines, when there is room for one only
    pub lower: Pane,
    /// the focused pane has the whole screen
    pub zoomed: bool,
    /// sizes
    pub measures: Measures,
}

impl Default for Panes {
    fn default() -> Self {
        Self { view: View::Lines, focus: Pane::Lines, lower: Pane::Log, zoomed: false, measures: Measures::default() }
    }
}

impl Panes {
    /// Gives a pane the focus, in place of any other view, and brings it up where only one of them has room.
    pub fn focus(&mut self, pane: Pane) {
        self.view = View::Lines;
        self.focus = pane;
        if pane != Pane::Lines {
            self.lower = pane;
        }
    }

    /// The pane below the lines, where not all have room.
    pub fn lower(&self) -> Pane {
        if self.measures.wide && self.lower == Pane::Picture { Pane::Log } else { self.lower }
    }

    /// Whether a pane is on the screen.
    pub fn visible(&self, pane: Pane) -> bool {
        if self.view != View::Lines {
            return false;
        }
        if self.zoomed {
            return self.focus == pane;
        }
        let beside = self.measures.wide && pane == Pane::Picture;
        self.measures.full || pane == Pane::Lines || beside || self.lower() == pane
    }
}
