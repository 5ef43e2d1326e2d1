//! Everything known about a run in one zip file that may leave the house: a page to read, the pictures, the verdict, the
//! timeline and the log, without secrets.
//!
//! Names inside are ours, whatever the files were called. Every text goes through the [`Scrubber`]; pictures are drawn
//! anew from their pixels (nothing that hides in a PNG file comes along), and rows on which a secret stands are blackened.
//! Graphical screens are read by tesseract for that; where it is not there, pictures on which the recorder read a secret,
//! and those taken while one was being typed, are left out.

mod log;
mod page;
mod picture;
mod timeline;
mod typed;

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Seek, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub use self::picture::{Found, look};
use self::picture::{Known, Withheld};
use self::typed::TypedTimes;
pub use self::typed::secret_keys;
use super::verdict::Verdict;
use crate::fs::{Access, WholeFile};
use crate::guest::recording::{RecordedFrame, Recording, ScreenReading};
use crate::guest::screen::Motion;
use crate::guest::screen::secrets::Secrets;
use crate::text::Scrubber;

/// The page's name in the zip.
pub const PAGE: &str = "index.html";
/// The log's name in the zip.
pub const LOG: &str = "packer-build.log";

/// Why there is no bundle, in one line.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// the file cannot be written
    #[error("cannot write {path}: {reason}")]
    Write {
        /// the zip file
        path: PathBuf,
        /// why
        reason: String,
    },
    /// the log cannot be read to its end
    #[error("cannot read the log: {0}")]
    Log(io::Error),
}

/// What goes into a bundle. What is not there is left out.
pub struct BundleContents<'a> {
    /// what it is about, e.g. a line's key
    pub title: String,
    /// the line, when it is about one
    pub line: Option<String>,
    /// the verdict
    pub verdict: &'a Verdict,
    /// what the flight recorder kept
    pub recording: Recording,
    /// pictures from elsewhere, in order; only without a recording
    pub pictures: Vec<PathBuf>,
    /// where secrets stand on graphical pictures, as [`look`] found
    pub found: Found,
    /// keys of secrets that packer typed, as [`secret_keys`] found
    pub keys: Option<Range<u64>>,
    /// `run.json` of the run
    pub run: Option<PathBuf>,
    /// the log
    pub log: Option<Box<dyn BufRead>>,
}

/// What a bundle holds and lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleSummary {
    /// pictures in it
    pub pictures: usize,
    /// pictures that were left out: a secret stands on them, or they cannot be read
    pub withheld: usize,
    /// pictures that were left out because something was being typed, and nothing here can read them
    pub typed: usize,
    /// graphical pictures whose text nobody read
    pub unread: usize,
    /// the middle of a log of hundreds of megabytes is left out
    pub log_cut: bool,
    /// what to know before it is handed on, where not all secrets of the build were known
    pub unknown_secrets: Option<String>,
}

/// Why pictures are left out that nobody could read.
const TYPED: &str = "taken while something was typed into the guest, and tesseract is not there to read them";

impl fmt::Display for BundleSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pictures", self.pictures)?;
        if self.withheld > 0 {
            write!(f, ", {} left out (a secret on them, or unreadable)", self.withheld)?;
        }
        if self.typed > 0 {
            write!(f, ", {} left out ({TYPED})", self.typed)?;
        }
        if self.unread > 0 {
            write!(
                f,
                ", {} graphical ones in it that nothing here can read (tesseract): look at them first",
                self.unread
            )?;
        }
        if self.log_cut {
            f.write_str(", the log's middle left out")?;
        }
        if let Some(warning) = &self.unknown_secrets {
            write!(f, "; {warning}")?;
        }
        Ok(())
    }
}

/// One picture of a bundle, as the page shows it.
struct BundlePicture {
    /// name in the zip
    name: String,
    /// name of the file it came from, as evidence cites it
    source: String,
    frame: Option<RecordedFrame>,
    reading: Option<ScreenReading>,
    /// thumbnail as PNG, or why there is none
    thumbnail: Result<Vec<u8>, Withheld>,
    /// a graphical one that nobody read
    unread: bool,
    /// as large as it was, for the few that matter
    full: Option<Vec<u8>>,
}

/// Writes the bundle, whole or not at all, readable by its owner alone.
///
/// # Errors
/// [`BundleError`]
pub fn write(path: &Path, contents: BundleContents<'_>, scrubber: &Scrubber) -> Result<BundleSummary, BundleError> {
    let written = WholeFile::new(path, Access::Private).write(|out| {
        let mut zip = ZipWriter::new(out);
        let written = write_entries(&mut zip, contents, scrubber)?;
        zip.finish()?;
        Ok(written)
    });
    written.map_err(|error| match error {
        CopyError::Log(error) => BundleError::Log(error),
        CopyError::Zip(reason) => BundleError::Write { path: path.to_owned(), reason },
    })
}

enum CopyError {
    Log(io::Error),
    Zip(String),
}

impl From<io::Error> for CopyError {
    fn from(error: io::Error) -> Self {
        Self::Zip(error.to_string())
    }
}

impl From<zip::result::ZipError> for CopyError {
    fn from(error: zip::result::ZipError) -> Self {
        Self::Zip(error.to_string())
    }
}

fn options(method: CompressionMethod) -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(method).unix_permissions(0o600)
}

fn write_entries<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    contents: BundleContents<'_>,
    scrubber: &Scrubber,
) -> Result<BundleSummary, CopyError> {
    let BundleContents { title, line, verdict, recording, pictures, found, keys, run, log } = contents;
    let typed = TypedTimes::of(&recording, keys);
    let bundle_pictures = bundle_pictures(zip, &recording, &pictures, verdict, &found, &typed, scrubber)?;
    let excerpt = match log {
        Some(log) => {
            zip.start_file(LOG, options(CompressionMethod::Deflated).large_file(true))?;
            Some(log::copy(log, zip, scrubber, &cited(verdict)).map_err(CopyError::Log)?)
        }
        None => None,
    };
    // Page and verdict quote the log.
    let scrubber = &excerpt.as_ref().map_or_else(|| scrubber.clone(), |log| scrubber.knowing(log.gave_away.clone()));
    let run = run.and_then(|path| serde_json::from_reader::<_, Value>(File::open(path).ok()?).ok());
    let warning = scrubber.unknown_secrets(line.as_deref());
    let page = page::Page {
        title: &title,
        warning: warning.as_deref(),
        verdict,
        run: run.as_ref(),
        recording: &recording,
        bundle_pictures: &bundle_pictures,
        log: excerpt.as_ref(),
    };
    let mut texts = vec![(PAGE, page.html(scrubber)), ("triage.json", json(verdict, scrubber)?)];
    if let Some(run) = &run {
        texts.push(("run.json", json(run, scrubber)?));
    }
    if !recording.is_empty() {
        texts.push((crate::guest::recording::TIMELINE, timeline::again(&recording, &bundle_pictures, scrubber)));
    }
    for (name, text) in texts {
        zip.start_file(name, options(CompressionMethod::Deflated))?;
        zip.write_all(text.as_bytes())?;
    }
    let withheld =
        |why| bundle_pictures.iter().filter(|picture| picture.thumbnail.as_ref().err() == Some(&why)).count();
    let out = bundle_pictures.iter().filter(|picture| picture.thumbnail.is_ok());
    Ok(BundleSummary {
        pictures: out.clone().count(),
        withheld: withheld(Withheld::Secret),
        typed: withheld(Withheld::Typed),
        unread: out.filter(|picture| picture.unread).count(),
        log_cut: excerpt.is_some_and(|excerpt| excerpt.cut),
        unknown_secrets: warning,
    })
}

/// Lines of the log that the verdict cites.
fn cited(verdict: &Verdict) -> Vec<u64> {
    verdict.evidence.iter().filter_map(|evidence| evidence.line).collect()
}

/// Writes the pictures, and keeps of each what the page shows.
fn bundle_pictures<W: Write + Seek>(
    zip: &mut ZipWriter<W>,
    recording: &Recording,
    loose: &[PathBuf],
    verdict: &Verdict,
    found: &Found,
    typed: &TypedTimes,
    scrubber: &Scrubber,
) -> Result<Vec<BundlePicture>, CopyError> {
    let recorded = recording.frames.iter().map(|frame| {
        let reading = recording.reading(frame).cloned();
        (recording.path(frame), frame.file.clone(), Some(frame.clone()), reading)
    });
    let large = page::full_size_pictures(recording, loose, verdict);
    let loose =
        loose.iter().enumerate().map(|(at, path)| (path.clone(), format!("frames/{:04}.png", at + 1), None, None));
    let mut bundle_pictures = Vec::new();
    for (path, name, frame, reading) in recorded.chain(loose) {
        let source = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let secrets = found.get(&path);
        let known =
            Known { reading: reading.as_ref(), secrets, typed: frame.as_ref().is_some_and(|frame| typed.meet(frame)) };
        let unread = matches!(secrets, Some(Secrets::Unread(_))) && reading.is_none();
        let (mut full, redrawn) = (None, picture::redraw(&path, &known, scrubber));
        if let Ok(redrawn) = &redrawn {
            zip.start_file(&name, options(CompressionMethod::Stored))?;
            zip.write_all(&redrawn.png)?;
            full = large.contains(&source).then(|| redrawn.png.clone());
        }
        let thumbnail = redrawn.map(|redrawn| redrawn.thumbnail);
        bundle_pictures.push(BundlePicture { name, source, frame, reading, thumbnail, unread, full });
    }
    Ok(bundle_pictures)
}

fn json(value: &impl Serialize, scrubber: &Scrubber) -> Result<String, CopyError> {
    let lines = scrubber.safe_json_pretty(value).map_err(|error| CopyError::Zip(error.to_string()))?;
    Ok(lines.join("\n"))
}

/// What a console was doing, in a word.
fn motion_word(kind: Motion) -> &'static str {
    match kind {
        Motion::Blank | Motion::BlankCursor => "blank",
        Motion::Frozen | Motion::Idle => "still",
        Motion::Spinner => "only a spinner",
        Motion::Progress => "moving",
    }
}

#[cfg(test)]
mod tests;
