//! A text as its letters alone: without what quoting, wrapping and colours put between them.
//!
//! JSON, XML, shells, PowerShell and URLs all do one of two things to a letter: they put signs before it (backslashes,
//! backticks, carets, quotes that end and begin again) or they write its number ([`super::code`]). Wrapping puts line
//! breaks and indents between letters, UTF-16 zeros, lists quotes and commas. A secret stands where its letters stand in
//! order with nothing but these between them.

use super::code::{self, Code, Letter};
use super::work;

/// Bytes behind a comma that are looked at to tell whether it separates two quoted pieces.
const LIST: usize = 200;

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// a letter
    Letter(Letter),
    /// a byte that is one
    Byte(u8),
    /// nothing but quoting
    Sign,
    /// a blank, or a plus sign, which is one in forms
    Blank,
    /// what says nothing at all: a colour, a zero of UTF-16
    Nothing,
    /// a line ends
    Break,
    /// the bytes end before it can be told
    Cut,
}

/// How a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// as it stands
    Plain,
    /// codes are the letters they mean
    Decoded,
}

/// A sign that quoting adds, drops and doubles.
pub fn is_sign(byte: u8) -> bool {
    matches!(byte, b'\\' | b'`' | b'^' | b'\'' | b'"')
}

/// Whether a byte is a letter wherever it stands, and the same in every reading: no code, no placeholder and no mask begins
/// with it.
pub fn stands_for_itself(byte: u8) -> bool {
    const TABLE: [bool; 256] = {
        let (mut table, mut byte) = ([true; 256], 0);
        let others = b" \t\r\n\x0b\x0c\x00\x1b+,[<%&\\`^'\"";
        while byte < others.len() {
            table[others[byte] as usize] = false;
            byte += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}

/// What stands at `at`, and where it ends.
pub fn mark(reading: Reading, bytes: &[u8], at: usize, last: bool) -> (Mark, usize) {
    let Some(byte) = bytes.get(at).copied() else { return (Mark::Cut, at) };
    work::add(1);
    if reading == Reading::Decoded && code::introduces(byte) {
        match code::letter(bytes, at, last) {
            Code::Letter(letter, end) => {
                work::add(end - at);
                return (decoded(letter), end);
            }
            Code::Cut => return (Mark::Cut, at),
            Code::None => {}
        }
    }
    match byte {
        b'\n' => (Mark::Break, at + 1),
        0 => (Mark::Nothing, at + 1),
        0x1b => colour(bytes, at, last),
        b',' => comma(bytes, at, last),
        byte => (of(byte), at + 1),
    }
}

fn of(byte: u8) -> Mark {
    match byte {
        byte if is_sign(byte) => Mark::Sign,
        b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c | b'+' => Mark::Blank,
        0 => Mark::Nothing,
        byte => Mark::Byte(byte),
    }
}

fn decoded(letter: Letter) -> Mark {
    match letter.bytes() {
        [byte] => match of(*byte) {
            Mark::Byte(_) => Mark::Letter(letter),
            other => other,
        },
        // A blank that does not break.
        [0xc2, 0xa0] => Mark::Blank,
        _ => Mark::Letter(letter),
    }
}

/// A colour's escape sequence; other sequences are none.
fn colour(bytes: &[u8], at: usize, last: bool) -> (Mark, usize) {
    let body = bytes.iter().skip(at + 2).take_while(|byte| byte.is_ascii_digit() || b";:".contains(byte)).count();
    match (bytes.get(at + 1), bytes.get(at + 2 + body)) {
        (Some(b'['), Some(b'm')) => (Mark::Nothing, at + body + 3),
        (None | Some(b'['), None) if last => (Mark::Nothing, bytes.len()),
        (None | Some(b'['), None) => (Mark::Cut, at),
        _ => (Mark::Byte(0x1b), at + 1),
    }
}

/// A comma between two quoted pieces of a list is a sign.
fn comma(bytes: &[u8], at: usize, last: bool) -> (Mark, usize) {
    let letter = (Mark::Byte(b','), at + 1);
    if !at.checked_sub(1).is_some_and(|before| is_sign(bytes[before])) {
        return letter;
    }
    let behind = bytes[at + 1..].iter().take(LIST).position(|byte| !byte.is_ascii_whitespace());
    work::add(behind.unwrap_or(LIST));
    match behind {
        Some(skipped) if is_sign(bytes[at + 1 + skipped]) => (Mark::Sign, at + 1),
        None if !last && bytes.len() - at <= LIST => (Mark::Cut, at),
        Some(_) | None => letter,
    }
}

/// The letters of a value, and what it must have between them.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letters {
    /// letter by letter
    pub bytes: Vec<u8>,
    /// signs between the first and the last
    pub signs: u32,
    /// white space or plus signs in as many places
    pub blanks: u32,
}

impl Letters {
    /// Of a value.
    pub fn of(reading: Reading, value: &[u8]) -> Self {
        let (mut it, mut at) = (Self::default(), 0);
        let (mut signs, mut blanks, mut blank) = (0, 0, false);
        while at < value.len() {
            let (mark, end) = mark(reading, value, at, true);
            let letters: &[u8] = match &mark {
                Mark::Letter(letter) => letter.bytes(),
                Mark::Byte(byte) => std::slice::from_ref(byte),
                Mark::Sign | Mark::Blank | Mark::Nothing | Mark::Break | Mark::Cut => &[],
            };
            signs += u32::from(mark == Mark::Sign);
            let white = matches!(mark, Mark::Blank | Mark::Break);
            blanks += u32::from(white && !blank);
            blank = white;
            if !letters.is_empty() {
                if !it.bytes.is_empty() {
                    (it.signs, it.blanks) = (it.signs + signs, it.blanks + blanks);
                }
                (signs, blanks) = (0, 0);
                it.bytes.extend_from_slice(letters);
            }
            at = end.max(at + 1);
        }
        it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_itself_is_a_letter_in_every_reading() {
        for byte in (0..=u8::MAX).filter(|byte| stands_for_itself(*byte)) {
            for reading in [Reading::Plain, Reading::Decoded] {
                assert_eq!(mark(reading, &[b'"', byte, b'"'], 1, false), (Mark::Byte(byte), 2));
            }
            assert!(!is_sign(byte) && !code::introduces(byte));
        }
    }

    fn letters(reading: Reading, text: &str) -> String {
        String::from_utf8(Letters::of(reading, text.as_bytes()).bytes).unwrap()
    }

    #[test]
    fn every_spelling_has_the_same_letters() {
        let value = "p@ss&<w>'o\"rd";
        let plain = letters(Reading::Plain, value);
        assert_eq!(plain, "p@ss&<w>ord");
        for spelled in [
            "p@ss&<w>'o\\\"rd",
            "p@ss&<w>'o\\\\\\\"rd",
            "p@ss&<w>'\\''o\"rd",
            "p@ss&<w>'\"'\"'o\"rd",
            "p@ss&<w>''o\"rd",
            "p@\u{1b}[1;31mss\u{1b}[0m&<w>\\'o\"rd",
            "p@ss&<\nw>'o\"rd",
            "\"p@ss\",\n  \"&<w>'o\"rd",
        ] {
            assert_eq!(letters(Reading::Plain, spelled), plain, "{spelled}");
        }
        for spelled in [
            "p@ss\\u0026\\u003cw\\u003e'o\\\"rd",
            "p@ss&amp;&lt;w&gt;&#39;o&#34;rd",
            "p&commat;ss&amp;amp;&amp;lt;w&amp;gt;&amp;apos;o&amp;quot;rd",
            "p%40ss%26%3Cw%3E%27o%22rd",
            "p%2540ss%2526%253cw%253e%2527o%2522rd",
        ] {
            assert_eq!(letters(Reading::Decoded, spelled), letters(Reading::Decoded, value), "{spelled}");
        }
        for spelled in ["50%2541x%25", "50%252541x%2525"] {
            assert_eq!(letters(Reading::Decoded, spelled), letters(Reading::Decoded, "50%41x%"), "{spelled}");
        }
    }

    #[test]
    fn what_stands_between_is_counted() {
        let it = Letters::of(Reading::Plain, b"'a \"b\"  c+d'");
        assert_eq!((it.bytes.as_slice(), it.signs, it.blanks), (b"abcd".as_slice(), 2, 3));
    }
}
