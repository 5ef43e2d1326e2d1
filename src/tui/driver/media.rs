//! Media: the datastore and the mirrors asked, bumps written, ISOs staged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::generation::Gateway;
use super::link::{Pending, ready};
use super::save::blocking;
use super::{Driver, Parts, Report};
use crate::console::media::{IsoStatus, Newer, Offer, Report as Reported, Request, StageProgress};
use crate::console::message::{Msg, Reply, RequestId};
use crate::iso::discover::{self, MediaCheck};
use crate::iso::pace::Pace;
use crate::iso::stage::{self, Job, OnProgress, Progress, Staged};
use crate::iso::{Bump, Mirror, Release, Shelf, Wanted, Writer};
use crate::pipeline::{Key, Line, Matrix};
use crate::vcenter::datastore::FilePath;
use crate::vcenter::{Client, Error};

/// How long asking the datastore about all lines may take.
const LOOK: Duration = Duration::from_secs(180);
/// How long a mirror may take, its retries included.
const CHECK: Duration = Duration::from_secs(300);
/// How long writing two files may take.
const BUMP: Duration = Duration::from_secs(30);
/// How long a staging may take: the largest DVDs take hours over slow lines.
const STAGE: Duration = Duration::from_secs(24 * 3600);
/// How long no byte may go through.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long a mirror may take to the first byte and between bytes, and how often it is asked.
const MIRROR: (Duration, usize) = (Duration::from_secs(20), 3);
/// How long leaving waits for stopped stagings to clean up.
const CLEANING: Duration = Duration::from_secs(3);

/// What the work on media shares.
#[derive(Default)]
pub(super) struct Desk {
    /// made when first needed: it reads certificates
    mirror: Arc<OnceCell<Mirror>>,
    stops: BTreeMap<RequestId, CancellationToken>,
    stagings: TaskTracker,
}

impl Desk {
    /// Ends every staging and lets it clean up, as far as that is quick.
    pub(super) async fn stop(&self) {
        self.stops.values().for_each(CancellationToken::cancel);
        self.stagings.close();
        let _ = tokio::time::timeout(CLEANING, self.stagings.wait()).await;
    }
}

impl Driver {
    /// Carries out what concerns media.
    pub(super) fn media(&mut self, request: Request) {
        let (parts, client) = (self.parts.clone(), self.link.client());
        match request {
            Request::Look { request } => {
                self.ask(LOOK, "asking the datastore", look(parts, client), move |answer| {
                    Msg::Media(Reported::Looked { request, answer })
                });
            }
            Request::Check { request, keys } => {
                for key in keys {
                    let checked = check(parts.clone(), self.desk.mirror.clone(), key.clone());
                    self.ask(CHECK, "asking the mirror", checked, move |answer| {
                        Msg::Media(Reported::Checked { request, key, answer })
                    });
                }
            }
            Request::Bump { request, key, bump } => {
                self.ask(BUMP, "the bump", write(parts, key, bump), move |answer| {
                    Msg::Media(Reported::Bumped { request, answer })
                });
            }
            Request::Stage { request, key } => {
                let stop = CancellationToken::new();
                self.desk.stops.insert(request, stop.clone());
                let on = progress(request, self.report.clone());
                let staged = stage(parts, client, self.desk.mirror.clone(), key, on, stop);
                let staged = self.desk.stagings.track_future(staged);
                self.ask(STAGE, "the staging", staged, move |answer| Msg::Media(Reported::Staged { request, answer }));
            }
            Request::Stop { request } => {
                if let Some(stop) = self.desk.stops.remove(&request) {
                    stop.cancel();
                }
            }
        }
    }
}

/// The matrix as it is on disk now: a bump or a pull may have changed it since the console was opened.
async fn lines(parts: &Parts) -> Reply<Vec<Line>> {
    let repo = parts.repo.clone();
    blocking(move || Matrix::load(&repo).map(|matrix| matrix.lines).map_err(|error| error.to_string())).await
}

async fn line(parts: &Parts, key: &Key) -> Reply<Line> {
    let found = lines(parts).await?.into_iter().find(|line| line.key == *key);
    found.ok_or_else(|| format!("{key} is not in ci/matrix.json any more"))
}

async fn wanted(parts: &Parts, line: Line) -> Reply<Wanted> {
    let repo = parts.repo.clone();
    blocking(move || Wanted::read(&repo, &line).map_err(|error| error.to_string())).await
}

async fn look(parts: Parts, client: Pending) -> Reply<Vec<(Key, IsoStatus)>> {
    let client = ready(client).await?;
    let mut seen = Vec::new();
    for line in lines(&parts).await? {
        let key = line.key.clone();
        let wanted = wanted(&parts, line).await;
        let shelf = match &wanted {
            Ok(wanted) => shelf(&client, wanted.clone()).await?,
            Err(reason) => Err(reason.clone()),
        };
        seen.push((key, IsoStatus { wanted, shelf }));
    }
    Ok(seen)
}

/// What is there; the outer error is one that every other line would meet too.
async fn shelf(client: &Client, wanted: Wanted) -> Reply<Reply<Shelf>> {
    match Shelf::look(client, wanted).await {
        Ok(shelf) => Ok(Ok(shelf)),
        Err(error @ (Error::NotFound(_) | Error::Permission { .. } | Error::Fault { .. })) => {
            Ok(Err(error.to_string()))
        }
        Err(error) => Err(error.to_string()),
    }
}

async fn mirror(cell: &OnceCell<Mirror>) -> Reply<Mirror> {
    let (timeout, attempts) = MIRROR;
    let made =
        cell.get_or_try_init(|| blocking(move || Mirror::new(timeout, attempts).map_err(|error| error.to_string())));
    made.await.cloned()
}

async fn check(parts: Parts, cell: Arc<OnceCell<Mirror>>, key: Key) -> Reply<Offer> {
    let line = line(&parts, &key).await?;
    match discover::check_line(&mirror(&cell).await?, &line).await {
        MediaCheck::Current { .. } => Ok(Offer::Current),
        MediaCheck::Manual => Ok(Offer::ByHand),
        MediaCheck::Skipped { reason } => Ok(Offer::Skipped(reason)),
        MediaCheck::Failed(error) => Err(error.to_string()),
        MediaCheck::Newer { release, digest, size, .. } => {
            let (version, file) = (release.version.to_string(), release.file().to_owned());
            let bump = prepared(&parts, line, release).await;
            Ok(Offer::Newer(Box::new(Newer { version, file, size, digest: digest.to_string(), bump })))
        }
    }
}

async fn prepared(parts: &Parts, line: Line, release: Release) -> Reply<Bump> {
    let repo = parts.repo.clone();
    blocking(move || Bump::prepare(&repo, &line, &release).map_err(|error| error.to_string())).await
}

/// Writes exactly what was shown, or nothing.
async fn write(parts: Parts, key: Key, bump: Box<Bump>) -> Reply<Box<Line>> {
    if parts.read_only {
        return Err("read-only: nothing is written".into());
    }
    let repo = parts.repo.clone();
    blocking(move || {
        let writer = Writer::open(&repo).map_err(|error| error.to_string())?;
        writer.write(&bump).map_err(|error| error.to_string())
    })
    .await?;
    line(&parts, &key).await.map(Box::new)
}

async fn stage(
    parts: Parts,
    client: Pending,
    cell: Arc<OnceCell<Mirror>>,
    key: Key,
    on: OnProgress,
    stop: CancellationToken,
) -> Reply<String> {
    let line = line(&parts, &key).await?;
    let wanted = wanted(&parts, line.clone()).await?;
    let (state, name) = (parts.state.clone(), key.clone());
    let _alone = blocking(move || stage::alone(&state, &name).map_err(|error| error.to_string())).await?;
    let mirror = mirror(&cell).await?;
    let folder = FilePath { datastore: wanted.file.datastore.clone(), path: wanted.file.split().0.to_owned() };
    let gate = Gateway::new(&parts, client).open().await?.with_media([folder]);
    let job = Job { gate: &gate, mirror: &mirror, line: &line, wanted: &wanted, patience: PATIENCE, on, stop };
    match job.run().await.map_err(|error| error.to_string())? {
        Staged::Uploaded { .. } => Ok(format!("{key}: {} is staged, its SHA-256 is right", wanted.file.split().1)),
        Staged::Present { .. } => Ok(format!("{key}: {} was staged already", wanted.file.split().1)),
        Staged::Manual => Ok(format!("{key}: its ISO is put there by hand")),
    }
}

/// Tells the console of a staging's progress, a few times a second.
fn progress(request: RequestId, report: Report) -> OnProgress {
    let state = Mutex::new((Pace::default(), StageProgress::default()));
    Arc::new(move |progress| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (pace, moved) = &mut *state;
        match progress {
            Progress::Phase(phase) => moved.phase = phase,
            Progress::Bytes(done, size) => {
                (moved.done, moved.size) = (done, size);
                if !pace.note(Instant::now(), done) && done < size {
                    return;
                }
                moved.rate = pace.rate();
            }
            Progress::Resumed(_, why) => moved.note = Some(why),
        }
        report(Msg::Media(Reported::Staging { request, moved: moved.clone() }));
    })
}
