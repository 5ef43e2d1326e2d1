//! What labels are tried on: the pages that ship with the program, and the pictures of the runs on record.

use std::path::PathBuf;

use image::RgbImage;

use crate::guest::picture::Picture;
use crate::guest::recording::Recording;
use crate::guest::screen::{RecognisedText, ScreenLabel, ScreenLabels, fits, name_screen, read_cells, shipped_pages};
use crate::packer_run::Run;

/// Pictures of records that are looked at, the newest ones.
const MAX_STORED: usize = 1000;

/// Why a description may not fit the screen that it was made of, and what to do.
pub const MISSES: &str =
    "bars, menus and key hints name no screen, nor may it show a word of “never with”; tick other rows";

/// A page or a picture whose screen is known, or not.
#[derive(Debug, Clone)]
pub struct Sample {
    /// where it is from, for people
    pub place: String,
    /// what stands on it, as far as it was read
    pub text: Option<RecognisedText>,
    /// its picture
    pub picture: Option<PathBuf>,
    /// the name it was recorded with, or the one that it ships with
    pub label: Option<String>,
    /// it ships with the program
    pub shipped: bool,
}

/// The pages that ship with the program.
pub fn shipped() -> Vec<Sample> {
    let pages = shipped_pages().into_iter().enumerate();
    let sample = |(at, page): (usize, crate::guest::screen::KnownPage)| Sample {
        place: format!("shipped page {} ({})", at + 1, page.label),
        label: Some(page.label).filter(|label| label != "unknown"),
        text: Some(page.text),
        picture: None,
        shipped: true,
    };
    pages.map(sample).collect()
}

/// The pictures of these runs, the newest first. A record that cannot be read hides none of the others.
pub fn stored<'a>(runs: impl IntoIterator<Item = &'a Run>) -> Vec<Sample> {
    let mut samples = Vec::new();
    for run in runs {
        let recording = match Recording::read(&run.dir) {
            Ok(recording) => recording,
            Err(error) => {
                tracing::warn!(%error, dir = %run.dir.display(), "a record is not tried on");
                continue;
            }
        };
        for frame in recording.frames.iter().rev().take(MAX_STORED - samples.len()) {
            let reading = recording.reading(frame);
            samples.push(Sample {
                place: recording.path(frame).display().to_string(),
                text: reading.map(|reading| RecognisedText { rows: reading.rows.clone(), exact: false }),
                label: reading.and_then(|reading| reading.label.clone()),
                picture: Some(recording.path(frame)),
                shipped: false,
            });
        }
        if samples.len() >= MAX_STORED {
            break;
        }
    }
    samples
}

impl Sample {
    fn image(&self) -> Option<RgbImage> {
        self.picture.as_ref().and_then(|path| Picture::open(path).ok()).map(|picture| picture.image().to_rgb8())
    }

    /// Its text, read from its glyphs where the record has none, and its picture, where one is needed.
    fn looked_at(&self, pictures: bool) -> (Option<RecognisedText>, Option<RgbImage>) {
        let image = (pictures || self.text.is_none()).then(|| self.image()).flatten();
        let text = self.text.clone().or_else(|| image.as_ref().and_then(read_cells));
        (text, image)
    }
}

/// What a label fits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trial {
    /// it does not fit the screen that it was made of
    pub misses_its_own: bool,
    /// pages and pictures that it was tried on
    pub tried: usize,
    /// those that it fits
    pub fitting: usize,
    /// what those are called today, and how many of them; without those that have no name
    pub called: Vec<(String, usize)>,
    /// one of each, where it lies
    pub places: Vec<String>,
}

impl std::fmt::Display for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "matches {} of {}", self.fitting, self.tried)?;
        let mut between = "; ";
        for (label, count) in &self.called {
            write!(f, "{between}{count} of them {} called {label} today", if *count == 1 { "is" } else { "are" })?;
            between = ", ";
        }
        if self.misses_its_own {
            write!(f, "; NOT THIS SCREEN: {MISSES}")?;
        }
        Ok(())
    }
}

/// Tries a label on samples; `known` are the names of today.
pub fn try_out(label: &ScreenLabel, samples: &[Sample], known: &ScreenLabels) -> Trial {
    let pictures = label.hash.is_some() || label.area.is_some() || label.ground.is_some();
    let mut trial = Trial { tried: samples.len(), ..Trial::default() };
    for sample in samples {
        let (text, image) = sample.looked_at(pictures);
        if !fits(label, image.as_ref(), text.as_ref(), known) {
            continue;
        }
        trial.fitting += 1;
        let plain = RgbImage::new(1, 1);
        let named = name_screen(image.as_ref().unwrap_or(&plain), text.as_ref(), known).map(|named| named.label);
        let Some(today) = named.or_else(|| sample.label.clone()).filter(|today| *today != label.label) else {
            continue;
        };
        match trial.called.iter_mut().find(|(called, _)| *called == today) {
            Some((_, count)) => *count += 1,
            None => {
                trial.called.push((today, 1));
                trial.places.push(sample.place.clone());
            }
        }
    }
    trial
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::screen::ScreenMatcher;

    fn taught(text: &str, not: &[&str]) -> ScreenLabel {
        let not = not.iter().map(|words| (*words).to_owned()).collect();
        ScreenMatcher { text: vec![text.to_owned()], not, ..ScreenMatcher::default() }.label("taught")
    }

    #[test]
    fn a_label_is_tried_on_every_page_and_says_whose_it_takes() {
        let (samples, known) = (shipped(), ScreenLabels::shipped().unwrap());
        let trial = try_out(&taught("No root file system is defined", &[]), &samples, &known);
        assert_eq!((trial.fitting, trial.tried), (1, samples.len()));
        let said = format!("matches 1 of {}; 1 of them is called di-partitioning-failed today", samples.len());
        assert_eq!(trial.to_string(), said);
        let none = try_out(&taught("No root file system is defined", &["correct this from"]), &samples, &known);
        assert_eq!(none.to_string(), format!("matches 0 of {}", samples.len()));
        // A page without a name takes nobody's.
        assert!(try_out(&taught("Choose a flavour", &[]), &samples, &known).called.is_empty());
    }
}
