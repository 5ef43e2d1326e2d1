//! What the keys of the log do.

use super::command::LogCommand;
use super::effect::Effect;
use super::message::RequestId;
use super::panes::Pane;
use super::state::Console;
use super::toast::Tone;
use crate::packer_log::Problem;

impl Console {
    pub(super) fn log_command(&mut self, command: LogCommand, effects: &mut Vec<Effect>) {
        let request = self.request();
        match command {
            LogCommand::Follow => self.log.toggle_follow(),
            LogCommand::Wrap => self.log.wrap = !self.log.wrap,
            LogCommand::Timestamps => self.log.stamps = self.log.stamps.turned(),
            LogCommand::Fold => self.log.turn_fold(),
            LogCommand::NextMark => self.log.next_mark(),
            LogCommand::Mark => self.log.toggle_mark(),
            LogCommand::NextMatch => effects.extend(self.log.hit(true, request)),
            LogCommand::PreviousMatch => effects.extend(self.log.hit(false, request)),
            LogCommand::NextError => self.seek_problem((Problem::Error, true), request, effects),
            LogCommand::PreviousError => self.seek_problem((Problem::Error, false), request, effects),
            LogCommand::NextWarning => self.seek_problem((Problem::Warning, true), request, effects),
            LogCommand::PreviousWarning => self.seek_problem((Problem::Warning, false), request, effects),
            LogCommand::GoTo => self.ask_where(),
            LogCommand::Save => {
                if let Some(key) = self.log.key().cloned() {
                    self.errands.push(request);
                    effects.push(Effect::SaveLog { request, key });
                }
            }
        }
    }

    /// Goes to the next problem of the log, or the one before; to the log itself first, where it is not on screen.
    fn seek_problem(&mut self, (least, forwards): (Problem, bool), request: RequestId, effects: &mut Vec<Effect>) {
        if !self.visible(Pane::Log) {
            self.panes.focus(Pane::Log);
        }
        effects.extend(self.log.problem(least, forwards, request));
    }

    pub(super) fn copy_log(&mut self, effects: &mut Vec<Effect>) {
        let (from, to) = self.log.selection();
        if to - from >= super::log::MOST_COPIED {
            let text = format!("{} lines are too many to copy: ‹save log› saves the log", to - from + 1);
            self.notice(Tone::Info, text);
            return;
        }
        let request = self.request();
        self.errands.push(request);
        effects.push(Effect::CopyLog { request, from, to });
    }
}
