//! One letter written as its number: percent codes, entities, backslash codes, one way inside the other.

use super::entities;

/// Longest name or number of an entity.
const ENTITY: usize = 10;

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// there is none
    None,
    /// the bytes end before it can be told
    Cut,
    /// this letter, and the place behind the code
    Letter(Letter, usize),
}

/// A letter's bytes: UTF-8, or the one byte that a code named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letter {
    bytes: [u8; 4],
    length: usize,
}

impl Letter {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn char(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }
}

/// Whether a code may begin with this byte.
pub fn introduces(byte: u8) -> bool {
    matches!(byte, b'%' | b'&' | b'\\' | b'`')
}

/// The letter that stands at `at`, whatever way and however often it was written as a number. Codes mean the same in a
/// secret's value and in a text, so both are read by this alone.
pub fn letter(bytes: &[u8], at: usize, last: bool) -> Code {
    let mut found = Code::None;
    let Some(mut intro) = bytes.get(at).copied() else { return found };
    let mut end = at + 1;
    loop {
        let next = match intro {
            b'%' => percent(bytes, end),
            b'&' => entity(bytes, end),
            b'\\' | b'`' => escape(intro, bytes, end),
            _ => return found,
        };
        match next {
            Code::Letter(letter, after) => {
                (found, end) = (next, after);
                let [byte] = *letter.bytes() else { return found };
                intro = byte;
            }
            Code::Cut if !last => return Code::Cut,
            Code::Cut | Code::None => return found,
        }
    }
}

/// A text with its codes read.
pub fn decoded(text: &str) -> String {
    let (bytes, mut read, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(byte) = bytes.get(at) {
        if let Code::Letter(letter, end) = letter(bytes, at, true) {
            read.extend_from_slice(letter.bytes());
            at = end;
        } else {
            read.push(*byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// `40` behind `%`.
fn percent(bytes: &[u8], at: usize) -> Code {
    match bytes.get(at..) {
        None | Some([]) => Code::Cut,
        Some([digit]) if digit.is_ascii_hexdigit() => Code::Cut,
        Some(_) => hexadecimal(bytes, at, 2).map_or(Code::None, |byte| Code::Letter(Letter::byte(byte as u8), at + 2)),
    }
}

/// `amp;`, `#38;` or `#x26;` behind `&`.
fn entity(bytes: &[u8], at: usize) -> Code {
    let rest = &bytes[at.min(bytes.len())..];
    let name = &rest[..rest.len().min(ENTITY)];
    let Some(length) = name.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'#') else {
        return if name.len() < ENTITY { Code::Cut } else { Code::None };
    };
    if name[length] != b';' {
        return Code::None;
    }
    let c = match &name[..length] {
        [b'#', b'x' | b'X', hex @ ..] => number(hex, 16).and_then(char::from_u32),
        [b'#', decimal @ ..] => number(decimal, 10).and_then(char::from_u32),
        name => entities::named(name),
    };
    c.map_or(Code::None, |c| Code::Letter(Letter::char(c), at + length + 1))
}

/// What follows a backslash, or a backtick.
fn escape(intro: u8, bytes: &[u8], at: usize) -> Code {
    let Some(kind) = bytes.get(at) else { return Code::Cut };
    match kind {
        b'n' | b'r' | b't' => Code::Letter(Letter::byte(b' '), at + 1),
        _ if intro == b'`' => Code::None,
        b'u' if bytes.get(at + 1) == Some(&b'{') => braced(bytes, at + 2),
        b'u' => units(bytes, at),
        b'U' => fixed(bytes, at + 1, 8, |code| char::from_u32(code).map(Letter::char)),
        b'x' | b'X' => fixed(bytes, at + 1, 2, |code| u8::try_from(code).ok().map(Letter::byte)),
        b'0'..=b'3' => octal(bytes, at),
        _ => Code::None,
    }
}

fn fixed(bytes: &[u8], at: usize, digits: usize, letter: impl Fn(u32) -> Option<Letter>) -> Code {
    let there = &bytes[at.min(bytes.len())..bytes.len().min(at + digits)];
    if there.len() < digits {
        return if there.iter().all(u8::is_ascii_hexdigit) { Code::Cut } else { Code::None };
    }
    let letter = hexadecimal(bytes, at, digits).and_then(letter);
    letter.map_or(Code::None, |letter| Code::Letter(letter, at + digits))
}

/// `u0026`; letters beyond 16 bits are two such codes.
fn units(bytes: &[u8], at: usize) -> Code {
    let high = match fixed(bytes, at + 1, 4, |_| Some(Letter::byte(0))) {
        Code::Letter(..) => hexadecimal(bytes, at + 1, 4).and_then(|code| u16::try_from(code).ok()),
        other => return other,
    };
    let Some(high) = high else { return Code::None };
    let end = at + 5;
    if let Some(c) = char::from_u32(u32::from(high)) {
        return Code::Letter(Letter::char(c), end);
    }
    /// More of them are no quoting.
    const BACKSLASHES: usize = 16;
    let signs = bytes[end..].iter().take(BACKSLASHES).take_while(|byte| **byte == b'\\').count();
    let second = end + signs;
    match bytes.get(second) {
        None => return Code::Cut,
        Some(b'u') if signs > 0 => {}
        Some(_) => return Code::None,
    }
    match fixed(bytes, second + 1, 4, |_| Some(Letter::byte(0))) {
        Code::Letter(_, after) => {
            let low = hexadecimal(bytes, second + 1, 4).and_then(|code| u16::try_from(code).ok());
            let c = low.and_then(|low| char::decode_utf16([high, low]).next()?.ok());
            c.map_or(Code::None, |c| Code::Letter(Letter::char(c), after))
        }
        other => other,
    }
}

/// `{26}` of `\u{26}`.
fn braced(bytes: &[u8], at: usize) -> Code {
    const DIGITS: usize = 6;
    let digits = bytes[at.min(bytes.len())..].iter().take(DIGITS).take_while(|byte| byte.is_ascii_hexdigit()).count();
    match bytes.get(at + digits) {
        None => Code::Cut,
        Some(b'}') => {
            let c = hexadecimal(bytes, at, digits).and_then(char::from_u32);
            c.map_or(Code::None, |c| Code::Letter(Letter::char(c), at + digits + 1))
        }
        Some(_) => Code::None,
    }
}

/// `046`, as C and Python write bytes.
fn octal(bytes: &[u8], at: usize) -> Code {
    const DIGITS: usize = 3;
    let there = &bytes[at..bytes.len().min(at + DIGITS)];
    if !there.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
        return Code::None;
    }
    if there.len() < DIGITS {
        return Code::Cut;
    }
    let byte = number(there, 8).and_then(|byte| u8::try_from(byte).ok());
    byte.map_or(Code::None, |byte| Code::Letter(Letter::byte(byte), at + DIGITS))
}

fn hexadecimal(bytes: &[u8], at: usize, digits: usize) -> Option<u32> {
    number(bytes.get(at..at + digits)?, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u32::from_str_radix(text, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, usize)> {
        match letter(text.as_bytes(), 0, true) {
            Code::Letter(letter, end) => Some((String::from_utf8_lossy(letter.bytes()).into_owned(), end)),
            Code::None | Code::Cut => None,
        }
    }

    #[test]
    fn a_letter_in_every_dialect() {
        for code in [
            "%40",
            "%2540",
            "%252540",
            "&#64;",
            "&#x40;",
            "&#064;",
            "&commat;",
            "&amp;#64;",
            "&amp;amp;commat;",
            "\\u0040",
            "\\x40",
            "\\100",
            "\\u{40}",
            "\\U00000040",
            "%26#64;",
            "\\u0026#64;",
        ] {
            assert_eq!(read(code), Some(("@".into(), code.len())), "{code}");
            for cut in 1..code.len() {
                let found = letter(&code.as_bytes()[..cut], 0, false);
                assert!(found == Code::Cut, "{code} cut at {cut}: {found:?}");
            }
        }
        assert_eq!(read("\\ud83d\\ude00"), Some(("😀".into(), 12)));
        assert_eq!(read("&eacute;"), Some(("é".into(), 8)));
        for text in ["%", "%4x", "&x;", "&amp", "\\q", "&&", "\\u00", "a"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
