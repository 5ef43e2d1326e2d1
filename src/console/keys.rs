//! Keys and mouse: to the overlay, else to the text field, else to the commands.

use super::binding;
use super::command::{Command, LineCommand, LogCommand, Motion, ProgramCommand, ViewCommand};
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
                    Some(Command::Line(LineCommand::OpenEvidence)) => self.open_evidence(digit, effects),
                    Some(Command::View(ViewCommand::Zoom))
                        if self.panes.focus == Pane::Verdict && !self.github.open && press.code == Code::Enter =>
                    {
                        self.open_evidence(None, effects);
                    }
                    Some(Command::View(ViewCommand::GitHub))
                        if !self.github.open && self.panes.focus != Pane::Lines =>
                    {
                        self.command(Command::Move(Motion::Last), effects);
                    }
                    Some(command) => self.command(command, effects),
                    None => {}
                }
            }
        }
    }

    /// Does a command, or says why not.
    pub(super) fn command(&mut self, command: Command, effects: &mut Vec<Effect>) {
        let operation = self.on_selection(command);
        if let Err(refusal) = self.allows(&operation) {
            self.notice(Tone::Info, refusal.to_string());
            return;
        }
        match command {
            Command::Change(change) => self.ask(change, operation.line.as_ref(), effects),
            Command::Line(command) => self.line_command(command, effects),
            Command::Log(command) => self.log_command(command, effects),
            Command::Move(motion) => self.moved(motion, effects),
            Command::View(command) => self.view_command(command, effects),
            Command::Program(command) => self.program_command(command, effects),
        }
    }

    fn line_command(&mut self, command: LineCommand, effects: &mut Vec<Effect>) {
        match command {
            LineCommand::Judge => self.judge(effects),
            LineCommand::OpenEvidence => self.open_evidence(None, effects),
            LineCommand::ScreenText => self.toggle_words(),
            LineCommand::SavePicture => self.save_picture(effects),
            LineCommand::SaveBundle => self.save_bundle(effects),
        }
    }

    fn view_command(&mut self, command: ViewCommand, effects: &mut Vec<Effect>) {
        match command {
            ViewCommand::Zoom if self.github.open => self.open_remote(effects),
            ViewCommand::Zoom => self.panes.zoomed = !self.panes.zoomed,
            ViewCommand::NextPane => self.panes.focus(self.panes.focus.turned(true)),
            ViewCommand::PreviousPane => self.panes.focus(self.panes.focus.turned(false)),
            ViewCommand::Find => self.find(),
            ViewCommand::Copy => self.copy(effects),
            ViewCommand::Palette => self.overlay = Some(Overlay::Palette(Palette::default())),
            ViewCommand::Media => self.turn_to_media(effects),
            ViewCommand::GitHub => self.turn_github(),
            ViewCommand::Help => self.overlay = Some(Overlay::Help(Help::default())),
        }
    }

    fn program_command(&mut self, command: ProgramCommand, effects: &mut Vec<Effect>) {
        match command {
            ProgramCommand::Refresh => self.refresh(effects),
            ProgramCommand::CheckMedia => self.check_media(effects),
            ProgramCommand::Mouse => self.toggle_mouse(effects),
            ProgramCommand::AlarmCall => self.turn_call(),
            ProgramCommand::Redraw => effects.push(Effect::Repaint),
            ProgramCommand::Back => self.back(),
            ProgramCommand::Quit if self.somewhere() => self.back(),
            ProgramCommand::Quit | ProgramCommand::Leave => self.leave(effects),
            ProgramCommand::Suspend => effects.push(Effect::Suspend),
        }
    }

    fn moved(&mut self, motion: Motion, effects: &mut Vec<Effect>) {
        if self.github.open {
            return self.github_moved(motion);
        }
        if self.panes.view != View::Lines {
            return self.lines_moved(motion);
        }
        match self.panes.focus {
            Pane::Lines => self.lines_moved(motion),
            Pane::Picture | Pane::Timeline => self.scrubbing(motion, effects),
            Pane::Log => self.log.motion(motion),
            Pane::Verdict => self.verdict_motion(motion),
        }
    }

    pub(super) fn lines_moved(&mut self, motion: Motion) {
        if let Some(step) = Step::of(motion) {
            self.lines.step(step, usize::from(self.panes.measures.lines.max(2)) - 1);
        }
    }

    fn log_command(&mut self, command: LogCommand, effects: &mut Vec<Effect>) {
        let request = self.request();
        match command {
            LogCommand::Follow => self.log.toggle_follow(),
            LogCommand::Wrap => self.log.wrap = !self.log.wrap,
            LogCommand::Timestamps => self.log.stamps = self.log.stamps.turned(),
            LogCommand::Fold => self.log.toggle_fold(),
            LogCommand::NextMark => self.log.next_mark(),
            LogCommand::Mark => self.log.toggle_mark(),
            LogCommand::NextMatch => effects.extend(self.log.hit(true, request)),
            LogCommand::PreviousMatch => effects.extend(self.log.hit(false, request)),
            LogCommand::NextError => effects.extend(self.log.error(true, request)),
            LogCommand::PreviousError => effects.extend(self.log.error(false, request)),
            LogCommand::GoTo => self.ask_where(),
            LogCommand::Save => {
                if let Some(key) = self.log.key().cloned() {
                    self.errands.push(request);
                    effects.push(Effect::SaveLog { request, key });
                }
            }
        }
    }

    /// Copies what the keys go to: the page of a run, the text of the picture, the verdict, else lines of the log.
    fn copy(&mut self, effects: &mut Vec<Effect>) {
        if self.github.open {
            return self.copy_page(effects);
        }
        match self.panes.focus {
            Pane::Picture => self.copy_words(effects),
            Pane::Verdict => self.copy_verdict(effects),
            Pane::Lines | Pane::Log | Pane::Timeline => self.copy_log(effects),
        }
    }

    fn copy_log(&mut self, effects: &mut Vec<Effect>) {
        let (from, to) = self.log.selection();
        if to - from >= super::log::MOST_COPIED {
            let text = format!("{} lines are too many to copy: Ctrl-S saves the log", to - from + 1);
            self.notice(Tone::Info, text);
            return;
        }
        let request = self.request();
        self.errands.push(request);
        effects.push(Effect::CopyLog { request, from, to });
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
