//! Files for the user, in the current folder: written beside, then renamed, never over another file.

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Zoned;

use crate::console::message::Reply;
use crate::fs::{Access, WholeFile};
use crate::guest::picture::Picture;

/// Writes a picture as `<name>-<time>.png`.
pub(super) async fn picture(name: String, picture: Picture) -> Reply<PathBuf> {
    blocking(move || file(&name, "png", |out| out.write_all(picture.png()))).await
}

/// Runs blocking work where blocking is allowed.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Reply<T> + Send + 'static) -> Reply<T> {
    tokio::task::spawn_blocking(work).await.map_err(|failure| failure.to_string())?
}

/// A new file in the current folder; what was written of it goes when writing fails.
pub(super) fn file(
    name: &str,
    extension: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Reply<PathBuf> {
    let path = PathBuf::from(format!("{name}-{}.{extension}", Zoned::now().strftime("%Y%m%d-%H%M%S")));
    let saved = WholeFile::new(&path, Access::Private).new_only().write(|out| write(out));
    saved.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}
