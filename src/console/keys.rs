//! Keys and mouse: to the overlay, else to the text field, else to the commands.

use super::binding::{self, Command};
use super::confirm::ConfirmResult;
use super::cursor::Step;
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::overlay::{Help, Overlay, Palette};
use super::panes::{Pane, View};
use super::state::{Console, Prompt};
use super::toast::Tone;
use crate::vcenter::LinkState;

impl Console {
    pub(super) fn key_pressed(&mut self, press: KeyPress, effects: &mut Vec<Effect>) {
        if press == KeyPress::ctrl('c') {
            return self.interrupted(effects);
        }
        match self.overlay.take() {
            Some(overlay) => self.overlay_key(overlay, press, effects),
            None if self.prompt.is_some() => self.prompt_key(press, effects),
            None => {
                let digit = if let Code::Char(char) = press.code { char.to_digit(10) } else { None };
                match binding::command(press) {
                    Some(Command::Evidence) => self.open_evidence(digit, effects),
                    Some(Command::Zoom)
                        if self.panes.focus == Pane::Verdict && !self.github.open && press.code == Code::Enter =>
                    {
                        self.command(Command::Evidence, effects);
                    }
                    Some(Command::Runs) if !self.github.open && self.panes.focus != Pane::Lines => {
                        self.command(Command::Bottom, effects);
                    }
                    Some(command) => self.command(command, effects),
                    None => {}
                }
            }
        }
    }

    /// Does a command, or says why not.
    pub(super) fn command(&mut self, command: Command, effects: &mut Vec<Effect>) {
        let operation = self.operation_on_selection(command);
        if let Err(refusal) = self.allows(&operation) {
            self.notice(Tone::Info, refusal.0);
            return;
        }
        if command.mutates() {
            self.ask(operation, effects);
            return;
        }
        match command {
            Command::Runs => self.turn_github(),
            Command::Zoom if self.github.open => self.open_remote(effects),
            Command::Copy if self.github.open => self.copy_page(effects),
            Command::NextPane => self.panes.focus(self.panes.focus.turned(true)),
            Command::PreviousPane => self.panes.focus(self.panes.focus.turned(false)),
            Command::Zoom => self.panes.zoomed = !self.panes.zoomed,
            Command::Help => self.overlay = Some(Overlay::Help(Help::default())),
            Command::Palette => self.overlay = Some(Overlay::Palette(Palette::default())),
            Command::Find => self.find(),
            Command::Refresh => self.refresh(effects),
            Command::Redraw => effects.push(Effect::Repaint),
            Command::Mouse => self.toggle_mouse(effects),
            Command::Back => self.back(),
            Command::Quit if self.somewhere() => self.back(),
            Command::Quit | Command::Leave => self.leave(effects),
            Command::Suspend => effects.push(Effect::Suspend),
            Command::Media => self.turn_to_media(effects),
            Command::CheckMedia => self.check_media(effects),
            Command::SavePicture => self.save_picture(effects),
            Command::SaveBundle => self.save_bundle(effects),
            Command::Up
            | Command::Down
            | Command::PageUp
            | Command::PageDown
            | Command::Top
            | Command::Bottom
            | Command::Left
            | Command::Right => self.moved(command, effects),
            Command::Judge => self.judge(effects),
            Command::Evidence => self.open_evidence(None, effects),
            Command::ScreenText => self.toggle_words(),
            Command::Call => self.turn_call(),
            Command::Jump => self.ask_where(),
            Command::Copy if self.copied_elsewhere(command, effects) => {}
            _ => self.log_command(command, effects),
        }
    }

    fn moved(&mut self, command: Command, effects: &mut Vec<Effect>) {
        if self.github.open {
            return self.github_moved(command);
        }
        let focus = self.panes.focus;
        match focus {
            _ if self.panes.view != View::Lines => {}
            Pane::Picture | Pane::Timeline if self.scrubbing(command, effects) => return,
            Pane::Verdict => return self.verdict_command(command),
            _ => {}
        }
        if self.panes.focus == Pane::Log {
            match command {
                Command::Up => self.log.moved(-1),
                Command::Down => self.log.moved(1),
                Command::PageUp => self.log.paged(false),
                Command::PageDown => self.log.paged(true),
                Command::Top => self.log.ends(false),
                Command::Bottom => self.log.ends(true),
                Command::Left => self.log.sideways(false),
                _ => self.log.sideways(true),
            }
            return;
        }
        if let Some(step) = Step::of(command) {
            self.lines.step(step, usize::from(self.panes.measures.lines.max(2)) - 1);
        }
    }

    fn log_command(&mut self, command: Command, effects: &mut Vec<Effect>) {
        let request = self.request();
        match command {
            Command::Follow => self.log.toggle_follow(),
            Command::Wrap => self.log.wrap = !self.log.wrap,
            Command::Stamps => self.log.stamps = self.log.stamps.turned(),
            Command::Fold => self.log.toggle_fold(),
            Command::NextMark => self.log.next_mark(),
            Command::Mark => self.log.toggle_mark(),
            Command::NextHit => effects.extend(self.log.hit(true, request)),
            Command::PreviousHit => effects.extend(self.log.hit(false, request)),
            Command::NextError => effects.extend(self.log.error(true, request)),
            Command::PreviousError => effects.extend(self.log.error(false, request)),
            Command::Copy => {
                let (from, to) = self.log.selection();
                if to - from >= super::log::MOST_COPIED {
                    let text = format!("{} lines are too many to copy: Ctrl-S saves the log", to - from + 1);
                    self.notice(Tone::Info, text);
                    return;
                }
                self.errands.push(request);
                effects.push(Effect::CopyLog { request, from, to });
            }
            Command::SaveLog => {
                if let Some(key) = self.log.key().cloned() {
                    self.errands.push(request);
                    effects.push(Effect::SaveLog { request, key });
                }
            }
            _ => {}
        }
    }

    fn save_picture(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let name = self.lines.selected().map(|row| row.line.key.to_string());
        if let (Some((picture, _)), Some(name)) = (self.picture.picture(), name) {
            effects.push(Effect::SavePicture { request, name, picture: picture.clone() });
            self.errands.push(request);
        }
    }

    fn refresh(&mut self, effects: &mut Vec<Effect>) {
        self.look_again();
        self.picture.hurry();
        self.log.retry();
        effects.push(Effect::ReadRuns);
        self.look_at_media(effects);
        if matches!(self.session.link, LinkState::Live | LinkState::Connecting) {
            return;
        }
        effects.push(Effect::Watch);
        self.notice(Tone::Info, "asking vCenter again");
    }

    fn toggle_mouse(&mut self, effects: &mut Vec<Effect>) {
        self.mouse = !self.mouse;
        effects.push(Effect::Mouse(self.mouse));
        let state = if self.mouse { "mouse on" } else { "mouse off: the terminal selects text" };
        self.notice(Tone::Info, state);
    }

    /// Whether Esc has somewhere to go back to.
    fn somewhere(&self) -> bool {
        self.github.open
            || self.panes.view != View::Lines
            || self.panes.zoomed
            || self.panes.focus != Pane::Lines
            || self.log.search().is_some()
            || !self.lines.filter().is_empty()
            || self.timeline.moment().is_some()
    }

    fn back(&mut self) {
        if self.toasts.dismiss() {
            return;
        }
        if self.panes.view != View::Lines {
            self.panes.view = View::Lines;
            return;
        }
        if std::mem::take(&mut self.github.open) {
            return;
        }
        let searched = match self.panes.focus {
            Pane::Log => self.log.end_search(),
            Pane::Picture => self.end_words_search(),
            _ => false,
        };
        if searched {
            return;
        }
        if self.return_to_now() {
            return;
        }
        if self.panes.zoomed {
            self.panes.zoomed = false;
        } else if self.panes.focus != Pane::Lines {
            self.panes.focus(Pane::Lines);
        } else if !self.log.end_search() {
            self.lines.set_filter("");
        }
    }

    fn overlay_key(&mut self, overlay: Overlay, press: KeyPress, effects: &mut Vec<Effect>) {
        match overlay {
            Overlay::Confirm(mut confirm) => match confirm.take(press) {
                ConfirmResult::Open => self.overlay = Some(Overlay::Confirm(confirm)),
                ConfirmResult::Cancelled => self.notice(Tone::Info, "nothing done"),
                ConfirmResult::Confirmed => self.confirmed(*confirm, effects),
            },
            Overlay::Help(help) => self.help_key(help, press),
            Overlay::Palette(palette) => self.palette_key(palette, press, effects),
            Overlay::Quit(ask) => self.quit_key(ask, press, effects),
        }
    }

    fn help_key(&mut self, mut help: Help, press: KeyPress) {
        let page = i64::from(self.panes.measures.help.max(2)) - 1;
        let tops = self.help_tops(help.filter.text());
        match press.code {
            Code::Esc if help.filter.text().is_empty() => return,
            Code::Char('?' | 'q') if help.filter.text().is_empty() => return,
            Code::Esc => help = Help::default(),
            Code::Up => help.top.by(-1, tops),
            Code::Down => help.top.by(1, tops),
            Code::PageUp => help.top.by(-page, tops),
            Code::PageDown => help.top.by(page, tops),
            _ => {
                if help.filter.take(press) {
                    help.top.first();
                }
            }
        }
        self.overlay = Some(Overlay::Help(help));
    }

    pub(super) fn pasted(&mut self, text: &str) {
        match &mut self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.paste(text),
            Some(Overlay::Palette(palette)) => palette.query.paste(text),
            Some(Overlay::Help(help)) => help.filter.paste(text),
            Some(Overlay::Quit(_)) => {}
            None => match &mut self.prompt {
                Some(Prompt::Filter { field, .. }) => {
                    field.paste(text);
                    let text = field.text().to_owned();
                    self.lines.set_filter(&text);
                }
                Some(Prompt::Search { field } | Prompt::Jump { field }) => field.paste(text),
                // A paste outside a field must not be taken for a row of commands.
                None => {}
            },
        }
    }

    pub(super) fn wheeled(&mut self, pane: Pane, rows: i16, effects: &mut Vec<Effect>) {
        if let Some(Overlay::Help(help)) = &self.overlay {
            let mut help = help.clone();
            help.top.by(i64::from(rows), self.help_tops(help.filter.text()));
            self.overlay = Some(Overlay::Help(help));
            return;
        }
        match (&self.overlay, pane) {
            (Some(_), _) => {}
            (None, Pane::Picture | Pane::Timeline) => self.scrub(i64::from(rows.signum()), effects),
            (None, Pane::Verdict) => self.verdict_moved(i64::from(rows.signum())),
            (None, Pane::Lines) => self.lines.moved(i64::from(rows.signum())),
            (None, Pane::Log) => self.log.moved(i64::from(rows)),
        }
    }
}
