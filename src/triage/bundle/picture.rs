//! Pictures on their way out: decoded, blackened where a secret stands, drawn anew.

use std::io::Cursor;
use std::path::Path;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, imageops};

use crate::guest::picture::Picture;
use crate::guest::recording::ScreenReading;
use crate::guest::screen::{read_cells, scrub_rows};
use crate::text::Scrubber;

/// Width of the small ones in the filmstrip, in pixels.
const THUMBNAIL_WIDTH: u32 = 240;
/// Height of a console's row, in pixels.
const ROW: u32 = 16;

/// A picture ready to leave.
pub struct RedrawnPicture {
    /// as large as it was
    pub png: Vec<u8>,
    /// for the filmstrip
    pub thumbnail: Vec<u8>,
}

/// Draws the picture at a path anew; `None` when it cannot be read, or shows a secret at a place nobody knows.
pub fn redraw(path: &Path, reading: Option<&ScreenReading>, scrubber: &Scrubber) -> Option<RedrawnPicture> {
    let mut image = match Picture::open(path) {
        Ok(picture) => picture.image().to_rgb8(),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "a picture is left out of the bundle");
            return None;
        }
    };
    match read_cells(&image) {
        Some(text) => blacken(&mut image, &scrub_rows(&text.rows, scrubber).hidden),
        // The recorder scrubbed what it read; where on the picture it stood is not known.
        None if reading.is_some_and(|reading| reading.rows.iter().any(|row| row.contains("[REDACTED:"))) => {
            return None;
        }
        None => {}
    }
    let height = (u64::from(image.height()) * u64::from(THUMBNAIL_WIDTH) / u64::from(image.width().max(1))).max(1);
    let height = u32::try_from(height).unwrap_or(THUMBNAIL_WIDTH);
    let small = imageops::resize(&image, THUMBNAIL_WIDTH, height, imageops::FilterType::Triangle);
    Some(RedrawnPicture { png: png(image)?, thumbnail: png(small)? })
}

fn png(image: RgbImage) -> Option<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::from(image).write_to(&mut out, ImageFormat::Png).ok()?;
    Some(out.into_inner())
}

/// Makes rows of a text console unreadable.
fn blacken(image: &mut RgbImage, rows: &std::collections::BTreeSet<usize>) {
    let (width, height) = image.dimensions();
    for row in rows.iter().filter_map(|row| u32::try_from(*row).ok()) {
        let lines = (row * ROW..(row + 1) * ROW).filter(|y| *y < height);
        for (x, y) in lines.flat_map(|y| (0..width).map(move |x| (x, y))) {
            image.put_pixel(x, y, Rgb([0; 3]));
        }
    }
}
