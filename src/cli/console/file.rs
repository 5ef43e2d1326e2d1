//! The picture as a file: whole or not at all, and nothing overwritten by accident.

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use tmpl::fs::{Access, WholeFile, parent};

use crate::cli::{Stop, output};

/// Whether `path` may be written, asked before vCenter is.
pub fn check(path: &Path, force: bool) -> anyhow::Result<()> {
    if is_stdout(path) {
        if output::to_terminal() {
            return Err(Stop::usage("-o - would write PNG into the terminal; show it with --print"));
        }
        return Ok(());
    }
    if path.is_dir() {
        return Err(Stop::usage(format!("{} is a folder; give a file name", path.display())));
    }
    let folder = parent(path);
    if !folder.is_dir() {
        return Err(Stop::usage(format!("there is no folder {}", folder.display())));
    }
    if !force && path.exists() {
        return Err(exists(path));
    }
    Ok(())
}

/// Writes a temporary file beside `path`, then gives it its name. Readable by its owner alone: a console may show
/// secrets.
pub fn save(path: &Path, png: &[u8], force: bool) -> anyhow::Result<()> {
    if is_stdout(path) {
        return to_stdout(png);
    }
    let cannot = || format!("cannot write {}", path.display());
    let file = WholeFile::new(path, Access::Private);
    let file = if force { file } else { file.new_only() };
    match file.write(|out| out.write_all(png)) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(path)),
        written => written.with_context(cannot),
    }
}

#[expect(clippy::disallowed_methods, reason = "a picture, which goes to no terminal")]
fn to_stdout(png: &[u8]) -> anyhow::Result<()> {
    Ok(std::io::stdout().write_all(png)?)
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn exists(path: &Path) -> anyhow::Error {
    Stop::refused(format!("{} exists and was left alone; give another name or --force", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_exists_is_left_alone_unless_forced() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.png");
        save(&path, b"first", false).expect("it is new");
        assert!(check(&path, false).is_err());
        let refused = save(&path, b"second", false).expect_err("it exists").to_string();
        assert!(refused.contains("a.png exists and was left alone"), "{refused}");
        assert_eq!(std::fs::read(&path).expect("readable"), b"first");
        save(&path, b"second", true).expect("forced");
        assert_eq!(std::fs::read(&path).expect("readable"), b"second");
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 1, "a temporary file is left");
    }

    #[test]
    fn a_folder_that_is_missing_is_told_before_anything_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let missing = check(&dir.path().join("no/a.png"), false).expect_err("no folder").to_string();
        assert!(missing.starts_with("there is no folder"), "{missing}");
        assert!(check(dir.path(), true).is_err());
    }
}
