//! The mouse: the wheel moves in whatever lies under the pointer; a click is in [`super::click`].

use super::command::Motion;
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

    pub(super) fn wheeled(&mut self, at: Scope, rows: i16, effects: &mut Vec<Effect>) {
        let by = i64::from(rows.signum());
        match (&mut self.overlay, at) {
            (Some(Overlay::Help(help)), _) => {
                let mut help = help.clone();
                help.top.by(i64::from(rows), self.panes.measures.tops.into());
                self.overlay = Some(Overlay::Help(help));
            }
            (Some(Overlay::Confirm(_) | Overlay::Palette(_) | Overlay::Teach(_) | Overlay::Quit(_)), _) => {}
            (None, Scope::Picture) => {
                let motion = if by < 0 { Motion::Up } else { Motion::Down };
                if !self.words_moved(motion) {
                    self.scrub(by, effects);
                }
            }
            (None, Scope::Timeline) => self.scrub(by, effects),
            (None, Scope::Verdict) => self.verdict_moved(by),
            (None, Scope::Lines | Scope::Media) => self.lines.moved(by),
            (None, Scope::Log) => self.log.moved(i64::from(rows)),
            (None, Scope::GitHub) => self.github_wheeled(by),
            (None, Scope::Wall) => self.wall_moved(if by < 0 { Motion::Left } else { Motion::Right }),
        }
    }
}
