//! Words as they are compared: without white space, case and the differences that misreading makes.

use std::ops::Range;

use regex::Regex;

/// Mistakes are forgiven only in words of at least this many letters; shorter ones resemble too much.
const MIN_FUZZY_LETTERS: usize = 10;
/// One mistake in so many letters.
const LETTERS_PER_MISTAKE: usize = 7;

/// Text as it is compared; its letters are counted in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folded(String);

impl Folded {
    /// Of any text.
    pub fn new(text: &str) -> Self {
        let same = |c: char| match c {
            'i' | '1' | '|' | '!' => 'l',
            '0' => 'o',
            '\u{2018}' | '\u{2019}' | '`' | '\u{b4}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            '\u{2014}' | '\u{2013}' | '\u{2500}' => '-',
            c => c,
        };
        Self(text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).map(same).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, other: &Self) {
        self.0.push_str(&other.0);
    }

    /// Where the last occurrence of `words` ends; with mistakes in long words when the text was not read exactly.
    pub fn last_end(&self, words: &Self, exact: bool) -> Option<usize> {
        if words.is_empty() {
            return None;
        }
        if let Some(at) = memchr::memmem::rfind(self.0.as_bytes(), words.0.as_bytes()) {
            return Some(at + words.len());
        }
        let letters: Vec<char> = words.0.chars().collect();
        let mistakes = if exact || letters.len() < MIN_FUZZY_LETTERS { 0 } else { letters.len() / LETTERS_PER_MISTAKE };
        (mistakes > 0).then(|| last_fuzzy_end(&self.0, &letters, mistakes)).flatten()
    }
}

/// The last place where `words` ends with at most so many letters wrong, missing or extra (Sellers' algorithm).
fn last_fuzzy_end(text: &str, words: &[char], mistakes: usize) -> Option<usize> {
    let mut column: Vec<usize> = (0..=words.len()).collect();
    let mut last = None;
    for (at, letter) in text.char_indices() {
        let mut diagonal = column[0];
        for (row, word) in words.iter().enumerate() {
            let cost = (diagonal + usize::from(letter != *word)).min(column[row] + 1).min(column[row + 1] + 1);
            diagonal = std::mem::replace(&mut column[row + 1], cost);
        }
        if column[words.len()] <= mistakes {
            last = Some(at + letter.len_utf8());
        }
    }
    last
}

/// Rows of a screen as they are compared, and where each of them ends.
#[derive(Debug, Clone, Default)]
pub struct FoldedRows {
    pub all: Folded,
    rows: Vec<(String, Range<usize>)>,
}

impl FoldedRows {
    pub fn push(&mut self, row: &str) {
        let start = self.all.len();
        self.all.push(&Folded::new(row));
        self.rows.push((row.to_owned(), start..self.all.len()));
    }

    /// Where the last row that a pattern fits ends.
    pub fn last_row(&self, pattern: &Regex) -> Option<usize> {
        self.rows.iter().rev().find(|(row, _)| pattern.is_match(row)).map(|(_, place)| place.end)
    }

    pub fn rows(&self) -> impl DoubleEndedIterator<Item = (&str, usize)> {
        self.rows.iter().map(|(row, place)| (row.as_str(), place.end))
    }
}
