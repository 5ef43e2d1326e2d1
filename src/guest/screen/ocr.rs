//! Reads graphical screens with the `tesseract` program. It is optional: its absence is said, not hidden.

use std::io::Cursor;
use std::time::Duration;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, imageops};

use super::RecognisedText;
use crate::child::{self, Bound, Kind};
use crate::text::Scrubber;

/// Timeout of one run of tesseract; the slowest picture of a measured set took 3.4 s.
const OCR_TIMEOUT: Duration = Duration::from_secs(10);
/// No screen holds more text.
const BOUND: Bound = Bound { time: OCR_TIMEOUT, ..child::SHORT };
/// Pictures up to this width, in pixels, are enlarged before tesseract reads them.
const MAX_ENLARGED_WIDTH: u32 = 2048;

/// Why a picture was not read.
#[derive(Debug, thiserror::Error)]
pub enum OcrError {
    /// the program is not installed
    #[error("tesseract is not installed; graphical screens cannot be read (Debian: tesseract-ocr)")]
    NotInstalled,
    /// it took too long
    #[error("tesseract took longer than {}s", OCR_TIMEOUT.as_secs())]
    TimedOut,
    /// it failed
    #[error("tesseract: {0}")]
    Failed(String),
}

/// The text of a picture. Takes about half a second: not for the task that draws.
///
/// # Errors
/// No tesseract, or one that fails.
pub async fn read(image: &RgbImage) -> Result<RecognisedText, OcrError> {
    let mut png = Cursor::new(Vec::new());
    let failed = |error: &dyn std::fmt::Display| OcrError::Failed(error.to_string());
    DynamicImage::from(preprocessed(image)).write_to(&mut png, ImageFormat::Png).map_err(|error| failed(&error))?;
    let mut tesseract = child::command(Kind::Tesseract, "tesseract");
    tesseract.args(["-", "-", "--psm", "6"]).env("OMP_THREAD_LIMIT", "1");
    let output = child::output(tesseract, BOUND, Some(png.get_ref())).await.map_err(|error| match error {
        child::Error::NotFound => OcrError::NotInstalled,
        child::Error::TimedOut(_) => OcrError::TimedOut,
        error @ (child::Error::TooMuch(_) | child::Error::Io(_)) => failed(&error),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(OcrError::Failed(Scrubber::shared().safe(said.lines().next().unwrap_or("no reason given")).into()));
    }
    let rows = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|row| row.trim().to_owned())
        .filter(|row| !row.is_empty())
        .collect();
    Ok(RecognisedText { rows, exact: false })
}

/// What reads best (measured): dark letters on light ground, twice the size.
fn preprocessed(image: &RgbImage) -> GrayImage {
    let mut grey = imageops::grayscale(image);
    let mut counts = [0_usize; 256];
    grey.pixels().for_each(|pixel| counts[usize::from(pixel.0[0])] += 1);
    let dark: usize = counts[..128].iter().sum();
    if dark * 2 > grey.pixels().len() {
        imageops::invert(&mut grey);
    }
    let (width, height) = grey.dimensions();
    if width > MAX_ENLARGED_WIDTH {
        return grey;
    }
    imageops::resize(&grey, width * 2, height * 2, imageops::FilterType::Triangle)
}
