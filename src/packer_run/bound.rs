//! The bound of what packer writes. It writes into its files itself, so that it needs nobody to go on: what is too much is
//! taken out of their middle meanwhile. Their head (how it began) and their tail (why it ended) stay.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::fs::{Access, WholeFile};

/// What stays of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// bytes at the start
    head: u64,
    /// bytes at the end
    tail: u64,
    /// the middle goes in pieces of at least so many
    piece: u64,
}

/// A log with every detail of an hour is a tenth of that.
pub(super) const LIMITS: Limits = Limits { head: 64 << 20, tail: 192 << 20, piece: 16 << 20 };
/// Holes begin and end where blocks of file systems do.
const BLOCK: u64 = 64 << 10;

/// A file that packer writes.
#[derive(Debug)]
pub(super) struct BoundedFile {
    path: PathBuf,
    file: File,
    limits: Limits,
    /// the end of what was taken out
    hole: u64,
    /// the file system cannot take anything out
    unable: bool,
}

impl BoundedFile {
    /// Watches a file that is there.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(path)?;
        Ok(Self { path: path.to_owned(), file, limits, hole: 0, unable: false })
    }

    /// What was taken out, if anything: from here to there.
    pub fn hole(&self) -> Option<(u64, u64)> {
        (self.hole > 0).then_some((self.limits.head, self.hole))
    }

    /// Gives the blocks of the middle back while the file is being written. Not every file system can: that is told once.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn keep_small(&mut self) -> io::Result<()> {
        let Limits { head, tail, piece } = self.limits;
        let end = self.file.metadata()?.len().saturating_sub(tail) / BLOCK * BLOCK;
        let from = self.hole.max(head);
        if self.unable || end < from + piece {
            return Ok(());
        }
        match punch(&self.file, from, end - from) {
            Ok(()) => self.hole = end,
            Err(error) => {
                self.unable = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// When nobody writes any more: leaves a file of head, a line about what is missing, and tail.
    ///
    /// # Errors
    /// Those of the file system; the file is as it was.
    pub fn close_gap(&self) -> io::Result<()> {
        let Limits { head, tail, piece } = self.limits;
        let length = std::fs::metadata(&self.path)?.len();
        if length <= head + tail + piece {
            return Ok(());
        }
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start((length - tail).max(self.hole)))?;
        let mut rest = BufReader::with_capacity(1 << 20, file);
        // From the next line on; one without an end is cut.
        let mut cut = Vec::new();
        rest.by_ref().take(1 << 20).read_until(b'\n', &mut cut)?;
        let missing = rest.stream_position()? - head;
        WholeFile::new(&self.path, Access::Private).unsynced().write(|out| {
            io::copy(&mut File::open(&self.path)?.take(head), out)?;
            writeln!(
                out,
                "\n==> tmpl-tui: {missing} bytes are left out here; head and tail of what packer wrote are kept"
            )?;
            io::copy(&mut rest, out).map(drop)
        })
    }
}

#[cfg(target_os = "linux")]
fn punch(file: &File, from: u64, length: u64) -> io::Result<()> {
    use nix::fcntl::{FallocateFlags, fallocate};

    let mode = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    let number = |bytes: u64| i64::try_from(bytes).map_err(io::Error::other);
    Ok(fallocate(file, mode, number(from)?, number(length)?)?)
}

#[cfg(not(target_os = "linux"))]
fn punch(_: &File, _: u64, _: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_middle_goes_and_head_and_tail_stay() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "").unwrap();
        let limits = Limits { head: 1 << 20, tail: 2 << 20, piece: 256 << 10 };
        let mut bounded = BoundedFile::open(&path, limits).unwrap();
        // As packer writes it: at its own place, not at the end.
        let mut packer = File::options().write(true).open(&path).unwrap();
        let block: Vec<u8> = b"a line of sixteen\n".repeat(6_000);
        packer.write_all(b"the first line\n").unwrap();
        let (mut written, mut most) = (15, 0);
        while written < 40 << 20 {
            packer.write_all(&block).unwrap();
            written += block.len() as u64;
            bounded.keep_small().unwrap();
            most = most.max(std::fs::metadata(&path).unwrap().blocks() * 512);
        }
        packer.write_all(b"the last line\n").unwrap();
        assert!(most < limits.head + limits.tail + 2 * limits.piece, "{most} bytes on the disk");
        assert_eq!(bounded.hole().map(|(from, _)| from), Some(limits.head));
        bounded.close_gap().unwrap();
        let length = std::fs::metadata(&path).unwrap().len();
        assert!(length <= limits.head + limits.tail + limits.piece && length > limits.tail, "{length}");
        let lines: Vec<Vec<u8>> = BufReader::new(File::open(&path).unwrap()).split(b'\n').map(Result::unwrap).collect();
        assert_eq!(
            (lines[0].as_slice(), lines.last().unwrap().as_slice()),
            (&b"the first line"[..], &b"the last line"[..])
        );
        let left_out = lines.iter().filter(|line| line.starts_with(b"==> tmpl-tui: ")).count();
        let cut = lines.iter().filter(|line| !line.is_empty() && line.as_slice() != b"a line of sixteen").count();
        assert_eq!((left_out, cut), (1, 4), "first, cut at the head's end, what is left out, last");
        assert!(lines.iter().all(|line| !line.contains(&0)));
    }

    #[test]
    fn what_is_small_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        std::fs::write(&path, "small\n").unwrap();
        let mut bounded = BoundedFile::open(&path, LIMITS).unwrap();
        bounded.keep_small().unwrap();
        bounded.close_gap().unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), bounded.hole()), ("small\n", None));
    }
}
