//! Why a run or a log fails, and everything that is known about it in one file that may leave the house.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::{Error, blocking};
use crate::guest::recording::{GuestState, Recording};
use crate::guest::screen::{self, Look};
use crate::packer_run::Run;
use crate::text::redact::Scrubber;
use crate::triage::bundle::{self, Contents, Written};
use crate::triage::rules::Rules;
use crate::triage::verdict::{self, Scene, Verdict};

/// Recorded pictures that are looked at, the newest ones: what stands still does so in the last of them, and each is
/// megabytes.
const NEWEST: usize = 12;

/// What is judged: a run, or files named by hand. What is not there is left out.
#[derive(Debug, Clone, Default)]
pub struct Case {
    /// what it is about, e.g. a line's key
    pub title: String,
    /// folder of the run
    pub dir: Option<PathBuf>,
    /// the log, plain or gzipped: packer's own, or its output
    pub log: Option<PathBuf>,
    /// a picture (PNG) or a folder of them, which take the place of the recorded ones
    pub pictures: Option<PathBuf>,
    /// the guest as vCenter has it now; it counts while the run is at work
    pub guest: Option<GuestState>,
}

/// A verdict, and what could not be looked at for it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// why
    pub verdict: Box<Verdict>,
    /// why the last picture could not be read, in one line
    pub unread: Option<String>,
}

/// A bundle that was written.
#[derive(Debug, Clone)]
pub struct Bundled {
    /// the file, absolute
    pub path: PathBuf,
    /// what is in it and what is not
    pub written: Written,
    /// the verdict in it
    pub judged: Judged,
}

/// Judges a case by the rules of the repository.
///
/// # Errors
/// Rules, a record, a log or pictures that cannot be read.
pub async fn judge(repo: &Path, scrubber: Arc<Scrubber>, case: Case) -> Result<Judged, Error> {
    let facts = Facts::gather(repo, case).await?;
    blocking(move || facts.judge(&scrubber)).await
}

/// Judges a case and writes everything that is known about it, scrubbed, into `file`.
///
/// # Errors
/// Those of [`judge`], and those of writing.
pub async fn bundle(repo: &Path, scrubber: Arc<Scrubber>, case: Case, file: PathBuf) -> Result<Bundled, Error> {
    let facts = Facts::gather(repo, case).await?;
    blocking(move || {
        let judged = facts.judge(&scrubber)?;
        let written = facts.bundle(&file, &judged.verdict, &scrubber)?;
        let (pictures, withheld) = (written.pictures, written.withheld);
        tracing::info!(path = %file.display(), pictures, withheld, "bundle");
        Ok(Bundled { path: std::path::absolute(&file).unwrap_or(file), written, judged })
    })
    .await
}

/// Everything a verdict is made of but the log, which may be large.
struct Facts {
    case: Case,
    rules: Rules,
    run: Option<Run>,
    recording: Recording,
    look: Option<Look>,
}

impl Facts {
    async fn gather(repo: &Path, case: Case) -> Result<Self, Error> {
        let repo = repo.to_owned();
        let read = move || {
            let rules = Rules::with_own(&repo)?;
            let run = case.dir.as_deref().map(Run::read).transpose().map_err(Error::Record)?.flatten();
            let recorded = case.dir.as_deref().filter(|_| case.pictures.is_none());
            let recording = recorded.map(Recording::read).transpose().map_err(Error::Record)?.unwrap_or_default();
            let frames = match &case.pictures {
                Some(path) => screen::open(path)?,
                None => recording.stills(NEWEST),
            };
            Ok::<_, Error>((Self { case, rules, run, recording, look: None }, frames))
        };
        let (mut facts, frames) = blocking(read).await?;
        facts.look = screen::look(&frames, &facts.rules.screens).await;
        Ok(facts)
    }

    fn judge(&self, scrubber: &Scrubber) -> Result<Judged, Error> {
        let Self { case, rules, run, recording, look } = self;
        let look = look.as_ref();
        let scene = match run {
            Some(run) => Scene::of_run(run, recording, look, case.guest.clone()),
            None => Scene { screen: look.map(|look| look.label.clone()), ..Scene::default() },
        };
        let mut verdict = match &case.log {
            Some(path) => verdict::judge(log(path)?, rules, scrubber, scene)?,
            None => Verdict::of_scene(rules, &scene),
        };
        if let Some(look) = look {
            verdict.show(look, scrubber);
        }
        Ok(Judged { verdict: Box::new(verdict), unread: look.and_then(|look| look.trouble.clone()) })
    }

    fn bundle(self, file: &Path, verdict: &Verdict, scrubber: &Scrubber) -> Result<Written, Error> {
        let Self { case, recording, .. } = self;
        let contents = Contents {
            title: case.title,
            verdict,
            recording,
            pictures: case.pictures.as_deref().map(screen::files).transpose()?.unwrap_or_default(),
            run: case.dir.map(|dir| dir.join("run.json")),
            log: case.log.as_deref().map(log).transpose()?,
        };
        Ok(bundle::write(file, contents, scrubber)?)
    }
}

/// A log, unpacked when it is gzipped.
fn log(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    open(path).map_err(|source| Error::Log { path: path.to_owned(), source })
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut file = BufReader::new(File::open(path)?);
    if !file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(file));
    }
    let unpacked: Box<dyn Read> = Box::new(MultiGzDecoder::new(file));
    Ok(Box::new(BufReader::new(unpacked)))
}
