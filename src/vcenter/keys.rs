//! Text as key strokes of a US keyboard, for `PutUsbScanCodes`.
//!
//! A key is its USB HID usage code (HID Usage Tables, keyboard page), sent as `usage << 16 | 7`.

use super::soap;

/// One key stroke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stroke {
    usage: u32,
    shift: bool,
}

/// Left shift by itself: a console that went blank comes back, and nothing is typed.
pub(super) const SHIFT: Stroke = Stroke { usage: 0xe1, shift: false };

/// The strokes that type `text`; the first character that a US keyboard has no key for is an error.
pub(super) fn strokes(text: &str) -> Result<Vec<Stroke>, char> {
    text.chars().map(|c| stroke(c).ok_or(c)).collect()
}

fn stroke(c: char) -> Option<Stroke> {
    /// usage code, plain character, shifted character
    const OTHERS: [(u32, char, char); 22] = [
        (0x1e, '1', '!'),
        (0x1f, '2', '@'),
        (0x20, '3', '#'),
        (0x21, '4', '$'),
        (0x22, '5', '%'),
        (0x23, '6', '^'),
        (0x24, '7', '&'),
        (0x25, '8', '*'),
        (0x26, '9', '('),
        (0x27, '0', ')'),
        (0x2c, ' ', ' '),
        (0x2d, '-', '_'),
        (0x2e, '=', '+'),
        (0x2f, '[', '{'),
        (0x30, ']', '}'),
        (0x31, '\\', '|'),
        (0x33, ';', ':'),
        (0x34, '\'', '"'),
        (0x35, '`', '~'),
        (0x36, ',', '<'),
        (0x37, '.', '>'),
        (0x38, '/', '?'),
    ];
    let bare = |usage| Some(Stroke { usage, shift: false });
    match c {
        'a'..='z' => bare(0x04 + (c as u32 - 'a' as u32)),
        'A'..='Z' => Some(Stroke { usage: 0x04 + (c as u32 - 'A' as u32), shift: true }),
        '\n' | '\r' => bare(0x28),
        '\u{1b}' => bare(0x29),
        '\u{8}' => bare(0x2a),
        '\t' => bare(0x2b),
        _ => OTHERS
            .iter()
            .find(|(_, plain, shifted)| c == *plain || c == *shifted)
            .map(|(usage, plain, _)| Stroke { usage: *usage, shift: c != *plain }),
    }
}

/// The `spec` argument for a batch of strokes.
pub(super) fn spec(strokes: &[Stroke]) -> String {
    let events: String = strokes
        .iter()
        .map(|stroke| {
            let code = soap::text("usbHidCode", &((stroke.usage << 16) | 7).to_string());
            let shift = if stroke.shift { "<modifiers><leftShift>true</leftShift></modifiers>" } else { "" };
            format!("<keyEvents>{code}{shift}</keyEvents>")
        })
        .collect();
    format!("<spec>{events}</spec>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_printable_ascii_character_has_a_key() {
        let text: String = (' '..='~').collect();
        assert_eq!(strokes(&text).unwrap().len(), 95);
        assert_eq!(strokes("é"), Err('é'));
    }

    #[test]
    fn codes_are_those_of_the_usage_tables() {
        let [a, shifted, enter] = strokes("aA\n").unwrap()[..] else { panic!() };
        assert_eq!((a.usage, a.shift, shifted.usage, shifted.shift, enter.usage), (4, false, 4, true, 0x28));
        assert!(spec(&[a]).contains("<usbHidCode>262151</usbHidCode>"));
    }
}
