//! A key press, without knowing any terminal.

use std::fmt;
use std::str::FromStr;

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

impl FromStr for KeyPress {
    type Err = String;

    /// As it is shown, or written out: `p`, `Ctrl-p`, `F5`, `Space`, `Up`, `Shift-Tab`.
    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("there is no key {text:?}");
        let mut characters = text.chars();
        if let (Some(char), None) = (characters.next(), characters.next()) {
            let named = [('↑', Code::Up), ('↓', Code::Down), ('←', Code::Left), ('→', Code::Right)];
            let arrow = named.into_iter().find_map(|(sign, code)| (sign == char).then_some(Self::code(code)));
            return if char.is_control() { Err(unknown()) } else { Ok(arrow.unwrap_or(Self::char(char))) };
        }
        let lower = text.to_ascii_lowercase();
        if let Some(rest) = lower.strip_prefix("ctrl-").or_else(|| lower.strip_prefix("ctrl+")) {
            let mut characters = rest.chars();
            // What a terminal sends for these with Ctrl: Tab, Enter, Esc.
            return match (characters.next(), characters.next()) {
                (Some('i' | 'm' | '['), None) => Err(format!("a terminal cannot tell {text} from another key")),
                (Some(char @ 'a'..='z'), None) => Ok(Self::ctrl(char)),
                _ => Err(unknown()),
            };
        }
        if let Some(number) = lower.strip_prefix('f').and_then(|number| number.parse().ok()) {
            return if (1..=12).contains(&number) { Ok(Self::code(Code::F(number))) } else { Err(unknown()) };
        }
        let code = match lower.as_str() {
            "space" => return Ok(Self::char(' ')),
            "enter" | "return" => Code::Enter,
            "esc" | "escape" => Code::Esc,
            "tab" => Code::Tab,
            "shift-tab" | "backtab" => Code::BackTab,
            "up" => Code::Up,
            "down" => Code::Down,
            "left" => Code::Left,
            "right" => Code::Right,
            "home" => Code::Home,
            "end" => Code::End,
            "pgup" | "pageup" => Code::PageUp,
            "pgdn" | "pagedown" => Code::PageDown,
            "backspace" => Code::Backspace,
            "delete" | "del" => Code::Delete,
            _ => return Err(unknown()),
        };
        Ok(Self::code(code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::binding::BINDINGS;

    #[test]
    fn every_key_is_read_as_it_is_shown() {
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert_eq!(key.to_string().parse(), Ok(*key));
        }
        assert_eq!("ctrl-P".parse(), Ok(KeyPress::ctrl('p')));
        assert_eq!("f5".parse(), Ok(KeyPress::code(Code::F(5))));
        for wrong in ["", "pp", "Ctrl-", "Ctrl-é", "Ctrl-i", "F0", "F13", "Fx", "Alt-x", "\u{1b}"] {
            assert!(wrong.parse::<KeyPress>().is_err(), "{wrong:?}");
        }
    }
}
