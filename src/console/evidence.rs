//! The evidence of the selected line's verdict: copied, and opened where it lies.

use super::cursor::Cursor;
use super::effect::Effect;
use super::panes::Pane;
use super::state::Console;
use super::toast::Tone;
use super::verdict::Case;
use crate::triage::verdict::{Evidence, EvidenceSource};

impl Console {
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
