//! What the rules say about the newest run of each line, and the evidence a person can open.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::cursor::Cursor;
use super::effect::{Effect, Judged};
use super::lines::LineRow;
use super::message::{Reply, RequestId};
use super::panes::{Pane, View};
use super::run::{RunSeen, RunState};
use super::state::Console;
use crate::guest::recording::GuestState;
use crate::pipeline::Key;
use crate::triage::verdict::{Outlook, Verdict};
use crate::vcenter::LinkState;

/// How long a cause must hold before it calls for a person: the recorder looks again meanwhile, and what packer's last key
/// answered is gone.
const HOLD: SignedDuration = SignedDuration::from_secs(3);

/// What a verdict was asked on; another one is asked for as soon as it is no longer so.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    state: RunState,
    reason: Option<String>,
    /// as of no moment: only a change of it counts
    guest: Option<GuestState>,
    vm_left: Option<bool>,
}

impl Told {
    fn of(row: &LineRow, run: &RunSeen, heard: bool) -> Self {
        let guest = row.guest().map(|vm| GuestState::of(vm, Timestamp::UNIX_EPOCH));
        // A build elsewhere has no VM here, and what stands here is not its own.
        let ours = heard && run.origin.is_none();
        let vm_left = ours.then(|| guest.is_some());
        Self { state: run.state, reason: run.reason.clone(), guest, vm_left }
    }
}

/// The verdict on one run.
#[derive(Debug, Clone)]
pub struct Case {
    /// when the run began; another run has another case
    run: Timestamp,
    /// verdicts bear this number, of a run at work more than one
    asked: Option<RequestId>,
    working: bool,
    told: Option<Told>,
    /// since when packer is known to fail of this (class and rule)
    foretold: Option<(String, Option<String>, Timestamp)>,
    verdict: Option<(Box<Verdict>, Timestamp)>,
    /// it was given while the run was at work, and that is over
    outdated: bool,
    trouble: Option<String>,
    pub(super) chosen: Cursor,
    /// the first row shown, where the text was scrolled; `None` = so that the chosen evidence is there
    pub(super) top: Option<Cursor>,
}

/// What packer will fail of.
#[derive(Debug, Clone, Copy)]
pub struct Foretold<'a> {
    /// how it stands
    pub outlook: &'a Outlook,
    /// why
    pub verdict: &'a Verdict,
    /// since when that is known
    pub since: Timestamp,
}

impl Case {
    fn new(run: Timestamp) -> Self {
        Self {
            run,
            asked: None,
            working: false,
            told: None,
            foretold: None,
            verdict: None,
            outdated: false,
            trouble: None,
            chosen: Cursor::default(),
            top: None,
        }
    }

    /// The verdict and when it was given.
    pub fn verdict(&self) -> Option<(&Verdict, Timestamp)> {
        self.verdict.as_ref().filter(|_| !self.outdated).map(|(verdict, at)| (&**verdict, *at))
    }

    /// Why there is none.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether it is being worked out.
    pub fn working(&self) -> bool {
        self.working
    }

    /// What is wrong with a build at work, once that has held for long enough to call for a person: what healthy builds
    /// show, too, never does, and what passes in a moment is not worth a look.
    pub fn foretold(&self, now: Timestamp) -> Option<Foretold<'_>> {
        let (verdict, _) = self.verdict()?;
        let outlook = verdict.outlook.as_ref().filter(|outlook| !outlook.passing)?;
        let (.., since) = self.foretold.as_ref().filter(|(.., since)| now.duration_since(*since) >= HOLD)?;
        Some(Foretold { outlook, verdict, since: *since })
    }

    /// Takes a verdict.
    fn take(&mut self, verdict: Box<Verdict>, now: Timestamp) {
        self.chosen.clamp(verdict.evidence.len());
        (self.trouble, self.outdated) = (None, false);
        let same = |known: &(String, Option<String>, Timestamp)| known.0 == verdict.class && known.1 == verdict.rule;
        self.foretold = match (self.foretold.take().filter(same), &verdict.outlook) {
            (_, None) => None,
            (Some(known), Some(_)) => Some(known),
            (None, Some(_)) => Some((verdict.class.clone(), verdict.rule.clone(), now)),
        };
        self.verdict = Some((verdict, now));
    }

    /// The number that its verdicts bear.
    #[cfg(test)]
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.asked
    }

    /// The evidence under the cursor.
    pub fn chosen(&self) -> usize {
        self.chosen.index(self.cited())
    }

    /// How many pieces of evidence there are.
    pub(super) fn cited(&self) -> usize {
        self.verdict.as_ref().map_or(0, |(verdict, _)| verdict.evidence.len())
    }
}

/// What the console knows beside the line.
#[derive(Debug, Clone, Copy)]
struct Beside {
    now: Timestamp,
    /// vCenter is heard: what it does not show is not there
    heard: bool,
}

/// The verdicts on the newest runs, and the one on a run gone back to.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    newest: BTreeMap<Key, Case>,
    pub(super) past: Option<(PathBuf, Case)>,
}

impl Verdicts {
    /// The case of a line's newest run.
    pub fn of(&self, row: &LineRow) -> Option<&Case> {
        let run = row.run.as_ref()?;
        self.newest.get(&row.line.key).filter(|case| case.run == run.started)
    }

    pub(super) fn case(&mut self, row: &LineRow) -> Option<&mut Case> {
        let run = row.run.as_ref()?;
        let case = self.newest.entry(row.line.key.clone()).or_insert_with(|| Case::new(run.started));
        if case.run != run.started {
            *case = Case::new(run.started);
        }
        Some(case)
    }

    /// Asks for a verdict, unless it is being worked out already.
    fn ask(&mut self, row: &LineRow, beside: Beside, request: RequestId) -> Option<Effect> {
        let run = row.run.as_ref()?;
        let told = Told::of(row, run, beside.heard);
        let case = self.case(row).filter(|case| !case.working)?;
        (case.asked, case.working) = (Some(request), true);
        let guest = told.guest.clone().map(|guest| GuestState { at: beside.now, ..guest });
        let vm_left = told.vm_left;
        case.told = Some(told);
        let run = Judged { key: row.line.key.clone(), dir: run.dir.clone(), log: run.log.clone(), guest, vm_left };
        Some(Effect::Judge { request, run })
    }

    /// Asks when the verdict there is was given on other facts: of a run at work, of one that did not succeed, and of one
    /// that something was said about while it was at work.
    fn due(&mut self, row: &LineRow, beside: Beside, request: RequestId) -> Option<Effect> {
        let run = row.run.as_ref()?;
        let (told, succeeded) = (Told::of(row, run, beside.heard), run.state == RunState::Succeeded);
        let case = self.case(row)?;
        let ended = !run.state.live() && case.told.as_ref().is_some_and(|told| told.state.live());
        case.outdated |= ended && case.verdict.as_ref().is_some_and(|(verdict, _)| verdict.of_work());
        let case = Some(case).filter(|case| !case.working && case.told.as_ref() != Some(&told))?;
        if succeeded && case.verdict.is_none() {
            return None;
        }
        self.ask(row, beside, request)
    }

    /// Asks about a run gone back to, once: it is over, and nothing more is heard of it.
    fn ask_past(&mut self, key: &Key, run: &RunSeen, request: RequestId) -> Option<Effect> {
        if self.past.as_ref().is_some_and(|(dir, _)| *dir == run.dir) {
            return None;
        }
        let case = Case { asked: Some(request), working: true, ..Case::new(run.started) };
        self.past = Some((run.dir.clone(), case));
        let (dir, log) = (run.dir.clone(), run.log.clone());
        Some(Effect::Judge { request, run: Judged { key: key.clone(), dir, log, guest: None, vm_left: None } })
    }

    /// A verdict came.
    pub(super) fn judged(&mut self, request: RequestId, answer: Reply<Box<Verdict>>, now: Timestamp) -> bool {
        let all = self.newest.values_mut().chain(self.past.as_mut().map(|(_, case)| case));
        let Some(case) = all.into_iter().find(|case| case.asked == Some(request)) else { return false };
        case.working = false;
        match answer {
            Ok(verdict) => case.take(verdict, now),
            Err(reason) => case.trouble = Some(reason.into()),
        }
        true
    }
}

impl Console {
    /// The case of the run that is looked at.
    pub(crate) fn case(&self) -> Option<&Case> {
        if self.past_remote().is_some() {
            return None;
        }
        match self.past_run() {
            Some(run) => self.verdicts.past.as_ref().filter(|(dir, _)| *dir == run.dir).map(|(_, case)| case),
            None => self.lines.selected().and_then(|row| self.verdicts.of(row)),
        }
    }

    /// Judges the selected line's newest run now, and shows the pane; where it is shown already, turns to the picture.
    pub(super) fn judge(&mut self, effects: &mut Vec<Effect>) {
        let past = self.past_run().is_some();
        if !past && self.fetch_shown(effects) {
            return;
        }
        if self.turns_to_picture() {
            return self.panes.focus(Pane::Picture);
        }
        self.panes.focus(Pane::Verdict);
        if past {
            return;
        }
        let (request, beside) = (self.request(), self.beside());
        let Some(row) = self.lines.selected() else { return };
        effects.extend(self.verdicts.ask(row, beside, request));
    }

    /// Whether the verdict is there to be read already: then its key turns to the picture.
    pub(super) fn turns_to_picture(&self) -> bool {
        let read = self.panes.focus == Pane::Verdict && self.panes.view == View::Lines
            || self.visible(Pane::Verdict) && !self.visible(Pane::Picture);
        read && self.content().picture
    }

    fn beside(&self) -> Beside {
        let heard = self.session.link == LinkState::Live && self.session.fresh.is_some();
        Beside { now: self.now, heard }
    }

    /// Judges what is at work, and what ended since the last look. A run that failed while nobody looked is judged when
    /// its line is selected.
    pub(super) fn judge_what_is_due(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        if let Some((row, run)) = self.lines.selected().zip(self.past_run()) {
            let (key, run) = (row.line.key.clone(), run.clone());
            effects.extend(self.verdicts.ask_past(&key, &run, request));
        }
        let (request, beside) = (self.request(), self.beside());
        let Self { lines, verdicts, opened, acknowledged, .. } = self;
        let selected = lines.selected().map(|row| row.line.key.clone());
        let fresh = |row: &&LineRow| {
            let ended = row.run.as_ref().and_then(|run| run.ended);
            // What was seen is compared with what there is.
            let seen = acknowledged.contains_key(&row.line.key);
            seen || selected.as_ref() == Some(&row.line.key) || ended.is_none_or(|ended| ended >= *opened)
        };
        // One at a time: the next message asks for the next one.
        effects.extend(lines.all().iter().filter(fresh).find_map(|row| verdicts.due(row, beside, request)));
    }
}
