//! Which lines are shown: by name, or by how they stand.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern as Fuzzy};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use regex::{Regex, RegexBuilder};

use super::lines::LineRow;
use crate::ops::resources::Lack;

/// A state that a line can be filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LineState {
    Held,
    Failed,
    Running,
    Iso,
    Stale,
    Full,
    Left,
    Asks,
}

impl LineState {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Held, "held"),
        (Self::Failed, "failed"),
        (Self::Running, "running"),
        (Self::Iso, "iso"),
        (Self::Stale, "stale"),
        (Self::Full, "full"),
        (Self::Left, "left"),
        (Self::Asks, "asks"),
    ];

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, name)| *name == word).map(|(state, _)| state)
    }

    fn is_of(self, row: &LineRow) -> bool {
        let remote = row.newest_remote();
        match self {
            Self::Held => row.generations.hold.is_some(),
            Self::Failed => match remote {
                Some(remote) => remote.alarming(),
                None => row.run.as_ref().is_some_and(super::run::RunSeen::alarming),
            },
            Self::Running => row.live_run().is_some() || row.remote().is_some_and(|run| run.state.live()),
            Self::Iso => row.iso_missing,
            Self::Stale => row.stale,
            Self::Full => row.lacks == Some(Lack::Datastore),
            Self::Left => row.leftover(),
            Self::Asks => row.question().is_some(),
        }
    }
}

/// One word of a filter.
#[derive(Debug, Clone)]
enum Test {
    State(LineState),
    /// in key, base name or distribution
    Pattern(Regex),
    /// letters of the key in this order: what no name contains is meant so
    Letters(String),
}

impl Test {
    fn new(word: &str, rows: &[LineRow]) -> Self {
        if let Some(state) = LineState::of(word) {
            return Self::State(state);
        }
        let capitals = word.chars().any(char::is_uppercase);
        let regex = |pattern: &str| RegexBuilder::new(pattern).case_insensitive(!capitals).size_limit(1 << 20).build();
        // Half a regular expression, while it is typed, is text.
        let pattern = regex(word).or_else(|_| regex(&regex::escape(word)));
        match pattern {
            Ok(pattern) if rows.iter().any(|row| named(row, &pattern)) => Self::Pattern(pattern),
            Ok(_) | Err(_) => Self::Letters(word.to_owned()),
        }
    }

    fn holds(&self, row: &LineRow) -> bool {
        match self {
            Self::State(state) => state.is_of(row),
            Self::Pattern(pattern) => named(row, pattern),
            Self::Letters(letters) => {
                let fuzzy = Fuzzy::parse(letters, CaseMatching::Ignore, Normalization::Smart);
                let mut matcher = Matcher::new(Config::DEFAULT);
                fuzzy.score(Utf32Str::new(&row.line.key.0, &mut Vec::new()), &mut matcher).is_some()
            }
        }
    }
}

fn named(row: &LineRow, pattern: &Regex) -> bool {
    [&row.line.key.0, &row.line.base_name, &row.line.dist].iter().any(|name| pattern.is_match(name))
}

/// A filter: words that all must hold, each a state (`held failed running iso stale full left asks`), or a regular
/// expression or some letters of a name; `!word` holds where the word does not.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    tests: Vec<(bool, Test)>,
}

impl Filter {
    /// From what was typed; `rows` tell which words stand in a name.
    pub fn new(text: &str, rows: &[LineRow]) -> Self {
        let words = text.split_whitespace().map(|word| match word.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, word),
        });
        let tests = words.filter(|(_, word)| !word.is_empty()).map(|(wanted, word)| (wanted, Test::new(word, rows)));
        Self { tests: tests.collect(), text: text.to_owned() }
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a line is shown.
    pub fn passes(&self, row: &LineRow) -> bool {
        self.tests.iter().all(|(wanted, test)| test.holds(row) == *wanted)
    }
}
