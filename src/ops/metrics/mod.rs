//! Figures about all lines for Prometheus: from the records on this machine, vCenter, the mirrors and GitHub. A source
//! that cannot be asked is told as such, and keeps nothing of the others back.

mod exposition;
mod records;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use exposition::{Exposition, Metric};

use super::judge::{self, Case};
use super::media::{self, Offer};
use super::usual::Usual;
use super::{Context, Error, Places, blocking, remote};
use crate::generation::Generations;
use crate::packer_run::{Run, RunState};
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::vcenter::{Client, Place};

/// How long one source may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a verdict may take.
const JUDGE: Duration = Duration::from_secs(20);
/// Mirrors are asked no more often.
const MIRRORS: Duration = Duration::from_secs(60 * 60);

/// Which sources are asked.
#[derive(Debug, Clone, Copy)]
pub struct Sources {
    /// every mirror for newer media
    pub mirrors: bool,
    /// GitHub for its schedule
    pub github: bool,
}

/// Gathers figures, and remembers what need not be asked anew.
#[derive(Debug)]
pub struct Gatherer {
    context: Context,
    usual: Usual,
    sources: Sources,
    /// classes of runs that ended, by their folders
    classes: BTreeMap<PathBuf, String>,
    mirrors: Option<(Instant, Exposition)>,
}

impl Gatherer {
    /// About the lines of this context; `usual` knows how long stages may take.
    pub fn new(context: Context, usual: Usual, sources: Sources) -> Self {
        Self { context, usual, sources, classes: BTreeMap::new(), mirrors: None }
    }

    /// The figures as they are now; with each source that failed, why. `client` is a connection to vCenter, or why there
    /// is none.
    pub async fn gather(&mut self, client: Result<&Client, String>) -> (Exposition, Vec<(&'static str, String)>) {
        let mut all = Exposition::default();
        all.add(Metric::BuildInfo, &[env!("CARGO_PKG_VERSION")], 1.0);
        for line in &self.context.lines {
            all.flag(Metric::LineEnabled, &[&line.key.0], line.enabled);
        }
        let records = bounded(self.records()).await;
        let vcenter = match client {
            Ok(client) => bounded(vcenter(&self.context, client)).await,
            Err(why) => Err(why),
        };
        let mirrors = if self.sources.mirrors { Some(bounded(self.mirrors()).await) } else { None };
        let github = if self.sources.github { Some(bounded(github(&self.context)).await) } else { None };
        let sources =
            [("records", Some(records)), ("vcenter", Some(vcenter)), ("mirrors", mirrors), ("github", github)];
        let mut troubles = Vec::new();
        for (source, answer) in sources {
            let Some(answer) = answer else { continue };
            all.flag(Metric::SourceUp, &[source], answer.is_ok());
            match answer {
                Ok(more) => all.extend(more),
                Err(why) => troubles.push((source, why)),
            }
        }
        (all, troubles)
    }

    async fn records(&mut self) -> Result<Exposition, Error> {
        let keys = self.context.lines.iter().map(|line| line.key.clone()).collect();
        let (mut all, last) = records::all(self.context.state.clone(), keys, self.usual.clone()).await?;
        for run in last {
            let class = self.class(&run).await;
            all.add(Metric::LastRunInfo, &[&run.key.0, run.state.word(), &class], 1.0);
        }
        Ok(all)
    }

    /// Why a run failed, in a word; worked out once.
    async fn class(&mut self, run: &Run) -> String {
        if run.state == RunState::Succeeded {
            return String::new();
        }
        if let Some(known) = self.classes.get(&run.dir) {
            return known.clone();
        }
        let case = Case { dir: Some(run.dir.clone()), log: Some(run.shown().to_owned()), ..Case::default() };
        let judged = judge::judge(&self.context.repo, Scrubber::for_evidence().clone(), case);
        let class = match tokio::time::timeout(JUDGE, judged).await {
            Ok(Ok(judged)) => judged.verdict.class.clone(),
            Ok(Err(_)) | Err(_) => "unknown".into(),
        };
        self.classes.insert(run.dir.clone(), class.clone());
        class
    }

    async fn mirrors(&mut self) -> Result<Exposition, Error> {
        if let Some((asked, known)) = self.mirrors.as_ref().filter(|(asked, _)| asked.elapsed() < MIRRORS) {
            tracing::debug!(age = ?asked.elapsed(), "mirrors were asked before");
            return Ok(known.clone());
        }
        let mirror = media::mirror().await?;
        let mut all = Exposition::default();
        let mut failed = None;
        for (key, offer) in media::check_all(&self.context, &mirror, &self.context.lines).await {
            match offer {
                Ok(Offer::Newer(_)) => all.flag(Metric::IsoBehind, &[&key.0], true),
                Ok(Offer::Current { .. }) => all.flag(Metric::IsoBehind, &[&key.0], false),
                Ok(Offer::ByHand | Offer::Skipped { .. }) => {}
                Err(error) => failed = Some(error),
            }
        }
        // One mirror that is down says nothing of the others.
        match failed {
            Some(error) if all.text().is_empty() => Err(error),
            Some(_) | None => {
                self.mirrors = Some((Instant::now(), all.clone()));
                Ok(all)
            }
        }
    }
}

/// The answer of a source, or why there is none.
async fn bounded(work: impl Future<Output = Result<Exposition, Error>>) -> Result<Exposition, String> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

/// Each line's figures come from where it lives. Of a place that cannot be asked, other than the repository's own, there are
/// none.
async fn vcenter(context: &Context, client: &Client) -> Result<Exposition, Error> {
    let (repo, main) = (context.repo.clone(), client.settings().clone());
    let places = blocking("reading where lines live", move || Ok(Places::read(&repo, Some(&main)))).await?;
    let mut all = folder(context, client, &|key| places.of(key) == Place::MAIN).await?;
    for (place, settings) in places.elsewhere() {
        let there = Client::new(settings.clone())?;
        match folder(context, &there, &|key| places.of(key) == place).await {
            Ok(more) => all.extend(more),
            Err(error) => tracing::warn!(%error, place = settings.place_name(), "no figures from there"),
        }
        there.logout().await;
    }
    Ok(all)
}

/// The figures of the lines that live in a client's folder.
async fn folder(
    context: &Context,
    client: &Client,
    lives: &(dyn Fn(&Key) -> bool + Sync),
) -> Result<Exposition, Error> {
    let mut all = Exposition::default();
    let (vms, now) = (client.vms().await?, Timestamp::now());
    for line in context.lines.iter().filter(|line| lives(&line.key)) {
        let generations = Generations::of(line, &vms);
        let key = line.key.0.as_str();
        all.flag(Metric::LineHeld, &[key], generations.hold.is_some());
        all.flag(Metric::LiveMissing, &[key], generations.live.is_none());
        if let Some(created) = generations.live.as_ref().and_then(|live| live.created) {
            all.add(Metric::LiveAge, &[key], now.duration_since(created).as_secs_f64().max(0.0));
        }
    }
    for medium in media::look(context, client, lives).await? {
        if let Some(Ok(shelf)) = medium.shelf {
            all.flag(Metric::IsoMissing, &[&medium.key.0], shelf.there.is_none());
        }
    }
    Ok(all)
}

async fn github(context: &Context) -> Result<Exposition, Error> {
    let client = remote::connect(&context.repo).await?;
    let health = remote::look(&context.repo, &client, 10).await?.health;
    let mut all = Exposition::default();
    let healthy = !health.off() && health.findings.iter().all(|finding| !finding.alarm);
    all.flag(Metric::ScheduleHealthy, &[], healthy);
    if let Some(last) = &health.last {
        all.add(Metric::ScheduleLast, &[], last.created.as_duration().as_secs_f64());
    }
    let seconds = |whole: i64, of: i32| i32::try_from(whole).map(|whole| f64::from(whole.max(0)) * f64::from(of));
    if let Some(Ok(delay)) = health.late_minutes.map(|minutes| seconds(minutes, 60)) {
        all.add(Metric::ScheduleDelay, &[], delay);
    }
    if let Some(Ok(left)) = health.days_left.map(|days| seconds(days, 86_400)) {
        all.add(Metric::ScheduleLeft, &[], left);
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
