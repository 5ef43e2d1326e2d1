//! Questions to GitHub, and changes there.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use super::save::blocking;
use super::{Parts, Report};
use crate::console::github::{FetchedRun, GitHubEvent, Pipeline};
use crate::console::message::{Msg, Reply};
use crate::github::{Client, Leg, RemoteRun, RunWithJobs, Settings, pins};
use crate::paths::StateDir;
use crate::pipeline::{Key, Line};
use crate::text::Scrubber;

/// The connection, once it is known whether there can be one.
#[derive(Clone)]
pub(super) struct Link {
    client: watch::Receiver<Option<Reply<Client>>>,
    repo: PathBuf,
    state: StateDir,
    lines: Vec<Line>,
}

impl Link {
    /// Finds out from the environment and the checkout whether GitHub can be asked, and reports it.
    pub(super) fn start(parts: &Parts, report: Report) -> Self {
        let (send, client) = watch::channel(None);
        let repo = parts.repo.clone();
        let checkout = repo.clone();
        tokio::spawn(async move {
            let settings = blocking(move || {
                Settings::from_env(&|name| std::env::var(name).ok(), &checkout).map_err(|error| error.to_string())
            });
            let client = settings.await.and_then(|settings| Client::new(settings).map_err(|error| error.to_string()));
            let repository = client.as_ref().map(|client| client.repository().to_string()).map_err(Clone::clone);
            // The console asks nothing before it hears this.
            send.send_replace(Some(client));
            report(Msg::GitHub(GitHubEvent::Ready(repository)));
        });
        Self { client, repo, state: parts.state.clone(), lines: parts.lines.clone() }
    }

    fn client(&self) -> Reply<Client> {
        self.client.borrow().clone().unwrap_or_else(|| Err("GitHub was not asked yet".into()))
    }

    pub(super) async fn look(self) -> Reply<Arc<Pipeline>> {
        let client = self.client()?;
        let mut board = client.board(20).await.map_err(|error| error.to_string())?;
        let health = client.health(&board, &self.repo).await.map_err(|error| error.to_string())?;
        board.runs.iter_mut().for_each(make_safe);
        Ok(Arc::new(Pipeline { board, health }))
    }

    pub(super) async fn dispatch(self, key: Key) -> Reply<String> {
        let run = self.client()?.dispatch(&key, None).await.map_err(|error| error.to_string())?;
        Ok(format!("{key}: run #{} on GitHub: {}", run.number, run.url))
    }

    pub(super) async fn cancel(self, run: RemoteRun) -> Reply<String> {
        self.client()?.cancel(&run, false).await.map_err(|error| error.to_string())?;
        Ok(format!("GitHub ends run #{}; S sweeps a VM that stays behind", run.number))
    }

    pub(super) async fn rerun(self, run: RemoteRun) -> Reply<String> {
        self.client()?.rerun_failed(&run).await.map_err(|error| error.to_string())?;
        Ok(format!("the failed legs of run #{} run again", run.number))
    }

    pub(super) async fn enable(self) -> Reply<String> {
        self.client()?.enable_schedule().await.map_err(|error| error.to_string())?;
        Ok("the schedule is on again".into())
    }

    pub(super) async fn fetch(self, run: RemoteRun, leg: Leg) -> Reply<FetchedRun> {
        let line = self.lines.iter().find(|line| Some(&line.key) == leg.key.as_ref());
        let line = line.ok_or_else(|| format!("{} builds a line that this matrix does not have", leg.name))?;
        let kept = self.client()?.evidence(&run, &leg, line, &self.state, &|_| {}).await;
        let kept = kept.map_err(|error| error.to_string())?;
        blocking(move || {
            let used = std::fs::File::open(&kept.log).map(pins::used).unwrap_or_default();
            let skew = pins::skew(&pins::pinned(&self.repo), &used).iter().map(ToString::to_string).collect();
            Ok(FetchedRun { key: kept.key, began: kept.started, skew })
        })
        .await
    }
}

/// What is only shown of a run: whoever pushes has a say in it.
fn make_safe(seen: &mut RunWithJobs) {
    let run = [&mut seen.run.title].into_iter().chain(seen.run.actor.as_mut());
    let legs = seen.legs.iter_mut().flat_map(|leg| [Some(&mut leg.name), leg.step.as_mut()]).flatten();
    run.chain(legs).for_each(|text| *text = Scrubber::shared().safe(text).into());
}
