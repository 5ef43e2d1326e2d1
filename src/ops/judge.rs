//! Why a run or a log fails, and everything that is known about it in one file that may leave the house.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Error, blocking, smoke};
use crate::guest::recording::Recording;
use crate::guest::screen::{self, ScreenAnalysis};
use crate::packer_log::phase_times::TypicalDurations;
use crate::packer_log::unpack;
use crate::packer_run::Run;
use crate::text::Scrubber;
use crate::triage::bundle::{self, BundleContents, BundleSummary, Found};
use crate::triage::live::{Beside, is_late};
use crate::triage::rules::Rules;
use crate::triage::verdict::{BuildContext, Judge, JudgeError, Verdict};
use crate::vcenter::Settings;

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
    /// what vCenter has of it now; the guest counts while the run is at work
    pub beside: Beside,
    /// how long the stages of the line usually take
    pub usual: TypicalDurations,
}

/// A verdict, and what could not be looked at for it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// why
    pub verdict: Box<Verdict>,
    /// why the last picture could not be read, and what of the log was not judged, in one line
    pub unread: Option<String>,
}

/// A bundle that was written.
#[derive(Debug, Clone)]
pub struct Bundled {
    /// the file, absolute
    pub path: PathBuf,
    /// what is in it and what is not
    pub written: BundleSummary,
    /// the verdict in it
    pub judged: Judged,
}

/// Judges a case by the rules of the repository.
///
/// # Errors
/// Rules, a record, a log or pictures that cannot be read.
pub async fn judge(repo: &Path, scrubber: Arc<Scrubber>, case: Case) -> Result<Judged, Error> {
    let facts = Facts::gather(repo, case).await?;
    blocking("the verdict", move || facts.judge(&scrubber)).await
}

/// Judges a case and writes everything that is known about it, scrubbed, into `file`.
///
/// # Errors
/// Those of [`judge`], and those of writing.
pub async fn bundle(repo: &Path, scrubber: Arc<Scrubber>, case: Case, file: PathBuf) -> Result<Bundled, Error> {
    let facts = Facts::gather(repo, case).await?;
    let scrubber = scrubber.for_leaving();
    let mut pictures = facts.case.pictures.as_deref().map(screen::files).transpose()?.unwrap_or_default();
    let smoke = facts.case.dir.as_ref().map(|dir| dir.join(smoke::PICTURE));
    pictures.extend(smoke.filter(|path| path.is_file()));
    let found = bundle::look(&facts.recording, &pictures, &scrubber).await;
    blocking("the bundle", move || {
        let judged = facts.judge(&scrubber)?;
        let written = facts.bundle(&file, &judged.verdict, pictures, found, &scrubber)?;
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
    look: Option<ScreenAnalysis>,
    repo: PathBuf,
}

impl Facts {
    async fn gather(repo: &Path, case: Case) -> Result<Self, Error> {
        let repo = repo.to_owned();
        let read = move || {
            let rules = Rules::for_repo(&repo)?;
            let run = case.dir.as_deref().map(Run::read).transpose().map_err(Error::Record)?.flatten();
            let recorded = case.dir.as_deref().filter(|_| case.pictures.is_none());
            let recording = recorded.map(Recording::read).transpose().map_err(Error::Record)?.unwrap_or_default();
            let frames = match &case.pictures {
                Some(path) => screen::open(path)?,
                None => recording.newest_frames(NEWEST),
            };
            Ok((Self { case, rules, run, recording, look: None, repo }, frames))
        };
        let (mut facts, frames) = blocking("reading the record", read).await?;
        facts.look = screen::analyse(&frames, &facts.rules.screens).await;
        Ok(facts)
    }

    fn judge(&self, scrubber: &Scrubber) -> Result<Judged, Error> {
        let Self { case, rules, run, recording, look, repo } = self;
        let look = look.clone().map(|look| look.scrubbed(scrubber, &rules.screens));
        let look = look.as_ref();
        let scene = match run {
            Some(run) => BuildContext {
                vm_left: case.beside.vm_left,
                // A run that was brought here from elsewhere may have been told another one.
                endpoint: run.origin.is_none().then(|| Settings::endpoint_of(repo)).flatten(),
                ..BuildContext::of_run(run, recording, look, case.beside.guest.clone(), scrubber)
            },
            None => BuildContext::of_screen(look, scrubber),
        };
        let mut counted = 0;
        let mut verdict = match &case.log {
            Some(path) => {
                let mut judge = Judge::new(rules)?;
                counted = judge.read_file(unpacked(path)?).map_err(JudgeError::from)?;
                let late = scene.live && is_late(judge.tracks().all(), &case.usual, Timestamp::now());
                judge.verdict(scrubber, BuildContext { late, ..scene })
            }
            None => Verdict::of_scene(rules, &scene),
        };
        if let Some(look) = look {
            verdict.show(look, scrubber);
        }
        if let Some(run) = run {
            verdict.locate(rules, repo, run);
        }
        let middle = format!("of the log's middle {} MiB were counted and not judged", counted >> 20);
        let unread = look.and_then(|look| look.error.clone()).into_iter().chain((counted > 0).then_some(middle));
        let unread: Vec<String> = unread.collect();
        Ok(Judged { verdict: Box::new(verdict), unread: Some(unread.join("; ")).filter(|unread| !unread.is_empty()) })
    }

    fn bundle(
        self,
        file: &Path,
        verdict: &Verdict,
        pictures: Vec<PathBuf>,
        found: Found,
        scrubber: &Scrubber,
    ) -> Result<BundleSummary, Error> {
        let Self { case, recording, run, .. } = self;
        let keys = match &case.log {
            Some(path) => bundle::secret_keys(log(path)?, scrubber).map_err(JudgeError::from)?,
            None => None,
        };
        let contents = BundleContents {
            title: case.title,
            line: run.map(|run| run.key.0),
            verdict,
            recording,
            pictures,
            found,
            keys,
            run: case.dir.map(|dir| dir.join("run.json")),
            log: case.log.as_deref().map(log).transpose()?,
        };
        Ok(bundle::write(file, contents, scrubber)?)
    }
}

/// A log, unpacked when it is packed.
pub(super) fn log(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    Ok(Box::new(BufReader::with_capacity(256 << 10, unpacked(path)?)))
}

fn unpacked(path: &Path) -> Result<File, Error> {
    unpack::open(path).map_err(|source| Error::Log { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::guest::recording::GuestState;
    use crate::ops::Exit;
    use crate::packer_run::Process;
    use crate::triage::verdict::EvidenceSource;
    use crate::vcenter::{PowerState, ToolsStatus};

    /// A run at work whose log waits for an address.
    fn case(folder: &Path) -> Case {
        let log = folder.join("packer-build.log");
        let said = "2026/03/01 02:03:04 ui: ==> vsphere-iso.x: Waiting for IP...\n";
        std::fs::write(&log, said).unwrap();
        let own = Process::current().unwrap();
        let record = serde_json::json!({
            "key": "one", "base_name": "tpl-one", "state": "running", "exit": null, "reason": null,
            "started": "2026-03-01T02:03:00Z", "ended": null, "supervisor": own, "packer": own, "argv": [],
            "packer_version": "1.16.0", "on_error": "cleanup", "promote": false, "log": log, "temporary": folder,
        });
        std::fs::write(folder.join("run.json"), record.to_string()).unwrap();
        let (power, tools) = (Some(PowerState::PoweredOn), Some(ToolsStatus::GuestToolsNotRunning));
        let guest = GuestState { at: "2026-03-01T02:10:00Z".parse().unwrap(), power, tools, ..GuestState::default() };
        let beside = Beside { guest: Some(guest), vm_left: Some(true) };
        Case { title: "one".into(), dir: Some(folder.into()), log: Some(log), beside, ..Case::default() }
    }

    fn scrubber() -> Arc<Scrubber> {
        Arc::new(Scrubber::new([]))
    }

    #[tokio::test]
    async fn the_guest_of_a_run_at_work_counts_alone_and_in_a_bundle() {
        let folder = tempfile::tempdir().unwrap();
        let judged = judge(folder.path(), scrubber(), case(folder.path())).await.unwrap();
        let guest = judged.verdict.evidence.iter().find(|evidence| evidence.source == EvidenceSource::Guest).unwrap();
        assert!(guest.text.contains("VMware Tools not running"), "{guest:?}");
        let file = folder.path().join("all.zip");
        let bundled = bundle(folder.path(), scrubber(), case(folder.path()), file.clone()).await.unwrap();
        assert_eq!(bundled.judged.verdict, judged.verdict);
        assert_eq!((bundled.path, bundled.written.pictures), (file, 0));
    }

    #[tokio::test]
    async fn a_gzipped_log_says_the_same_and_a_missing_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let plain = case(folder.path());
        let packed = folder.path().join("packed");
        let mut out = flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::default());
        out.write_all(&std::fs::read(plain.log.as_ref().unwrap()).unwrap()).unwrap();
        out.finish().unwrap();
        let alone = |log: PathBuf| Case { log: Some(log), ..Case::default() };
        let told = judge(folder.path(), scrubber(), alone(plain.log.unwrap())).await.unwrap();
        let unpacked = judge(folder.path(), scrubber(), alone(packed)).await.unwrap();
        assert_eq!(told.verdict, unpacked.verdict);
        let missing = judge(folder.path(), scrubber(), alone(folder.path().join("none"))).await.unwrap_err();
        assert_eq!(missing.exit(), Exit::Usage);
        assert!(missing.to_string().contains("none: "), "{missing}");
    }
}
