//! Labels of screens: what a screen is called and what it is known by.

use serde::Deserialize;

use crate::guest::fingerprint::Fingerprint;

/// The states a screen can be in, as rules name them.
pub(super) const SCREEN_STATES: [&str; 6] = ["frozen", "waiting-for-input", "progress", "spinner", "blank", "idle"];

/// Fewer letters than this stand on too many screens.
const MIN_LETTERS: usize = 4;

/// A name for screens, and what they are known by.
#[derive(Debug, Clone)]
pub struct ScreenLabel {
    /// the name
    pub label: String,
    /// every one of these must be on it (compared with tolerance for misreads); empty when it is known by `hash`
    pub text: Vec<String>,
    /// what its picture looks like
    pub hash: Option<Fingerprint>,
    /// the state such a screen is in, where its kind tells
    pub state: Option<String>,
    /// there must be hardly anything else on it
    pub alone: bool,
}

/// What a screen is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenMatcher {
    /// words that all stand on it, as they were read
    Text(Vec<String>),
    /// its picture, for a page without readable words
    Hash(Fingerprint),
}

/// A label as it is written in TOML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenLabel {
    pub(crate) label: String,
    #[serde(default)]
    text: Vec<String>,
    hash: Option<String>,
    state: Option<String>,
    #[serde(default)]
    alone: bool,
}

impl WrittenLabel {
    /// Checks the label and what it is known by; the error is one line.
    pub(crate) fn validate(self) -> Result<ScreenLabel, String> {
        check_label(&self.label)?;
        if self.text.is_empty() == self.hash.is_none() {
            return Err("needs either text or hash".to_owned());
        }
        self.text.iter().try_for_each(|words| check_words(words))?;
        if let Some(state) = self.state.as_ref().filter(|state| !SCREEN_STATES.contains(&state.as_str())) {
            return Err(format!("no state is called {state:?}; there are: {}", SCREEN_STATES.join(", ")));
        }
        let hash = self.hash.map(|hash| hash.parse::<Fingerprint>()).transpose()?;
        Ok(ScreenLabel { label: self.label, text: self.text, hash, state: self.state, alone: self.alone })
    }
}

impl ScreenLabel {
    /// Whether screens are already known by this.
    pub(crate) fn has_matcher(&self, matcher: &ScreenMatcher) -> bool {
        match matcher {
            ScreenMatcher::Text(words) => self.text == *words,
            ScreenMatcher::Hash(hash) => self.hash.as_ref() == Some(hash),
        }
    }
}

impl ScreenMatcher {
    /// Whether it can name screens, and the label can be used.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub(crate) fn check(&self, label: &str) -> Result<(), String> {
        check_label(label)?;
        match self {
            Self::Text(words) if words.is_empty() => Err("no words to know it by".to_owned()),
            Self::Text(words) => words.iter().try_for_each(|words| check_words(words)),
            Self::Hash(_) => Ok(()),
        }
    }
}

/// Whether a screen may be called so: lower-case letters, digits and hyphens.
fn check_label(label: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if label.is_empty() || label.len() > 64 || !label.chars().all(fits) || label.starts_with('-') {
        return Err("a label has lower-case letters, digits and hyphens, 64 at most".to_owned());
    }
    if label == "unknown" {
        return Err("this is what screens without a name are called".to_owned());
    }
    Ok(())
}

/// Whether words can name a screen.
fn check_words(words: &str) -> Result<(), String> {
    if words.chars().filter(|c| !c.is_whitespace()).count() < MIN_LETTERS {
        return Err(format!("text {words:?} is too short to name a screen"));
    }
    Ok(())
}
