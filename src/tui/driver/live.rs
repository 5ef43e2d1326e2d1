//! The verdicts on runs: given as often as their facts change while they are at work, and once when they are over. One
//! thread does it for all lines; it sleeps while no run is at work and nobody asks.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::runtime::Handle;

use super::Report;
use crate::console::effect::Judged;
use crate::console::message::{Failure, Msg, RequestId};
use crate::ops::judge::{self, Case};
use crate::ops::usual::Usual;
use crate::ops::{Context, Error};
use crate::packer_log::phase_times::TypicalDurations;
use crate::packer_run::Run;
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::triage::live::{Beside, LiveJudge};
use crate::triage::rules::{OWN_RULES, Rules};
use crate::triage::verdict::{Judge, Verdict};

/// How often runs at work are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A run to judge, under the number that its verdicts bear.
type Asked = (RequestId, Judged);

/// The line and the run's folder: one that is over may be judged while the newest is at work.
type Which = (Key, PathBuf);

/// Hands runs to the thread that judges.
pub(super) struct Judging(Option<Sender<Asked>>);

impl Judging {
    pub(super) fn start(context: &Context, scrubber: Arc<Scrubber>, usual: Usual, report: Report) -> Self {
        let (sender, asked) = channel();
        let desk = Desk { context: context.clone(), scrubber, usual, report, runtime: Handle::current() };
        let started = std::thread::Builder::new().name("verdicts".into()).spawn(move || desk.work(&asked));
        if let Err(error) = &started {
            tracing::error!(%error, "no thread for verdicts");
        }
        Self(started.is_ok().then_some(sender))
    }

    /// Judges a run from now on, until it is over. Returns whether anybody does.
    pub(super) fn ask(&self, request: RequestId, run: Judged) -> bool {
        self.0.as_ref().is_some_and(|sender| sender.send((request, run)).is_ok())
    }
}

/// What judging works with.
struct Desk {
    context: Context,
    scrubber: Arc<Scrubber>,
    usual: Usual,
    report: Report,
    runtime: Handle,
}

/// A run that is judged.
struct Watched<'r> {
    request: RequestId,
    dir: PathBuf,
    log: PathBuf,
    beside: Beside,
    usual: TypicalDurations,
    live: Option<LiveJudge<'r>>,
    /// why there was no verdict, as last told
    trouble: Option<Failure>,
}

impl Desk {
    fn work(&self, asked: &Receiver<Asked>) {
        let mut waiting = Vec::new();
        loop {
            if waiting.is_empty() {
                // Rules are read when there is something to judge by them.
                match asked.recv() {
                    Ok(next) => waiting.push(next),
                    Err(_) => return,
                }
            }
            let written = self.rules_written();
            let rules = match Rules::for_repo(&self.context.repo) {
                Ok(rules) => rules,
                Err(error) => {
                    let failure = Failure::from(Error::from(error));
                    for (request, _) in waiting.drain(..) {
                        (self.report)(Msg::Judged { request, answer: Err(failure.clone()) });
                    }
                    continue;
                }
            };
            match self.by_rules(&rules, written, std::mem::take(&mut waiting), asked) {
                Some(again) => waiting = again,
                None => return,
            }
        }
    }

    /// When the team's own rules were last written.
    fn rules_written(&self) -> Option<SystemTime> {
        std::fs::metadata(self.context.repo.join(OWN_RULES)).and_then(|file| file.modified()).ok()
    }

    /// Judges until the rules change; then returns what is still to be judged. `None`: the console is gone.
    fn by_rules(
        &self,
        rules: &Rules,
        written: Option<SystemTime>,
        waiting: Vec<Asked>,
        asked: &Receiver<Asked>,
    ) -> Option<Vec<Asked>> {
        let blank = match Judge::new(rules) {
            Ok(blank) => blank,
            Err(error) => {
                let failure = Failure::from(Error::from(error));
                for (request, _) in waiting {
                    (self.report)(Msg::Judged { request, answer: Err(failure.clone()) });
                }
                return Some(Vec::new());
            }
        };
        let mut runs: BTreeMap<Which, Watched<'_>> = BTreeMap::new();
        waiting.into_iter().for_each(|next| self.take(&mut runs, next));
        loop {
            runs.retain(|(key, _), run| self.look(key, run, rules, &blank));
            let next = if runs.is_empty() {
                asked.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                asked.recv_timeout(EVERY)
            };
            match next {
                Ok(next) => self.take(&mut runs, next),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            asked.try_iter().for_each(|next| self.take(&mut runs, next));
            if self.rules_written() != written {
                let again = runs.into_iter().map(|((key, _), run)| {
                    let Watched { request, dir, log, beside, .. } = run;
                    (request, Judged { key, dir, log, guest: beside.guest, vm_left: beside.vm_left })
                });
                return Some(again.collect());
            }
        }
    }

    fn take(&self, runs: &mut BTreeMap<Which, Watched<'_>>, (request, asked): Asked) {
        let Judged { key, dir, log, guest, vm_left } = asked;
        let beside = Beside { guest, vm_left };
        match runs.get_mut(&(key.clone(), dir.clone())) {
            Some(run) => {
                (run.request, run.log, run.beside) = (request, log, beside);
                run.live.iter_mut().for_each(LiveJudge::again);
            }
            None => {
                let usual = self.usual.of(&self.context.state, &key, &dir).unwrap_or_default();
                let which = (key, dir.clone());
                let run = Watched { request, dir, log, beside, usual, live: None, trouble: None };
                runs.insert(which, run);
            }
        }
    }

    /// Looks at a run and reports what is new; whether it is to be looked at again.
    fn look<'r>(&self, key: &Key, run: &mut Watched<'r>, rules: &'r Rules, blank: &Judge<'r>) -> bool {
        // What a run wrote must not take the verdicts of the others along.
        let looked = catch_unwind(AssertUnwindSafe(|| self.judge(key, run, rules, blank)));
        let looked = looked.unwrap_or_else(|_| {
            run.live = None;
            Err(Error::BrokeOff { what: "the verdict", reason: "panicked".into() })
        });
        let request = run.request;
        match looked {
            Ok((verdict, live)) => {
                if let Some(verdict) = verdict {
                    run.trouble = None;
                    (self.report)(Msg::Judged { request, answer: Ok(verdict) });
                }
                live
            }
            Err(error) => {
                let failure = Failure::from(error);
                if run.trouble.as_ref() != Some(&failure) {
                    run.trouble = Some(failure.clone());
                    (self.report)(Msg::Judged { request, answer: Err(failure) });
                }
                // A run that is over is asked about again by whoever wants to know.
                run.live.is_some()
            }
        }
    }

    /// The verdict if there is news, and whether the run is still at work.
    fn judge<'r>(
        &self,
        key: &Key,
        watched: &mut Watched<'r>,
        rules: &'r Rules,
        blank: &Judge<'r>,
    ) -> Result<(Option<Box<Verdict>>, bool), Error> {
        let run = Run::read(&watched.dir).map_err(Error::Record)?;
        let Some(run) = run.filter(|run| run.state.live()) else {
            let (dir, log) = (Some(watched.dir.clone()), Some(watched.log.clone()));
            let case = Case { title: key.to_string(), dir, log, beside: watched.beside.clone(), ..Case::default() };
            let judged = self.runtime.block_on(judge::judge(&self.context.repo, self.scrubber.clone(), case))?;
            return Ok((Some(judged.verdict), false));
        };
        let live = match &mut watched.live {
            Some(live) => live,
            none @ None => {
                let live = LiveJudge::new(rules, blank.fresh(), &self.context.repo, &run.dir).map_err(Error::Record)?;
                none.insert(live)
            }
        };
        let verdict = live
            .look(&run, &watched.beside, &watched.usual, &self.scrubber, Timestamp::now())
            .map_err(Error::reading(run.shown()))?;
        Ok((verdict.map(Box::new), true))
    }
}
