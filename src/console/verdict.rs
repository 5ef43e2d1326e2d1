//! What the rules say about the newest run of each line, and the evidence a person can open.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::command::Motion;
use super::cursor::{Cursor, Step};
use super::effect::Effect;
use super::lines::LineRow;
use super::message::{Reply, RequestId};
use super::panes::Pane;
use super::run::RunState;
use super::state::Console;
use super::toast::Tone;
use crate::pipeline::Key;
use crate::triage::verdict::{Evidence, EvidenceSource, Verdict};

/// Why a verdict was asked for without a person asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// the run ended badly
    Failed,
    /// its console stands still since then
    Still(Timestamp),
}

/// The verdict on one run.
#[derive(Debug, Clone)]
pub struct Case {
    /// when the run began; another run has another case
    run: Timestamp,
    asked: Option<RequestId>,
    occasion: Option<Occasion>,
    verdict: Option<(Box<Verdict>, Timestamp)>,
    trouble: Option<String>,
    chosen: Cursor,
}

impl Case {
    fn new(run: Timestamp) -> Self {
        Self { run, asked: None, occasion: None, verdict: None, trouble: None, chosen: Cursor::default() }
    }

    /// The verdict and when it was given.
    pub fn verdict(&self) -> Option<(&Verdict, Timestamp)> {
        self.verdict.as_ref().map(|(verdict, at)| (&**verdict, *at))
    }

    /// Why there is none.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether it is being worked out.
    pub fn working(&self) -> bool {
        self.asked.is_some()
    }

    /// The evidence under the cursor.
    pub fn chosen(&self) -> usize {
        self.chosen.index(self.cited())
    }

    /// How many pieces of evidence there are.
    fn cited(&self) -> usize {
        self.verdict.as_ref().map_or(0, |(verdict, _)| verdict.evidence.len())
    }
}

/// The verdicts on the newest runs.
#[derive(Debug, Clone, Default)]
pub struct Verdicts(BTreeMap<Key, Case>);

impl Verdicts {
    /// The case of a line's newest run.
    pub fn of(&self, row: &LineRow) -> Option<&Case> {
        let run = row.run.as_ref()?;
        self.0.get(&row.line.key).filter(|case| case.run == run.started)
    }

    fn case(&mut self, row: &LineRow) -> Option<&mut Case> {
        let run = row.run.as_ref()?;
        let case = self.0.entry(row.line.key.clone()).or_insert_with(|| Case::new(run.started));
        if case.run != run.started {
            *case = Case::new(run.started);
        }
        Some(case)
    }

    /// Asks for a verdict, unless it is being worked out already.
    fn ask(&mut self, row: &LineRow, request: RequestId) -> Option<Effect> {
        let run = row.run.as_ref()?;
        let case = self.case(row).filter(|case| case.asked.is_none())?;
        case.asked = Some(request);
        let guest = row.guest().cloned().map(Box::new);
        let (key, dir, log) = (row.line.key.clone(), run.dir.clone(), run.log.clone());
        Some(Effect::Judge { request, key, dir, log, guest })
    }

    /// Asks when a run failed, or its console stands still.
    fn due(&mut self, row: &LineRow, request: RequestId) -> Option<Effect> {
        let run = row.run.as_ref()?;
        let occasion = match run.state {
            RunState::Failed { .. } | RunState::Lost => Occasion::Failed,
            RunState::Starting
            | RunState::Running
            | RunState::Cancelling
            | RunState::Succeeded
            | RunState::Cancelled => Occasion::Still(run.still.as_ref().filter(|_| run.state.live())?.since),
        };
        let case = self.case(row).filter(|case| case.asked.is_none() && case.occasion != Some(occasion))?;
        case.occasion = Some(occasion);
        self.ask(row, request)
    }

    /// A verdict came.
    pub(super) fn judged(&mut self, request: RequestId, answer: Reply<Box<Verdict>>, now: Timestamp) -> bool {
        let Some(case) = self.0.values_mut().find(|case| case.asked == Some(request)) else { return false };
        case.asked = None;
        match answer {
            Ok(verdict) => {
                case.chosen.clamp(verdict.evidence.len());
                case.verdict = Some((verdict, now));
                case.trouble = None;
            }
            Err(reason) => case.trouble = Some(reason.into()),
        }
        true
    }
}

impl Console {
    /// The case of the selected line.
    pub(crate) fn case(&self) -> Option<&Case> {
        self.lines.selected().and_then(|row| self.verdicts.of(row))
    }

    /// Judges the selected line's newest run now, and shows the pane.
    pub(super) fn judge(&mut self, effects: &mut Vec<Effect>) {
        if self.fetch_newest(effects) {
            return;
        }
        self.panes.focus(Pane::Verdict);
        let request = self.request();
        let Some(row) = self.lines.selected() else { return };
        effects.extend(self.verdicts.ask(row, request));
    }

    /// Judges what failed or stands still since the last look. A run that failed while nobody looked is judged when its
    /// line is selected.
    pub(super) fn judge_what_is_due(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let Self { lines, verdicts, opened, .. } = self;
        let selected = lines.selected().map(|row| row.line.key.clone());
        let fresh = |row: &&LineRow| {
            let ended = row.run.as_ref().and_then(|run| run.ended);
            selected.as_ref() == Some(&row.line.key) || ended.is_none_or(|ended| ended >= *opened)
        };
        // One at a time: the next message asks for the next one.
        effects.extend(lines.all().iter().filter(fresh).find_map(|row| verdicts.due(row, request)));
    }

    /// Saves everything that is known about the selected line's newest run.
    pub(super) fn save_bundle(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let Some(row) = self.lines.selected() else { return };
        let Some(run) = &row.run else { return };
        let (key, dir, log) = (row.line.key.clone(), run.dir.clone(), run.log.clone());
        let guest = row.guest().cloned().map(Box::new);
        effects.push(Effect::SaveBundle { request, key, dir, log, guest });
        self.errands.push(request);
        self.notice(Tone::Info, "writing the bundle");
    }

    /// Moves among the evidence.
    pub(super) fn verdict_moved(&mut self, by: i64) {
        self.choose_evidence(|chosen, cited| chosen.by(by, cited));
    }

    /// All of the evidence is one page.
    pub(super) fn verdict_motion(&mut self, motion: Motion) {
        let Some(step) = Step::of(motion) else { return };
        self.choose_evidence(|chosen, cited| chosen.step(step, cited, cited));
    }

    pub(super) fn choose_evidence(&mut self, to: impl FnOnce(&mut Cursor, usize)) {
        let Some(row) = self.lines.selected() else { return };
        let Some(case) = self.verdicts.case(row) else { return };
        let cited = case.cited();
        to(&mut case.chosen, cited);
    }

    /// Copies the verdict with its evidence.
    pub(super) fn copy_verdict(&mut self, effects: &mut Vec<Effect>) {
        let Some((verdict, _)) = self.case().and_then(Case::verdict) else {
            self.notice(Tone::Info, "no verdict to copy: v judges the newest run");
            return;
        };
        let remedy = verdict.remedy.iter().map(|remedy| format!("→ {remedy}"));
        let cited = verdict.evidence.iter().map(|evidence| {
            let line = evidence.line.map_or(String::new(), |line| format!(" {line}"));
            let source = match evidence.source {
                EvidenceSource::Log => "log",
                EvidenceSource::Screen => "picture",
                EvidenceSource::Guest => "guest",
            };
            format!("{source}{line}: {}", evidence.text)
        });
        let head = [format!("{}: {}", verdict.class, verdict.cause)];
        let text: Vec<String> = head.into_iter().chain(remedy).chain(cited).collect();
        effects.push(Effect::Clipboard(text.join("\n")));
        self.notice(Tone::Done, "copied the verdict");
    }

    /// Opens a piece of evidence by its number, or the one under the cursor.
    pub(super) fn open_evidence(&mut self, number: Option<u32>, effects: &mut Vec<Effect>) {
        let Some((verdict, _)) = self.case().and_then(Case::verdict) else {
            self.notice(Tone::Info, "no verdict on this line yet: v judges its newest run");
            return;
        };
        let index = match number {
            Some(number) => number.saturating_sub(1) as usize,
            None => self.case().map_or(0, Case::chosen),
        };
        let Some(evidence) = verdict.evidence.get(index).cloned() else {
            self.notice(Tone::Info, format!("no evidence {}: the verdict cites {}", index + 1, verdict.evidence.len()));
            return;
        };
        self.choose_evidence(|chosen, _| *chosen = Cursor::at(index));
        self.open(&evidence, effects);
    }

    fn open(&mut self, evidence: &Evidence, effects: &mut Vec<Effect>) {
        match (evidence.source, evidence.line, &evidence.frame) {
            (EvidenceSource::Log, Some(line), _) => {
                self.panes.focus(Pane::Log);
                self.log.reveal(line.saturating_sub(1));
            }
            (EvidenceSource::Screen, _, Some(frame)) if self.timeline.frame_named(frame).is_some() => {
                self.panes.focus(Pane::Picture);
                let name = frame.clone();
                self.show_frame(&name, effects);
            }
            (EvidenceSource::Screen, ..) => self.panes.focus(Pane::Picture),
            (EvidenceSource::Guest, ..) | (EvidenceSource::Log, None, _) => {
                self.notice(Tone::Info, evidence.text.clone());
            }
        }
    }
}
