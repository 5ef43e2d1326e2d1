//! Boot commands: packer's notation, as USB key codes and as lines of the log.

/// One thing of a boot command.
#[derive(Debug, Clone, PartialEq)]
pub enum Stroke {
    /// a pause, seconds
    Wait(f64),
    /// a key: what the log says, its HID usage, whether a modifier is pressed or let go instead
    Key {
        /// line in the log
        log: String,
        /// HID usage on the keyboard page
        usage: u8,
        /// with shift
        shift: bool,
    },
}

/// Reads a boot command; unknown `<names>` are typed as they stand.
pub fn parse(command: &str) -> Vec<Stroke> {
    let mut strokes = Vec::new();
    let mut rest = command;
    while let Some(first) = rest.chars().next() {
        if let Some((name, after)) = rest.strip_prefix('<').and_then(|inside| inside.split_once('>'))
            && let Some(stroke) = special(name)
        {
            strokes.push(stroke);
            rest = after;
            continue;
        }
        strokes.extend(character(first));
        rest = &rest[first.len_utf8()..];
    }
    strokes
}

fn special(name: &str) -> Option<Stroke> {
    if let Some(time) = name.strip_prefix("wait") {
        let whole = || time.parse::<u32>().ok().map(f64::from);
        let seconds = if time.is_empty() { 1.0 } else { whole().or_else(|| super::span::parse(time))? };
        return Some(Stroke::Wait(seconds));
    }
    let lower = name.to_ascii_lowercase();
    let plain = lower.trim_end_matches("on").trim_end_matches("off");
    let (code, usage) = match plain {
        "enter" | "return" => ("CodeReturnEnter", 0x28),
        "esc" => ("CodeEscape", 0x29),
        "tab" => ("CodeTab", 0x2b),
        "spacebar" => ("CodeSpacebar", 0x2c),
        "bs" => ("CodeDeleteBackspace", 0x2a),
        "end" => ("CodeEnd", 0x4d),
        "down" => ("CodeDownArrow", 0x51),
        "up" => ("CodeUpArrow", 0x52),
        "left" => ("CodeLeftArrow", 0x50),
        "right" => ("CodeRightArrow", 0x4f),
        "f1" => ("CodeF1", 0x3a),
        "f2" => ("CodeF2", 0x3b),
        "leftctrl" => ("CodeLeftControl", 0xe0),
        "leftshift" => ("CodeLeftShift", 0xe1),
        "leftalt" => ("CodeLeftAlt", 0xe2),
        _ => return None,
    };
    Some(Stroke::Key { log: format!("Special code '<{plain}>' found, replacing with: {code}"), usage, shift: false })
}

/// The keys of a US keyboard from HID usage 0x2d: plain, shifted, and the code's name.
const SIGNS: &[(char, char, &str, u8)] = &[
    (' ', ' ', "CodeSpacebar", 0x2c),
    ('-', '_', "CodeHyphenMinus", 0x2d),
    ('=', '+', "CodeEqualSign", 0x2e),
    ('[', '{', "CodeLeftSquareBracket", 0x2f),
    (']', '}', "CodeRightSquareBracket", 0x30),
    ('\\', '|', "CodeBackslash", 0x31),
    (';', ':', "CodeSemicolon", 0x33),
    ('\'', '"', "CodeApostrophe", 0x34),
    ('`', '~', "CodeGraveAccent", 0x35),
    (',', '<', "CodeComma", 0x36),
    ('.', '>', "CodeFullStop", 0x37),
    ('/', '?', "CodeSlash", 0x38),
];

fn character(wanted: char) -> Option<Stroke> {
    let lower = wanted.to_ascii_lowercase();
    let position = |index: usize, first: u8| first + u8::try_from(index).unwrap_or(0);
    let (code, usage, shift) = if lower.is_ascii_lowercase() {
        let usage = 0x04 + (lower as u8 - b'a');
        (format!("Code{}", lower.to_ascii_uppercase()), usage, wanted.is_ascii_uppercase())
    } else if let Some(index) = "1234567890".find(wanted) {
        (format!("Code{wanted}"), position(index, 0x1e), false)
    } else if let Some(index) = "!@#$%^&*()".find(wanted) {
        (format!("Code{}", (index + 1) % 10), position(index, 0x1e), true)
    } else {
        let (_, up, code, usage) = SIGNS.iter().find(|(plain, up, ..)| *plain == wanted || *up == wanted)?;
        ((*code).to_owned(), *usage, *up == wanted && wanted != ' ')
    };
    Some(Stroke::Key { log: format!("Sending char '{wanted}', code {code}, shift {shift}"), usage, shift })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(log: &str, usage: u8, shift: bool) -> Stroke {
        Stroke::Key { log: log.into(), usage, shift }
    }

    #[test]
    fn keys_read_as_packer_logs_them() {
        assert_eq!(
            parse("<wait3s>cA_2<enter><leftAltOn><wait><wait10>"),
            [
                Stroke::Wait(3.0),
                key("Sending char 'c', code CodeC, shift false", 0x06, false),
                key("Sending char 'A', code CodeA, shift true", 0x04, true),
                key("Sending char '_', code CodeHyphenMinus, shift true", 0x2d, true),
                key("Sending char '2', code Code2, shift false", 0x1f, false),
                key("Special code '<enter>' found, replacing with: CodeReturnEnter", 0x28, false),
                key("Special code '<leftalt>' found, replacing with: CodeLeftAlt", 0xe2, false),
                Stroke::Wait(1.0),
                Stroke::Wait(10.0),
            ]
        );
    }

    #[test]
    fn every_boot_command_of_the_book_can_be_typed() {
        for (name, family) in &crate::lab::Book::shipped().unwrap().family {
            let command = family.boot_command.concat();
            let typed = parse(&command);
            assert!(typed.iter().any(|stroke| matches!(stroke, Stroke::Key { .. })), "{name} types nothing");
            assert!(
                !typed.contains(&key("Sending char '<', code CodeComma, shift true", 0x36, true)),
                "{name}: unknown key in {command}"
            );
        }
    }
}
