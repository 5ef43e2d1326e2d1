//! Files and folders of ours: written whole or not at all, private unless they belong to a repository, locked.

use std::fs::{File, Permissions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use nix::fcntl::OFlag;

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// its owner alone: state, and whatever may show a secret
    Private,
    /// whoever could read the file that it replaces, everybody when it is new: files of a repository
    Shared,
}

/// A file to be written through a temporary one beside it: a reader, or whoever kills us, finds the old file or the new
/// one. Nothing stays of a write that fails.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct WholeFile<'a> {
    path: &'a Path,
    access: Access,
    prefix: &'a str,
    replaces: bool,
    synced: bool,
}

impl<'a> WholeFile<'a> {
    /// Replaces `path`, and is on the disk when the write returns.
    pub const fn new(path: &'a Path, access: Access) -> Self {
        Self { path, access, prefix: ".tmpl-tui-", replaces: true, synced: true }
    }

    /// How the temporary file's name begins, for those who look for what a killed process left.
    pub const fn prefix(mut self, prefix: &'a str) -> Self {
        self.prefix = prefix;
        self
    }

    /// Leaves a file that is there alone; the write fails with `AlreadyExists`.
    pub const fn new_only(mut self) -> Self {
        self.replaces = false;
        self
    }

    /// Does not wait for the disk: for what comes often and may be lost with the machine.
    pub const fn unsynced(mut self) -> Self {
        self.synced = false;
        self
    }

    /// Writes what `fill` writes.
    ///
    /// # Errors
    /// Those of `fill` and of the file system.
    pub fn write<T, E: From<io::Error>>(
        self,
        fill: impl FnOnce(&mut BufWriter<&File>) -> Result<T, E>,
    ) -> Result<T, E> {
        // tempfile creates with mode 0600.
        let temporary = tempfile::Builder::new().prefix(self.prefix).tempfile_in(parent(self.path))?;
        let file = temporary.as_file();
        let mut out = BufWriter::new(file);
        let filled = fill(&mut out)?;
        out.flush()?;
        drop(out);
        if self.access == Access::Shared {
            let known = std::fs::metadata(self.path).map(|known| known.permissions());
            file.set_permissions(known.unwrap_or_else(|_| Permissions::from_mode(0o644)))?;
        }
        if self.synced {
            file.sync_all()?;
        }
        let renamed = if self.replaces { temporary.persist(self.path) } else { temporary.persist_noclobber(self.path) };
        renamed.map_err(|failed| failed.error)?;
        Ok(filled)
    }
}

/// Replaces `path` by a file of these bytes, as a [`WholeFile`].
///
/// # Errors
/// Those of the file system; `path` is as it was.
pub fn write_whole(path: &Path, access: Access, bytes: &[u8]) -> io::Result<()> {
    WholeFile::new(path, access).write(|out| out.write_all(bytes))
}

/// The folder that `path` is in, `.` for a bare name.
pub fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates `path` and its missing parents with mode 0700.
///
/// # Errors
/// Those of the file system.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file to append to, which its owner alone can read when it is made here.
///
/// # Errors
/// Those of the file system; what is no regular file (a pipe takes a few lines and then waits for its reader).
pub fn append_private(path: &Path) -> io::Result<File> {
    regular(File::options().read(true).append(true).create(true).mode(0o600).custom_flags(NO_WAIT).open(path)?)
}

/// Opens a file of ours to read.
///
/// # Errors
/// Those of the file system; what is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    regular(File::options().read(true).custom_flags(NO_WAIT).open(path)?)
}

/// Reads a file of ours that is small.
///
/// # Errors
/// As [`open_regular`]; `FileTooLarge` when it has more than `most` bytes.
pub fn read_small(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(most + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > most {
        true => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("has more than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// Opening a pipe without a reader or writer would wait for one.
const NO_WAIT: i32 = OFlag::O_NONBLOCK.bits();

fn regular(file: File) -> io::Result<File> {
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "is no regular file")),
    }
}

/// For `map_err`: the error with the path it is about, where nobody else says it.
pub fn named(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// An exclusive lock among processes, held until it is dropped or its process ends, however that ends.
#[derive(Debug)]
pub struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock whose file is `path`, made where there is none; `None` while another process holds it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn take(path: &Path) -> io::Result<Option<Self>> {
        let file =
            File::options().write(true).create(true).truncate(false).mode(0o600).custom_flags(NO_WAIT).open(path)?;
        Self::lock(regular(file)?)
    }

    /// Locks a folder, without leaving anything in it; `None` while another process holds it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn of_folder(path: &Path) -> io::Result<Option<Self>> {
        Self::lock(File::open(path)?)
    }

    fn lock(file: File) -> io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// A path without `.` and a slash at its end; `..` takes back what stands before it, as far as the words alone tell.
pub fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => drop(plain.pop()),
            Component::ParentDir | Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_replaces_a_file_is_as_private_as_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_whole(&path, Access::Shared, b"new").unwrap();
        assert_eq!(mode(&path), 0o644);
        std::fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        write_whole(&path, Access::Shared, b"replaced").unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), mode(&path)), (b"replaced".to_vec(), 0o664));
        write_whole(&path, Access::Private, b"secret").unwrap();
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_write_that_fails_changes_nothing_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_whole(&path, Access::Private, b"old").unwrap();
        let broken = WholeFile::new(&path, Access::Private).write(|out| {
            out.write_all(b"half")?;
            Err::<(), _>(io::Error::other("no more"))
        });
        assert_eq!(broken.unwrap_err().to_string(), "no more");
        let taken = WholeFile::new(&path, Access::Private).new_only().write(|out| out.write_all(b"new"));
        assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_no_file_is_refused_without_waiting_for_anybody() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let opened = [append_private(&pipe).map(drop), open_regular(&pipe).map(drop), FileLock::take(&pipe).map(drop)];
        for error in opened.map(Result::unwrap_err) {
            assert!(named(&pipe)(error).to_string().starts_with(&pipe.display().to_string()));
        }
        let file = folder.path().join("file");
        std::fs::write(&file, "1234").unwrap();
        assert_eq!(read_small(&file, 4).unwrap(), b"1234");
        assert_eq!(read_small(&file, 3).unwrap_err().to_string(), "has more than 3 bytes");
    }

    #[test]
    fn a_lock_is_held_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = (FileLock::take(&path).unwrap(), FileLock::of_folder(folder.path()).unwrap());
        assert!(held.0.is_some() && held.1.is_some());
        assert!(FileLock::take(&path).unwrap().is_none());
        assert!(FileLock::of_folder(folder.path()).unwrap().is_none());
        drop(held);
        assert!(FileLock::take(&path).unwrap().is_some());
        assert_eq!(mode(&path), 0o600);
        assert!(FileLock::take(&folder.path().join("none/lock")).is_err());
    }
}
