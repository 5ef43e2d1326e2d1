//! A key press, without knowing any terminal.

use std::fmt;

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// a character as typed; capitals are their own characters
    Char(char),
    /// function key
    F(u8),
    /// Enter
    Enter,
    /// Escape
    Esc,
    /// Tab
    Tab,
    /// Shift-Tab
    BackTab,
    /// arrow
    Up,
    /// arrow
    Down,
    /// arrow
    Left,
    /// arrow
    Right,
    /// Home
    Home,
    /// End
    End,
    /// page up
    PageUp,
    /// page down
    PageDown,
    /// Backspace
    Backspace,
    /// Delete
    Delete,
}

/// One press of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPress {
    /// which key
    pub code: Code,
    /// with Ctrl held
    pub ctrl: bool,
}

impl KeyPress {
    /// A plain character.
    pub const fn char(char: char) -> Self {
        Self { code: Code::Char(char), ctrl: false }
    }

    /// A character with Ctrl.
    pub const fn ctrl(char: char) -> Self {
        Self { code: Code::Char(char), ctrl: true }
    }

    /// A key that is not a character.
    pub const fn code(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// The digit that was typed, if it is one.
    pub fn digit(self) -> Option<u32> {
        self.text()?.to_digit(10)
    }

    /// The character to insert into a text field, if it is one.
    pub fn text(self) -> Option<char> {
        if let Code::Char(char) = self.code
            && !self.ctrl
        {
            Some(char)
        } else {
            None
        }
    }
}

impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Code::Char(' ') => f.write_str("Space"),
            Code::Char(char) if self.ctrl => write!(f, "Ctrl-{}", char.to_ascii_uppercase()),
            Code::Char(char) => write!(f, "{char}"),
            Code::F(number) => write!(f, "F{number}"),
            Code::Enter => f.write_str("Enter"),
            Code::Esc => f.write_str("Esc"),
            Code::Tab => f.write_str("Tab"),
            Code::BackTab => f.write_str("Shift-Tab"),
            Code::Up => f.write_str("↑"),
            Code::Down => f.write_str("↓"),
            Code::Left => f.write_str("←"),
            Code::Right => f.write_str("→"),
            Code::Home => f.write_str("Home"),
            Code::End => f.write_str("End"),
            Code::PageUp => f.write_str("PgUp"),
            Code::PageDown => f.write_str("PgDn"),
            Code::Backspace => f.write_str("Backspace"),
            Code::Delete => f.write_str("Delete"),
        }
    }
}
