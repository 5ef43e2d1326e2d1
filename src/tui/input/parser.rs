//! The bytes of a terminal as keys, mouse and pasted text. A value: bytes and times in, inputs out.
//!
//! After ECMA-48 and xterm's ctlseqs. What a terminal sends by itself, its answers to questions that were asked long ago
//! (device attributes, cursor position, XTVERSION, kitty's graphics), is read to its end and dropped: none of it is a key.
//! What never ends is given up after a while, and Ctrl-C is heard whatever is under way.

use std::time::Duration;

use super::sequence;
use crate::console::key::{Code, KeyPress};

/// What a person did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// pressed a key
    Key(KeyPress),
    /// pasted a text
    Paste(String),
    /// used the mouse
    Mouse(Mouse),
}

/// Something of the mouse, at a cell counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// what
    pub kind: MouseKind,
    /// column
    pub column: u16,
    /// row
    pub row: u16,
}

/// What is done with a mouse here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseKind {
    /// the left button went down
    Click,
    /// the wheel
    Up,
    /// the wheel
    Down,
}

/// Esc alone is a key when nothing follows it for so long: a slow line delivers the rest of a sequence within it.
const LONE_ESC: Duration = Duration::from_millis(50);
/// A sequence or a paste that got nothing for so long has no end.
const UNFINISHED: Duration = Duration::from_secs(1);
/// No sequence that means anything here is longer.
const LONGEST: usize = 64;
/// More of a paste is dropped.
const MOST_PASTED: usize = 1 << 20;
const ETX: u8 = 0x03;
const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const ESC: u8 = 0x1b;

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// the rest of a character of UTF-8
    Utf8(Vec<u8>),
    /// after Esc
    Escape,
    /// after `ESC [`: what has come of it
    Csi(Vec<u8>),
    /// after `ESC O`
    Ss3,
    /// after `ESC [ [`: function keys of the Linux console
    LinuxKey,
    /// after `ESC [ M`: three bytes of the oldest form of mouse reports
    OldMouse(Vec<u8>),
    /// a string that only a terminal sends (DCS, OSC, APC, PM, SOS); whether Esc was the last byte, and BEL ends it
    String { escaped: bool, bell: bool },
    /// a bracketed paste
    Paste(Vec<u8>),
}

/// Reads bytes as they come.
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
    /// when the last byte of what is unfinished came; of a string, when it began
    since: Duration,
}

impl Parser {
    /// Takes bytes that came `at` this time.
    pub fn push(&mut self, bytes: &[u8], at: Duration, on: &mut dyn FnMut(Input)) {
        self.expire(at, on);
        for byte in bytes {
            let began = matches!(self.state, State::String { .. });
            self.take(*byte, on);
            // What a terminal says comes at once; one that goes on and on is none.
            if !began {
                self.since = at;
            }
        }
    }

    /// When [`Parser::expire`] has something to do.
    pub fn due(&self) -> Option<Duration> {
        let patience = match self.state {
            State::Ground => return None,
            State::Escape => LONE_ESC,
            _ => UNFINISHED,
        };
        Some(self.since + patience)
    }

    /// Gives up what is unfinished for too long: Esc alone was a key, a paste ends, the rest is dropped.
    pub fn expire(&mut self, at: Duration, on: &mut dyn FnMut(Input)) {
        if self.due().is_none_or(|due| at < due) {
            return;
        }
        match std::mem::take(&mut self.state) {
            State::Escape => on(Input::Key(KeyPress::code(Code::Esc))),
            State::Paste(text) => on(pasted(&text)),
            State::Ground
            | State::Utf8(_)
            | State::Csi(_)
            | State::Ss3
            | State::LinuxKey
            | State::OldMouse(_)
            | State::String { .. } => {}
        }
    }

    fn take(&mut self, byte: u8, on: &mut dyn FnMut(Input)) {
        // A person who wants out is heard, whatever a terminal has begun and not ended.
        if byte == ETX && !matches!(self.state, State::OldMouse(_)) {
            self.state = State::Ground;
            return on(Input::Key(KeyPress::ctrl('c')));
        }
        self.state = match std::mem::take(&mut self.state) {
            State::Ground => ground(byte, on),
            State::Utf8(begun) => utf8(begun, byte, on),
            State::Escape => escape(byte, on),
            State::Csi(begun) => csi(begun, byte, on),
            State::Ss3 => {
                key(sequence::ss3(byte), on);
                State::Ground
            }
            State::LinuxKey => {
                key(sequence::linux_key(byte), on);
                State::Ground
            }
            State::OldMouse(mut report) => {
                report.push(byte);
                match <[u8; 3]>::try_from(report) {
                    Ok(report) => {
                        sequence::old_mouse(report).into_iter().for_each(|mouse| on(Input::Mouse(mouse)));
                        State::Ground
                    }
                    Err(report) => State::OldMouse(report),
                }
            }
            State::String { escaped: true, .. } if byte == b'\\' => State::Ground,
            // Cut off by another sequence.
            State::String { escaped: true, .. } => escape(byte, on),
            State::String { bell: true, .. } if byte == BEL => State::Ground,
            State::String { .. } if matches!(byte, CAN | SUB) => State::Ground,
            State::String { bell, .. } => State::String { escaped: byte == ESC, bell },
            State::Paste(text) => paste(text, byte, on),
        };
    }
}

fn key(press: Option<KeyPress>, on: &mut dyn FnMut(Input)) {
    press.into_iter().for_each(|press| on(Input::Key(press)));
}

fn ground(byte: u8, on: &mut dyn FnMut(Input)) -> State {
    let press = match byte {
        ESC => return State::Escape,
        b'\r' => KeyPress::code(Code::Enter),
        b'\t' => KeyPress::code(Code::Tab),
        0x7f => KeyPress::code(Code::Backspace),
        0 => KeyPress::ctrl(' '),
        0x01..=0x1a => KeyPress::ctrl(char::from(byte - 1 + b'a')),
        0x1c..=0x1f => KeyPress::ctrl(char::from(byte - 0x1c + b'4')),
        b' '..=b'~' => KeyPress::char(char::from(byte)),
        0xc2..=0xf4 => return State::Utf8(vec![byte]),
        // No character of UTF-8 begins so.
        0x80..=0xc1 | 0xf5..=0xff => return State::Ground,
    };
    on(Input::Key(press));
    State::Ground
}

fn utf8(mut begun: Vec<u8>, byte: u8, on: &mut dyn FnMut(Input)) -> State {
    if !(0x80..=0xbf).contains(&byte) {
        // Cut off; this one begins something else.
        return ground(byte, on);
    }
    begun.push(byte);
    match std::str::from_utf8(&begun) {
        Ok(text) => {
            text.chars().filter(|char| !char.is_control()).for_each(|char| on(Input::Key(KeyPress::char(char))));
            State::Ground
        }
        Err(error) if error.error_len().is_none() => State::Utf8(begun),
        Err(_) => State::Ground,
    }
}

fn escape(byte: u8, on: &mut dyn FnMut(Input)) -> State {
    match byte {
        ESC => {
            on(Input::Key(KeyPress::code(Code::Esc)));
            State::Escape
        }
        b'[' => State::Csi(Vec::new()),
        b'O' => State::Ss3,
        b']' => State::String { escaped: false, bell: true },
        b'P' | b'_' | b'^' | b'X' => State::String { escaped: false, bell: false },
        // Alt and a key: no key here is one with Alt.
        _ => State::Ground,
    }
}

fn csi(mut begun: Vec<u8>, byte: u8, on: &mut dyn FnMut(Input)) -> State {
    match byte {
        b'[' if begun.is_empty() => State::LinuxKey,
        b'M' if begun.is_empty() => State::OldMouse(Vec::new()),
        0x40..=0x7e => match sequence::csi(&begun, byte) {
            sequence::Meaning::Input(input) => {
                on(input);
                State::Ground
            }
            sequence::Meaning::PasteBegins => State::Paste(Vec::new()),
            sequence::Meaning::Nothing => State::Ground,
        },
        0x20..=0x3f => {
            // What is too long means nothing, but has an end all the same.
            if begun.len() < LONGEST {
                begun.push(byte);
            }
            State::Csi(begun)
        }
        ESC => State::Escape,
        // Not part of a sequence: it was cut off.
        _ => ground(byte, on),
    }
}

fn paste(mut text: Vec<u8>, byte: u8, on: &mut dyn FnMut(Input)) -> State {
    const END: &[u8] = b"\x1b[201~";
    if text.len() >= MOST_PASTED {
        // Keep what may be the end.
        text.drain(MOST_PASTED - END.len()..MOST_PASTED - END.len() + 1);
    }
    text.push(byte);
    match text.strip_suffix(END) {
        Some(whole) => {
            on(pasted(whole));
            State::Ground
        }
        None => State::Paste(text),
    }
}

fn pasted(text: &[u8]) -> Input {
    Input::Paste(String::from_utf8_lossy(text).into_owned())
}
