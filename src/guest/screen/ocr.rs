//! Reads graphical screens with the `tesseract` program. It is optional: its absence is said, not hidden.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::Range;
use std::time::Duration;

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, imageops};

use super::RecognisedText;
use crate::child::{self, Bound, Kind};
use crate::text::Scrubber;

const PROGRAM: &str = "tesseract";
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

/// Why no graphical screen is read on this machine, where that is so.
pub fn unavailable() -> Option<OcrError> {
    child::on_path(PROGRAM).is_none().then_some(OcrError::NotInstalled)
}

/// The text of a picture. Takes about half a second: not for the task that draws.
///
/// # Errors
/// No tesseract, or one that fails.
pub async fn read(image: &RgbImage) -> Result<RecognisedText, OcrError> {
    let said = tesseract(preprocessed(image), &[]).await?;
    let rows = said.lines().map(|row| row.trim().to_owned()).filter(|row| !row.is_empty()).collect();
    Ok(RecognisedText { rows, exact: false })
}

/// A row of text and where on the picture it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlacedRow {
    /// its words, with a blank between them
    pub text: String,
    /// rows of pixels
    pub pixels: Range<u32>,
}

/// The text of a picture and where it stands.
///
/// # Errors
/// As those of [`read`].
pub(super) async fn rows(image: &RgbImage) -> Result<Vec<PlacedRow>, OcrError> {
    let larger = preprocessed(image);
    let scale = larger.height().checked_div(image.height()).unwrap_or(1).max(1);
    placed(&tesseract(larger, &["tsv"]).await?, scale)
}

/// Tesseract's table, a word a line: `level page block par line word left top width height conf text`.
fn placed(table: &str, scale: u32) -> Result<Vec<PlacedRow>, OcrError> {
    let mut lines = table.lines();
    if !lines.next().is_some_and(|head| head.starts_with("level\t")) {
        return Err(OcrError::Failed("it says nothing of where words stand".into()));
    }
    let mut rows: BTreeMap<Vec<u32>, PlacedRow> = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.splitn(12, '\t').collect();
        let numbers: Option<Vec<u32>> = fields.iter().take(10).map(|field| field.parse().ok()).collect();
        let (Some(numbers), Some(word)) = (numbers, fields.get(11).map(|word| word.trim())) else { continue };
        let (&[level, page, block, paragraph, row, _, _, top, _, height], false) = (&numbers[..], word.is_empty())
        else {
            continue;
        };
        if level != 5 {
            continue;
        }
        let pixels = top / scale..top.saturating_add(height).div_ceil(scale);
        let found = rows
            .entry(vec![page, block, paragraph, row])
            .or_insert_with(|| PlacedRow { text: String::new(), pixels: pixels.clone() });
        found.pixels = found.pixels.start.min(pixels.start)..found.pixels.end.max(pixels.end);
        if !found.text.is_empty() {
            found.text.push(' ');
        }
        found.text.push_str(word);
    }
    Ok(rows.into_values().collect())
}

/// What tesseract says about a picture, in the form that is asked for.
async fn tesseract(image: GrayImage, form: &[&str]) -> Result<String, OcrError> {
    let mut png = Cursor::new(Vec::new());
    let failed = |error: &dyn std::fmt::Display| OcrError::Failed(error.to_string());
    DynamicImage::from(image).write_to(&mut png, ImageFormat::Png).map_err(|error| failed(&error))?;
    let mut tesseract = child::command(Kind::Tesseract, PROGRAM);
    tesseract.args(["-", "-", "--psm", "6"]).args(form).env("OMP_THREAD_LIMIT", "1");
    let output = child::output(tesseract, BOUND, Some(png.get_ref())).await.map_err(|error| match error {
        child::Error::NotFound => OcrError::NotInstalled,
        child::Error::TimedOut(_) => OcrError::TimedOut,
        error @ (child::Error::TooMuch(_) | child::Error::Io(_)) => failed(&error),
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(OcrError::Failed(Scrubber::shared().safe(said.lines().next().unwrap_or("no reason given")).into()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_row_stand_together_where_the_picture_has_them() {
        let table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n\
                     1\t1\t0\t0\t0\t0\t0\t0\t1280\t960\t-1\t\n\
                     5\t1\t1\t1\t1\t1\t10\t201\t50\t20\t96.1\tRoot\n\
                     5\t1\t1\t1\t1\t2\t70\t198\t50\t25\t91\tpassword:\n\
                     5\t1\t1\t1\t2\t1\t70\t300\t50\t20\t91\t \n\
                     5\t1\t1\t1\t3\t1\t70\t400\t50\t21\t91\ta\tb\n";
        let row = |text: &str, pixels| PlacedRow { text: text.into(), pixels };
        assert_eq!(placed(table, 2).unwrap(), [row("Root password:", 99..112), row("a\tb", 200..211)]);
        assert!(placed("plain text\n", 2).is_err());
        assert!(placed("", 2).is_err());
    }
}
