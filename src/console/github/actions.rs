//! What is done at GitHub: judged, confirmed, carried out.

use super::super::change::confirm;
use super::super::command::{Change, GitHubChange};
use super::super::confirm::{self, Confirm};
use super::super::effect::Effect;
use super::super::message::{Reply, RequestId};
use super::super::panes::Pane;
use super::super::past::{Past, Which};
use super::super::refusal::Refusal;
use super::super::state::Console;
use super::super::toast::Tone;
use super::{Ask, FetchedRun, Row};
use crate::github::RemoteRun;
use crate::ops::{self, Operation};
use crate::pipeline::Key;

/// What confirming leads to.
#[derive(Debug, Clone)]
pub enum Action {
    /// a run is started for a line
    Dispatch(Key),
    /// a run is ended
    Cancel(Box<RemoteRun>),
    /// the failed legs of a run are run again
    Rerun(Box<RemoteRun>),
    /// the schedule is switched on again
    EnableSchedule,
}

impl Action {
    /// The change as a thing that is going on.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Dispatch(_) => "the dispatch",
            Self::Cancel(_) => "cancelling",
            Self::Rerun(_) => "the re-run",
            Self::EnableSchedule => "the schedule",
        }
    }

    /// The run that it is about.
    fn run(&self) -> Option<u64> {
        match self {
            Self::Cancel(run) | Self::Rerun(run) => Some(run.id),
            Self::Dispatch(_) | Self::EnableSchedule => None,
        }
    }
}

impl Console {
    /// The confirmation. The judge has been asked.
    pub(in super::super) fn ask_github(
        &self,
        change: GitHubChange,
        line: Option<&Key>,
        request: RequestId,
    ) -> Result<Confirm, Refusal> {
        let run = || self.chosen_run().cloned().map(Box::new);
        let (title, steps, verb, action) = match change {
            GitHubChange::Dispatch => {
                let key = line.ok_or(ops::Refusal::NoLine)?;
                let held = self.lines.get(key).is_some_and(|row| row.generations.hold.is_some());
                let promoted = if held { "; while it is held it is not promoted" } else { " and promotes it" };
                let steps = vec![
                    format!("GitHub starts build-templates.yml with os={key} on the default branch"),
                    format!("a runner of the scale set builds {key}{promoted}"),
                ];
                (format!("Dispatch {key} on GitHub"), steps, "dispatch", Action::Dispatch(key.clone()))
            }
            GitHubChange::EnableSchedule => {
                let steps = vec!["GitHub runs build-templates.yml on its schedule again".into()];
                ("Switch the schedule on".into(), steps, "switch it on", Action::EnableSchedule)
            }
            GitHubChange::Cancel => {
                let run = run()?;
                let steps = vec![
                    format!("GitHub ends run #{} ({}) with all its jobs", run.number, run.title),
                    "each job has seconds to destroy its VM; ‹sweep› sweeps one that stays behind".into(),
                ];
                (format!("Cancel run #{} on GitHub", run.number), steps, "cancel it", Action::Cancel(run))
            }
            GitHubChange::Rerun => {
                let run = run()?;
                let steps = vec![format!("GitHub runs the failed jobs of run #{} again", run.number)];
                (format!("Run #{} again on GitHub", run.number), steps, "run again", Action::Rerun(run))
            }
        };
        let of = (Change::GitHub(change).operation(false), line.cloned());
        let mut confirm = confirm(of, request, title, verb, confirm::Action::GitHub(action));
        confirm.steps = steps;
        if change == GitHubChange::Cancel {
            confirm.back = "keep it running";
        }
        Ok(confirm)
    }

    /// A person confirmed; the judge was asked again.
    pub(in super::super) fn github_confirmed(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let target = action.run();
        if target.is_some() && self.chosen_run().ok().map(|run| run.id) != target {
            self.notice(Tone::Info, "another run was chosen meanwhile; nothing was done, look again");
            return;
        }
        let request = self.request();
        self.github.errand = Some(request);
        effects.push(Effect::GitHub(Ask::Change(request, action)));
    }

    pub(super) fn github_done(&mut self, request: RequestId, answer: Reply<String>) -> bool {
        if self.github.errand != Some(request) {
            return false;
        }
        (self.github.errand, self.github.asked) = (None, None);
        match answer {
            Ok(text) => self.notice(Tone::Done, text),
            Err(reason) => self.notice(Tone::Failed, reason),
        }
        true
    }

    /// Brings the evidence of the chosen leg here, or says why there is none.
    pub(in super::super) fn open_remote(&mut self, effects: &mut Vec<Effect>) {
        let refused = |refusal: Refusal| refusal.to_string();
        let allowed = ops::check(Operation::FetchLeg, &self.facts(None)).map_err(Refusal::from);
        let chosen = match allowed.and_then(|()| Ok(self.chosen_leg()?)).map_err(refused) {
            Ok(chosen) => chosen,
            Err(reason) => return self.notice(Tone::Info, reason),
        };
        let request = self.request();
        self.github.errand = Some(request);
        self.notice(Tone::Info, format!("fetching what {} left", chosen.1.name));
        effects.push(Effect::GitHub(Ask::Fetch(request, Box::new(chosen))));
    }

    pub(super) fn fetched(&mut self, request: RequestId, answer: Reply<FetchedRun>, effects: &mut Vec<Effect>) -> bool {
        if self.github.errand != Some(request) {
            return false;
        }
        self.github.errand = None;
        let FetchedRun { key, began, page, skew } = match answer {
            Ok(kept) => kept,
            Err(reason) => {
                self.notice(Tone::Failed, reason);
                return true;
            }
        };
        effects.extend([Effect::ReadRuns, Effect::ReadHistory(key.clone())]);
        self.toasts.dismiss();
        skew.into_iter().for_each(|skew| self.notice(Tone::Info, skew));
        let newer = self.lines.get(&key).and_then(|row| row.run.as_ref()).is_some_and(|run| run.started > began);
        self.lines.set_filter("");
        self.lines.select(&key);
        self.past = newer.then_some(Past { key, which: Which::GitHub(page) });
        self.panes.focus(Pane::Verdict);
        true
    }

    /// Puts the page of the chosen run or leg on the clipboard, and shows it.
    pub(in super::super) fn copy_page(&mut self, effects: &mut Vec<Effect>) {
        let url = match self.github.row() {
            Some(Row::Leg(_, leg)) => leg.url.clone(),
            Some(Row::Run(seen)) => seen.run.url.clone(),
            None => return,
        };
        effects.push(Effect::Clipboard { what: url.clone(), text: url });
    }
}
