//! Keys: to the overlay, else to the text field, else to the commands.

use super::command::{Command, LineCommand, Motion, ProgramCommand, ViewCommand};
use super::confirm::ConfirmResult;
use super::cursor::Step;
use super::effect::Effect;
use super::key::KeyPress;
use super::overlay::{Help, Overlay, Palette};
use super::panes::{Measures, Pane, View};
use super::prompt::Prompt;
use super::scope::Scope;
use super::state::Console;
use super::toast::Tone;
use crate::vcenter::LinkState;

impl Console {
    pub(super) fn key_pressed(&mut self, press: KeyPress, effects: &mut Vec<Effect>) {
        self.lines.choose();
        if press == KeyPress::ctrl('c') {
            return self.interrupted(effects);
        }
        if !self.dialog_hears(press) {
            return;
        }
        match self.overlay.take() {
            Some(overlay) => self.overlay_key(overlay, press, effects),
            None if self.prompt.is_some() => self.prompt_key(press, effects),
            None => {
                if let Some(command) = self.keymap.command(press, self.panes.scope()) {
                    self.command(command, press.digit(), effects);
                }
            }
        }
    }

    /// Does a command, or says why not. `number`: which piece of evidence, when its key says so.
    pub(super) fn command(&mut self, command: Command, number: Option<u32>, effects: &mut Vec<Effect>) {
        let operation = self.on_selection(command);
        if let Err(refusal) = self.allows(&operation) {
            self.notice(Tone::Info, refusal.to_string());
            return;
        }
        match command {
            Command::Change(change) => self.ask(change, operation.line.as_ref(), effects),
            Command::Line(command) => self.line_command(command, number, effects),
            Command::Log(command) => self.log_command(command, effects),
            Command::Move(motion) => self.moved(motion, effects),
            Command::View(command) => self.view_command(command, effects),
            Command::Program(command) => self.program_command(command, effects),
            Command::Plugin(number) => self.plugin(number, effects),
        }
    }

    fn line_command(&mut self, command: LineCommand, number: Option<u32>, effects: &mut Vec<Effect>) {
        match command {
            LineCommand::NextTrouble => self.go_to_trouble(true),
            LineCommand::PreviousTrouble => self.go_to_trouble(false),
            LineCommand::OlderRun => self.turn_run(true),
            LineCommand::NewerRun => self.turn_run(false),
            LineCommand::Suspects => self.turn_suspects(),
            LineCommand::Acknowledge => self.acknowledge(effects),
            LineCommand::Judge => self.judge(effects),
            LineCommand::OpenEvidence => self.open_evidence(number, effects),
            LineCommand::ScreenText => self.toggle_words(),
            LineCommand::SavePicture => self.save_picture(effects),
            LineCommand::SaveBundle => self.save_bundle(effects),
        }
    }

    fn view_command(&mut self, command: ViewCommand, effects: &mut Vec<Effect>) {
        match command {
            ViewCommand::Open => self.open_chosen(effects),
            ViewCommand::Zoom => self.panes.zoomed = !self.panes.zoomed,
            ViewCommand::Order => self.lines.turn_order(),
            ViewCommand::NextPane => self.turn_pane(true),
            ViewCommand::PreviousPane => self.turn_pane(false),
            ViewCommand::Find => self.find(),
            ViewCommand::Copy => self.copy(effects),
            ViewCommand::Palette => self.overlay = Some(Overlay::Palette(Palette::default())),
            ViewCommand::Media => self.turn_to_media(effects),
            ViewCommand::GitHub => self.turn_to_github(),
            ViewCommand::Wall => self.turn_to_wall(),
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
            ProgramCommand::Context => self.choose_context(),
            ProgramCommand::Back => self.back(),
            ProgramCommand::Quit if self.somewhere() => self.back(),
            ProgramCommand::Quit | ProgramCommand::Leave => self.leave(effects),
            ProgramCommand::Suspend => effects.push(Effect::Suspend),
        }
    }

    /// Opens what is chosen where keys go; where nothing is, gives the pane the whole screen.
    fn open_chosen(&mut self, effects: &mut Vec<Effect>) {
        match self.panes.scope() {
            Scope::Lines | Scope::Verdict if self.fetch_shown(effects) => {}
            Scope::Lines | Scope::Picture | Scope::Log | Scope::Timeline => self.panes.zoomed = !self.panes.zoomed,
            Scope::Verdict => self.open_evidence(None, effects),
            Scope::GitHub => self.open_remote(effects),
            Scope::Wall => self.open_tile(),
            Scope::Media => {}
        }
    }

    fn turn_pane(&mut self, forwards: bool) {
        let pane = self.panes.turned(forwards, self.content());
        self.panes.focus(pane);
    }

    fn go_to_trouble(&mut self, forwards: bool) {
        if !self.lines.select_trouble(forwards) {
            self.notice(Tone::Info, "no other line is in trouble");
        }
    }

    fn moved(&mut self, motion: Motion, effects: &mut Vec<Effect>) {
        match self.panes.scope() {
            Scope::Lines | Scope::Media => self.lines_moved(motion),
            Scope::Picture | Scope::Timeline => self.scrubbing(motion, effects),
            Scope::Log => self.log.motion(motion),
            Scope::Verdict => self.verdict_motion(motion),
            Scope::GitHub => self.github_moved(motion),
            Scope::Wall => self.wall_moved(motion),
        }
    }

    pub(super) fn lines_moved(&mut self, motion: Motion) {
        if let Some(step) = Step::of(motion) {
            self.lines.step(step, usize::from(self.panes.measures.lines.max(2)) - 1);
        }
    }

    /// Copies what the keys go to: the page of a run, the text of the picture, the verdict, else lines of the log.
    fn copy(&mut self, effects: &mut Vec<Effect>) {
        match self.panes.scope() {
            Scope::Picture => self.copy_words(effects),
            Scope::Verdict => self.copy_verdict(effects),
            Scope::Lines | Scope::Log | Scope::Timeline => self.copy_log(effects),
            Scope::GitHub => self.copy_page(effects),
            Scope::Media | Scope::Wall => {}
        }
    }

    fn save_picture(&mut self, effects: &mut Vec<Effect>) {
        let request = self.request();
        let name = self.lines.selected().map(|row| row.line.key.to_string());
        if let (Some(picture), Some(name)) = (self.picture_shown().cloned(), name) {
            effects.push(Effect::SavePicture { request, name, picture });
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

    /// Whether Esc has somewhere to go back to.
    pub(super) fn somewhere(&self) -> bool {
        self.panes.view != View::Lines
            || self.panes.zoomed
            || self.panes.focus != Pane::Lines
            || self.log.search().is_some()
            || !self.lines.filter().is_empty()
            || self.timeline.moment().is_some()
            || self.past.is_some()
    }

    fn back(&mut self) {
        self.toasts.dismiss();
        if self.panes.view != View::Lines {
            self.panes.view = View::Lines;
            return;
        }
        let searched = match self.panes.focus {
            Pane::Log => self.log.end_search(),
            Pane::Picture => self.end_words_search(),
            Pane::Lines | Pane::Timeline | Pane::Verdict => false,
        };
        if searched {
            return;
        }
        if self.return_to_now() || self.leave_past() {
            return;
        }
        if self.panes.zoomed {
            self.panes.zoomed = false;
        } else if self.panes.focus != Pane::Lines {
            self.panes.rest();
        } else if !self.log.end_search() {
            self.lines.set_filter("");
        }
    }

    fn overlay_key(&mut self, overlay: Overlay, press: KeyPress, effects: &mut Vec<Effect>) {
        match overlay {
            Overlay::Confirm(mut confirm) => match confirm.take(press) {
                ConfirmResult::Open => self.overlay = Some(Overlay::Confirm(confirm)),
                ConfirmResult::Scroll(step) => {
                    let Measures { page, tops, .. } = self.panes.measures;
                    confirm.top.step(step, page.into(), tops.into());
                    self.overlay = Some(Overlay::Confirm(confirm));
                }
                ConfirmResult::Copy => {
                    if let Some(text) = confirm.same_as() {
                        effects.push(Effect::Clipboard { text, what: "the command".into() });
                    }
                    self.overlay = Some(Overlay::Confirm(confirm));
                }
                ConfirmResult::Cancelled => self.not_confirmed(confirm.operation),
                ConfirmResult::Confirmed => self.confirmed(*confirm, effects),
            },
            Overlay::Help(help) => self.help_key(help, press),
            Overlay::Palette(palette) => self.palette_key(palette, press, effects),
            Overlay::Teach(teaching) => self.teach_key(teaching, press, effects),
            Overlay::Quit(ask) => self.quit_key(ask, press, effects),
        }
    }

    pub(super) fn pasted(&mut self, text: &str) {
        if !self.dialog_listens() {
            return;
        }
        match &mut self.overlay {
            Some(Overlay::Confirm(confirm)) => confirm.paste(text),
            Some(Overlay::Palette(palette)) => palette.query.paste(text),
            Some(Overlay::Help(help)) => help.filter.paste(text),
            Some(Overlay::Teach(teaching)) => teaching.paste(text),
            Some(Overlay::Quit(_)) => {}
            None => match &mut self.prompt {
                Some(Prompt::Filter { field, .. }) => {
                    field.paste(text);
                    let text = field.text().to_owned();
                    self.lines.set_filter(&text);
                }
                Some(Prompt::Search { field } | Prompt::Jump { field } | Prompt::Acknowledge { field, .. }) => {
                    field.paste(text);
                }
                // A paste outside a field must not be taken for a row of commands.
                None => {}
            },
        }
    }
}
