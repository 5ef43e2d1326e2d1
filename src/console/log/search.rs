//! What is searched for, and what was found.

use jiff::civil::DateTime;

use crate::packer_log::{Pattern, Problem};

/// What a search found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// index of the line
    pub line: u64,
    /// it lies on the other side of where the search began
    pub around: bool,
    /// which match it is and how many there are, where counting them was quick
    pub place: Option<(u64, u64)>,
}

/// A search.
#[derive(Debug, Clone)]
pub struct Search {
    /// as typed
    pub text: String,
    /// for finding and marking the matches
    pub pattern: Pattern,
}

impl Search {
    /// Smart case: capitals in the pattern make it case-sensitive.
    ///
    /// # Errors
    /// One line when it is not a regular expression.
    pub fn new(text: &str) -> Result<Self, String> {
        let pattern = Pattern::new(text).map_err(|error| {
            let reason = error.to_string();
            let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("not a regular expression: {last}")
        })?;
        Ok(Self { text: text.into(), pattern })
    }
}

/// What is looked for in a log.
#[derive(Debug, Clone)]
pub enum Sought {
    /// a regular expression, smart case
    Pattern(Pattern),
    /// an error, or a warning or an error
    Problem(Problem),
    /// the first line at or after a moment of packer's clock; the last one when there is none
    Time(DateTime),
    /// the line that was the last one when the log had so many bytes
    Offset(u64),
}
