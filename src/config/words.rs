//! Settings that are one of a few words.

/// How pictures of a guest's console are to reach the terminal (`--images`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Images {
    /// the best the terminal says it can
    #[default]
    Auto,
    /// half blocks; asks the terminal nothing
    Cells,
    /// kitty's protocol, whatever the terminal says
    Kitty,
    /// iTerm2's protocol, whatever the terminal says
    Iterm,
    /// sixel, whatever the terminal says
    Sixel,
}

impl Images {
    /// All words.
    pub const WORDS: &[&str] = &["auto", "cells", "kitty", "iterm", "sixel"];

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        <Self as clap::ValueEnum>::from_str(word, false).ok()
    }
}

/// In which order lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// that of the matrix
    #[default]
    Matrix,
    /// the worst first
    Trouble,
    /// by their keys
    Name,
    /// those first whose live template is missing, then the oldest
    Age,
}

impl Order {
    /// All words.
    pub const WORDS: &[&str] = &["matrix", "trouble", "name", "age"];

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Trouble => "trouble",
            Self::Name => "name",
            Self::Age => "age",
        }
    }

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Matrix, Self::Trouble, Self::Name, Self::Age].into_iter().find(|order| order.word() == word)
    }

    /// The next one, round the end.
    #[must_use]
    pub const fn turned(self) -> Self {
        match self {
            Self::Matrix => Self::Trouble,
            Self::Trouble => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Matrix,
        }
    }
}

/// How the terminal calls a person who looks elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Call {
    /// not at all
    #[default]
    Off,
    /// by its bell
    Bell,
    /// by its bell, and a notification of the desktop (OSC 9) where the terminal can
    Notification,
}

impl Call {
    /// All words.
    pub const WORDS: &[&str] = &["off", "bell", "osc9"];

    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "bell" => Some(Self::Bell),
            "osc9" => Some(Self::Notification),
            _ => None,
        }
    }

    /// From `TMPL_NOTIFY`: `bell` or `osc9`; anything else is off.
    pub fn from_env(value: Option<&str>) -> Self {
        value.and_then(Self::from_word).unwrap_or_default()
    }
}
