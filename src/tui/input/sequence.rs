//! What a whole sequence of a terminal means. Whatever is not known here means nothing.

use super::parser::{Input, Mouse, MouseKind};
use crate::console::key::{Code, KeyPress};

/// What a control sequence (`CSI … final`) means.
pub(super) enum Meaning {
    Input(Input),
    PasteBegins,
    Nothing,
}

impl From<Option<KeyPress>> for Meaning {
    fn from(press: Option<KeyPress>) -> Self {
        press.map_or(Self::Nothing, |press| Self::Input(Input::Key(press)))
    }
}

/// `begun` is what stands between `CSI` and the last byte.
pub(super) fn csi(begun: &[u8], last: u8) -> Meaning {
    let Ok(text) = std::str::from_utf8(begun) else { return Meaning::Nothing };
    // `?`, `>` and `=` stand before answers of the terminal alone.
    if let Some(report) = text.strip_prefix('<') {
        return mouse(&numbers(report), last, 0);
    }
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b';' || byte == b':') {
        return Meaning::Nothing;
    }
    let numbers = numbers(text);
    let Some(held) = Held::of(numbers.get(1)) else { return Meaning::Nothing };
    let code = match (last, numbers.first().map(|first| first[0])) {
        (b'~', Some(200)) => return Meaning::PasteBegins,
        // xterm's modifyOtherKeys: 27 ; modifiers ; character
        (b'~', Some(27)) => match (numbers.get(2), Held::of(numbers.get(1))) {
            (Some(code), Some(held)) => return held.character(code[0]).into(),
            _ => return Meaning::Nothing,
        },
        (b'~', Some(number)) => tilde(number),
        (b'u', Some(character)) => return held.character(character).into(),
        // rxvt's mouse reports
        (b'M', Some(_)) => return mouse(&numbers, last, 32),
        (b'Z', _) => Some(Code::BackTab),
        // With numbers it is where the cursor is.
        (b'R', Some(_)) => None,
        _ => letter(last),
    };
    code.map(|code| KeyPress { code, ctrl: held.ctrl }).into()
}

/// Keys of `ESC O letter`.
pub(super) fn ss3(byte: u8) -> Option<KeyPress> {
    let code = if byte == b'M' { Some(Code::Enter) } else { letter(byte) };
    code.map(KeyPress::code)
}

/// Keys of `ESC [ [ letter`.
pub(super) fn linux_key(byte: u8) -> Option<KeyPress> {
    (b'A'..=b'E').contains(&byte).then(|| KeyPress::code(Code::F(byte - b'A' + 1)))
}

/// A report of button, column and row, each with 32 added, counted from 1.
pub(super) fn old_mouse(report: [u8; 3]) -> Option<Mouse> {
    let [button, column, row] = report.map(|byte| u32::from(byte).saturating_sub(32));
    at(kind(button)?, column, row)
}

fn letter(last: u8) -> Option<Code> {
    Some(match last {
        b'A' => Code::Up,
        b'B' => Code::Down,
        b'C' => Code::Right,
        b'D' => Code::Left,
        b'F' => Code::End,
        b'H' => Code::Home,
        b'P' => Code::F(1),
        b'Q' => Code::F(2),
        b'R' => Code::F(3),
        b'S' => Code::F(4),
        _ => return None,
    })
}

fn tilde(number: u32) -> Option<Code> {
    let function = |less: u32| u8::try_from(number - less).ok().map(Code::F);
    match number {
        1 | 7 => Some(Code::Home),
        3 => Some(Code::Delete),
        4 | 8 => Some(Code::End),
        5 => Some(Code::PageUp),
        6 => Some(Code::PageDown),
        11..=15 => function(10),
        17..=21 => function(11),
        23..=24 => function(12),
        _ => None,
    }
}

fn mouse(numbers: &[Vec<u32>], last: u8, added: u32) -> Meaning {
    let [button, column, row] = [0, 1, 2].map(|index| numbers.get(index).map(|part| part[0]));
    let (Some(button), Some(column), Some(row), b'M') = (button, column, row, last) else { return Meaning::Nothing };
    let mouse = kind(button.saturating_sub(added)).and_then(|kind| at(kind, column, row));
    mouse.map_or(Meaning::Nothing, |mouse| Meaning::Input(Input::Mouse(mouse)))
}

/// Which button, whatever keys are held (4, 8, 16). Motion has 32 added.
fn kind(button: u32) -> Option<MouseKind> {
    match button & !(4 | 8 | 16) {
        0 => Some(MouseKind::Click),
        64 => Some(MouseKind::Up),
        65 => Some(MouseKind::Down),
        _ => None,
    }
}

fn at(kind: MouseKind, column: u32, row: u32) -> Option<Mouse> {
    let cell = |number: u32| u16::try_from(number.checked_sub(1)?).ok();
    Some(Mouse { kind, column: cell(column)?, row: cell(row)? })
}

/// Numbers between `;`, each with what follows it after `:`; one that is not there is 0. None is longer than it means.
fn numbers(text: &str) -> Vec<Vec<u32>> {
    let number = |part: &str| part.parse().unwrap_or(if part.is_empty() { 0 } else { u32::MAX });
    let parts = text.split(';').filter(|_| !text.is_empty());
    parts.map(|part| part.split(':').map(number).collect()).collect()
}

/// Keys that are held, as `1 + 1 shift + 2 alt + 4 ctrl + …`.
struct Held {
    ctrl: bool,
}

impl Held {
    /// `None` for Alt and the like, which no key here has, and for a key that is let go (`:3`).
    fn of(part: Option<&Vec<u32>>) -> Option<Self> {
        let (held, event) = part.map_or((0, 1), |part| (part[0].saturating_sub(1), part.get(1).copied().unwrap_or(1)));
        (event != 3 && held & !(1 | 4 | 64 | 128) == 0).then_some(Self { ctrl: held & 4 != 0 })
    }

    fn character(&self, code: u32) -> Option<KeyPress> {
        let code = match code {
            13 => Code::Enter,
            9 => Code::Tab,
            27 => Code::Esc,
            127 | 8 => Code::Backspace,
            _ => Code::Char(char::from_u32(code).filter(|char| !char.is_control())?),
        };
        Some(KeyPress { code, ctrl: self.ctrl })
    }
}
