//! The text field in the last row: the filter of the lines, the search in the log or the picture's text, a place in the
//! log to go to.

use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::panes::{Pane, View};
use super::scope::Scope;
use super::state::Console;
use super::text::Field;
use super::toast::Tone;
use crate::ops::acknowledge::Seen;
use crate::pipeline::Key;

/// The text field at the bottom of a pane.
#[derive(Debug, Clone)]
pub(crate) enum Prompt {
    /// filters the lines while typing; the filter before, for Esc
    Filter { field: Field, before: String },
    /// searches the log, or the text of the picture, on Enter
    Search { field: Field },
    /// goes to a place in the log on Enter
    Jump { field: Field },
    /// acknowledges the alarm of a line on Enter
    Acknowledge { key: Key, seen: Seen, field: Field },
}

impl Console {
    pub(super) fn find(&mut self) {
        if self.find_searches() {
            self.prompt = Some(Prompt::Search { field: Field::default() });
            return;
        }
        if self.panes.view == View::Lines {
            self.panes.focus(Pane::Lines);
        }
        let before = self.lines.filter().to_owned();
        self.prompt = Some(Prompt::Filter { field: Field::with(&before), before });
    }

    /// Whether `/` searches a text, instead of filtering the lines.
    pub(crate) fn find_searches(&self) -> bool {
        match self.panes.scope() {
            Scope::Log => true,
            Scope::Picture => self.words.shown,
            Scope::Lines | Scope::Timeline | Scope::Verdict | Scope::Media | Scope::GitHub | Scope::Wall => false,
        }
    }

    /// The open text field: its label, the field, and what its keys do.
    pub fn prompt_parts(&self) -> Option<(&'static str, &Field, &'static str)> {
        match self.prompt.as_ref()? {
            Prompt::Filter { field, .. } => Some((
                "filter:",
                field,
                "held failed running iso stale full left asks · !not · Ctrl-P earlier ones · Enter keeps · Esc cancels",
            )),
            Prompt::Jump { field } => Some(("go to:", field, "03:07 · line 812 · +5m · -30s · Esc cancels")),
            Prompt::Acknowledge { field, .. } => {
                Some(("acknowledge:", field, "a note or a ticket · Enter: quiet until its cause changes · Esc cancels"))
            }
            Prompt::Search { field } => {
                Some(("search:", field, "regex, smart case · ↑ earlier ones · Enter finds · Esc cancels"))
            }
        }
    }

    pub(super) fn prompt_key(&mut self, press: KeyPress, effects: &mut Vec<Effect>) {
        let Some(prompt) = self.prompt.take() else { return };
        let cancelled = press.code == Code::Esc;
        match prompt {
            Prompt::Filter { before, .. } if cancelled => self.lines.set_filter(&before),
            Prompt::Filter { mut field, before } => {
                if press.code == Code::Enter {
                    self.filters.keep(field.text());
                    return;
                }
                if press == KeyPress::ctrl('p') || press == KeyPress::ctrl('n') {
                    field = Field::with(self.filters.turn(press == KeyPress::ctrl('p')));
                    self.lines.set_filter(field.text());
                } else if press.code == Code::Up {
                    self.lines.moved(-1);
                } else if press.code == Code::Down {
                    self.lines.moved(1);
                } else {
                    field.take(press);
                    self.lines.set_filter(field.text());
                }
                self.prompt = Some(Prompt::Filter { field, before });
            }
            Prompt::Search { .. } | Prompt::Jump { .. } | Prompt::Acknowledge { .. } if cancelled => {}
            Prompt::Acknowledge { .. } if press.code == Code::Enter => self.acknowledge_with(prompt, effects),
            Prompt::Acknowledge { key, seen, mut field } => {
                field.take(press);
                self.prompt = Some(Prompt::Acknowledge { key, seen, field });
            }
            Prompt::Jump { field } if press.code == Code::Enter => self.jump(field, effects),
            Prompt::Jump { mut field } => {
                field.take(press);
                self.prompt = Some(Prompt::Jump { field });
            }
            Prompt::Search { .. } if matches!(press.code, Code::Up | Code::Down) => {
                let field = Field::with(self.searches.turn(press.code == Code::Up));
                self.prompt = Some(Prompt::Search { field });
            }
            Prompt::Search { field } if press.code == Code::Enter && self.panes.focus == Pane::Picture => {
                self.searches.keep(field.text());
                if let Err(reason) = self.search_words(field.text()) {
                    self.notice(Tone::Failed, reason);
                    self.prompt = Some(Prompt::Search { field });
                }
            }
            Prompt::Search { field } if press.code == Code::Enter => {
                let request = self.request();
                self.searches.keep(field.text());
                match self.log.begin_search(field.text(), request) {
                    Ok(effect) => effects.extend(effect),
                    Err(reason) => {
                        self.notice(Tone::Failed, reason);
                        self.prompt = Some(Prompt::Search { field });
                    }
                }
            }
            Prompt::Search { mut field } => {
                field.take(press);
                self.prompt = Some(Prompt::Search { field });
            }
        }
    }

    /// Asks for a place in the log.
    pub(super) fn ask_where(&mut self) {
        self.prompt = Some(Prompt::Jump { field: Field::default() });
    }

    /// Goes to a place in the log.
    fn jump(&mut self, field: Field, effects: &mut Vec<Effect>) {
        let request = self.request();
        match self.log.jump(field.text(), request) {
            Ok(effect) => {
                self.panes.focus(Pane::Log);
                effects.extend(effect);
            }
            Err(reason) => {
                self.notice(Tone::Failed, reason);
                self.prompt = Some(Prompt::Jump { field });
            }
        }
    }
}
