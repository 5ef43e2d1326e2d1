//! What a console picture says: its text, the name of the screen, and whether anything on it moves.
//!
//! Text consoles are read exactly, cell by cell; other screens go through the `tesseract` program where it is installed.
//! Screens are named by words (rules are data), never by hashes: measured, a hash takes a login prompt for a dead BIOS.

mod area;
mod cells;
mod diff;
mod fold;
mod frames;
mod ground;
mod history;
mod label;
mod name;
mod nearest;
mod ocr;
mod page;
mod pages;
mod rows;
pub mod secrets;
mod shipped;

pub use area::Area;
#[cfg(test)]
pub(crate) use cells::drawn;
pub use cells::read as read_cells;
pub use diff::{FrameDiff, compare};
pub use frames::{FramesError, ScreenAnalysis, ScreenFrame, analyse, files, open, read};
pub use history::{FROZEN_AFTER, FrameHistory, Motion, PROGRESS_FROZEN_AFTER};
pub use label::{FailureKind, ScreenLabel, ScreenMatcher, Words};
pub(crate) use label::{WrittenLabel, check_label};
pub use name::{ScreenName, fits, name_by_text, name_screen};
pub use nearest::{NearPage, nearest};
pub use ocr::{OcrError, read as read_by_tesseract, unavailable};
pub use page::{ScreenLabels, failure_said, is_bar};
pub use pages::{KnownPage, shipped_pages};
pub use rows::{ScrubbedRows, scrub_rows};

/// The text of a screen and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecognisedText {
    /// lines from top to bottom
    pub rows: Vec<String>,
    /// read from the glyphs themselves, without misreads
    pub exact: bool,
}

impl RecognisedText {
    /// Whether it reads like text. What tesseract makes of a photograph, a logo or a boot splash is letters and signs; it
    /// is not worth quoting.
    pub fn is_text(&self) -> bool {
        if self.exact {
            return true;
        }
        let tokens = || self.rows.iter().flat_map(|row| row.split_whitespace());
        let signs: usize = tokens().map(|token| token.chars().count()).sum();
        let words =
            tokens().map(|token| token.trim_matches(|c: char| !c.is_alphanumeric())).filter(|word| is_word(word));
        let (count, letters) = words.fold((0, 0), |(count, letters), word| (count + 1, letters + word.chars().count()));
        count >= 2 && letters * 2 >= signs
    }
}

/// Three letters at least, one of them a vowel or of another script.
fn is_word(token: &str) -> bool {
    let plain = token.chars().filter(|c| c.is_alphabetic()).count();
    let spoken = token.chars().any(|c| "aeiouyAEIOUY".contains(c) || !c.is_ascii() && c.is_alphabetic());
    plain >= 3 && spoken && token.chars().all(|c| c.is_alphanumeric() || "'’-./:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::RecognisedText;

    fn read(rows: &[&str]) -> RecognisedText {
        RecognisedText { rows: rows.iter().map(|row| (*row).to_owned()).collect(), exact: false }
    }

    #[test]
    fn what_tesseract_makes_of_a_logo_is_no_text() {
        assert!(read(&["Install Windows", "The computer restarted unexpectedly. Error code: 0x80070005"]).is_text());
        assert!(read(&["Working on updates 27%"]).is_text());
        for noise in [&["~~ \\/ |) oO .:"][..], &["ee", "Pll= (8 @@ ~", "- . , _ ;"], &["WWWW MMM ]]] |||| ////"], &[]]
        {
            assert!(!read(noise).is_text(), "{noise:?}");
        }
    }
}
