//! Questions to GitHub, and changes there.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::limits::{FETCH, GITHUB};
use super::{Driver, Parts, Report};
use crate::console::github::{Action, Ask, FetchedRun, GitHubEvent, Pipeline};
use crate::console::message::{Failure, Msg, Reply};
use crate::github::{Client, Leg, RemoteRun, RunWithJobs};
use crate::ops::{self, Error, GitHubRefusal, Refusal, remote};
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
        crate::task::spawn(async move {
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

    /// Carries a change out; what was done, in one line.
    pub(super) async fn change(self, action: Action) -> Reply<String> {
        let client = self.client()?;
        Ok(carry_out(&self.context, &client, action).await?)
    }

    pub(super) async fn fetch(self, run: RemoteRun, leg: Leg) -> Reply<FetchedRun> {
        let fetched = remote::fetch_leg(&self.context, &self.client()?, &run, &leg, &|_| {}).await?;
        let skew = fetched.skew.iter().map(ToString::to_string).collect();
        let page = fetched.run.origin.unwrap_or_default();
        Ok(FetchedRun { key: fetched.run.key, began: fetched.run.started, page, skew })
    }
}

impl Driver {
    /// Asks GitHub, and reports its answer.
    pub(super) fn ask_github(&self, ask: Ask) -> JoinHandle<()> {
        let link = self.github.clone();
        match ask {
            Ask::Look(request) => self.ask(GITHUB, "asking GitHub", link.look(), move |answer| {
                Msg::GitHub(GitHubEvent::Looked(request, answer))
            }),
            Ask::Change(request, action) => self.ask(GITHUB, action.noun(), link.change(action), move |answer| {
                Msg::GitHub(GitHubEvent::Done(request, answer))
            }),
            Ask::Fetch(request, chosen) => {
                self.ask(FETCH, "fetching the log", link.fetch(chosen.0, chosen.1), move |answer| {
                    Msg::GitHub(GitHubEvent::Fetched(request, answer))
                })
            }
        }
    }
}

async fn carry_out(context: &ops::Context, client: &Client, action: Action) -> Result<String, Error> {
    let here = (&context.state, context.mode);
    Ok(match action {
        Action::Dispatch(key) => {
            let run = remote::dispatch(context, client, &key, None).await?;
            format!("{key}: run {} on GitHub: {}", run.called().trim_start_matches("run "), run.url)
        }
        Action::Cancel(run) => {
            remote::cancel(here, client, &run, false).await?;
            format!("GitHub ends run #{}; ‹sweep› sweeps a VM that stays behind", run.number)
        }
        Action::Rerun(run) => {
            remote::rerun(here, client, &run).await?;
            format!("the failed legs of run #{} run again", run.number)
        }
        Action::EnableSchedule => {
            remote::enable_schedule(here, client).await?;
            "the schedule is on again".into()
        }
    })
}

/// What is only shown of a run: whoever pushes has a say in it.
fn make_safe(seen: &mut RunWithJobs) {
    let run = [&mut seen.run.title].into_iter().chain(seen.run.actor.as_mut());
    let legs = seen.legs.iter_mut().flat_map(|leg| [Some(&mut leg.name), leg.step.as_mut()]).flatten();
    run.chain(legs).for_each(|text| *text = Scrubber::shared().safe(text).into());
}
