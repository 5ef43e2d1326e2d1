//! What the newest picture of a record shows, found out again only when something new was recorded.

use std::time::Duration;

use super::{RecordedFrame, Recording};
use crate::guest::picture::Picture;
use crate::guest::screen::{self, FROZEN_AFTER, Motion, RecognisedText, ScreenAnalysis, ScreenLabels, ScreenName};
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
    /// the picture behind it, when it is black
    behind: Option<String>,
    analysis: ScreenAnalysis,
}

/// More screens before the last one than any build has.
const MAX_BEFORE: usize = 200;

impl Shown {
    /// What the newest picture shows: as the recorder read it, else by its glyphs and its look. No other program is asked,
    /// so that a picture costs next to nothing; graphical pages are known once the recorder has read them. Behind a black
    /// picture, the one before that is still there.
    pub fn look(
        &mut self,
        recording: &Recording,
        known: &ScreenLabels,
        scrubber: &Scrubber,
    ) -> Option<&ScreenAnalysis> {
        let (frame, (_, motion)) = recording.frames.last().zip(recording.seen)?;
        let behind = recording.behind_black();
        let read = recording.reading(frame).is_some();
        let behind_file = behind.map(|(frame, _)| frame.file.clone());
        let same = |seen: &Seen| {
            (&seen.file, seen.read, seen.motion, &seen.behind) == (&frame.file, read, motion, &behind_file)
        };
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
                let analysis = || {
                    let quiet = recording.last_stillness().map_or(Duration::ZERO, |still| still.quiet);
                    let analysis = analysed(recording, frame, (motion, quiet), known, scrubber);
                    ScreenAnalysis { before: self.before.clone(), ..analysis }
                };
                let waited = behind.and_then(|(frame, stood)| {
                    let looked_at = last.filter(|last| last.analysis.frame == frame.file).map(|last| last.analysis);
                    let motion = if stood < FROZEN_AFTER { Motion::Idle } else { Motion::Frozen };
                    let looked_at =
                        looked_at.unwrap_or_else(|| analysed(recording, frame, (motion, stood), known, scrubber));
                    looked_at.behind_black(stood)
                });
                let analysis = waited.unwrap_or_else(analysis);
                Seen { file: frame.file.clone(), read, motion, behind: behind_file, analysis }
            }
        };
        Some(&self.seen.insert(seen).analysis)
    }
}

/// What a picture shows whose console has been doing that for so long.
fn analysed(
    recording: &Recording,
    frame: &RecordedFrame,
    (motion, quiet): (Motion, Duration),
    known: &ScreenLabels,
    scrubber: &Scrubber,
) -> ScreenAnalysis {
    let reading = recording.reading(frame);
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
    let analysis = ScreenAnalysis::of(frame.file.clone(), text, named, (Some(motion), quiet), known);
    ScreenAnalysis { error, ..analysis.scrubbed(scrubber, known) }
}
