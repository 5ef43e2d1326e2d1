//! Colours by role: the terminal's own sixteen, or those of the theme that the user chose. Nothing is said by colour alone.

use ratatui::style::{Color, Modifier, Style};

use crate::config::{Colour, Config, Paint, Role};

/// Styles by role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// Coloured, or for `NO_COLOR` with bold, dim and reverse only.
    pub fn new(colour: bool) -> Self {
        Self::with(&Config::default(), colour)
    }

    /// As the configuration and the environment ask: `NO_COLOR`, when set to anything, means none whatever the former says.
    pub fn of(config: &Config, get: impl Fn(&str) -> Option<String>) -> Self {
        Self::with(config, get("NO_COLOR").is_none_or(|value| value.is_empty()))
    }

    fn with(config: &Config, colour: bool) -> Self {
        let style = |role: Role| match colour {
            true => painted(config.colours.get(&role).copied().unwrap_or_else(|| config.theme.paint(role))),
            false => plain(role),
        };
        Self { styles: Role::ALL.map(style) }
    }

    fn role(self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// ordinary text where another style would shine through
    pub fn text(self) -> Style {
        Style::reset()
    }

    /// secondary text
    pub fn dim(self) -> Style {
        self.role(Role::Dim)
    }

    /// headings
    pub fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// keys in hints
    pub fn key(self) -> Style {
        self.role(Role::Key)
    }

    /// it went right
    pub fn good(self) -> Style {
        self.role(Role::Good)
    }

    /// work is going on
    pub fn busy(self) -> Style {
        self.role(Role::Busy)
    }

    /// look here
    pub fn warn(self) -> Style {
        self.role(Role::Warn)
    }

    /// it failed
    pub fn bad(self) -> Style {
        self.role(Role::Bad)
    }

    /// border of a pane
    pub fn border(self, focused: bool) -> Style {
        if focused { self.role(Role::Border) } else { self.dim() }
    }

    /// title of a pane
    pub fn title(self, focused: bool) -> Style {
        if focused { self.border(true).add_modifier(Modifier::BOLD) } else { self.text() }
    }

    /// the selected row of the pane that has the focus
    pub fn selected(self) -> Style {
        self.role(Role::Selected)
    }

    /// the selected line of the list that has the focus; one in trouble keeps the colour of alarms
    pub fn bar(self, alarm: bool) -> Style {
        self.role(if alarm { Role::Alarm } else { Role::Selected })
    }

    /// a match of the search
    pub fn hit(self) -> Style {
        self.role(Role::Match)
    }

    /// a label that must not be overlooked
    pub fn banner(self) -> Style {
        self.role(Role::Banner)
    }

    /// the focused button
    pub fn button(self, focused: bool, danger: bool) -> Style {
        match (focused, danger) {
            (true, true) => self.role(Role::Danger),
            (true, false) => self.role(Role::Button),
            (false, _) => Style::new(),
        }
    }
}

/// A role without colours.
const fn plain(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Dim => style.add_modifier(Modifier::DIM),
        Role::Key | Role::Bad | Role::Border => style.add_modifier(Modifier::BOLD),
        Role::Good | Role::Busy | Role::Warn => style,
        Role::Selected | Role::Alarm => style.add_modifier(Modifier::REVERSED),
        Role::Match => style.add_modifier(Modifier::REVERSED.union(Modifier::UNDERLINED)),
        Role::Banner | Role::Button | Role::Danger => style.add_modifier(Modifier::REVERSED.union(Modifier::BOLD)),
    }
}

fn painted(paint: Paint) -> Style {
    let attributes = [
        (paint.bold, Modifier::BOLD),
        (paint.dim, Modifier::DIM),
        (paint.underline, Modifier::UNDERLINED),
        (paint.reverse, Modifier::REVERSED),
    ];
    let modifier = attributes.into_iter().filter(|(on, _)| *on).map(|(_, modifier)| modifier).collect();
    let style = Style::new().add_modifier(modifier);
    let style = paint.fg.map_or(style, |fg| style.fg(colour(fg)));
    paint.bg.map_or(style, |bg| style.bg(colour(bg)))
}

/// The first sixteen by their names: terminals of eight colours take no numbers.
const fn colour(colour: Colour) -> Color {
    const NAMED: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Colour::Default => Color::Reset,
        Colour::Index(index @ 0..16) => NAMED[index as usize],
        Colour::Index(index) => Color::Indexed(index),
        Colour::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ThemeName;

    #[test]
    fn colours_are_the_users_and_no_color_wins() {
        let config = Config {
            theme: ThemeName::Light,
            colours: [(Role::Bad, "bold #ff0000".parse().unwrap())].into(),
            ..Config::default()
        };
        let theme = Theme::of(&config, |_| None);
        assert_eq!(theme.bad(), Style::new().fg(Color::Rgb(255, 0, 0)).add_modifier(Modifier::BOLD));
        assert_eq!(theme.good(), Style::new().fg(Color::Indexed(22)));
        let without = Theme::of(&config, |name| (name == "NO_COLOR").then(|| "1".into()));
        assert_eq!(without, Theme::new(false));
        assert!(Role::ALL.iter().all(|role| without.role(*role).fg.is_none() && without.role(*role).bg.is_none()));
        for (index, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(role as usize, index);
        }
    }
}
