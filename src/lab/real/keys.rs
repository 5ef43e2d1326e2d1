//! USB key codes as QEMU's names of keys.
//!
//! `PutUsbScanCodes` gives a HID usage of the keyboard page (USB HID Usage Tables, chapter 10) in the upper half and the
//! page in the lower; the names are those of `QKeyCode` in QEMU's `qapi/ui.json`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::node::Node;

/// One key with the modifiers held while it is pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Press {
    keys: Vec<&'static str>,
}

/// From usage 0x04.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t", "u", "v", "w",
    "x", "y", "z", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "ret", "esc", "backspace", "tab", "spc", "minus",
    "equal", "bracket_left", "bracket_right", "backslash", "backslash", "semicolon", "apostrophe", "grave_accent",
    "comma", "dot", "slash", "caps_lock", "f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8", "f9", "f10", "f11", "f12",
    "print", "scroll_lock", "pause", "insert", "home", "pgup", "delete", "end", "pgdn", "right", "left", "down", "up",
];
/// From usage 0xe0.
const MODIFIERS: &[&str] = &["ctrl", "shift", "alt", "meta_l", "ctrl_r", "shift_r", "alt_r", "meta_r"];
#[rustfmt::skip]
const FIELDS: [&str; 8] = [
    "leftControl", "leftShift", "leftAlt", "leftGui", "rightControl", "rightShift", "rightAlt", "rightGui",
];

impl Press {
    /// Reads one `keyEvents` of a `UsbScanCodeSpec`; `None` for a key that QEMU has no name for.
    pub fn read(event: &Node) -> Option<Self> {
        let usage = event.text_of("usbHidCode").parse::<u32>().ok()? >> 16;
        let at = |names: &[&'static str], first: u32| {
            usage.checked_sub(first).and_then(|index| names.get(usize::try_from(index).ok()?).copied())
        };
        let key = at(NAMES, 0x04).or_else(|| at(MODIFIERS, 0xe0))?;
        let held = event
            .child("modifiers")
            .into_iter()
            .flat_map(|held| FIELDS.iter().zip(MODIFIERS).filter(|(field, _)| held.flag(field)).map(|(_, name)| *name));
        Some(Self { keys: held.chain([key]).collect() })
    }

    /// Whether it ends a line: what reads it then has something to do.
    pub fn ends_a_line(&self) -> bool {
        self.keys.last() == Some(&"ret")
    }

    /// Whether it is what people press where any key will do.
    pub fn is_any_key(&self) -> bool {
        matches!(self.keys.last(), Some(&"spc" | &"ret"))
    }

    /// Down and up again, as `input-send-event` takes it.
    pub fn events(&self) -> Value {
        let one = |down: bool, key: &&str| json!({ "type": "key", "data": { "down": down, "key": { "type": "qcode", "data": key } } });
        let down = self.keys.iter().map(|key| one(true, key));
        let up = self.keys.iter().rev().map(|key| one(false, key));
        json!({ "events": down.chain(up).collect::<Vec<_>>() })
    }
}

/// Calls that follow each other sooner are one typing: packer's plugin sends each key by a call of its own, a tenth of a
/// second apart (`boot_keygroup_interval`). Its `<wait>` is a second at least, and means that something has to happen.
const ONE_TYPING: Duration = Duration::from_millis(900);

/// What was typed last: which keys have to wait until the guest is ready for them.
#[derive(Debug, Default)]
pub struct Typing {
    /// when the last call brought keys
    called: Option<Instant>,
    /// the last key ended a line
    line_ended: bool,
}

impl Typing {
    /// The keys of a call, each with whether it waits: the first of a typing does, and what follows the end of a line.
    pub fn goes_on(&mut self, keys: Vec<Press>, now: Instant) -> Vec<(Press, bool)> {
        let same = self.called.replace(now).is_some_and(|before| now.duration_since(before) < ONE_TYPING);
        let mut waits = !same || self.line_ended;
        let each = keys.into_iter().map(|press| {
            self.line_ended = press.ends_a_line();
            let waited = std::mem::replace(&mut waits, self.line_ended);
            (press, waited)
        });
        each.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(usage: u32, modifiers: &str) -> Option<Press> {
        let code = usage << 16 | 7;
        let text = format!("<keyEvents><usbHidCode>{code}</usbHidCode><modifiers>{modifiers}</modifiers></keyEvents>");
        Press::read(&Node::parse(&text).unwrap())
    }

    #[test]
    fn codes_become_keys() {
        let shifted = press(0x2d, "<leftShift>true</leftShift><leftAlt>false</leftAlt>").unwrap();
        assert_eq!(shifted.keys, ["shift", "minus"]);
        let order: Vec<String> = shifted.events()["events"].as_array().unwrap().iter().map(Value::to_string).collect();
        assert!(order[0].contains("\"shift\"") && order[1].contains("\"minus\"") && order[3].contains("\"shift\""));
        for (usage, name) in [(0x04, "a"), (0x27, "0"), (0x28, "ret"), (0x38, "slash"), (0x52, "up"), (0xe2, "alt")] {
            assert_eq!(press(usage, "").unwrap().keys, [name]);
        }
        assert!(press(0x28, "").unwrap().ends_a_line());
        assert_eq!((press(0x03, ""), press(0x53, "")), (None, None));
    }

    fn keys(names: &[&'static str]) -> Vec<Press> {
        names.iter().map(|name| Press { keys: vec![name] }).collect()
    }

    fn waits(typing: &mut Typing, names: &[&'static str], at: Instant) -> Vec<bool> {
        typing.goes_on(keys(names), at).into_iter().map(|(_, waits)| waits).collect()
    }

    #[test]
    fn one_call_or_one_call_a_key_wait_alike() {
        let line = ["c", "ret", "l", "s", "ret"];
        let start = Instant::now();
        let whole = waits(&mut Typing::default(), &line, start);
        assert_eq!(whole, [true, false, true, false, false]);
        let mut typing = Typing::default();
        let at = |index: u32| start + Duration::from_millis(100) * index;
        let each: Vec<bool> = (0..).zip(&line).flat_map(|(index, key)| waits(&mut typing, &[key], at(index))).collect();
        assert_eq!(each, whole);
        // After packer's `<wait>`, whatever came before.
        assert_eq!(waits(&mut typing, &["x", "y"], at(15)), [true, false]);
        assert_eq!(waits(&mut typing, &["z"], at(25)), [true]);
    }
}
