//! What a taught screen is known by: of its rows what stays the same, or a part of its picture.

use std::collections::BTreeSet;

use super::TeachRow;

/// Rows that are ticked to begin with.
const KNOWN_BY: usize = 3;
/// Letters that a row needs to tell a screen from others.
const TELLING: usize = 10;

/// The rows of a screen with what stays the same on them; those that say most are ticked: whole sentences, not buttons, and
/// nothing of what stands on many pages: the `bars` of installers, clocks, which keys do what.
pub(super) fn telling(rows: &[String], bars: &BTreeSet<usize>) -> Vec<TeachRow> {
    let letters = |row: &str| row.chars().filter(|c| c.is_alphabetic()).count();
    let full = |at: &usize| !rows[*at].trim().is_empty();
    let edges = [(0..rows.len()).find(full), (0..rows.len()).rfind(full)];
    let (mut steady_rows, mut best) = (Vec::new(), Vec::new());
    for (at, row) in rows.iter().enumerate() {
        let words = steady(row);
        // The secret that stood there is another one next time.
        if letters(&words) < 4 || words.contains("[REDACTED:") {
            continue;
        }
        let edge = edges.contains(&Some(at));
        if letters(&words) >= TELLING
            && !(bars.contains(&at) || names_keys(row) || edge && (tells_time(row) || tabs(row)))
        {
            best.push(steady_rows.len());
        }
        steady_rows.push(TeachRow { words, ticked: false });
    }
    best.sort_by_key(|at| std::cmp::Reverse(letters(&steady_rows[*at].words)));
    best.iter().take(KNOWN_BY).for_each(|at| steady_rows[*at].ticked = true);
    steady_rows
}

/// Whether a row says which keys do what: `<Tab> moves; <Space> selects`, `F1 Help  F10 Save`, `Use the ↑ and ↓ keys`.
fn names_keys(row: &str) -> bool {
    const KEYS: [&str; 21] = [
        "tab",
        "alt",
        "ctrl",
        "control",
        "shift",
        "enter",
        "return",
        "esc",
        "escape",
        "space",
        "spacebar",
        "backspace",
        "home",
        "end",
        "pgup",
        "pgdn",
        "arrow",
        "arrows",
        "del",
        "insert",
        "caps",
    ];
    let row = row.to_lowercase();
    let words = row.split(|c: char| !c.is_alphanumeric() && !"↑↓←→▲▼".contains(c)).filter(|word| !word.is_empty());
    let function = |word: &str| {
        word.strip_prefix('f')
            .and_then(|number| number.parse().ok())
            .is_some_and(|number| (1..=12_u8).contains(&number))
    };
    words.filter(|word| KEYS.contains(word) || function(word) || word.contains(['↑', '↓', '←', '→', '▲', '▼'])).count()
        >= 2
}

/// Whether a clock stands on a row.
fn tells_time(row: &str) -> bool {
    let number = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    row.split(|c: char| !c.is_ascii_digit() && c != ':')
        .any(|word| (2..=3).contains(&word.split(':').count()) && word.split(':').all(number))
}

/// Whether a row lists windows, as tmux' bar does: `[anaconda] 1:main* 2:shell`.
fn tabs(row: &str) -> bool {
    let window = |word: &&str| {
        let word = word.rsplit(']').next().unwrap_or_default();
        matches!(word.as_bytes(), [b'0'..=b'9', b':', name, ..] if name.is_ascii_alphabetic())
    };
    row.split_whitespace().filter(window).count() >= 2
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
        let rows = telling(&rows.map(str::to_owned), &BTreeSet::new());
        let words: Vec<&str> = rows.iter().map(|row| row.words.as_str()).collect();
        let all = ["Select Image", "Choose a licensing method", "Pay-as-you-go with an Azure subscription", "Next"];
        assert_eq!(words[..4], all);
        assert_eq!(words[4..], ["Installing package bash", "Copying files"]);
        let ticked: Vec<&str> = rows.iter().filter(|row| row.ticked).map(|row| row.words.as_str()).collect();
        assert_eq!(ticked, [all[1], all[2], "Installing package bash"]);
        assert!(telling(&["OK".into(), "[ ]".into()], &BTreeSet::new()).is_empty());
    }

    #[test]
    fn bars_clocks_and_keys_are_offered_and_not_ticked() {
        let rows = [
            "Example Linux Installer 10:41 Mon",
            "Choose a flavour of the system",
            "Press Enter to go on with the flavour that is chosen",
            "password of the account: [REDACTED:PKR_VAR_build_password]",
            "<Tab>/<Alt-Tab> between elements | <Space> selects | <F12> next screen",
            "Use the \u{2191} and \u{2193} keys to select which entry is highlighted.",
            "F1 Help with everything  F10 Save and leave this page",
            "An installer's bar that all of its pages have",
            "[example] 1:main* 2:shell-of-the-installer- 3:log-of-the-installer",
        ];
        let rows = telling(&rows.map(str::to_owned), &BTreeSet::from([7]));
        assert_eq!(rows.len(), 8, "all but the one with a secret");
        let ticked: Vec<&str> = rows.iter().filter(|row| row.ticked).map(|row| row.words.as_str()).collect();
        let told = ["Choose a flavour of the system", "Press Enter to go on with the flavour that is chosen"];
        assert_eq!(ticked, told);
    }

    #[test]
    fn an_area_is_four_numbers_within_the_picture() {
        assert_eq!(area(" "), Ok(None));
        assert_eq!(area("25, 10 50,30"), Ok(Some([25, 10, 50, 30])));
        assert!(area("60 10 50 30").is_err() && area("1 2 3").is_err() && area("a b c d").is_err());
    }
}
