//! Pictures of guests' consoles: taken, read from disk, saved.

use std::path::PathBuf;

use super::{Error, blocking, save};
use crate::guest::picture::Picture;
use crate::guest::recording::Recording;
use crate::guest::screen::FramesError;
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

/// Saves a picture as `<name>-<time>.png` in a folder.
///
/// # Errors
/// The file cannot be written.
pub async fn save(folder: PathBuf, name: String, picture: Picture) -> Result<PathBuf, Error> {
    blocking("saving the picture", move || save::new_file(&folder, &name, "png", |out| out.write_all(picture.png())))
        .await
}
