//! The words on a picture that stands still, scrubbed before they go on record.

use image::RgbImage;
use jiff::Timestamp;

use crate::guest::recording::ScreenReading;
use crate::guest::screen;
use crate::guest::screen::ScreenLabels;
use crate::text::Scrubber;

/// More than any console shows.
const MAX_ROWS: usize = 200;
const MAX_ROW_CHARS: usize = 500;

/// Reads a picture; `None` when nothing on it can be read, or nothing can read it here.
pub async fn read(
    image: &RgbImage,
    file: String,
    at: Timestamp,
    screens: &ScreenLabels,
    scrubber: &Scrubber,
) -> Option<ScreenReading> {
    let (text, error) = screen::read(image).await;
    if let Some(error) = error {
        tracing::debug!(%error, "a picture is not read");
    }
    let text = text?;
    let named = screen::name_screen(image, Some(&text), screens);
    let (label, state) = named.map_or((None, None), |named| (Some(named.label), named.state));
    Some(ScreenReading { at, file, label, state, rows: scrubbed(&text.rows, scrubber) })
}

/// Rows without secrets and without the empty end of the screen.
fn scrubbed(rows: &[String], scrubber: &Scrubber) -> Vec<String> {
    let mut rows = screen::scrub_rows(rows, scrubber).rows;
    let last = rows.iter().rposition(|row| !row.trim().is_empty()).map_or(0, |at| at + 1);
    rows.truncate(last.min(MAX_ROWS));
    rows.iter().map(|row| row.chars().take(MAX_ROW_CHARS).collect()).collect()
}
