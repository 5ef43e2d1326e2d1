//! Questions to GitHub, and changes there.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Parts, Report};
use crate::console::github::{FetchedRun, GitHubEvent, Pipeline};
use crate::console::message::{Failure, Msg, Reply};
use crate::github::{Client, Leg, RemoteRun, RunWithJobs};
use crate::ops::{self, Error, GitHubRefusal, Refusal, remote};
use crate::pipeline::Key;
use crate::text::Scrubber;

/// Runs the console shows.
const RUNS: u8 = 20;

/// The connection, once it is known whether there can be one.
#[derive(Clone)]
pub(super) struct Link {
    client: watch::Receiver<Option<Reply<Client>>>,
    context: ops::Context,
}

impl Link {
    /// Finds out from the environment and the checkout whether GitHub can be asked, and reports it.
    pub(super) fn start(parts: &Parts, report: Report) -> Self {
        let (send, client) = watch::channel(None);
        let context = parts.context.clone();
        let repo = context.repo.clone();
        tokio::spawn(async move {
            let client = remote::connect(&repo).await.map_err(Failure::from);
            let repository = client.as_ref().map(|client| client.repository().to_string()).map_err(Clone::clone);
            // The console asks nothing before it hears this.
            send.send_replace(Some(client));
            report(Msg::GitHub(GitHubEvent::Ready(repository)));
        });
        Self { client, context }
    }

    fn client(&self) -> Reply<Client> {
        self.client
            .borrow()
            .clone()
            .unwrap_or_else(|| Err(Error::from(Refusal::from(GitHubRefusal::NotAnswered)).into()))
    }

    pub(super) async fn look(self) -> Reply<Arc<Pipeline>> {
        let looked = remote::look(&self.context.repo, &self.client()?, RUNS).await;
        let mut pipeline = looked?;
        pipeline.board.runs.iter_mut().for_each(make_safe);
        Ok(Arc::new(pipeline))
    }

    pub(super) async fn dispatch(self, key: Key) -> Reply<String> {
        let run = remote::dispatch(&self.context, &self.client()?, &key, None).await?;
        Ok(format!("{key}: run #{} on GitHub: {}", run.number, run.url))
    }

    pub(super) async fn cancel(self, run: RemoteRun) -> Reply<String> {
        remote::cancel(self.context.mode, &self.client()?, &run, false).await?;
        Ok(format!("GitHub ends run #{}; S sweeps a VM that stays behind", run.number))
    }

    pub(super) async fn rerun(self, run: RemoteRun) -> Reply<String> {
        remote::rerun(self.context.mode, &self.client()?, &run).await?;
        Ok(format!("the failed legs of run #{} run again", run.number))
    }

    pub(super) async fn enable(self) -> Reply<String> {
        remote::enable_schedule(self.context.mode, &self.client()?).await?;
        Ok("the schedule is on again".into())
    }

    pub(super) async fn fetch(self, run: RemoteRun, leg: Leg) -> Reply<FetchedRun> {
        let fetched = remote::fetch_leg(&self.context, &self.client()?, &run, &leg, &|_| {}).await?;
        let skew = fetched.skew.iter().map(ToString::to_string).collect();
        Ok(FetchedRun { key: fetched.run.key, began: fetched.run.started, skew })
    }
}

/// What is only shown of a run: whoever pushes has a say in it.
fn make_safe(seen: &mut RunWithJobs) {
    let run = [&mut seen.run.title].into_iter().chain(seen.run.actor.as_mut());
    let legs = seen.legs.iter_mut().flat_map(|leg| [Some(&mut leg.name), leg.step.as_mut()]).flatten();
    run.chain(legs).for_each(|text| *text = Scrubber::shared().safe(text).into());
}
