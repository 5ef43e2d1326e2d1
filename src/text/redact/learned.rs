//! What a text itself gave away: a value that stood once where values of secrets stand is one in the rest of the text, too,
//! whatever stands around it.
//!
//! Only what no other text has by chance is learnt, and only as it stood there, from there on.

use super::hits::Hits;
use super::names::is_ordinary_word;
use super::needles::Hit;
use super::structure::is_unusual;
use super::work;
use crate::text::quads::{QUAD, Quads};

/// Shorter values, and longer ones, are not learnt.
const LENGTH: std::ops::RangeInclusive<usize> = 6..=64;
/// Most values.
const MOST: usize = 64;
/// Most values that begin alike.
const ALIKE: usize = 4;
/// Letters without which a value is a number, an address, a version.
const LETTERS: usize = 4;
/// Turns from letters to digits and back within a word that nobody says.
const MADE_UP: usize = 3;

/// Values that were learnt, and how far the text was searched for them. Places are relative to the bytes that have not gone
/// out.
#[derive(Debug, Default)]
pub struct Learned {
    /// where values stand that will be learnt, in order
    ahead: Vec<(usize, usize)>,
    values: Vec<Vec<u8>>,
    table: Option<Quads<usize>>,
    /// the search goes on here
    at: usize,
}

/// A text as far as it came, and what is found in it.
pub struct Text<'t> {
    /// the text
    pub bytes: &'t [u8],
    /// the byte before the first
    pub before: Option<u8>,
    /// nothing follows
    pub last: bool,
}

impl Learned {
    /// Knowing what another text gave away.
    pub fn knowing(values: &[Vec<u8>]) -> Self {
        let mut it = Self::default();
        values.iter().for_each(|value| it.learn(value));
        it
    }

    /// What was learnt.
    pub fn into_values(self) -> Vec<Vec<u8>> {
        self.values
    }

    /// A value stands here that may be learnt.
    pub fn expect(&mut self, start: usize, end: usize) {
        let at = self.ahead.partition_point(|known| (known.1, known.0) < (end, start));
        if self.ahead.get(at) != Some(&(start, end)) {
            self.ahead.insert(at, (start, end));
        }
    }

    /// Searches what is settled; how much of it is when that is known.
    pub fn search(&mut self, text: &Text<'_>, settled: usize, hits: &mut Hits, nameless: usize) -> usize {
        loop {
            // What stands before a value is searched without it.
            let next = self.ahead.first().copied().filter(|(_, end)| *end <= settled);
            let until = next.map_or(settled, |(_, end)| end);
            if let Some(open) = self.until(text, until, hits, nameless) {
                return hits.whole(settled.min(open));
            }
            let Some((start, end)) = next else { return hits.whole(settled) };
            self.ahead.remove(0);
            // One that is known is sought anyway, in all its forms.
            if hits.name_at(start) == Some(nameless) {
                self.learn(&text.bytes[start.min(end)..end]);
            }
        }
    }

    /// So many bytes went out.
    pub fn shift(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
        for (start, end) in &mut self.ahead {
            (*start, *end) = (start.saturating_sub(bytes), end.saturating_sub(bytes));
        }
    }

    /// Searches up to a place; where it had to end, because it depends on what follows.
    fn until(&mut self, text: &Text<'_>, until: usize, hits: &mut Hits, nameless: usize) -> Option<usize> {
        let Some(table) = self.table.as_ref() else {
            self.at = self.at.max(until);
            return None;
        };
        let near = &text.bytes[..text.bytes.len().min(until + QUAD - 1)];
        while let Some((at, values)) = table.next(near, self.at) {
            self.at = at + 1;
            let rest = &text.bytes[at..];
            let mut longest = None;
            for value in values.iter().filter_map(|value| self.values.get(*value)) {
                work::add(value.len() / 16 + 1);
                let alone = |byte: Option<u8>, edge: Option<&u8>| {
                    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
                    !(byte.is_some_and(letter) && edge.is_some_and(|edge| letter(*edge)))
                };
                let before = at.checked_sub(1).map_or(text.before, |at| text.bytes.get(at).copied());
                if !alone(before, value.first()) {
                    continue;
                }
                if !text.last && rest.len() <= value.len() && value.starts_with(rest) {
                    self.at = at;
                    return Some(at);
                }
                if rest.starts_with(value) && alone(rest.get(value.len()).copied(), value.last()) {
                    longest = longest.max(Some(value.len()));
                }
            }
            if let Some(length) = longest {
                hits.put(Hit { start: at, end: at + length, name: nameless }, length, nameless);
                self.at = at + length;
            }
        }
        // The last bytes are too few to be looked up.
        let from = self.at.max(text.bytes.len().saturating_sub(QUAD - 1));
        let begins = |at: &usize| self.values.iter().any(|value| value.starts_with(&text.bytes[*at..]));
        let open = (from..until).find(begins).filter(|_| !text.last);
        self.at = self.at.max(open.unwrap_or(until));
        open
    }

    fn learn(&mut self, value: &[u8]) {
        if self.values.len() >= MOST || !tells(value) || self.values.iter().any(|known| known == value) {
            return;
        }
        let Some(begin) = value.first_chunk::<QUAD>() else { return };
        if self.values.iter().filter(|known| known.starts_with(begin)).count() >= ALIKE {
            return;
        }
        self.table.get_or_insert_default().enter(*begin, self.values.len());
        self.values.push(value.to_vec());
    }
}

/// Whether a value stands nowhere by chance: no word, number, address, path, version, name of a system.
fn tells(value: &[u8]) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic() || **byte >= 0x80).count();
    let text = String::from_utf8_lossy(value);
    let path =
        text.starts_with(['/', '.', '~', '<', '[']) || text.contains("://") || text.contains(char::is_whitespace);
    // `ab12cd34` is made up, `debian12` is not.
    let turns = |token: &str| {
        token.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count()
    };
    let made_up = text.split(|c: char| !c.is_alphanumeric()).any(|token| turns(token) >= MADE_UP);
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    LENGTH.contains(&value.len())
        && letters >= LETTERS
        && is_unusual(value)
        && !path
        && (made_up || !words.all(|word| word.chars().count() < LETTERS || is_ordinary_word(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Scrubber, Secret};

    fn masked(text: &str) -> String {
        let it = Scrubber::new([Secret::new("KNOWN", "kn0wn-value")]).for_leaving();
        let whole = it.text(text).into_owned();
        for size in 1..text.len() {
            let (mut stream, mut out) = (it.stream(), Vec::new());
            text.as_bytes().chunks(size).for_each(|piece| stream.push(piece, &mut out));
            stream.finish(&mut out);
            assert_eq!(String::from_utf8_lossy(&out), whole, "in pieces of {size}");
        }
        whole
    }

    #[test]
    fn a_value_that_stood_where_secrets_stand_is_one_from_there_on() {
        for (text, expected) in [
            (
                "machine h login bot password N3trc-word\nlogging in with N3trc-word, again: N3trc-word.",
                "machine h login bot password [REDACTED:?]\nlogging in with [REDACTED:?], again: [REDACTED:?].",
            ),
            ("x N3trc-word\npassword=N3trc-word y\nN3trc-word", "x N3trc-word\npassword=[REDACTED:?] y\n[REDACTED:?]"),
            ("--password N3trc!word x N3trc!wordN3trc!word", "--password [REDACTED:?] x N3trc!wordN3trc!word"),
            ("https://svc:N3trcword@h/ N3trcwords N3trcword", "https://svc:[REDACTED:?]@h/ N3trcwords [REDACTED:?]"),
            ("password=kn0wn-value\nkn0wn-value", "password=[REDACTED:KNOWN]\n[REDACTED:KNOWN]"),
            (
                "a_token=ab12cd34 b_token=ab12ef56\nab12cd34 ab12ef56 ab12",
                "a_token=[REDACTED:?] b_token=[REDACTED:?]\n[REDACTED:?] [REDACTED:?] ab12",
            ),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn what_quotes_a_text_knows_what_it_gave_away() {
        let it = Scrubber::default().for_leaving();
        let (mut stream, mut out) = (it.stream(), Vec::new());
        stream.push(b"password=N3trc-word", &mut out);
        let quoting = it.knowing(stream.finish_learning(&mut out));
        assert_eq!(quoting.text("cloning with N3trc-word"), "cloning with [REDACTED:?]");
        assert_eq!(it.text("cloning with N3trc-word"), "cloning with N3trc-word");
    }

    #[test]
    fn what_stands_in_other_texts_as_well_is_not_learnt() {
        for value in
            ["debian12", "rocky-9-x86_64", "12345678", "10.0.0.5", "v1.22.333", "ab1", "2026-11-29", "packer-1"]
        {
            assert!(!tells(value.as_bytes()), "{value}");
        }
        for value in ["hunter2", "N3trc-word", "correct-Horse", "ab12cd34", "s3cr3t!"] {
            assert!(tells(value.as_bytes()), "{value}");
        }
    }
}
