//! Quitting, with and without work going on.

use super::arming::Arming;
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::overlay::{Overlay, QuitAsk, QuitChoice};
use super::state::{Console, Leaving};
use super::toast::Tone;

impl Console {
    /// Quits, or asks what becomes of the work that is going on.
    pub(super) fn leave(&mut self, effects: &mut Vec<Effect>) {
        let runs = self.live_runs();
        let changes: Vec<String> =
            self.ongoing.iter().map(|(key, ongoing)| format!("{} of {key}", ongoing.operation)).collect();
        let changes: Vec<String> = changes.into_iter().chain(self.media.words()).collect();
        let plugins: Vec<&'static str> = self.plugins.iter().map(|(_, name)| *name).collect();
        if runs.is_empty() && changes.is_empty() && plugins.is_empty() {
            effects.push(Effect::Quit);
            return;
        }
        let (choice, arming) = (QuitChoice::Stay, Arming::default());
        self.overlay = Some(Overlay::Quit(QuitAsk { runs, changes, plugins, choice, arming }));
    }

    /// Ctrl-C means out, wherever the keys went: an open request is answered with no, and the one about work going on
    /// with "leave", which ends nothing.
    pub(super) fn interrupted(&mut self, effects: &mut Vec<Effect>) {
        self.prompt = None;
        match self.overlay.take() {
            Some(Overlay::Quit(ask)) => self.quit_chosen(QuitAsk { choice: QuitChoice::Leave, ..ask }, effects),
            Some(Overlay::Confirm(_) | Overlay::Help(_) | Overlay::Palette(_) | Overlay::Teach(_)) | None => {
                self.leave(effects)
            }
        }
    }

    pub(super) fn quit_key(&mut self, mut ask: QuitAsk, press: KeyPress, effects: &mut Vec<Effect>) {
        let choice = match press.code {
            Code::Char('l') => QuitChoice::Leave,
            Code::Char('c') => QuitChoice::Cancel,
            Code::Char('s' | 'q') | Code::Esc => QuitChoice::Stay,
            Code::Enter | Code::Char(' ') => ask.choice,
            Code::Tab | Code::Right => return self.turn_quit(ask, true),
            Code::BackTab | Code::Left => return self.turn_quit(ask, false),
            Code::Char(_)
            | Code::F(_)
            | Code::Up
            | Code::Down
            | Code::Home
            | Code::End
            | Code::PageUp
            | Code::PageDown
            | Code::Backspace
            | Code::Delete => {
                self.overlay = Some(Overlay::Quit(ask));
                return;
            }
        };
        ask.choice = choice;
        self.quit_chosen(ask, effects);
    }

    fn turn_quit(&mut self, mut ask: QuitAsk, forwards: bool) {
        ask.choice = ask.choice.turned(forwards);
        if ask.choice == QuitChoice::Cancel && !self.may_cancel_on_quit(&ask) {
            ask.choice = ask.choice.turned(forwards);
        }
        self.overlay = Some(Overlay::Quit(ask));
    }

    /// Whether the answer "cancel" is offered.
    pub(crate) fn may_cancel_on_quit(&self, ask: &QuitAsk) -> bool {
        !ask.runs.is_empty() && !self.session.mode.is_read_only()
    }

    /// Ends the program once what it waits for is over.
    pub(super) fn leave_if_done(&mut self, effects: &mut Vec<Effect>) {
        let done = match self.leaving {
            Leaving::No => false,
            Leaving::AfterChanges => self.ongoing.is_empty() && !self.media.changing(),
            Leaving::AfterRuns => self.ongoing.is_empty() && !self.media.changing() && self.live_runs().is_empty(),
        };
        if done {
            effects.push(Effect::Quit);
        }
    }

    fn quit_chosen(&mut self, ask: QuitAsk, effects: &mut Vec<Effect>) {
        match ask.choice {
            QuitChoice::Stay => self.leaving = Leaving::No,
            QuitChoice::Leave if self.ongoing.is_empty() && !self.media.changing() => effects.push(Effect::Quit),
            QuitChoice::Leave => {
                self.leaving = Leaving::AfterChanges;
                self.notice(Tone::Info, "leaving when the change is done");
            }
            QuitChoice::Cancel if !self.may_cancel_on_quit(&ask) => {
                let text = if self.session.mode.is_read_only() {
                    "read-only: builds are left alone"
                } else {
                    "no build to cancel"
                };
                self.notice(Tone::Info, text);
                self.overlay = Some(Overlay::Quit(QuitAsk { choice: QuitChoice::Stay, ..ask }));
            }
            QuitChoice::Cancel => {
                self.cancel_runs(&ask.runs, effects);
                self.leaving = Leaving::AfterRuns;
                self.notice(Tone::Info, "cancelling; leaving when the VMs are gone (‹quit› asks again)");
            }
        }
    }
}
