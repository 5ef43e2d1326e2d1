//! Makes text from a log fit for a terminal: nothing in it can move the cursor, change colours or reorder letters.

/// Columns between two tab stops.
const TAB: usize = 8;
/// What stands where something dangerous stood.
const STANDIN: char = '\u{fffd}';

/// The text without escape sequences; controls become visible signs, bidirectional and invisible characters a stand-in.
///
/// A sequence that never ends loses its introducer only: hiding the rest of the line would hide evidence.
pub fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(needs_care) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = care(rest, &mut out);
    }
    out.push_str(rest);
    out
}

/// Whether a character cannot be shown as it is.
pub(crate) fn needs_care(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Handles the character at the start of `text`; returns what follows it.
fn care<'t>(text: &'t str, out: &mut String) -> &'t str {
    let Some(c) = text.chars().next() else { return text };
    let after = &text[c.len_utf8()..];
    match c {
        '\u{1b}' => &after[escape_length(after)..],
        '\u{9b}' => &after[csi_length(after).unwrap_or(0)..],
        '\t' => {
            let column = out.chars().count();
            out.extend(std::iter::repeat_n(' ', TAB - column % TAB));
            after
        }
        c if (c as u32) < 0x20 => {
            out.push(char::from_u32(0x2400 + c as u32).unwrap_or(STANDIN));
            after
        }
        '\u{7f}' => {
            out.push('\u{2421}');
            after
        }
        _ => {
            out.push(STANDIN);
            after
        }
    }
}

/// Bytes after ESC that belong to its sequence (ECMA-48: CSI, strings, charset and two-byte sequences).
fn escape_length(after: &str) -> usize {
    let bytes = after.as_bytes();
    match bytes.first() {
        Some(b'[') => csi_length(&after[1..]).map_or(1, |n| n + 1),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => string_length(&after[1..]).map_or(1, |n| n + 1),
        Some(b' '..=b'/') => {
            let middle = bytes.iter().take_while(|b| (b' '..=b'/').contains(*b)).count();
            if bytes.get(middle).is_some_and(|b| (0x30..0x7f).contains(b)) { middle + 1 } else { middle }
        }
        Some(0x30..=0x7e) => 1,
        _ => 0,
    }
}

/// Length of a CSI sequence's parameters, intermediates and final byte, when it is complete.
fn csi_length(after: &str) -> Option<usize> {
    let bytes = after.as_bytes();
    let middle = bytes.iter().take_while(|b| (0x20..0x40).contains(*b)).count();
    bytes.get(middle).filter(|b| (0x40..0x7f).contains(*b)).map(|_| middle + 1)
}

/// Length of an OSC, DCS, SOS, PM or APC string with its terminator, when it has one.
fn string_length(after: &str) -> Option<usize> {
    let bell = after.find('\u{7}').map(|at| at + 1);
    let st = after.find("\u{1b}\\").map(|at| at + 2);
    match (bell, st) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
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

    proptest! {
        #[test]
        fn nothing_dangerous_survives(text in any::<String>()) {
            let once = clean(&text);
            prop_assert!(!once.chars().any(needs_care), "{once:?}");
            prop_assert_eq!(clean(&once), once);
        }
    }
}
