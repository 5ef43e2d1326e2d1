//! Pictures on their way out: decoded, blackened where a secret stands, drawn anew.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use image::imageops;
use tokio::time::Instant;

use crate::guest::picture::Picture;
use crate::guest::recording::{Recording, ScreenReading};
use crate::guest::screen::secrets::{self, Secrets, blacken, on_text_console, to_png};
use crate::text::Scrubber;

/// Width of the small ones in the filmstrip, in pixels.
const THUMBNAIL_WIDTH: u32 = 240;
/// Graphical pictures that are read at once.
const AT_ONCE: usize = 2;
/// How long graphical pictures are read; those that are left then count as unread.
const READING_TIME: Duration = Duration::from_secs(180);

/// A picture ready to leave.
pub struct RedrawnPicture {
    /// as large as it was
    pub png: Vec<u8>,
    /// for the filmstrip
    pub thumbnail: Vec<u8>,
}

/// Why a picture stays here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// a secret stands on it at a place nobody knows, or it cannot be read
    Secret,
    /// taken while something was typed that may be a secret, and its text cannot be read here
    Typed,
}

/// Where secrets stand on graphical pictures, by the paths of these. Text consoles are read when they are drawn anew.
pub type Found = HashMap<PathBuf, Secrets>;

/// Looks for secrets on the graphical pictures of a record, and on others. What the recorder read is no proof that a
/// picture has none: letters are misread, and a secret may be known since.
pub async fn look(recording: &Recording, loose: &[PathBuf], scrubber: &Scrubber) -> Found {
    let recorded = recording.frames.iter().map(|frame| recording.path(frame));
    let paths: Vec<PathBuf> = recorded.chain(loose.iter().cloned()).collect();
    let until = Instant::now() + READING_TIME;
    let all = stream::iter(paths).map(|path| async move {
        let read = tokio::time::timeout_at(until, find(path.clone(), scrubber)).await;
        let late = || Secrets::Unread("there are too many pictures to read".into());
        (path, read.unwrap_or_else(|_| Some(late())))
    });
    let found: Vec<_> = all.buffer_unordered(AT_ONCE).collect().await;
    found.into_iter().filter_map(|(path, secrets)| Some((path, secrets?))).collect()
}

/// Of a graphical picture; `None` of others, and of what is none.
async fn find(path: PathBuf, scrubber: &Scrubber) -> Option<Secrets> {
    let opened = crate::task::spawn_blocking(move || {
        let image = Picture::open(&path).ok()?.image().to_rgb8();
        // What stands on a text console does not matter yet.
        on_text_console(&image, &Scrubber::default()).is_none().then_some(image)
    });
    let image = opened.await.ok().flatten()?;
    Some(secrets::find(&image, scrubber).await)
}

/// What is known about one picture.
pub struct Known<'a> {
    /// what the recorder read on it
    pub reading: Option<&'a ScreenReading>,
    /// where secrets stand on it, if it is a graphical one
    pub secrets: Option<&'a Secrets>,
    /// something was being typed that may be a secret
    pub typed: bool,
}

/// Draws the picture at a path anew.
///
/// # Errors
/// Why it stays here.
pub fn redraw(path: &Path, known: &Known<'_>, scrubber: &Scrubber) -> Result<RedrawnPicture, Withheld> {
    let mut image = match Picture::open(path) {
        Ok(picture) => picture.image().to_rgb8(),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "a picture is left out of the bundle");
            return Err(Withheld::Secret);
        }
    };
    let rows = match on_text_console(&image, scrubber) {
        Some(rows) => rows,
        None => on_graphical(known, scrubber)?,
    };
    blacken(&mut image, &rows);
    let height = (u64::from(image.height()) * u64::from(THUMBNAIL_WIDTH) / u64::from(image.width().max(1))).max(1);
    let height = u32::try_from(height).unwrap_or(THUMBNAIL_WIDTH);
    let small = imageops::resize(&image, THUMBNAIL_WIDTH, height, imageops::FilterType::Triangle);
    let png = |image| to_png(image).map_err(|_| Withheld::Secret);
    Ok(RedrawnPicture { png: png(image)?, thumbnail: png(small)? })
}

fn on_graphical(known: &Known<'_>, scrubber: &Scrubber) -> Result<Vec<Range<u32>>, Withheld> {
    let read = match known.secrets {
        Some(Secrets::At(rows)) => Some(rows.clone()),
        Some(Secrets::Unread(_)) | None => None,
    };
    // The recorder scrubbed what it read; where on the picture it stood is not known.
    let on_record = known.reading.is_some_and(|reading| has_secret(reading, scrubber));
    match (read, known.reading) {
        (Some(rows), _) if on_record && rows.is_empty() => Err(Withheld::Secret),
        (Some(rows), _) => Ok(rows),
        (None, Some(_)) if on_record => Err(Withheld::Secret),
        (None, Some(_)) => Ok(Vec::new()),
        (None, None) if known.typed => Err(Withheld::Typed),
        (None, None) => Ok(Vec::new()),
    }
}

fn has_secret(reading: &ScreenReading, scrubber: &Scrubber) -> bool {
    secrets::hide_misread(&reading.rows, scrubber).iter().any(|row| row.contains("[REDACTED:"))
}
