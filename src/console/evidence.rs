//! The evidence of the selected line's verdict: gone through with the text around it, copied, and opened where it lies.

use super::command::Motion;
use super::cursor::{Cursor, Step};
use super::effect::Effect;
use super::panes::{Pane, Scrolled};
use super::state::Console;
use super::toast::Tone;
use super::verdict::Case;
use crate::triage::verdict::{Evidence, EvidenceSource};

impl Case {
    /// The first row of its text that is shown, of so many that can be; the one of the chosen evidence ends at `last`.
    /// The cause stands at the top, so that is where one begins to read.
    pub fn first_row(&self, last: usize, room: usize, tops: usize) -> usize {
        match self.top {
            Some(top) => top.index(tops),
            None if self.chosen() == 0 => 0,
            None => Cursor::at((last + 1).saturating_sub(room)).index(tops),
        }
    }

    /// Goes through the evidence; beyond its ends, and by pages, through the text.
    fn step(&mut self, step: Step, text: Scrolled) {
        let (cited, here) = (self.cited(), self.chosen());
        match step {
            Step::Up if here > 0 => self.go_to(here - 1),
            Step::Down if here + 1 < cited => self.go_to(here + 1),
            Step::First => self.go_to(0),
            Step::Up | Step::Down => self.top = Some(text.moved(step)),
            Step::PageUp | Step::PageDown | Step::Last => {
                let top = text.moved(step);
                self.top = Some(top);
                // At an end of the text, the first or the last evidence is what is there.
                if step == Step::PageUp && top.is_first() {
                    self.chosen.first();
                } else if step != Step::PageUp && text.ends_at(top) {
                    self.chosen.last(cited);
                }
            }
        }
    }

    /// Chooses a piece of evidence and brings it into view.
    fn go_to(&mut self, index: usize) {
        self.chosen = Cursor::at(Cursor::at(index).index(self.cited()));
        self.top = None;
    }
}

impl Console {
    /// Moves among the evidence.
    pub(super) fn verdict_moved(&mut self, by: i64) {
        let step = if by < 0 { Step::Up } else { Step::Down };
        let text = self.verdict_text();
        self.on_case(|case| case.step(step, text));
    }

    /// Moves among the evidence, or through the text.
    pub(super) fn verdict_motion(&mut self, motion: Motion) {
        let Some(step) = Step::of(motion) else { return };
        let text = self.verdict_text();
        self.on_case(|case| case.step(step, text));
    }

    /// Chooses a piece of evidence.
    pub(super) fn choose_evidence(&mut self, index: usize) {
        self.on_case(|case| case.go_to(index));
    }

    /// How its text lies in the pane; it is scrolled only where the keys go to it.
    fn verdict_text(&self) -> Scrolled {
        if self.panes.focus == Pane::Verdict { self.panes.measures.text } else { Scrolled::default() }
    }

    fn on_case(&mut self, change: impl FnOnce(&mut Case)) {
        let past = self.past_run().is_some();
        let Some(row) = self.lines.selected().filter(|_| self.past_remote().is_none()) else { return };
        let case = if past { self.verdicts.past.as_mut().map(|(_, case)| case) } else { self.verdicts.case(row) };
        if let Some(case) = case {
            change(case);
        }
    }

    /// Copies the verdict with its evidence.
    pub(super) fn copy_verdict(&mut self, effects: &mut Vec<Effect>) {
        let Some((verdict, _)) = self.case().and_then(Case::verdict) else {
            self.notice(Tone::Info, "no verdict to copy: ‹verdict› judges the newest run");
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
        effects.push(Effect::Clipboard { text: text.join("\n"), what: "the verdict".into() });
    }

    /// Opens a piece of evidence by its number, or the one under the cursor.
    pub(super) fn open_evidence(&mut self, number: Option<u32>, effects: &mut Vec<Effect>) {
        let Some((verdict, _)) = self.case().and_then(Case::verdict) else {
            self.notice(Tone::Info, "no verdict on this line yet: ‹verdict› judges its newest run");
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
        self.choose_evidence(index);
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
