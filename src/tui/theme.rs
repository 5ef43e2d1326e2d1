//! Colours by role, from the terminal's own sixteen. Nothing is said by colour alone.

use ratatui::style::{Color, Modifier, Style};

/// Styles by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    colour: bool,
}

impl Theme {
    /// Coloured, or for `NO_COLOR` with bold, dim and reverse only.
    pub const fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// As the environment asks: `NO_COLOR`, when set to anything, means none.
    pub fn from_env(get: impl Fn(&str) -> Option<String>) -> Self {
        Self::new(get("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    fn fg(self, color: Color) -> Style {
        if self.colour { Style::new().fg(color) } else { Style::new() }
    }

    /// ordinary text where another style would shine through
    pub fn text(self) -> Style {
        Style::reset()
    }

    /// secondary text
    pub fn dim(self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// headings
    pub fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// keys in hints
    pub fn key(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// it went right
    pub fn good(self) -> Style {
        self.fg(Color::Green)
    }

    /// work is going on
    pub fn busy(self) -> Style {
        self.fg(Color::Cyan)
    }

    /// look here
    pub fn warn(self) -> Style {
        self.fg(Color::Yellow)
    }

    /// it failed
    pub fn bad(self) -> Style {
        self.fg(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// border of a pane
    pub fn border(self, focused: bool) -> Style {
        match (focused, self.colour) {
            (true, true) => Style::new().fg(Color::Cyan),
            (true, false) => Style::new().add_modifier(Modifier::BOLD),
            (false, _) => self.dim(),
        }
    }

    /// title of a pane
    pub fn title(self, focused: bool) -> Style {
        if focused { self.border(true).add_modifier(Modifier::BOLD) } else { self.text() }
    }

    /// the selected row of the pane that has the focus
    pub fn selected(self) -> Style {
        if self.colour {
            Style::new().fg(Color::White).bg(Color::Blue).add_modifier(Modifier::BOLD)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// the selected line of the list that has the focus; one in trouble keeps the colour of alarms
    pub fn bar(self, alarm: bool) -> Style {
        if alarm && self.colour {
            Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD)
        } else {
            self.selected()
        }
    }

    /// a match of the search
    pub fn hit(self) -> Style {
        if self.colour {
            Style::new().fg(Color::Black).bg(Color::Yellow)
        } else {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::UNDERLINED)
        }
    }

    /// a label that must not be overlooked
    pub fn banner(self) -> Style {
        if self.colour {
            Style::new().fg(Color::Black).bg(Color::Yellow).add_modifier(Modifier::BOLD)
        } else {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
        }
    }

    /// the focused button
    pub fn button(self, focused: bool, danger: bool) -> Style {
        match (focused, danger, self.colour) {
            (true, true, true) => Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD),
            (true, false, true) => Style::new().fg(Color::Black).bg(Color::Cyan).add_modifier(Modifier::BOLD),
            (true, _, false) => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            (false, ..) => Style::new(),
        }
    }
}
