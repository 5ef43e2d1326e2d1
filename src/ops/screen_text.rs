//! What the picture of a console says: its text, and the name of the screen.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use image::RgbImage;
use tokio::sync::Mutex;

use super::{Error, blocking};
use crate::guest::picture::Picture;
use crate::guest::screen::{self, FrameDiff, NearPage, RecognisedText};
use crate::text::Scrubber;
use crate::triage::rules::Rules;

/// What a picture says. Everything in it is scrubbed of secrets and safe for a terminal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenText {
    /// lines from top to bottom
    pub rows: Vec<String>,
    /// numbers of those that are bars of an installer, from 0
    pub bars: BTreeSet<usize>,
    /// read glyph by glyph, without misreads
    pub exact: bool,
    /// name of the screen, if it is a known one
    pub label: Option<String>,
    /// the known pages that resemble it most, where it has no name
    pub near: Vec<NearPage>,
    /// why it was not read, in one line
    pub trouble: Option<String>,
}

/// Reads pictures, each but once.
#[derive(Clone)]
pub struct PictureReader {
    repo: PathBuf,
    scrubber: Arc<Scrubber>,
    last: Arc<Mutex<Option<Read>>>,
}

struct Read {
    image: RgbImage,
    thorough: bool,
    words: ScreenText,
}

impl std::fmt::Debug for PictureReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PictureReader").field("repo", &self.repo).finish_non_exhaustive()
    }
}

impl PictureReader {
    /// Names screens by the rules of `repo`.
    pub fn new(repo: PathBuf, scrubber: Arc<Scrubber>) -> Self {
        Self { repo, scrubber, last: Arc::default() }
    }

    /// The text of a picture; `thorough`: by tesseract, too, where its glyphs are unknown. One that differs from the last
    /// one by a cursor alone is not read again.
    ///
    /// # Errors
    /// The rules of the repository cannot be used.
    pub async fn read(self, picture: Picture, thorough: bool) -> Result<ScreenText, Error> {
        let mut last = self.last.lock().await;
        let before = last.take();
        let (image, before) = blocking("comparing pictures", move || {
            let image = picture.image().to_rgb8();
            let same = |read: &Read| {
                read.thorough >= thorough
                    && matches!(screen::compare(&read.image, &image), FrameDiff::Unchanged | FrameDiff::CursorOnly)
            };
            let before = before.filter(same);
            Ok((image, before))
        })
        .await?;
        if let Some(read) = before {
            let words = read.words.clone();
            *last = Some(read);
            return Ok(words);
        }
        let words = self.look(&image, thorough).await?;
        *last = Some(Read { image, thorough, words: words.clone() });
        Ok(words)
    }

    async fn look(&self, image: &RgbImage, thorough: bool) -> Result<ScreenText, Error> {
        let cells = image.clone();
        let exact = blocking("reading the picture", move || Ok(screen::read_cells(&cells))).await?;
        let (text, trouble) = match exact {
            Some(text) => (Some(text), None),
            None if thorough => screen::read_by_tesseract(image)
                .await
                .map_or_else(|error| (None, Some(error.to_string())), |text| (Some(text), None)),
            None => (None, None),
        };
        let (repo, image) = (self.repo.clone(), image.clone());
        let (label, text, known) = blocking("naming the screen", move || {
            let rules = Rules::for_repo(&repo)?;
            let named = screen::name_screen(&image, text.as_ref(), &rules.screens);
            Ok((named.map(|named| named.label), text, rules.screens))
        })
        .await?;
        let exact = text.as_ref().is_some_and(|text| text.exact);
        let label = label.map(|label| self.scrubber.safe(&label).into());
        let rows = text.map_or_else(Vec::new, |text| self.safe(&text));
        let bars = rows.iter().enumerate().filter(|(_, row)| screen::is_bar(row, &known)).map(|(at, _)| at).collect();
        let nearest =
            |rows: &[String]| screen::nearest(&RecognisedText { rows: rows.to_vec(), exact }, &screen::shipped_pages());
        let near = if label.is_none() { nearest(&rows) } else { Vec::new() };
        Ok(ScreenText { rows, bars, exact, label, near, trouble })
    }

    /// Rows without secrets and escapes; empty ones at both ends go.
    fn safe(&self, text: &RecognisedText) -> Vec<String> {
        let rows = self.scrubber.safe_lines(&text.rows.join("\n"));
        let mut rows: Vec<String> = rows.iter().map(|row| row.trim_end().to_owned()).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        let first = rows.iter().position(|row| !row.is_empty()).unwrap_or(0);
        rows.drain(..first);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Secret;

    #[test]
    fn the_text_of_a_picture_holds_no_secret_and_is_harmless() {
        let eyes = PictureReader::new(".".into(), Arc::new(Scrubber::new([Secret::new("PW", "hunter2-is-long")])));
        let rows = ["", "a\u{1b}]52;c;eA==\u{7}b", "hunter2\u{1b}[1m-is-long", "\u{9b}6n\u{202e}c", " "];
        let text = RecognisedText { rows: rows.map(str::to_owned).to_vec(), exact: false };
        assert_eq!(eyes.safe(&text), ["ab", "[REDACTED:PW]", "\u{fffd}c"]);
    }
}
