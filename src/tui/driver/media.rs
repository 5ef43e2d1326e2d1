//! Media: the datastore and the mirrors asked, bumps written, ISOs staged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::link::{Pending, ready};
use super::{Driver, Report};
use crate::console::media::{IsoStatus, Newer, Offer, Report as Reported, Request, StageProgress};
use crate::console::message::{Failure, Msg, RequestId};
use crate::iso::discover::file_name;
use crate::iso::{Bump, Mirror, StageError, Staged};
use crate::ops::media::{self, Medium, Progress};
use crate::ops::{Context, Error, Places};
use crate::pipeline::{Key, Line};
use crate::vcenter::Place;

/// How long asking the datastore about all lines may take.
const LOOK: Duration = Duration::from_secs(180);
/// How long a mirror may take, its retries included.
const CHECK: Duration = Duration::from_secs(300);
/// How long writing two files may take.
const BUMP: Duration = Duration::from_secs(30);
/// How long a staging may take: the largest DVDs take hours over slow lines.
const STAGE: Duration = Duration::from_secs(24 * 3600);
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
        let context = self.parts.context.clone();
        match request {
            Request::Look { request } => {
                let clients: Vec<_> = self.links.keys().map(|place| (*place, self.client(*place))).collect();
                let looked = look(context, clients, self.places.clone());
                self.ask(LOOK, "asking the datastore", looked, move |answer| {
                    Msg::Media(Reported::Looked { request, answer })
                });
            }
            Request::Check { request, keys } => {
                for key in keys {
                    let checked = check(context.clone(), self.desk.mirror.clone(), key.clone());
                    self.ask(CHECK, "asking the mirror", checked, move |answer| {
                        Msg::Media(Reported::Checked { request, key, answer })
                    });
                }
            }
            Request::Bump { request, key, bump } => {
                self.ask(BUMP, "the bump", write(context, key, bump), move |answer| {
                    Msg::Media(Reported::Bumped { request, answer })
                });
            }
            Request::Stage { request, key } => {
                let stop = CancellationToken::new();
                self.desk.stops.insert(request, stop.clone());
                let client = self.client(self.places.of(&key));
                let on = progress(request, self.report.clone());
                let staged = stage(context, client, self.desk.mirror.clone(), key, on, stop);
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

/// Each line's ISO is looked for where the line lives.
async fn look(
    context: Context,
    clients: Vec<(Place, Pending)>,
    places: Places,
) -> Result<Vec<(Key, IsoStatus)>, Error> {
    let mut found = Vec::new();
    for (place, client) in clients {
        let client = ready(client).await?;
        match media::look(&context, &client, &|key| places.of(key) == place).await {
            Ok(media) => found.extend(media.into_iter().map(status)),
            Err(error) if place == Place::MAIN => return Err(error),
            // Its lines say that it is out of reach.
            Err(error) => tracing::warn!(%error, place = client.settings().place_name(), "media there are not known"),
        }
    }
    Ok(found)
}

fn status(Medium { key, wanted, shelf }: Medium) -> (Key, IsoStatus) {
    let wanted = wanted.map_err(|drift| Failure::from(Error::from(StageError::from(drift))));
    let shelf = match (&wanted, shelf) {
        (_, Some(shelf)) => shelf.map_err(|error| Failure::from(Error::from(error))),
        (Err(reason), None) => Err(reason.clone()),
        (Ok(wanted), None) => Err(Error::Usage(format!("{} was not looked for", wanted.file)).into()),
    };
    (key, IsoStatus { wanted, shelf })
}

async fn mirror(cell: &OnceCell<Mirror>) -> Result<Mirror, Error> {
    cell.get_or_try_init(media::mirror).await.cloned()
}

async fn check(context: Context, cell: Arc<OnceCell<Mirror>>, key: Key) -> Result<Offer, Error> {
    let line = media::line(&context, &key).await?;
    Ok(match media::check(&context, &mirror(&cell).await?, &line).await? {
        media::Offer::Current { .. } => Offer::Current,
        media::Offer::ByHand => Offer::ByHand,
        media::Offer::Skipped { reason } => Offer::Skipped(reason),
        media::Offer::Newer(newer) => {
            let media::Newer { release, digest, size, bump } = *newer;
            let (version, file) = (release.version.to_string(), release.file().to_owned());
            let bump = bump.map_err(|error| Failure::from(Error::from(error)));
            Offer::Newer(Box::new(Newer { version, file, size, digest: digest.to_string(), bump }))
        }
    })
}

async fn write(context: Context, key: Key, bump: Box<Bump>) -> Result<Box<Line>, Error> {
    media::bump(&context, &key, *bump).await.map(Box::new)
}

async fn stage(
    context: Context,
    client: Pending,
    cell: Arc<OnceCell<Mirror>>,
    key: Key,
    on: impl Fn(Progress) + Send + Sync + 'static,
    stop: CancellationToken,
) -> Result<String, Error> {
    let line = media::line(&context, &key).await?;
    let (client, mirror) = (ready(client).await?, mirror(&cell).await?);
    let staged = media::stage(&context, &client, &mirror, &line, on, stop).await?;
    let file = line.iso_url.as_deref().map(file_name).unwrap_or_default();
    Ok(match staged {
        Staged::Uploaded { .. } => format!("{key}: {file} is staged, its SHA-256 is right"),
        Staged::Present { .. } => format!("{key}: {file} was staged already"),
        Staged::Manual => format!("{key}: its ISO is put there by hand"),
    })
}

/// Tells the console of a staging's progress.
fn progress(request: RequestId, report: Report) -> impl Fn(Progress) + Send + Sync + 'static {
    let state = Mutex::new(StageProgress::default());
    move |progress| {
        let mut moved = state.lock().unwrap_or_else(PoisonError::into_inner);
        match progress {
            Progress::Phase(phase) => moved.phase = phase,
            Progress::Bytes { done, size, rate } => (moved.done, moved.size, moved.rate) = (done, size, rate),
            Progress::Resumed { reason, .. } => moved.note = Some(reason),
        }
        report(Msg::Media(Reported::Staging { request, moved: moved.clone() }));
    }
}
