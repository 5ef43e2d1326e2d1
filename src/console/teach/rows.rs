//! What a taught screen is known by: of its rows what stays the same, or a part of its picture.

use super::TeachRow;

/// Rows that are ticked to begin with.
const KNOWN_BY: usize = 3;
/// Letters that a row needs to tell a screen from others.
const TELLING: usize = 10;

/// The rows of a screen with what stays the same on them; those that say most are ticked: whole sentences, not buttons.
pub(super) fn telling(rows: &[String]) -> Vec<TeachRow> {
    let letters = |row: &str| row.chars().filter(|c| c.is_alphabetic()).count();
    let steady = rows.iter().map(|row| steady(row)).filter(|words| letters(words) >= 4);
    let mut rows: Vec<TeachRow> = steady.map(|words| TeachRow { words, ticked: false }).collect();
    let mut best: Vec<usize> = (0..rows.len()).filter(|at| letters(&rows[*at].words) >= TELLING).collect();
    best.sort_by_key(|at| std::cmp::Reverse(letters(&rows[*at].words)));
    best.iter().take(KNOWN_BY).for_each(|at| rows[*at].ticked = true);
    rows
}

/// The longest part of a row without what changes while a page stands: clocks, percent, counters, spinners, carets, and the
/// frame around it.
fn steady(row: &str) -> String {
    let frame = |c: char| c.is_whitespace() || ('\u{2500}'..='\u{259f}').contains(&c) || c == '_';
    let changes = |word: &str| {
        let digits = word.chars().any(|c| c.is_ascii_digit());
        let counts = word.chars().any(|c| matches!(c, '%' | ':' | '/' | '(' | ')' | '[' | ']'));
        let number = word.trim_end_matches(['.', ',', 's', 'm', 'h']).chars().all(|c| c.is_ascii_digit() || c == '.');
        digits && (counts || number) || matches!(word, "|" | "/" | "-" | "\\")
    };
    let mut parts = vec![Vec::new()];
    for word in row.trim_matches(frame).split_whitespace() {
        match parts.last_mut() {
            Some(part) if !changes(word) => part.push(word),
            _ => parts.push(Vec::new()),
        }
    }
    parts.into_iter().map(|part| part.join(" ")).max_by_key(|part| part.chars().count()).unwrap_or_default()
}

/// `left top width height` in percent; nothing at all is no area.
pub(super) fn area(text: &str) -> Result<Option<[u32; 4]>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let numbers: Vec<u32> =
        text.split([' ', ',']).filter(|part| !part.is_empty()).map_while(|part| part.parse().ok()).collect();
    match numbers[..] {
        [left, top, width, height] if left.saturating_add(width) <= 100 && top.saturating_add(height) <= 100 => {
            Ok(Some([left, top, width, height]))
        }
        _ => Err("the area is left, top, width and height in percent, like 25 10 50 30".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_known_by_its_sentences_without_what_changes() {
        let rows = [
            "Select Image",
            "Choose a licensing method",
            "",
            "│  Pay-as-you-go with an Azure subscription   │",
            "Next",
            "12:41:09  Installing package bash (12/402)",
            "Copying files 45% |",
        ];
        let rows = telling(&rows.map(str::to_owned));
        let words: Vec<&str> = rows.iter().map(|row| row.words.as_str()).collect();
        let all = ["Select Image", "Choose a licensing method", "Pay-as-you-go with an Azure subscription", "Next"];
        assert_eq!(words[..4], all);
        assert_eq!(words[4..], ["Installing package bash", "Copying files"]);
        let ticked: Vec<&str> = rows.iter().filter(|row| row.ticked).map(|row| row.words.as_str()).collect();
        assert_eq!(ticked, [all[1], all[2], "Installing package bash"]);
        assert!(telling(&["OK".into(), "[ ]".into()]).is_empty());
    }

    #[test]
    fn an_area_is_four_numbers_within_the_picture() {
        assert_eq!(area(" "), Ok(None));
        assert_eq!(area("25, 10 50,30"), Ok(Some([25, 10, 50, 30])));
        assert!(area("60 10 50 30").is_err() && area("1 2 3").is_err() && area("a b c d").is_err());
    }
}
