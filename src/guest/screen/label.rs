//! Labels of screens: what a screen is called and what it is known by.

use regex::Regex;
use serde::Deserialize;

use super::area::Area;
use super::fold::Folded;
use super::ground::Ground;
use crate::guest::fingerprint::Fingerprint;

/// The states a screen can be in, as rules name them.
pub(super) const SCREEN_STATES: [&str; 6] = ["frozen", "waiting-for-input", "progress", "spinner", "blank", "idle"];

/// Fewer letters than this stand on too many screens.
const MIN_LETTERS: usize = 4;

/// What makes a screen an error page, which outranks whatever else stands on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// its words do if a mark of failure stands beside them, or the page is as red as Debian's error pages
    Marked,
    /// its words do, but what stopped it is told by other words, if there are any: a panic, a rescue shell
    Symptom,
    /// its words do
    Cause,
}

/// A name for screens, and what they are known by. All that is given must hold.
#[derive(Debug, Clone, Default)]
pub struct ScreenLabel {
    /// the name
    pub label: String,
    /// every one of these must be on it (compared with tolerance for misreads)
    pub text: Vec<Words>,
    /// one of these must be on it
    pub any: Vec<Words>,
    /// none of these may be on it
    pub not: Vec<Words>,
    /// each of these must fit one of its rows
    pub row: Vec<Regex>,
    /// whose page it must be
    pub installer: Option<String>,
    /// its colour
    pub ground: Option<Ground>,
    /// what its picture looks like
    pub hash: Option<Fingerprint>,
    /// what a part of its picture looks like
    pub area: Option<Area>,
    /// the state such a screen is in, where its kind tells
    pub state: Option<String>,
    /// there must be hardly anything else on it
    pub alone: bool,
    /// it is an error page
    pub failure: Option<FailureKind>,
    /// what it says may be tried again: progress below it takes it back
    pub retried: bool,
    /// it is the name for want of a better one
    pub generic: bool,
    /// a team's own: it stands beside the shipped names, and takes none of them away
    pub own: bool,
}

/// Words of a label, made ready for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// as they are written
    pub written: String,
    pub(super) folded: Folded,
}

impl From<&str> for Words {
    fn from(written: &str) -> Self {
        Self { written: written.to_owned(), folded: Folded::new(written) }
    }
}

/// What a taught screen is known by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenMatcher {
    /// words that all stand on it, as they were read
    pub text: Vec<String>,
    /// words that do not stand on it
    pub not: Vec<String>,
    /// its picture, for a page without readable words
    pub hash: Option<Fingerprint>,
    /// a part of its picture
    pub area: Option<Area>,
}

impl ScreenMatcher {
    /// Whether it can name screens, and the label can be used.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub(crate) fn check(&self, label: &str) -> Result<(), String> {
        check_label(label)?;
        self.check_words()
    }

    /// Whether it can name screens.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub(crate) fn check_words(&self) -> Result<(), String> {
        if self.text.is_empty() && self.hash.is_none() && self.area.is_none() {
            return Err("no words to know it by".to_owned());
        }
        self.text.iter().chain(&self.not).try_for_each(|words| check_words(words))
    }

    /// The label that it makes.
    pub fn label(&self, label: &str) -> ScreenLabel {
        let ready = |written: &[String]| written.iter().map(|words| Words::from(words.as_str())).collect();
        ScreenLabel {
            label: label.to_owned(),
            text: ready(&self.text),
            not: ready(&self.not),
            hash: self.hash.clone(),
            area: self.area.clone(),
            own: true,
            ..ScreenLabel::default()
        }
    }
}

impl ScreenLabel {
    /// Whether screens are already known by this.
    pub(crate) fn has_matcher(&self, matcher: &ScreenMatcher) -> bool {
        let mine = matcher.label(&self.label);
        self.text == mine.text && self.not == mine.not && self.hash == mine.hash && self.area == mine.area
    }
}

/// A label as it is written in TOML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenLabel {
    pub(crate) label: String,
    #[serde(default)]
    text: Vec<String>,
    #[serde(default)]
    any: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    row: Vec<String>,
    installer: Option<String>,
    ground: Option<Ground>,
    hash: Option<String>,
    area: Option<String>,
    state: Option<String>,
    #[serde(default)]
    alone: bool,
    failure: Option<FailureKind>,
    #[serde(default)]
    retried: bool,
    #[serde(default)]
    generic: bool,
}

impl WrittenLabel {
    /// Checks the label and what it is known by; the error is one line.
    pub(crate) fn validate(self) -> Result<ScreenLabel, String> {
        check_label(&self.label)?;
        let words = !self.text.is_empty() || !self.any.is_empty() || !self.row.is_empty();
        let picture = self.hash.is_some() || self.area.is_some();
        if !words && !picture && self.ground.is_none() && self.installer.is_none() {
            return Err("needs text, any, row, installer, ground, hash or area".to_owned());
        }
        self.text.iter().chain(&self.any).chain(&self.not).try_for_each(|words| check_words(words))?;
        if let Some(state) = self.state.as_ref().filter(|state| !SCREEN_STATES.contains(&state.as_str())) {
            return Err(format!("no state is called {state:?}; there are: {}", SCREEN_STATES.join(", ")));
        }
        let ready = |written: &[String]| written.iter().map(|words| Words::from(words.as_str())).collect();
        Ok(ScreenLabel {
            text: ready(&self.text),
            any: ready(&self.any),
            not: ready(&self.not),
            row: self.row.iter().map(|pattern| row_pattern(pattern)).collect::<Result<_, _>>()?,
            installer: self.installer,
            ground: self.ground,
            hash: self.hash.map(|hash| hash.parse()).transpose()?,
            area: self.area.map(|area| area.parse()).transpose()?,
            label: self.label,
            state: self.state,
            alone: self.alone,
            failure: self.failure,
            retried: self.retried,
            generic: self.generic,
            own: false,
        })
    }
}

/// A pattern for rows of a screen: case does not matter.
pub(crate) fn row_pattern(pattern: &str) -> Result<Regex, String> {
    let complaint = |error: regex::Error| {
        let text = error.to_string();
        format!("regular expression {pattern:?}: {}", text.lines().last().unwrap_or_default().trim())
    };
    regex::RegexBuilder::new(pattern).case_insensitive(true).build().map_err(complaint)
}

/// Whether a screen may be called so: lower-case letters, digits and hyphens.
///
/// # Errors
/// What is wrong, in one line.
pub(crate) fn check_label(label: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if label.is_empty() || label.len() > 64 || !label.chars().all(fits) || label.starts_with('-') {
        return Err("a name has lower-case letters, digits and hyphens, 64 at most".to_owned());
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
