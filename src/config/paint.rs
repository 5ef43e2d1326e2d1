//! Colours by role, without knowing a terminal.

use std::fmt;
use std::str::FromStr;

/// What is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "`says` tells what each is for")]
pub enum Role {
    Dim,
    Key,
    Good,
    Busy,
    Warn,
    Bad,
    Border,
    Selected,
    Alarm,
    Match,
    Banner,
    Button,
    Danger,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Dim,
        Self::Key,
        Self::Good,
        Self::Busy,
        Self::Warn,
        Self::Bad,
        Self::Border,
        Self::Selected,
        Self::Alarm,
        Self::Match,
        Self::Banner,
        Self::Button,
        Self::Danger,
    ];

    /// Its key in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dim => "dim",
            Self::Key => "key",
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Border => "border",
            Self::Selected => "selected",
            Self::Alarm => "alarm",
            Self::Match => "match",
            Self::Banner => "banner",
            Self::Button => "button",
            Self::Danger => "danger",
        }
    }

    /// What it is for.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Dim => "secondary text, and borders without the focus",
            Self::Key => "keys in hints and help",
            Self::Good => "it went right",
            Self::Busy => "work is going on",
            Self::Warn => "look here",
            Self::Bad => "it failed",
            Self::Border => "border of the pane with the focus",
            Self::Selected => "the selected row",
            Self::Alarm => "the selected row of a line in trouble",
            Self::Match => "a match of the search",
            Self::Banner => "a label that must not be overlooked",
            Self::Button => "the focused button",
            Self::Danger => "the focused button that destroys something",
        }
    }
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// the terminal's own
    Default,
    /// of the terminal's 256; the first sixteen are as its user set them
    Index(u8),
    /// as it is
    Rgb(u8, u8, u8),
}

const NAMES: [&str; 8] = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];

impl FromStr for Colour {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let unknown = || format!("there is no colour {word:?}");
        if word == "default" {
            return Ok(Self::Default);
        }
        if let Some(digits) = word.strip_prefix('#') {
            let parse = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
            let parts = (digits.len() == 6).then(|| Some((parse(0)?, parse(2)?, parse(4)?))).flatten();
            return parts.map(|(r, g, b)| Self::Rgb(r, g, b)).ok_or_else(unknown);
        }
        let (plain, bright) = word.strip_prefix("bright-").map_or((word, 0), |plain| (plain, 8));
        if let Some(index) = NAMES.iter().zip(0_u8..).find_map(|(name, index)| (*name == plain).then_some(index)) {
            return Ok(Self::Index(index + bright));
        }
        word.parse().map(Self::Index).map_err(|_| unknown())
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Index(index @ 0..8) => f.write_str(NAMES[usize::from(*index)]),
            Self::Index(index @ 8..16) => write!(f, "bright-{}", NAMES[usize::from(*index) - 8]),
            Self::Index(index) => write!(f, "{index}"),
            Self::Rgb(r, g, b) => write!(f, "#{r:02x}{g:02x}{b:02x}"),
        }
    }
}

/// How something is drawn: `bold red`, `black on yellow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paint {
    /// the colour of the text
    pub fg: Option<Colour>,
    /// the colour behind it
    pub bg: Option<Colour>,
    /// attribute
    pub bold: bool,
    /// attribute
    pub dim: bool,
    /// attribute
    pub underline: bool,
    /// attribute
    pub reverse: bool,
}

impl FromStr for Paint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut paint = Self::default();
        let mut behind = false;
        for word in text.split_whitespace() {
            match word {
                "bold" => paint.bold = true,
                "dim" => paint.dim = true,
                "underline" => paint.underline = true,
                "reverse" => paint.reverse = true,
                "on" if !behind => behind = true,
                colour => {
                    let place = if behind { &mut paint.bg } else { &mut paint.fg };
                    if place.replace(colour.parse()?).is_some() {
                        return Err(format!("{text:?} has two colours for one thing"));
                    }
                }
            }
        }
        match (behind, paint.bg) {
            (true, None) => Err("after \"on\" stands a colour".into()),
            _ => Ok(paint),
        }
    }
}

impl fmt::Display for Paint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attributes =
            [(self.bold, "bold"), (self.dim, "dim"), (self.underline, "underline"), (self.reverse, "reverse")];
        let words = attributes.into_iter().filter(|(on, _)| *on).map(|(_, word)| word.to_owned());
        let words = words.chain(self.fg.map(|fg| fg.to_string())).chain(self.bg.map(|bg| format!("on {bg}")));
        let words: Vec<String> = words.collect();
        f.write_str(if words.is_empty() { "default" } else { "" })?;
        f.write_str(&words.join(" "))
    }
}

/// A set of colours that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// the terminal's own sixteen
    #[default]
    Terminal,
    /// for dark backgrounds
    Dark,
    /// for light backgrounds
    Light,
    /// attributes alone: as readable as the terminal's own text
    HighContrast,
    /// blue and orange for good and bad, and brightness beside
    ColourBlind,
}

impl ThemeName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Terminal, Self::Dark, Self::Light, Self::HighContrast, Self::ColourBlind];
    /// Their words.
    pub const WORDS: &[&str] = &["terminal", "dark", "light", "high-contrast", "colour-blind"];

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().zip(Self::ALL).find_map(|(name, theme)| (*name == word).then_some(theme))
    }

    /// How it draws a role, in the words of the file.
    pub const fn words(self, role: Role) -> &'static str {
        let [terminal, dark, light, contrast, blind] = match role {
            Role::Dim => ["bright-black", "245", "241", "default", "245"],
            Role::Key => ["bold cyan", "bold 117", "bold 25", "bold underline", "bold 74"],
            Role::Good => ["green", "114", "22", "bold", "74"],
            Role::Busy => ["cyan", "117", "25", "bold", "bold"],
            Role::Warn => ["yellow", "221", "94", "bold underline", "214"],
            Role::Bad => ["bold red", "bold 203", "bold 124", "bold reverse", "bold 208"],
            Role::Border => ["cyan", "117", "25", "bold", "74"],
            Role::Selected => {
                ["bold bright-white on blue", "bold 231 on 24", "bold 231 on 25", "reverse", "bold 231 on 25"]
            }
            Role::Alarm => [
                "bold bright-white on red",
                "bold 231 on 124",
                "bold 231 on 124",
                "bold underline reverse",
                "bold 16 on 208",
            ],
            Role::Match => ["black on yellow", "16 on 221", "16 on 220", "underline reverse", "16 on 214"],
            Role::Banner => {
                ["bold black on yellow", "bold 16 on 221", "bold 16 on 220", "bold reverse", "bold 16 on 214"]
            }
            Role::Button => ["bold black on cyan", "bold 16 on 117", "bold 231 on 25", "bold reverse", "bold 16 on 74"],
            Role::Danger => [
                "bold bright-white on red",
                "bold 231 on 124",
                "bold 231 on 124",
                "bold underline reverse",
                "bold 16 on 208",
            ],
        };
        match self {
            Self::Terminal => terminal,
            Self::Dark => dark,
            Self::Light => light,
            Self::HighContrast => contrast,
            Self::ColourBlind => blind,
        }
    }

    /// How it draws a role.
    pub fn paint(self, role: Role) -> Paint {
        self.words(role).parse().unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "paint/tests.rs"]
mod tests;
