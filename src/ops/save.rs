//! Files for the user: written beside, then renamed, never over another file. Where they go is said by whoever asks: the
//! current folder may be a checkout, and what is saved is not part of it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Zoned;

use super::Error;
use crate::fs::{Access, WholeFile, create_private_dir};

/// Writes a new file `<name>-<time>.<extension>` in a folder, which is made when it is not there; what was written of it goes when writing fails.
///
/// # Errors
/// Those of `write` and of the file system.
pub fn new_file(
    folder: &Path,
    name: &str,
    extension: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, Error> {
    create_private_dir(folder).map_err(Error::writing(folder))?;
    let path = timed(folder, name, extension);
    let saved = WholeFile::new(&path, Access::Private).new_only().write(|out| write(out));
    saved.map_err(Error::writing(&path))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// `<name>-<time>.<extension>`, for a file in a folder.
pub fn timed(folder: &Path, name: &str, extension: &str) -> PathBuf {
    folder.join(format!("{name}-{}.{extension}", Zoned::now().strftime("%Y%m%d-%H%M%S")))
}
