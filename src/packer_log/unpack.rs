//! Logs as they are handed around: gzipped, in UTF-16 as PowerShell writes it, or the archive of a GitHub run with a text
//! per job. What is packed is unpacked into a file without a name, which goes with the process.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use zip::ZipArchive;

use super::envelope::LEG;

/// More than any log of a job; an archive that unpacks to more is refused.
const MAX_UNPACKED_BYTES: u64 = 8 << 30;
/// How often things are packed into each other.
const MAX_DEPTH: usize = 3;

/// How the bytes of a log lie in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zip,
    Utf16 { big_endian: bool },
}

impl Packing {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            [0xff, 0xfe, ..] => Self::Utf16 { big_endian: false },
            [0xfe, 0xff, ..] => Self::Utf16 { big_endian: true },
            // Without a mark: letters and zeros in turn.
            [a, 0, b, 0, c, 0, ..] if [a, b, c].iter().all(|byte| is_text(**byte)) => Self::Utf16 { big_endian: false },
            [0, a, 0, b, 0, c, ..] if [a, b, c].iter().all(|byte| is_text(**byte)) => Self::Utf16 { big_endian: true },
            _ => Self::Plain,
        }
    }
}

fn is_text(byte: u8) -> bool {
    byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x1b)
}

/// Opens a log: the file itself, or what is packed in it, from its start.
///
/// # Errors
/// Those of reading, a damaged archive, an archive without a log.
pub fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder, not a log file"));
    }
    Ok(unpack(&file)?.unwrap_or(file))
}

/// Whether a file has to be unpacked to be read.
///
/// # Errors
/// Those of reading.
pub fn is_packed(file: &File) -> io::Result<bool> {
    let head = super::index::read_up_to(file, 0, 8)?;
    Ok(Packing::of(&head) != Packing::Plain)
}

/// What is packed in a file; `None` when nothing is.
fn unpack(file: &File) -> io::Result<Option<File>> {
    if !is_packed(file)? {
        return Ok(None);
    }
    let mut out = tempfile::tempfile()?;
    let mut writer = Bounded { out: io::BufWriter::new(&mut out), room: MAX_UNPACKED_BYTES };
    let mut packed = file.try_clone()?;
    packed.rewind()?;
    if Packing::of(&super::index::read_up_to(file, 0, 8)?) == Packing::Zip {
        legs(packed, &mut writer)?;
    } else {
        plain(Box::new(packed), &mut writer, 0)?;
    }
    writer.flush()?;
    drop(writer);
    out.rewind()?;
    Ok(Some(out))
}

/// Copies a log, unpacked.
fn plain(packed: Box<dyn Read + '_>, out: &mut dyn Write, depth: usize) -> io::Result<()> {
    let mut packed = BufReader::with_capacity(256 << 10, packed);
    let packing = match depth < MAX_DEPTH {
        true => Packing::of(packed.fill_buf()?),
        false => Packing::Plain,
    };
    match packing {
        Packing::Gzip => plain(Box::new(MultiGzDecoder::new(packed)), out, depth + 1),
        Packing::Utf16 { big_endian } => from_utf16(packed, out, big_endian),
        Packing::Plain | Packing::Zip => io::copy(&mut packed, out).map(drop),
    }
}

fn from_utf16(mut packed: impl BufRead, out: &mut dyn Write, big_endian: bool) -> io::Result<()> {
    let mut odd = None;
    let mut units: Vec<u16> = Vec::new();
    loop {
        let bytes = packed.fill_buf()?;
        let end = bytes.is_empty();
        for byte in bytes {
            match odd.take() {
                None => odd = Some(*byte),
                Some(first) if big_endian => units.push(u16::from_be_bytes([first, *byte])),
                Some(first) => units.push(u16::from_le_bytes([first, *byte])),
            }
        }
        let used = bytes.len();
        packed.consume(used);
        // The first half of a sign waits for its second.
        let half = !end && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit));
        let whole = units.len() - usize::from(half);
        let signs = char::decode_utf16(units.drain(..whole)).map(|sign| sign.unwrap_or(char::REPLACEMENT_CHARACTER));
        out.write_all(signs.collect::<String>().as_bytes())?;
        if end {
            return Ok(());
        }
    }
}

/// The logs of an archive, one job behind the other, each behind a line that names it.
fn legs(archive: File, out: &mut dyn Write) -> io::Result<()> {
    let mut archive = ZipArchive::new(BufReader::new(archive)).map_err(io::Error::other)?;
    let names: Vec<String> = archive.file_names().filter_map(Result::ok).map(Cow::into_owned).collect();
    let mut leg = String::new();
    let logs = logs(&names);
    if logs.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no log in this archive"));
    }
    for name in logs {
        let this = leg_name(name);
        if this != leg {
            writeln!(out, "{LEG}{this}")?;
            leg = this;
        }
        let entry = archive.by_name(name).map_err(io::Error::other)?;
        plain(Box::new(entry), out, 1)?;
        writeln!(out)?;
    }
    Ok(())
}

/// Which texts of an archive are logs, in order. GitHub's has one per job at its root, and once more step by step in
/// folders; an artifact has packer's log and what packer printed.
fn logs(names: &[String]) -> Vec<&str> {
    let extension = |name: &str| Path::new(name).extension().map(|extension| extension.to_ascii_lowercase());
    let is_log = |name: &str| {
        let text =
            extension(name).is_some_and(|extension| ["txt", "log", "gz"].iter().any(|known| extension == *known));
        text && !name.ends_with("system.txt") && !name.starts_with("__MACOSX")
    };
    let mut logs: Vec<&str> = names.iter().map(String::as_str).filter(|name| is_log(name)).collect();
    if logs.iter().any(|name| !name.contains('/') && step(name).is_some()) {
        logs.retain(|name| !name.contains('/'));
    }
    let folder = |name: &str| name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let told: Vec<String> =
        logs.iter().filter(|name| name.contains("packer-build.log")).map(|name| folder(name)).collect();
    logs.retain(|name| name.contains("packer-build.log") || !told.contains(&folder(name)));
    logs.sort_by_key(|name| (folder(name), step(name), (*name).to_owned()));
    logs
}

/// The number in front of `3_Run build.txt`.
fn step(name: &str) -> Option<u32> {
    let file = name.rsplit('/').next()?;
    file.split_once('_')?.0.parse().ok()
}

/// The job: the folder, or the file without its number.
fn leg_name(name: &str) -> String {
    if let Some((folder, _)) = name.rsplit_once('/') {
        return folder.to_owned();
    }
    let file = step(name).and_then(|_| name.split_once('_')).map_or(name, |(_, file)| file);
    file.rsplit_once('.').map_or(file, |(file, _)| file).to_owned()
}

/// Writes no more than there is room for.
struct Bounded<W> {
    out: W,
    room: u64,
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room = self.room.checked_sub(bytes.len() as u64).ok_or_else(|| {
            io::Error::new(io::ErrorKind::FileTooLarge, "it unpacks to more than 8 GB, which no log does")
        })?;
        self.out.write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const TEXT: &str = "==> a.b: schön 😀\r\n==> a.b: done\r\n";

    fn opened(bytes: &[u8]) -> io::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, bytes).unwrap();
        let mut text = String::new();
        open(&path)?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn a_log_is_read_however_it_was_written() {
        let marked = format!("\u{feff}{TEXT}");
        let ways = [
            TEXT.as_bytes().to_vec(),
            gzip(TEXT.as_bytes()),
            utf16(TEXT, u16::to_le_bytes),
            utf16(TEXT, u16::to_be_bytes),
            gzip(&utf16(TEXT, u16::to_le_bytes)),
        ];
        for bytes in ways {
            assert_eq!(opened(&bytes).unwrap(), TEXT);
        }
        for bytes in [utf16(&marked, u16::to_le_bytes), utf16(&marked, u16::to_be_bytes)] {
            assert_eq!(opened(&bytes).unwrap(), marked);
        }
    }

    #[test]
    fn every_job_of_an_archive_begins_with_its_name() {
        let github = [
            ("1_build (rocky-9).txt", "two".as_bytes()),
            ("0_build (debian-12).txt", b"one"),
            ("build (debian-12)/1_Set up job.txt", b"again"),
            ("build (debian-12)/system.txt", b"no"),
        ];
        let expected = "##[leg] build (debian-12)\none\n##[leg] build (rocky-9)\ntwo\n";
        assert_eq!(opened(&zipped(&github)).unwrap(), expected);
        let folders =
            [("deb/10_Post.txt", &b"c"[..]), ("deb/2_Run.txt", b"b"), ("deb/system.txt", b"no"), ("el/1_x.txt", b"d")];
        assert_eq!(opened(&zipped(&folders)).unwrap(), "##[leg] deb\nb\nc\n##[leg] el\nd\n");
        let artifact = [("packer-build.log.gz", &gzip(b"x")[..]), ("output.log", b"y"), ("a.png", b"z")];
        assert!(opened(&zipped(&artifact)).unwrap().contains('x'));
        assert!(opened(&zipped(&[("a.png", b"z")])).unwrap_err().to_string().contains("no log"));
    }

    #[test]
    fn zeros_that_a_truncation_left_are_no_encoding() {
        let holes = [&[0; 64][..], b"2026/11/23 04:00:00 ui: x\n"].concat();
        assert_eq!(opened(&holes).unwrap().as_bytes(), holes);
    }
}
