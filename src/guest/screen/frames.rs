//! Pictures from disk: one, or a folder of them over time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use image::RgbImage;
use serde::Deserialize;

use super::diff::ink;
use super::history::{FrameHistory, MAX_BLANK_INK, Motion, PROGRESS_FROZEN_AFTER};
use super::label::SCREEN_STATES;
use super::name::{ScreenName, name_screen};
use super::ocr::{self, OcrError};
use super::page::{ScreenLabels, failure_said};
use super::{RecognisedText, cells, scrub_rows};
use crate::guest::picture::Picture;
use crate::text::Scrubber;

/// Where a folder may say when its frames were taken: `{"frames": [{"file": "000.png", "t": 1.5}]}`, in seconds.
const INDEX_FILES: [&str; 2] = ["frames.json", "meta.json"];

/// Why there are no pictures to analyse.
#[derive(Debug, thiserror::Error)]
pub enum FramesError {
    /// cannot be read
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// the file or folder
        path: PathBuf,
        /// why
        reason: String,
    },
    /// no pictures in the folder
    #[error("{0}: no PNG files in this folder")]
    Empty(PathBuf),
}

/// A picture read from disk.
#[derive(Debug, Clone)]
pub struct ScreenFrame {
    /// its file's name
    pub name: String,
    /// the pixels
    pub image: RgbImage,
    /// when it was taken, counted from any moment; `None` when nobody says
    pub at: Option<Duration>,
    /// what the picture before it shows was gone by then, as a record knows
    pub anew: bool,
}

#[derive(Debug, Deserialize)]
struct Index {
    #[serde(default)]
    frames: Vec<IndexEntry>,
}

#[derive(Debug, Deserialize)]
struct IndexEntry {
    file: String,
    t: f64,
}

/// The newest pictures of a folder that are read: each takes megabytes, and older ones say nothing.
const MAX_FRAMES: usize = 100;

/// The pictures at a path: a PNG file, or the newest PNG files of a folder in the order of their names.
///
/// # Errors
/// Nothing there, or not pictures.
pub fn open(path: &Path) -> Result<Vec<ScreenFrame>, FramesError> {
    let times = if path.is_dir() { times(path) } else { None };
    let files = files(path)?;
    files[files.len().saturating_sub(MAX_FRAMES)..].iter().map(|file| frame(file, times.as_deref())).collect()
}

/// The files of these pictures, in order.
///
/// # Errors
/// A folder that cannot be read, or without pictures.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, FramesError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable =
        |reason: std::io::Error| FramesError::Unreadable { path: path.to_owned(), reason: reason.to_string() };
    let entries = std::fs::read_dir(path).map_err(unreadable)?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("png")));
    files.sort();
    if files.is_empty() {
        return Err(FramesError::Empty(path.to_owned()));
    }
    Ok(files)
}

fn frame(path: &Path, times: Option<&[IndexEntry]>) -> Result<ScreenFrame, FramesError> {
    let unreadable = |reason: String| FramesError::Unreadable { path: path.to_owned(), reason };
    let picture = Picture::open(path).map_err(unreadable)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let listed = times.and_then(|times| times.iter().find(|listed| listed.file == name));
    let at = listed.and_then(|listed| Duration::try_from_secs_f64(listed.t).ok());
    Ok(ScreenFrame { name, image: picture.image().to_rgb8(), at, anew: false })
}

fn times(folder: &Path) -> Option<Vec<IndexEntry>> {
    let text = INDEX_FILES.iter().find_map(|name| std::fs::read_to_string(folder.join(name)).ok())?;
    serde_json::from_str::<Index>(&text).ok().map(|index| index.frames)
}

/// What the last picture shows, and what the console has been doing.
#[derive(Debug, Clone)]
pub struct ScreenAnalysis {
    /// name of the last frame's file
    pub frame: String,
    /// its text, if it could be read
    pub text: Option<RecognisedText>,
    /// name of the screen: one of the known labels, or `unknown`
    pub label: String,
    /// what named it
    pub words: Option<String>,
    /// further names that fit
    pub also: Vec<String>,
    /// what it says about a failure, in its own words: of an error page, and of a page without a name
    pub says: Option<String>,
    /// names of the screens before it, without repetitions, as far as they were text consoles
    pub before: Vec<String>,
    /// `frozen`, `waiting-for-input`, `progress`, `spinner`, `blank` or `idle`, where it can be told
    pub state: Option<&'static str>,
    /// why the text could not be read, in one line
    pub error: Option<String>,
    /// the screen went black after this picture
    pub went_black: bool,
}

/// A console turns black when nobody touched a key for long: that of Linux after ten minutes, unless told otherwise. What
/// stood there for less was left.
const BLANKED_AFTER: Duration = Duration::from_secs(60);

impl ScreenAnalysis {
    /// Without secrets: also those that the console broke at the end of a row, which no later join would find.
    #[must_use]
    pub fn scrubbed(mut self, scrubber: &Scrubber, known: &ScreenLabels) -> Self {
        let Some(text) = &mut self.text else { return self };
        let rows = scrub_rows(&text.rows, scrubber);
        if !rows.hidden.is_empty() {
            text.rows = rows.rows;
            self.says = self.says.and_then(|_| failure_said(text, known));
        }
        self
    }
}

/// Pictures before the last one that are named, at most: what was seen before tells an installer from what it installed.
const MAX_NAMED_BEFORE: usize = 24;

/// Analyses pictures taken over time. Only the last one is read whatever it is; a graphical one takes about half a second.
pub async fn analyse(frames: &[ScreenFrame], known: &ScreenLabels) -> Option<ScreenAnalysis> {
    analyse_until(frames, None, known).await.map(|(look, _)| look)
}

/// The same, the last one standing `until` then; and for how long nothing but a cursor had moved.
async fn analyse_until(
    frames: &[ScreenFrame],
    until: Option<Duration>,
    known: &ScreenLabels,
) -> Option<(ScreenAnalysis, Duration)> {
    let last = frames.last()?;
    let mut history = FrameHistory::default();
    let timed = frames.iter().all(|frame| frame.at.is_some());
    for frame in frames {
        // Without times nothing can be called frozen; order still tells what moves.
        history.push(&frame.image, frame.at.unwrap_or_default());
    }
    if let Some(until) = until {
        history.push(&last.image, until);
    }
    let several = frames.len() > 1 || until.is_some();
    let motion =
        history.motion().filter(|motion| several && (timed || !matches!(motion, Motion::Frozen)) || motion.is_blank());
    let (blank, quiet) = (motion.is_some_and(Motion::is_blank), history.quiet());
    if blank
        && timed
        && let Some(behind) = behind_black(frames, known).await
    {
        return Some((behind, quiet));
    }
    let (text, error) = if blank { (None, None) } else { read(&last.image).await };
    let named = name_screen(&last.image, text.as_ref(), known);
    let before = before(&frames[..frames.len() - 1], known);
    let of = ScreenAnalysis::of(last.name.clone(), text, named, (motion, quiet), known);
    Some((ScreenAnalysis { before, error, ..of }, quiet))
}

impl ScreenAnalysis {
    /// Of a picture whose text and name are known, if it has any, and what the console has been doing for how long.
    pub fn of(
        frame: String,
        text: Option<RecognisedText>,
        named: Option<ScreenName>,
        (motion, quiet): (Option<Motion>, Duration),
        known: &ScreenLabels,
    ) -> Self {
        Self {
            frame,
            label: label(named.as_ref(), motion).to_owned(),
            state: state(named.as_ref(), motion, quiet),
            words: named.as_ref().map(|named| named.words.clone()),
            also: named.as_ref().map(|named| named.also.clone()).unwrap_or_default(),
            says: match named {
                Some(named) => named.says,
                None => text.as_ref().and_then(|text| failure_said(text, known)),
            },
            before: Vec::new(),
            text,
            error: None,
            went_black: false,
        }
    }

    /// What still holds when the picture after it is black: a screen that waited or stood, for `stood` seconds, is still
    /// there, and a key shows it again.
    #[must_use]
    pub fn behind_black(self, stood: Duration) -> Option<Self> {
        let waited = self.label != "unknown" && matches!(self.state, Some("waiting-for-input" | "frozen"));
        let blanked = self.went_black || waited && stood >= BLANKED_AFTER;
        blanked.then_some(Self { went_black: true, ..self })
    }
}

/// What the last picture that is not black shows, where it is still there.
async fn behind_black(frames: &[ScreenFrame], known: &ScreenLabels) -> Option<ScreenAnalysis> {
    let last = frames.iter().rposition(|frame| ink(&frame.image) > MAX_BLANK_INK)?;
    let (shown, black) = frames.split_at(last + 1);
    if black.iter().any(|frame| frame.anew) {
        return None;
    }
    let (look, stood) = Box::pin(analyse_until(shown, black.first()?.at, known)).await?;
    look.behind_black(stood)
}

/// The names of the screens before the last one, as far as their glyphs tell them: that takes milliseconds each.
fn before(frames: &[ScreenFrame], known: &ScreenLabels) -> Vec<String> {
    let step = frames.len().div_ceil(MAX_NAMED_BEFORE).max(1);
    let read = frames.iter().step_by(step).filter_map(|frame| {
        let text = cells::read(&frame.image)?;
        Some(name_screen(&frame.image, Some(&text), known)?.label)
    });
    let mut names: Vec<String> = read.collect();
    names.dedup();
    names
}

/// The text of a picture: by its glyphs, else by tesseract.
pub async fn read(image: &RgbImage) -> (Option<RecognisedText>, Option<String>) {
    if let Some(text) = cells::read(image) {
        return (Some(text), None);
    }
    match ocr::read(image).await {
        Ok(text) => (Some(text), None),
        Err(error @ (OcrError::NotInstalled | OcrError::TimedOut | OcrError::Failed(_))) => {
            (None, Some(error.to_string()))
        }
    }
}

fn label(named: Option<&ScreenName>, motion: Option<Motion>) -> &str {
    match (named, motion) {
        (Some(named), _) => &named.label,
        (None, Some(Motion::Blank)) => "blank",
        (None, Some(Motion::BlankCursor)) => "blank-cursor",
        (None, Some(Motion::Spinner)) => "spinner-only",
        (None, _) => "unknown",
    }
}

/// A screen that is known to wait waits, however long it has been there; one that is known to go on may stop, but later
/// than others: an installer shows one page while it writes gigabytes.
fn state(named: Option<&ScreenName>, motion: Option<Motion>, quiet: Duration) -> Option<&'static str> {
    let known = named
        .and_then(|named| named.state.as_deref())
        .and_then(|state| SCREEN_STATES.into_iter().find(|known| *known == state));
    match (known, motion) {
        (Some("progress"), Some(Motion::Frozen)) if quiet < PROGRESS_FROZEN_AFTER => Some("progress"),
        (Some("progress" | "spinner"), Some(Motion::Frozen)) => Some("frozen"),
        (Some(known), _) => Some(known),
        (None, Some(Motion::Blank | Motion::BlankCursor)) => Some("blank"),
        (None, Some(Motion::Frozen)) => Some("frozen"),
        (None, Some(Motion::Idle)) => Some("idle"),
        (None, Some(Motion::Spinner)) => Some("spinner"),
        (None, Some(Motion::Progress)) => Some("progress"),
        (None, None) => None,
    }
}
