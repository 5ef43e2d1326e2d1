//! Makes text from a log fit for a terminal: nothing in it can move the cursor, change colours or reorder letters.

/// Columns between two tab stops.
const TAB: usize = 8;
/// What stands where something dangerous stood.
const STANDIN: char = '\u{fffd}';

/// A sequence this long at most is kept whole where a line is cut.
const SEQUENCE: usize = 256;

/// The text without escape sequences; controls become visible signs, bidirectional and invisible characters a stand-in.
///
/// A sequence that never ends loses its introducer only: hiding the rest of the line would hide evidence.
pub fn clean(text: &str) -> String {
    let mut cleaned = Cleaned { out: String::with_capacity(text.len()), counted: 0, column: 0, endless: false };
    let mut rest = text;
    while let Some(at) = rest.find(needs_care) {
        cleaned.out.push_str(&rest[..at]);
        rest = cleaned.care(&rest[at..]);
    }
    cleaned.out.push_str(rest);
    cleaned.out
}

/// Where to cut what is longer than anybody reads in one piece: at `most` bytes or a little before, neither within a
/// character nor within an escape sequence, whose halves would be text.
pub fn cut(bytes: &[u8], most: usize) -> usize {
    if bytes.len() <= most {
        return bytes.len();
    }
    let near = most.saturating_sub(SEQUENCE);
    let escape = memchr::memrchr(0x1b, &bytes[near..most]).map(|at| near + at);
    // In UTF-8 these never begin a character.
    let whole = (near..=most).rev().find(|at| !(0x80..0xc0).contains(&bytes[*at]));
    escape.or(whole).filter(|at| *at > 0).unwrap_or(most)
}

/// Whether a character cannot be shown as it is.
pub(crate) fn needs_care(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Text made safe so far. Whatever it is, each byte is looked at a few times only: a log is written by guests.
struct Cleaned {
    out: String,
    /// bytes of `out` whose columns are counted
    counted: usize,
    column: usize,
    /// no string ends in what is left
    endless: bool,
}

impl Cleaned {
    /// Handles the character at the start of `text`; returns what follows it.
    fn care<'t>(&mut self, text: &'t str) -> &'t str {
        let Some(c) = text.chars().next() else { return text };
        let after = &text[c.len_utf8()..];
        match c {
            '\u{1b}' => return &after[self.escape_length(after)..],
            '\u{9b}' => return &after[csi_length(after).unwrap_or(0)..],
            '\t' => {
                self.column += self.out[self.counted..].chars().count();
                self.counted = self.out.len();
                self.out.extend(std::iter::repeat_n(' ', TAB - self.column % TAB));
            }
            c if (c as u32) < 0x20 => self.out.push(char::from_u32(0x2400 + c as u32).unwrap_or(STANDIN)),
            '\u{7f}' => self.out.push('\u{2421}'),
            _ => self.out.push(STANDIN),
        }
        after
    }

    /// Bytes after ESC that belong to its sequence (ECMA-48: CSI, strings, charset and two-byte sequences).
    fn escape_length(&mut self, after: &str) -> usize {
        let bytes = after.as_bytes();
        match bytes.first() {
            Some(b'[') => csi_length(&after[1..]).map_or(1, |n| n + 1),
            Some(b']' | b'P' | b'X' | b'^' | b'_') => {
                let length = if self.endless { None } else { string_length(&bytes[1..]) };
                self.endless = length.is_none();
                length.map_or(1, |n| n + 1)
            }
            Some(b' '..=b'/') => {
                let middle = bytes.iter().take_while(|b| (b' '..=b'/').contains(*b)).count();
                if bytes.get(middle).is_some_and(|b| (0x30..0x7f).contains(b)) { middle + 1 } else { middle }
            }
            Some(0x30..=0x7e) => 1,
            _ => 0,
        }
    }
}

/// Length of a CSI sequence's parameters, intermediates and final byte, when it is complete.
fn csi_length(after: &str) -> Option<usize> {
    let bytes = after.as_bytes();
    let middle = bytes.iter().take_while(|b| (0x20..0x40).contains(*b)).count();
    bytes.get(middle).filter(|b| (0x40..0x7f).contains(*b)).map(|_| middle + 1)
}

/// Length of an OSC, DCS, SOS, PM or APC string with its terminator (BEL, or ESC and a backslash), when it has one.
fn string_length(after: &[u8]) -> Option<usize> {
    memchr::memchr2_iter(0x07, 0x1b, after).find_map(|at| match (after[at], after.get(at + 1)) {
        (0x07, _) => Some(at + 1),
        (_, Some(b'\\')) => Some(at + 2),
        _ => None,
    })
}

/// Characters that draw nothing and change what surrounds them: bidi controls, zero-width, separators, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn colours_vanish_and_text_stays() {
        assert_eq!(clean("\u{1b}[1;32m==> a.b: IP address: 10.0.0.7\u{1b}[0m"), "==> a.b: IP address: 10.0.0.7");
        assert_eq!(clean("no care needed: ünï ✓"), "no care needed: ünï ✓");
    }

    #[test]
    fn titles_hyperlinks_and_device_strings_vanish() {
        assert_eq!(clean("a\u{1b}]0;owned\u{7}b"), "ab");
        assert_eq!(clean("a\u{1b}]8;;http://x\u{1b}\\b\u{1b}P+q\u{1b}\\c\u{1b}(B\u{1b}7d"), "abcd");
    }

    #[test]
    fn a_sequence_without_an_end_hides_nothing() {
        assert_eq!(clean("a\u{1b}]0;the cause is here"), "a0;the cause is here");
        assert_eq!(clean("a\u{1b}"), "a");
        assert_eq!(clean("a\u{1b}[31"), "a31");
    }

    #[test]
    fn controls_and_bidi_become_visible() {
        assert_eq!(clean("a\u{7}b\u{8}c\u{0}d\u{7f}"), "a␇b␈c␀d␡");
        assert_eq!(clean("x\u{202e}y\u{2066}z\u{2028}\u{9d}"), "x\u{fffd}y\u{fffd}z\u{fffd}\u{fffd}");
        assert_eq!(clean("a\tb\t\tc"), "a       b               c");
    }

    #[test]
    fn a_megabyte_of_anything_is_cleaned_at_once() {
        for piece in
            ["\t", "\u{1b}]", "\u{1b}P", "\u{1b}]a", "\u{1b}[", "\u{9b}1", "\u{1b}]a\u{1b}\\", "é\t\u{1b}_\u{202e}"]
        {
            let once = clean(&piece.repeat((1 << 20) / piece.len()));
            assert_eq!(clean(&once), once, "{piece:?}");
        }
    }

    #[test]
    fn a_cut_goes_through_no_character_and_no_sequence() {
        assert_eq!(cut(b"short", 10), 5);
        assert_eq!(cut(b"longer than that", 6), 6);
        assert_eq!(cut("ab\u{e9}d".as_bytes(), 3), 2);
        assert_eq!(cut(b"red: \x1b[1;31mred", 9), 5);
        assert_eq!(cut(b"\x1b[1;31mred", 4), 4, "some of it has to go");
        assert_eq!(cut(&[0x80; 9], 4), 4);
    }

    proptest! {
        #[test]
        fn nothing_dangerous_survives(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.chars().any(needs_care), "{once:?}");
            prop_assert_eq!(clean(&once), once);
        }
    }
}
