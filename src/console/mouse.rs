//! The mouse: a click chooses, the wheel moves, in whatever lies under the pointer.

use super::effect::Effect;
use super::overlay::Overlay;
use super::scope::Scope;
use super::state::Console;
use super::toast::Tone;

impl Console {
    pub(super) fn toggle_mouse(&mut self, effects: &mut Vec<Effect>) {
        self.mouse = !self.mouse;
        effects.push(Effect::Mouse(self.mouse));
        let state = if self.mouse { "mouse on" } else { "mouse off: the terminal selects text" };
        self.notice(Tone::Info, state);
    }

    pub(super) fn clicked(&mut self, at: Scope, row: Option<usize>) {
        if self.overlay.is_some() {
            return;
        }
        self.prompt = None;
        if let Some(pane) = at.pane() {
            self.panes.focus(pane);
        }
        let Some(row) = row else { return };
        match at {
            Scope::Lines | Scope::Media => self.lines.select_index(row),
            Scope::GitHub => self.choose_run(row),
            Scope::Picture | Scope::Log | Scope::Timeline | Scope::Verdict => {}
        }
    }

    pub(super) fn wheeled(&mut self, at: Scope, rows: i16, effects: &mut Vec<Effect>) {
        let by = rows.signum();
        match (&mut self.overlay, at) {
            (Some(Overlay::Help(help)), _) => help.top = help.top.saturating_add_signed(rows),
            (Some(Overlay::Confirm(_) | Overlay::Palette(_) | Overlay::Quit(_)), _) => {}
            (None, Scope::Picture | Scope::Timeline) => self.scrub(i64::from(by), effects),
            (None, Scope::Verdict) => self.verdict_moved(i64::from(by)),
            (None, Scope::Lines | Scope::Media) => self.lines.moved(i64::from(by)),
            (None, Scope::Log) => self.log.moved(i64::from(rows)),
            (None, Scope::GitHub) => self.choose_run(self.github.chosen.saturating_add_signed(by.into())),
        }
    }
}
