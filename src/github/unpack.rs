//! Unpacking what came from outside. Nothing in an archive chooses where it goes: only files with known names are taken,
//! to places of ours; and only so many, and only so large.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

use zip::ZipArchive;

use super::Error;
use crate::guest::picture::MAX_PNG;
use crate::pipeline::may_be;
use crate::text::Scrubber;

/// What may be unpacked. Compression hides the real size of an archive, so the unpacked bytes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// entries of one archive
    pub entries: usize,
    /// bytes of all files together
    pub bytes: u64,
}

/// A long build with a picture every second stays far below.
pub const LIMITS: Limits = Limits { entries: 20_000, bytes: 2 << 30 };

/// Files of a run's folder, as the run's record has them.
const FILES: &[&str] = &["packer-build.log", "output.log", "timeline.jsonl", "triage.json"];
/// The folder of the pictures.
const FRAMES: &str = "frames";
/// A bundle within the artifact is opened; one within the bundle is not.
const MAX_DEPTH: usize = 1;

/// Unpacks into `folder`, which holds an empty folder `frames`. Returns how many files were taken. `log` is what packer's
/// log is called in it.
///
/// # Errors
/// [`Error::Artifact`] for what is no zip file, is cut short, leads out of the folder or is larger than `bounds`; part
/// of it may have been written then.
pub fn unpack(zip: impl Read + Seek, folder: &Path, log: &str, bounds: Limits) -> Result<usize, Error> {
    let mut unpacker = Unpacker { folder, log, left: bounds.bytes, bounds, files: 0 };
    unpacker.archive(zip, 0)?;
    Ok(unpacker.files)
}

struct Unpacker<'a> {
    folder: &'a Path,
    log: &'a str,
    left: u64,
    bounds: Limits,
    files: usize,
}

fn rejected(text: String) -> Error {
    Error::Artifact(format!("the artifact is not opened: {text}"))
}

impl Unpacker<'_> {
    fn archive(&mut self, mut zip: impl Read + Seek, depth: usize) -> Result<(), Error> {
        // Before the list itself is read, which holds all of them at once.
        let entries = entries(&mut zip).map_err(|error| rejected(error.to_string()))?;
        if entries.is_some_and(|entries| entries > self.bounds.entries) {
            return Err(rejected(format!("more than {} entries", self.bounds.entries)));
        }
        let broken = |error: zip::result::ZipError| rejected(format!("it is no whole zip file ({error})"));
        let mut archive = ZipArchive::new(zip).map_err(broken)?;
        // A bundle has a log too, which may be cut: what stands beside it comes first.
        let bundle = |index: &usize| {
            archive.name_for_index(*index).is_some_and(|name| name.is_ok_and(|name| name.ends_with(".zip")))
        };
        let (bundles, files): (Vec<usize>, Vec<usize>) = (0..archive.len()).partition(bundle);
        for index in files.into_iter().chain(bundles) {
            let mut entry = archive.by_index(index).map_err(broken)?;
            let shown = entry.name().map(|name| Scrubber::shared().safe(&name)).unwrap_or_default();
            let Some(name) = entry.enclosed_name() else {
                return Err(rejected(format!("{shown:?} leads out of it")));
            };
            if !entry.is_file() {
                continue;
            }
            if depth < MAX_DEPTH && name.extension().is_some_and(|extension| extension == "zip") {
                let inner = self.nested_archive(&mut entry)?;
                self.archive(inner, depth + 1)?;
            } else if let Some(target) = target_path(&name, self.log) {
                let path = self.folder.join(target);
                // The log stands beside the bundle and in it.
                if path.exists() {
                    continue;
                }
                let mut file = create(&path)?;
                let most = if path.extension().is_some_and(|kind| kind == "png") { MAX_PNG as u64 } else { u64::MAX };
                self.copy(&mut (&mut entry).take(most.saturating_add(1)), &mut file)?;
                self.files += 1;
            }
        }
        Ok(())
    }

    /// A bundle, in a file that has no name.
    fn nested_archive(&mut self, entry: &mut impl Read) -> Result<File, Error> {
        let mut file = tempfile::tempfile_in(self.folder).map_err(|error| rejected(error.to_string()))?;
        self.copy(entry, &mut file)?;
        Ok(file)
    }

    fn copy(&mut self, from: &mut impl Read, to: &mut File) -> Result<(), Error> {
        let failed = |error: std::io::Error| rejected(error.to_string());
        let copied = std::io::copy(&mut from.take(self.left + 1), to).map_err(failed)?;
        if copied > self.left {
            return Err(rejected(format!("more than {} MiB come out of it", self.bounds.bytes >> 20)));
        }
        self.left -= copied;
        to.flush().map_err(failed)
    }
}

/// How many entries an archive says to have, by its end record; `None` where there is none, `usize::MAX` for one with
/// the form for more than 65,534 (APPNOTE.TXT 4.3.14 to 4.3.16).
fn entries(zip: &mut (impl Read + Seek)) -> std::io::Result<Option<usize>> {
    const END: &[u8] = b"PK\x05\x06";
    const MANY: &[u8] = b"PK\x06\x07";
    /// the record with the longest comment, and the locator of the longer form before it
    const LONGEST: u64 = 22 + 0xffff + 20;
    let size = zip.seek(SeekFrom::End(0))?;
    zip.seek(SeekFrom::Start(size.saturating_sub(LONGEST)))?;
    let mut tail = Vec::new();
    zip.take(LONGEST).read_to_end(&mut tail)?;
    zip.rewind()?;
    if memchr::memmem::find(&tail, MANY).is_some() {
        return Ok(Some(usize::MAX));
    }
    // Any of them may be the one that is taken for the end; none may promise too much.
    let counts = memchr::memmem::find_iter(&tail, END)
        .filter_map(|at| Some(u16::from_le_bytes([*tail.get(at + 10)?, *tail.get(at + 11)?])));
    Ok(counts.max().map(usize::from))
}

/// Where an entry is unpacked to; `None` for one that is not needed. Archives have their files at the top or in a folder.
fn target_path(name: &Path, log: &str) -> Option<PathBuf> {
    let mut parts = name.components().rev().filter_map(|component| match component {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    let (last, before) = (parts.next()?, parts.next());
    if before == Some(FRAMES) {
        let stem = last.strip_suffix(".png")?;
        let plain = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        return plain.then(|| Path::new(FRAMES).join(last));
    }
    if log.rsplit('/').next().is_some_and(|log| may_be(log, last)) {
        return Some(FILES[0].into());
    }
    FILES.contains(&last).then(|| PathBuf::from(last))
}

/// A new file, for its owner alone.
fn create(path: &Path) -> Result<File, Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    opened.map_err(|error| rejected(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::lab::github::archive;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(FRAMES)).unwrap();
        dir
    }

    fn unpacked(entries: &[(&str, &[u8])], bounds: Limits) -> (tempfile::TempDir, Result<usize, Error>) {
        let dir = folder();
        let unpacker = unpack(Cursor::new(archive(entries)), dir.path(), "packer-build.log", bounds);
        (dir, unpacker)
    }

    #[test]
    fn a_log_and_a_bundle_come_out_where_a_run_has_them() {
        let bundle = archive(&[
            ("frames/1763000000000.png", b"png"),
            ("x/timeline.jsonl", b"{}"),
            ("x/README", b"?"),
            ("packer-build.log", b"other"),
        ]);
        let (dir, unpacker) = unpacked(&[("bundle.zip", &bundle), ("packer-build.log", b"log")], LIMITS);
        assert_eq!(unpacker, Ok(3));
        for (name, text) in [("packer-build.log", "log"), ("timeline.jsonl", "{}"), ("frames/1763000000000.png", "png")]
        {
            assert_eq!(std::fs::read_to_string(dir.path().join(name)).unwrap(), text);
        }
        assert!(!dir.path().join("README").exists());
    }

    #[test]
    fn a_path_that_leads_out_is_refused_and_nothing_is_written_outside() {
        for name in ["../../packer-build.log", "/etc/packer-build.log", "a/../../frames/1.png"] {
            let (dir, unpacker) = unpacked(&[(name, b"evil")], LIMITS);
            let outside = dir.path().parent().unwrap().join("packer-build.log");
            assert!(!outside.exists() && !Path::new("/etc/packer-build.log").exists());
            // An absolute name is taken as a relative one by the reader; then it lands in our own place.
            assert!(unpacker.is_err() || dir.path().join("packer-build.log").exists(), "{name}: {unpacker:?}");
        }
        let (_, unpacker) = unpacked(&[("../../packer-build.log", b"evil")], LIMITS);
        assert!(unpacker.unwrap_err().to_string().contains("leads out of it"));
    }

    #[test]
    fn bombs_are_left() {
        let zeros = vec![0; 3 << 20];
        let small = Limits { entries: 5, bytes: 1 << 20 };
        let (_, unpacker) = unpacked(&[("packer-build.log", &zeros)], small);
        assert!(unpacker.unwrap_err().to_string().contains("more than 1 MiB"));
        let inner = archive(&[("packer-build.log", &zeros)]);
        let (_, unpacker) = unpacked(&[("bundle.zip", &inner)], small);
        assert!(unpacker.unwrap_err().to_string().contains("more than 1 MiB"));
        let many: Vec<(String, &[u8])> = (0..6).map(|n| (format!("frames/{n}.png"), &b""[..])).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        let (_, unpacker) = unpacked(&many, small);
        assert!(unpacker.unwrap_err().to_string().contains("more than 5 entries"));
    }

    #[test]
    fn a_picture_is_no_larger_than_pictures_are() {
        let zeros = vec![0; MAX_PNG + (8 << 20)];
        let (dir, unpacker) = unpacked(&[("frames/1.png", &zeros)], LIMITS);
        assert_eq!(unpacker, Ok(1));
        assert_eq!(std::fs::metadata(dir.path().join("frames/1.png")).unwrap().len(), MAX_PNG as u64 + 1);
    }

    #[test]
    fn the_list_of_an_archive_is_not_read_before_it_is_known_to_be_short() {
        let names: Vec<String> = (0..65_000).map(|n| format!("{n}")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        let mut zip = archive(&many);
        let (_, unpacker) = unpacked(&many, LIMITS);
        assert!(unpacker.unwrap_err().to_string().contains("more than 20000 entries"));
        // The longer form, whatever it says.
        zip.extend_from_slice(b"PK\x06\x07");
        let unpacker = unpack(Cursor::new(zip), folder().path(), "packer-build.log", LIMITS);
        assert!(unpacker.unwrap_err().to_string().contains("more than 20000 entries"));
    }

    #[test]
    fn half_an_archive_is_said_to_be_one() {
        let whole = archive(&[("packer-build.log", &vec![b'x'; 10_000])]);
        let unpacker = unpack(Cursor::new(&whole[..whole.len() / 2]), folder().path(), "packer-build.log", LIMITS);
        assert!(unpacker.unwrap_err().to_string().contains("no whole zip file"));
    }
}
