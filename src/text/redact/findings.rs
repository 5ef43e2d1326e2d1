//! What a look at a text finds: hits of forms, and what of them had begun before a mask.

use super::letters::Reading;
use super::needles::{Hit, Pattern};

/// What was read of secrets when a mask came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// where the mask begins
    pub mask: usize,
    /// where the first letter stands that counts
    pub start: usize,
    /// how it was read
    pub reading: Reading,
}

/// A hit of a form: its number, and the bytes of the longest of those that it was put together from.
#[derive(Debug, Clone, Copy)]
pub struct Match {
    /// where; the name is the number of a pattern
    pub hit: Hit,
    /// bytes of the longest
    pub longest: usize,
}

/// What a run finds.
#[derive(Debug, Default)]
pub struct Findings {
    /// hits, in the order of their ends
    pub matches: Vec<Match>,
    /// what had begun before masks
    pub heads: Vec<Head>,
}

impl Findings {
    /// Hits of a text that repeats itself become one while they overlap and have the same name.
    pub fn enter(&mut self, patterns: &[Pattern], pattern: &Pattern, hit: Hit) {
        let longest = hit.end - hit.start;
        if let Some(last) = self.matches.last_mut() {
            let of = |it: &Pattern| (it.name, it.base64, it.tail);
            let same = patterns.get(last.hit.name).is_some_and(|other| !other.tail && of(other) == of(pattern));
            if same && hit.start < last.hit.end {
                let end = hit.end.max(last.hit.end);
                (last.hit.start, last.hit.end) = (hit.start.min(last.hit.start), end);
                last.longest = longest.max(last.longest);
                return;
            }
        }
        self.matches.push(Match { hit, longest });
    }
}
