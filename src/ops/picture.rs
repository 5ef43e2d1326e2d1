//! Pictures of guests' consoles: taken, read from disk, saved.

use std::path::PathBuf;

use super::{Error, blocking, save};
use crate::guest::picture::Picture;
use crate::guest::recording::Recording;
use crate::guest::screen::FramesError;
use crate::guest::screen::secrets::{self, Secrets};
use crate::text::Scrubber;
use crate::vcenter::{Client, Vm};

/// Takes the picture of a guest's console.
///
/// # Errors
/// vCenter gives none, or what it gives is no picture.
pub async fn take(client: &Client, vm: &Vm) -> Result<Picture, Error> {
    Ok(Picture::take(client, vm, None).await?)
}

/// Pixels across a small picture.
const SMALL: u32 = 400;

/// Takes a small picture of a guest's console; the server scales it where it can.
///
/// # Errors
/// vCenter gives none, or what it gives is no picture.
pub async fn take_small(client: &Client, vm: &Vm) -> Result<Picture, Error> {
    Ok(Picture::take(client, vm, Some(SMALL)).await?)
}

/// Reads the last picture that was recorded of a run.
///
/// # Errors
/// There is none, or it cannot be read.
pub async fn last_of(dir: PathBuf) -> Result<Picture, Error> {
    blocking("reading the picture", move || {
        let recording = Recording::read(&dir).map_err(Error::reading(&dir))?;
        let none = || Error::Usage("no picture was recorded".to_owned());
        let path = recording.frames.last().map(|frame| recording.path(frame)).ok_or_else(none)?;
        Ok(Picture::open(&path).map_err(|reason| FramesError::Unreadable { path, reason })?)
    })
    .await
}

/// Reads a recorded picture.
///
/// # Errors
/// The file cannot be read, or is no picture.
pub async fn open(path: PathBuf) -> Result<Picture, Error> {
    blocking("reading the picture", move || {
        Ok(Picture::open(&path).map_err(|reason| FramesError::Unreadable { path, reason })?)
    })
    .await
}

/// A picture that may leave: drawn anew, without what the server put into its file, and rows with secrets black.
#[derive(Debug, Clone)]
pub struct Leaving {
    /// PNG
    pub png: Vec<u8>,
    /// why its text could not be read, in one line: whoever hands it on has to look
    pub unread: Option<String>,
}

impl Leaving {
    /// What to know of it, to put behind its name; empty where it was read.
    pub fn caution(&self) -> String {
        let said = |why| format!("; look for secrets before you hand it on, nothing here can read it: {why}");
        self.unread.as_ref().map(said).unwrap_or_default()
    }
}

/// Makes a picture fit to leave.
///
/// # Errors
/// It cannot be drawn anew.
pub async fn leaving(picture: &Picture, scrubber: &Scrubber) -> Result<Leaving, Error> {
    let mut image = picture.image().to_rgb8();
    let (rows, unread) = match secrets::find(&image, &scrubber.for_leaving()).await {
        Secrets::At(rows) => (rows, None),
        Secrets::Unread(why) => (Vec::new(), Some(why)),
    };
    blocking("drawing the picture anew", move || {
        secrets::blacken(&mut image, &rows);
        let png = secrets::to_png(image).map_err(|why| Error::Usage(format!("the picture cannot be saved: {why}")))?;
        Ok(Leaving { png, unread })
    })
    .await
}

/// Saves a picture, made fit to leave, as `<name>-<time>.png` in a folder. Its path, and what to know of it.
///
/// # Errors
/// The file cannot be written.
pub async fn save(folder: PathBuf, name: String, picture: Picture, scrubber: &Scrubber) -> Result<String, Error> {
    let leaving = leaving(&picture, scrubber).await?;
    blocking("saving the picture", move || {
        let path = save::new_file(&folder, &name, "png", |out| out.write_all(&leaving.png))?;
        Ok(format!("{}{}", path.display(), leaving.caution()))
    })
    .await
}
