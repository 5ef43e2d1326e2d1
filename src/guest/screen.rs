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
mod shipped;

pub use area::Area;
#[cfg(test)]
pub(crate) use cells::drawn;
pub use cells::read as read_cells;
pub use diff::{FrameDiff, compare};
pub use frames::{FramesError, ScreenAnalysis, ScreenFrame, analyse, files, open, read};
pub use history::{FROZEN_AFTER, FrameHistory, Motion, PROGRESS_FROZEN_AFTER};
pub(crate) use label::WrittenLabel;
pub use label::{FailureKind, ScreenLabel, ScreenMatcher, Words};
pub use name::{ScreenName, fits, name_by_text, name_screen};
pub use nearest::{NearPage, nearest};
pub use ocr::{OcrError, read as read_by_tesseract};
pub use page::{ScreenLabels, failure_said};
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
