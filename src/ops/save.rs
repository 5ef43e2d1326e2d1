//! Files for the user, in the current folder: written beside, then renamed, never over another file.

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Zoned;

use super::Error;
use crate::fs::{Access, WholeFile};

/// Writes a new file in the current folder, `<name>-<time>.<extension>`; what was written of it goes when writing fails.
///
/// # Errors
/// Those of `write` and of the file system.
pub fn new_file(
    name: &str,
    extension: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, Error> {
    let path = timed(name, extension);
    let saved = WholeFile::new(&path, Access::Private).new_only().write(|out| write(out));
    saved.map_err(Error::writing(&path))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// `<name>-<time>.<extension>`, for a file in the current folder.
pub fn timed(name: &str, extension: &str) -> PathBuf {
    PathBuf::from(format!("{name}-{}.{extension}", Zoned::now().strftime("%Y%m%d-%H%M%S")))
}
