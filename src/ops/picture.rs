//! Pictures of guests' consoles: taken, read from disk, saved.

use std::path::PathBuf;

use super::{Error, blocking, save};
use crate::guest::picture::Picture;
use crate::guest::screen::FramesError;
use crate::vcenter::{Client, Vm};

/// Takes the picture of a guest's console.
///
/// # Errors
/// vCenter gives none, or what it gives is no picture.
pub async fn take(client: &Client, vm: &Vm) -> Result<Picture, Error> {
    Ok(Picture::take(client, vm, None).await?)
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

/// Saves a picture as `<name>-<time>.png` in the current folder.
///
/// # Errors
/// The file cannot be written.
pub async fn save(name: String, picture: Picture) -> Result<PathBuf, Error> {
    blocking("saving the picture", move || save::new_file(&name, "png", |out| out.write_all(picture.png()))).await
}
