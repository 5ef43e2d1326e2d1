//! A run at work, judged anew whenever something about it changed: only what is new in its log is read, only a new picture
//! is looked at, and without news nothing is done.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::place::{Mended, Place};
use super::rules::Rules;
use super::verdict::{BuildContext, Judge, Verdict};
use crate::guest::recording::{GuestState, Recording, Shown};
use crate::packer_log::Track;
use crate::packer_log::phase_times::{PhaseTiming, TypicalDurations};
use crate::packer_run::Run;
use crate::text::Scrubber;

/// Bytes that are looked through at once for the end of the last line.
const BLOCK: u64 = 64 << 10;
/// A last line longer than this is waited for without looking for its start.
const MAX_LAST_LINE: u64 = 4 << 20;

/// What others than the run's record say about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// the guest as vCenter has it
    pub guest: Option<GuestState>,
    /// whether vCenter has its VM; `None` where that is not known
    pub vm_left: Option<bool>,
}

/// The picture that a verdict was given on, and whether it went black since.
type Look = (String, bool);

/// Judges one run as long as it is at work.
pub struct LiveJudge<'r> {
    rules: &'r Rules,
    repo: PathBuf,
    judge: Judge<'r>,
    log: Option<OpenLog>,
    recording: Recording,
    shown: Shown,
    /// what the last verdict was given on
    last: Option<(BuildContext, u64, Option<Look>)>,
    /// the place that the last verdict named, and what that depended on
    placed: Option<(Mended, Option<Place>)>,
}

/// How far a log was read.
struct OpenLog {
    path: PathBuf,
    inode: (u64, u64),
    read: u64,
}

impl<'r> LiveJudge<'r> {
    /// For the run in `dir`, built from `repo`; `judge` has the rules and has read nothing.
    ///
    /// # Errors
    /// Those of reading its record.
    pub fn new(rules: &'r Rules, judge: Judge<'r>, repo: &Path, dir: &Path) -> io::Result<Self> {
        let recording = Recording::read(dir)?;
        Ok(Self {
            rules,
            repo: repo.to_owned(),
            judge,
            log: None,
            recording,
            shown: Shown::default(),
            last: None,
            placed: None,
        })
    }

    /// The verdict, if anything changed since the last one. `usual` is how long stages take.
    ///
    /// # Errors
    /// Those of reading log and record.
    pub fn look(
        &mut self,
        run: &Run,
        beside: &Beside,
        usual: &TypicalDurations,
        scrubber: &Scrubber,
        now: Timestamp,
    ) -> io::Result<Option<Verdict>> {
        let read = self.read_log(run.shown())?;
        self.recording.read_more()?;
        let look = self.shown.look(&self.recording, &self.rules.screens, scrubber);
        let mut context = BuildContext::of_run(run, &self.recording, look, beside.guest.clone(), scrubber);
        context.vm_left = beside.vm_left;
        context.late = is_late(self.judge.tracks().all(), usual, now);
        let facts = (context, read, look.map(|look| (look.frame.clone(), look.went_black)));
        if self.last.as_ref() == Some(&facts) {
            return Ok(None);
        }
        let mut verdict = self.judge.verdict(scrubber, facts.0.clone());
        if let Some(look) = look {
            verdict.show(look, scrubber);
        }
        let depends = Mended::of(&verdict);
        match &self.placed {
            Some((known, place)) if *known == depends => verdict.place.clone_from(place),
            Some(_) | None => {
                verdict.locate(self.rules, &self.repo, run);
                self.placed = Some((depends, verdict.place.clone()));
            }
        }
        self.last = Some(facts);
        Ok(Some(verdict))
    }

    /// Judges at the next look, whether or not anything changed.
    pub fn again(&mut self) {
        self.last = None;
    }

    /// Reads the whole lines that are new; how many bytes were read in all.
    fn read_log(&mut self, path: &Path) -> io::Result<u64> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            other => other?,
        };
        let facts = file.metadata()?;
        let inode = (facts.dev(), facts.ino());
        let mut log = match self.log.take() {
            Some(log) if log.path == path && log.inode == inode && log.read <= facts.len() => log,
            _ => {
                // Another file, or the same one cut short: packer began anew.
                self.judge = self.judge.fresh();
                OpenLog { path: path.to_owned(), inode, read: 0 }
            }
        };
        if facts.len() > log.read {
            let end = end_of_lines(&file, log.read, facts.len())?;
            if log.read == 0 {
                self.judge.read_so_far(&file, end)?;
            } else {
                file.seek(SeekFrom::Start(log.read))?;
                self.judge.read(BufReader::with_capacity(256 << 10, (&file).take(end - log.read)))?;
            }
            log.read = end;
        }
        let read = log.read;
        self.log = Some(log);
        Ok(read)
    }
}

/// Whether the build that is behind takes longer for its stage than it may.
pub fn is_late(tracks: &[Track], usual: &TypicalDurations, now: Timestamp) -> bool {
    // Packer's clock is that of this machine.
    let now = now.to_zoned(TimeZone::system()).datetime();
    let behind = tracks.iter().filter(|track| track.ending.is_none()).min_by_key(|track| track.phase());
    behind.is_some_and(|track| PhaseTiming::at(track, usual, now).is_late())
}

/// Where the last whole line between `from` and `to` ends. A last line without an end is not read before it has one.
fn end_of_lines(file: &File, from: u64, to: u64) -> io::Result<u64> {
    let mut end = to;
    while end > from && to - end < MAX_LAST_LINE {
        let start = end.saturating_sub(BLOCK).max(from);
        let mut block = vec![0; usize::try_from(end - start).unwrap_or_default()];
        file.read_exact_at(&mut block, start)?;
        if let Some(at) = memchr::memrchr(b'\n', &block) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(from)
}

#[cfg(test)]
#[path = "live/tests.rs"]
mod tests;
