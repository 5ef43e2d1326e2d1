//! Where on a picture secrets stand, and a picture without them: what leaves the house is drawn anew from its pixels, so
//! that nothing that a server put into a file comes along.

use std::io::Cursor;
use std::ops::Range;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::{OcrError, cells, ocr, scrub_rows};
use crate::text::Scrubber;

/// What is known of secrets on a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secrets {
    /// its text was read; secrets stand in these rows of pixels
    At(Vec<Range<u32>>),
    /// its text cannot be read here, and why in one line
    Unread(String),
}

/// The rows of pixels of a text console on which secrets stand; `None` when it is no text console.
pub fn on_text_console(image: &RgbImage, scrubber: &Scrubber) -> Option<Vec<Range<u32>>> {
    let text = cells::read(image)?;
    let hidden = scrub_rows(&text.rows, scrubber).hidden;
    let rows = hidden.into_iter().filter_map(|row| u32::try_from(row).ok());
    Some(rows.map(|row| row * cells::ROW_HEIGHT..(row + 1) * cells::ROW_HEIGHT).collect())
}

/// Where secrets stand on a picture, whatever it is of; a graphical one takes about half a second and needs tesseract.
pub async fn find(image: &RgbImage, scrubber: &Scrubber) -> Secrets {
    if let Some(rows) = on_text_console(image, scrubber) {
        return Secrets::At(rows);
    }
    match ocr::rows(image).await {
        Ok(rows) => Secrets::At(on_graphical(&rows, scrubber)),
        Err(error @ (OcrError::NotInstalled | OcrError::TimedOut | OcrError::Failed(_))) => {
            Secrets::Unread(error.to_string())
        }
    }
}

fn on_graphical(rows: &[ocr::PlacedRow], scrubber: &Scrubber) -> Vec<Range<u32>> {
    let texts: Vec<String> = rows.iter().map(|row| row.text.clone()).collect();
    let dense: Vec<String> = texts.iter().map(|text| dense(text)).collect();
    let mut hidden = scrub_rows(&texts, scrubber).hidden;
    hidden.extend(scrub_rows(&dense, scrubber).hidden);
    // Nor does it read every letter right, and people see what it was.
    hidden.extend(dense.iter().enumerate().filter(|(_, text)| scrubber.nearly(text)).map(|(row, _)| row));
    // Letters reach over the box that it says; so does what a cursor or a frame made it leave out.
    let around = |pixels: &Range<u32>| {
        let more = (pixels.end - pixels.start) / 4 + 2;
        pixels.start.saturating_sub(more)..pixels.end + more
    };
    hidden.iter().filter_map(|row| rows.get(*row)).map(|row| around(&row.pixels)).collect()
}

/// Rows of a picture that somebody read, without those on which a secret may stand, be it with letters misread.
pub fn hide_misread(rows: &[String], scrubber: &Scrubber) -> Vec<String> {
    let hide = |row: String| if scrubber.nearly(&dense(&row)) { scrubber.nameless().to_owned() } else { row };
    scrub_rows(rows, scrubber).rows.into_iter().map(hide).collect()
}

/// Tesseract often sees blanks between letters that are none.
fn dense(row: &str) -> String {
    row.split_whitespace().collect()
}

/// Makes rows of pixels unreadable, from one side to the other.
pub fn blacken(image: &mut RgbImage, rows: &[Range<u32>]) {
    let (width, height) = image.dimensions();
    for (x, y) in
        rows.iter().flat_map(|row| row.start..row.end.min(height)).flat_map(|y| (0..width).map(move |x| (x, y)))
    {
        image.put_pixel(x, y, Rgb([0; 3]));
    }
}

/// The picture as PNG, of its pixels alone.
///
/// # Errors
/// Those of encoding, in one line.
pub fn to_png(image: RgbImage) -> Result<Vec<u8>, String> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut out, ImageFormat::Png).map_err(|error| error.to_string())?;
    Ok(out.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(text: &str, pixels: Range<u32>) -> ocr::PlacedRow {
        ocr::PlacedRow { text: text.to_owned(), pixels }
    }

    #[test]
    fn a_row_with_a_secret_goes_with_a_margin_whatever_blanks_were_seen_in_it() {
        let scrubber = Scrubber::from_env([("PKR_VAR_build_password".to_owned(), "correct-horse-battery".to_owned())]);
        let rows = [
            placed("Root password", 100..120),
            placed("correct- horse -battery", 200..220),
            placed("Continue", 300..320),
            placed("really correct-horse-battery", 0..8),
        ];
        assert_eq!(on_graphical(&rows, &scrubber), [193..227, 0..12]);
        let mut image = RgbImage::from_pixel(3, 210, Rgb([9; 3]));
        blacken(&mut image, &[193..227, 0..0]);
        assert_eq!(
            (image.get_pixel(2, 192).0, image.get_pixel(2, 193).0, image.get_pixel(0, 209).0),
            ([9; 3], [0; 3], [0; 3])
        );
    }
}
