//! Names a screen by the words on it. Words may be wrapped anywhere, and read by tesseract with mistakes.

use image::RgbImage;

use super::RecognisedText;
use crate::guest::fingerprint::Fingerprint;
use crate::guest::screen::ScreenLabel;

/// Mistakes are forgiven only in words of at least this many letters; shorter ones resemble too much.
const MIN_FUZZY_LETTERS: usize = 10;
/// One mistake in so many letters.
const LETTERS_PER_MISTAKE: usize = 7;
/// Other letters allowed on a screen whose words must stand `alone`.
const MAX_OTHER_LETTERS: usize = 12;

/// The name of a screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenName {
    /// the name
    pub label: String,
    /// the state such a screen is in
    pub state: Option<String>,
    /// the words that named it
    pub words: String,
}

/// Names a screen. Of several that fit: on a text console the one whose words stand lowest (it scrolls, the newest is at
/// the bottom), on a graphical page the one that the rules name first (its title says what it is, not its last line).
pub fn name_by_text(text: &RecognisedText, screens: &[ScreenLabel]) -> Option<ScreenName> {
    let folded = fold(&text.rows.join("\n"));
    let mut best: Option<(usize, &ScreenLabel)> = None;
    for screen in screens.iter().filter(|screen| !screen.text.is_empty()) {
        let ends: Option<Vec<usize>> =
            screen.text.iter().map(|words| last_end(&folded, &fold(words), text.exact)).collect();
        let Some(end) = ends.and_then(|ends| ends.into_iter().max()) else { continue };
        let length: usize = screen.text.iter().map(|words| fold(words).len()).sum();
        let fits = !screen.alone || folded.len() <= length + MAX_OTHER_LETTERS;
        if fits && best.is_none_or(|(lowest, _)| text.exact && end > lowest) {
            best = Some((end, screen));
        }
    }
    best.map(|(_, screen)| ScreenName {
        label: screen.label.clone(),
        state: screen.state.clone(),
        words: screen.text.join(" … "),
    })
}

/// Names a screen by its text, as far as that was read, else by its picture.
pub fn name_screen(image: &RgbImage, text: Option<&RecognisedText>, screens: &[ScreenLabel]) -> Option<ScreenName> {
    text.and_then(|text| name_by_text(text, screens)).or_else(|| name_by_picture(image, screens))
}

/// Names a picture that a user taught, for pages whose words cannot be read.
pub fn name_by_picture(image: &RgbImage, screens: &[ScreenLabel]) -> Option<ScreenName> {
    let fingerprint = Fingerprint::from_image(image)?;
    let known = |screen: &&ScreenLabel| screen.hash.as_ref().is_some_and(|hash| hash.matches(&fingerprint));
    screens.iter().find(known).map(|screen| ScreenName {
        label: screen.label.clone(),
        state: screen.state.clone(),
        words: format!("the taught picture {fingerprint}"),
    })
}

/// Letters without white space and without differences that misreading makes.
fn fold(text: &str) -> Vec<char> {
    let same = |c: char| match c {
        'i' | '1' | '|' | '!' => 'l',
        '0' => 'o',
        '\u{2018}' | '\u{2019}' | '`' | '\u{b4}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '\u{2014}' | '\u{2013}' | '\u{2500}' => '-',
        c => c,
    };
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).map(same).collect()
}

/// Where the last occurrence of `words` ends.
fn last_end(text: &[char], words: &[char], exact: bool) -> Option<usize> {
    if words.is_empty() || text.len() + words.len() / LETTERS_PER_MISTAKE < words.len() {
        return None;
    }
    if let Some(at) = text.windows(words.len()).rposition(|window| window == words) {
        return Some(at + words.len());
    }
    let mistakes = if exact || words.len() < MIN_FUZZY_LETTERS { 0 } else { words.len() / LETTERS_PER_MISTAKE };
    (mistakes > 0).then(|| last_fuzzy_end(text, words, mistakes)).flatten()
}

/// The last place where `words` ends with at most so many letters wrong, missing or extra (Sellers' algorithm).
fn last_fuzzy_end(text: &[char], words: &[char], mistakes: usize) -> Option<usize> {
    let mut column: Vec<usize> = (0..=words.len()).collect();
    let mut last = None;
    for (at, letter) in text.iter().enumerate() {
        let mut diagonal = column[0];
        for (row, word) in words.iter().enumerate() {
            let cost = (diagonal + usize::from(letter != word)).min(column[row] + 1).min(column[row + 1] + 1);
            diagonal = std::mem::replace(&mut column[row + 1], cost);
        }
        if column[words.len()] <= mistakes {
            last = Some(at + 1);
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(label: &str, text: &[&str]) -> ScreenLabel {
        ScreenLabel {
            label: label.into(),
            text: text.iter().map(|t| (*t).to_owned()).collect(),
            hash: None,
            state: None,
            alone: false,
        }
    }

    fn named(rows: &[&str], exact: bool, screens: &[ScreenLabel]) -> Option<String> {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        name_by_text(&RecognisedText { rows, exact }, screens).map(|named| named.label)
    }

    #[test]
    fn words_are_found_across_wraps_and_misreads() {
        let screens = [screen("panic", &["Kernel panic - not syncing"])];
        assert_eq!(named(&["[1.0] Kernel panic - not syn", "cing: VFS"], true, &screens).as_deref(), Some("panic"));
        assert_eq!(named(&["Kerne1 panic ~ not synclng"], false, &screens).as_deref(), Some("panic"));
        assert_eq!(named(&["Kerne1 panic ~ not synclng"], true, &screens), None);
        assert_eq!(named(&["Colonel panics"], false, &screens), None);
    }

    #[test]
    fn the_newest_screen_wins_and_all_words_are_needed() {
        let screens = [
            screen("boot", &["Booting from"]),
            screen("login", &["login:"]),
            screen("both", &["Booting from", "missing"]),
        ];
        assert_eq!(named(&["Booting from disk", "host login:"], true, &screens).as_deref(), Some("login"));
        assert_eq!(named(&["host login:", "Booting from disk"], true, &screens).as_deref(), Some("boot"));
        assert_eq!(named(&["Booting from disk", "host login:"], false, &screens).as_deref(), Some("boot"));
    }
}
