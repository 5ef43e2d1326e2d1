//! Looking: when GitHub is asked, and what follows from its answer.

use std::sync::Arc;

use super::super::command::Motion;
use super::super::cursor::{Cursor, Step};
use super::super::effect::Effect;
use super::super::message::{Reply, RequestId};
use super::super::state::Console;
use super::super::toast::Tone;
use super::{Ask, Pipeline, Row, RowId};
use crate::github::{Leg, State};
use crate::pipeline::Key;

/// Rows that a page has, whatever the screen shows.
const PAGE: usize = 10;

impl Console {
    /// Asks again when it is time.
    pub(in super::super) fn look_at_github(&mut self, effects: &mut Vec<Effect>) {
        let view = &self.github;
        if view.asking.is_some() || !matches!(view.repository, Some(Ok(_))) {
            return;
        }
        if view.asked.is_some_and(|asked| self.now.duration_since(asked) < view.pause()) {
            return;
        }
        let request = self.request();
        (self.github.asking, self.github.asked) = (Some(request), Some(self.now));
        effects.push(Effect::GitHub(Ask::Look(request)));
    }

    pub(super) fn looked(&mut self, request: RequestId, answer: Reply<Arc<Pipeline>>) -> bool {
        if self.github.asking != Some(request) {
            return false;
        }
        self.github.asking = None;
        match answer {
            Ok(pipeline) => {
                let before = self.github.pipeline.replace(pipeline);
                self.github.trouble = None;
                self.read_remote_results();
                let len = self.github.rows().len();
                self.github.chosen.clamp(len);
                self.ended_at_github(before.as_deref());
            }
            // What was heard before stays on the screen, with its age.
            Err(reason) => self.github.trouble = Some(reason.into()),
        }
        true
    }

    /// Says which legs ended since the last look, and what they left behind. Those that failed are alarms.
    fn ended_at_github(&mut self, before: Option<&Pipeline>) {
        let (Some(before), Some(now)) = (before, self.github.pipeline.clone()) else { return };
        let was_live = before.board.runs.iter().flat_map(|seen| &seen.legs).filter(|leg| leg.state.live());
        let live: Vec<u64> = was_live.map(|leg| leg.id).collect();
        for seen in &now.board.runs {
            let ended = |leg: &Leg| live.contains(&leg.id) && !leg.state.live() && !leg.state.alarming();
            for (key, leg) in seen.lines().filter(|(_, leg)| ended(leg)) {
                let tone = if leg.state.failed() { Tone::Info } else { Tone::Done };
                let left = self.lines.get(key).and_then(|row| row.guest()).filter(|_| leg.state.failed());
                let left =
                    left.map(|vm| format!("; {} is still there: ‹sweep› sweeps it", vm.name)).unwrap_or_default();
                let text = format!("{key}: run #{} on GitHub {}{left}", seen.run.number, leg.state.word());
                self.notice(tone, text);
            }
        }
    }

    /// Moves the choice.
    pub(in super::super) fn github_moved(&mut self, motion: Motion) {
        let Some(step) = Step::of(motion) else { return };
        let len = self.github.rows().len();
        self.github.chosen.step(step, PAGE, len);
        self.select_line_of_chosen();
    }

    /// Moves the choice by rows.
    pub(in super::super) fn github_wheeled(&mut self, rows: i64) {
        let len = self.github.rows().len();
        self.github.chosen.by(rows, len);
        self.select_line_of_chosen();
    }

    /// Chooses a row, if it is still there.
    pub(in super::super) fn choose_on_github(&mut self, id: RowId) {
        let Some(index) = self.github.rows().iter().position(|row| row.id() == id) else { return };
        self.github.chosen = Cursor::at(index);
        self.select_line_of_chosen();
    }

    /// The line of a chosen leg becomes the selected one, so that what acts on lines acts on it.
    fn select_line_of_chosen(&mut self) {
        let key = match self.github.row() {
            Some(Row::Leg(_, leg)) => leg.key.clone(),
            Some(Row::Run(seen)) => seen.run.line.clone(),
            None => None,
        };
        if let Some(key) = key {
            self.lines.select(&key);
        }
    }

    /// Whether the line is being built at GitHub, in a few words.
    pub fn built_at_github(&self, key: &Key) -> Option<String> {
        let seen = self.github.builds(key)?;
        let leg = seen.lines().find(|(of, _)| *of == key).map(|(_, leg)| leg);
        let what = match leg {
            Some(leg) if leg.state == State::Running => leg.step.clone().unwrap_or_else(|| "running".into()),
            _ => "queued".into(),
        };
        Some(format!("#{} {what}", seen.run.number))
    }
}
