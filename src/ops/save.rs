//! Files for the user, in the current folder: written beside, then renamed, never over another file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Zoned;

use super::Error;

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
    written(&path, write).map_err(Error::writing(&path))?;
    Ok(std::path::absolute(&path).unwrap_or(path))
}

/// `<name>-<time>.<extension>`, for a file in the current folder.
pub fn timed(name: &str, extension: &str) -> PathBuf {
    PathBuf::from(format!("{name}-{}.{extension}", Zoned::now().strftime("%Y%m%d-%H%M%S")))
}

fn written(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut temporary = tempfile::Builder::new().prefix(".tmpl-tui-").tempfile_in(".")?;
    let mut out = io::BufWriter::new(temporary.as_file_mut());
    write(&mut out)?;
    out.flush()?;
    drop(out);
    temporary.as_file().sync_all()?;
    temporary.persist_noclobber(path).map_err(|failure| failure.error)?;
    Ok(())
}
