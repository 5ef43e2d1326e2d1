//! A line of text being typed.

use tui_input::{Input, InputRequest};

use super::key::{Code, KeyPress};

/// The text and its cursor.
#[derive(Debug, Clone, Default)]
pub struct Field(Input);

impl Field {
    /// With text in it, the cursor at the end.
    pub fn with(text: &str) -> Self {
        Self(Input::new(text.to_owned()))
    }

    /// What stands there.
    pub fn text(&self) -> &str {
        self.0.value()
    }

    /// What to draw in `width` columns: the visible part and the cursor's column in it.
    pub fn visible(&self, width: usize) -> (String, usize) {
        let scroll = self.0.visual_scroll(width.saturating_sub(1));
        let shown: String = self.0.value().chars().skip(scroll).collect();
        (shown, self.0.visual_cursor().saturating_sub(scroll))
    }

    /// Inserts pasted text on one line.
    pub fn paste(&mut self, text: &str) {
        for char in text.chars().filter(|char| !char.is_control()).take(500) {
            self.0.handle(InputRequest::InsertChar(char));
        }
    }

    /// Takes a key; says whether it was one for a text field.
    pub fn take(&mut self, press: KeyPress) -> bool {
        let request = match (press.code, press.ctrl) {
            (Code::Char('a'), true) | (Code::Home, _) => InputRequest::GoToStart,
            (Code::Char('e'), true) | (Code::End, _) => InputRequest::GoToEnd,
            (Code::Char('w'), true) => InputRequest::DeletePrevWord,
            (Code::Char('u'), true) => InputRequest::DeleteFromStart,
            (Code::Char('k'), true) => InputRequest::DeleteTillEnd,
            (Code::Left, true) => InputRequest::GoToPrevWord,
            (Code::Right, true) => InputRequest::GoToNextWord,
            (Code::Left, false) => InputRequest::GoToPrevChar,
            (Code::Right, false) => InputRequest::GoToNextChar,
            (Code::Backspace, _) => InputRequest::DeletePrevChar,
            (Code::Delete, _) => InputRequest::DeleteNextChar,
            (Code::Char(char), false) => InputRequest::InsertChar(char),
            _ => return false,
        };
        self.0.handle(request);
        true
    }
}
