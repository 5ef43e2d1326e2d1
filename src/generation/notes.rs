//! Lines of ours in the notes of a VM, beside whatever stands there: `tmpl-tui <word>: …`, one fact a line.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A kind of line. Read as a person may have written it: indented, after a dash or a bullet, in other case, with other
/// blanks or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    /// the word after `tmpl-tui`, lower case
    pub word: &'static str,
}

impl Mark {
    /// What stands after the first mark of this kind.
    pub fn text<'n>(&self, notes: &'n str) -> Option<&'n str> {
        self.find(notes).map(|(_, text)| text)
    }

    /// The fact of the first mark of this kind: `Err` = what stands there, where it is none of ours.
    pub fn read<'n, T: DeserializeOwned>(&self, notes: &'n str) -> Option<Result<T, &'n str>> {
        self.text(notes).map(|text| serde_json::from_str(text).map_err(|_| text))
    }

    /// The notes with this fact instead of any other of its kind; the rest byte for byte.
    pub fn write<T: Serialize>(&self, notes: &str, fact: &T) -> String {
        let rest = self.remove(notes);
        let json = serde_json::to_string(fact).unwrap_or_default();
        let line = format!("tmpl-tui {}: {json}", self.word);
        if rest.is_empty() { line } else { format!("{rest}\n{line}") }
    }

    /// The notes without any mark of this kind; the rest byte for byte.
    pub fn remove(&self, notes: &str) -> String {
        let mut rest = notes.to_owned();
        while let Some((Range { start, end }, _)) = self.find(&rest) {
            // The line break that `write` put before it goes too, or the one after it where it stands first.
            let (start, end) = if start > 0 { (start - 1, end) } else { (0, (end + 1).min(rest.len())) };
            rest.replace_range(start..end, "");
        }
        rest
    }

    /// The first line of this kind, without its end, and what it says.
    fn find<'n>(&self, notes: &'n str) -> Option<(Range<usize>, &'n str)> {
        let mut start = 0;
        for line in notes.split_inclusive(['\n', '\r']) {
            let content = line.trim_end_matches(['\n', '\r']);
            if let Some(text) = self.told(content) {
                // A `\r` before a `\n` belongs to the break that an editor of its own way made.
                let cr = notes[start + content.len()..].starts_with("\r\n");
                return Some((start..start + content.len() + usize::from(cr), text));
            }
            start += line.len();
        }
        None
    }

    fn told<'l>(&self, line: &'l str) -> Option<&'l str> {
        let rest = after_word(after_word(after_word(line, "tmpl")?, "tui")?, self.word)?;
        // `tmpl-tui holder` is another word.
        (!rest.starts_with(char::is_alphanumeric)).then(|| rest.trim_start_matches([':', ' ', '\t']).trim_end())
    }
}

/// The lines of notes that are not ours, trimmed: what a person wrote for people.
pub fn written_by_people(notes: &str) -> impl Iterator<Item = &str> {
    let ours = |line: &str| after_word(line, "tmpl").is_some_and(|rest| after_word(rest, "tui").is_some());
    notes.lines().map(str::trim).filter(move |line| !line.is_empty() && !ours(line))
}

/// What follows this word, whatever that is no letter stands before it.
fn after_word<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let line = line.trim_start_matches(|c: char| !c.is_alphanumeric());
    let (head, rest) = line.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}
