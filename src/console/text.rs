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

/// What was typed before, gone through by ↑ and ↓.
#[derive(Debug, Clone, Default)]
pub struct History {
    past: Vec<String>,
    /// how many steps back
    back: usize,
}

impl History {
    const MOST: usize = 50;

    /// Keeps a text as the newest one.
    pub fn keep(&mut self, text: &str) {
        self.back = 0;
        if text.is_empty() {
            return;
        }
        self.past.retain(|past| past != text);
        self.past.push(text.to_owned());
        let excess = self.past.len().saturating_sub(Self::MOST);
        self.past.drain(..excess);
    }

    /// A step back, or forwards again; the text there, which is empty after the newest one.
    pub fn turn(&mut self, back: bool) -> &str {
        self.back = if back { (self.back + 1).min(self.past.len()) } else { self.back.saturating_sub(1) };
        let index = self.past.len().checked_sub(self.back).filter(|_| self.back > 0);
        index.and_then(|index| self.past.get(index)).map_or("", String::as_str)
    }
}
