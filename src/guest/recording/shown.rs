//! What the newest picture of a record shows, found out again only when something new was recorded.

use std::time::Duration;

use super::Recording;
use crate::guest::picture::Picture;
use crate::guest::screen::{self, Motion, RecognisedText, ScreenAnalysis, ScreenLabels, ScreenName};
use crate::text::Scrubber;

/// What was looked at last.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    seen: Option<Seen>,
    /// names of the screens before, without repetitions
    before: Vec<String>,
}

#[derive(Debug, Clone)]
struct Seen {
    file: String,
    /// the recorder had read it
    read: bool,
    motion: Motion,
    analysis: ScreenAnalysis,
}

/// More screens before the last one than any build has.
const MAX_BEFORE: usize = 200;

impl Shown {
    /// What the newest picture shows: as the recorder read it, else by its glyphs and its look. No other program is asked,
    /// so that a picture costs next to nothing; graphical pages are known once the recorder has read them.
    pub fn look(
        &mut self,
        recording: &Recording,
        known: &ScreenLabels,
        scrubber: &Scrubber,
    ) -> Option<&ScreenAnalysis> {
        let (frame, (_, motion)) = recording.frames.last().zip(recording.seen)?;
        let reading = recording.reading(frame);
        let same = |seen: &Seen| (&seen.file, seen.read, seen.motion) == (&frame.file, reading.is_some(), motion);
        let seen = match self.seen.take() {
            Some(seen) if same(&seen) => seen,
            last => {
                let other = last.as_ref().filter(|last| last.file != frame.file && last.analysis.label != "unknown");
                if let Some(label) = other.map(|last| last.analysis.label.clone())
                    && self.before.last() != Some(&label)
                    && self.before.len() < MAX_BEFORE
                {
                    self.before.push(label);
                }
                let image = Picture::open(&recording.path(frame)).ok().map(|picture| picture.image().to_rgb8());
                // Glyphs tell more than the record: where on a console that scrolls something stands counts.
                let text = image
                    .as_ref()
                    .and_then(screen::read_cells)
                    .or_else(|| reading.map(|reading| RecognisedText { rows: reading.rows.clone(), exact: false }));
                let named = image.and_then(|image| screen::name_screen(&image, text.as_ref(), known));
                let named = named.or_else(|| {
                    reading.and_then(|reading| {
                        let (label, state) = (reading.label.clone()?, reading.state.clone());
                        Some(ScreenName { label, state, words: String::new(), says: None, also: Vec::new() })
                    })
                });
                let error = text.is_none().then(screen::unavailable).flatten().map(|error| error.to_string());
                let quiet = recording.last_stillness().map_or(Duration::ZERO, |still| still.quiet);
                let analysis = ScreenAnalysis::of(frame.file.clone(), text, named, (Some(motion), quiet), known);
                let analysis =
                    ScreenAnalysis { before: self.before.clone(), error, ..analysis.scrubbed(scrubber, known) };
                let black = analysis.state == Some("blank");
                let behind =
                    last.filter(|_| black).and_then(|last| last.analysis.behind_black(recording.stood_before()));
                let analysis = behind.unwrap_or(analysis);
                Seen { file: frame.file.clone(), read: reading.is_some(), motion, analysis }
            }
        };
        Some(&self.seen.insert(seen).analysis)
    }
}
