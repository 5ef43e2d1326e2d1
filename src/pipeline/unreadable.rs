//! What keeps a file from being read as what it is, in words that lead to it: parsers stumble over the consequence.

use super::defect::{Defect, Source};

/// How lines begin that git leaves where it could not merge.
const CONFLICT: [&str; 3] = ["<<<<<<< ", "||||||| ", ">>>>>>> "];
/// Quotes that editors for prose write.
const TYPOGRAPHIC: [char; 8] = ['“', '”', '„', '‟', '‘', '’', '«', '»'];

/// The reason why a parser gave up at `line` (from 1), where it is one of those that are known.
pub(super) fn reason(source: &Source, line: usize) -> Option<Defect> {
    let at = |line: usize, what: String, remedy: &str| Defect::new(source.path.clone(), Some(line), what, remedy);
    let lines = || source.text.lines().enumerate().map(|(at, text)| (at + 1, text));
    let mut conflict = lines().filter(|(_, text)| CONFLICT.iter().any(|mark| text.starts_with(mark)));
    // A line of equals signs alone may be anything; beside one of the others, or where the parser stands, it is git's.
    let divider = || lines().find(|(number, text)| *number == line && text.starts_with("======="));
    if let Some((number, _)) = conflict.next().or_else(divider) {
        let remedy = "keep one of the two sides and remove the marks";
        return Some(at(number, "a merge conflict of git is not resolved".to_owned(), remedy));
    }
    let quoted = |text: &str| text.chars().find(|c| TYPOGRAPHIC.contains(c));
    let text = source.text.lines().nth(line.saturating_sub(1))?;
    let quote = quoted(text)?;
    Some(at(line, format!("typographic quotes ({quote})"), "write plain ones: \""))
}
