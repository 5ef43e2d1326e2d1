//! The forms a secret takes on its way through packer, shells, ansible and the APIs.
//!
//! A text form keeps the letters, however it is quoted ([`super::spelling`] reads those). Binary forms do not: base64 at
//! any alignment, of UTF-8 and of UTF-16 (PowerShell's `-EncodedCommand`), hexadecimal, UTF-16 itself.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::spelling::{Script, is_sign};

/// Longer values are keys, not words that somebody spells out.
const LONG: usize = 128;
/// A fragment of base64 must have this many characters to mean anything.
const SHORTEST_BASE64: usize = 5;
/// Changed spellings (case, order) are looked for only in values that cannot be words of ordinary text.
const UNUSUAL: usize = 8;

/// One form of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// letters, in any spelling
    Text(String, Script),
    /// exactly these bytes
    Bytes(Vec<u8>),
}

/// Every form of one value, without doubles.
pub fn forms(value: &str) -> BTreeSet<Form> {
    let words = |text: String| Form::Text(text, Script::Words);
    let mut forms = BTreeSet::from([words(core(value).to_owned())]);
    if core(value).len() < value.len() {
        forms.insert(Form::Bytes(value.into()));
    }
    if value.len() >= UNUSUAL && !value.contains(char::is_whitespace) {
        forms.extend([value.to_uppercase(), value.to_lowercase()].map(|text| words(core(&text).to_owned())));
        forms.insert(Form::Bytes(value.chars().rev().collect::<String>().into()));
    }
    forms.extend(numbers(value).into_iter().map(Form::Bytes));
    for text in quoted(value) {
        let codes = base64_inside(text.as_bytes()).into_iter().chain(base64_inside(&utf16(&text)));
        forms.extend(codes.map(|code| Form::Text(code, Script::Base64)));
    }
    forms
}

/// A value without the quotes at its ends, which cannot be told from those around it.
fn core(value: &str) -> &str {
    let core = value.trim_matches(|c: char| is_sign(c) || c.is_ascii_whitespace());
    if core.len() < super::secret::SHORTEST { value } else { core }
}

/// The value in the quotings that are encoded as a whole.
fn quoted(value: &str) -> BTreeSet<String> {
    let json = serde_json::Value::from(value).to_string();
    let json = json.trim_matches('"').to_owned();
    let xml = quick_xml::escape::escape(value).into_owned();
    let least = quick_xml::escape::partial_escape(value).into_owned();
    let crlf = value.replace('\n', "\r\n");
    BTreeSet::from([value.to_owned(), json, xml, least, crlf, value.replace('\'', "''"), value.replace('\'', "'\\''")])
}

/// Forms that somebody might type into an installer's prompt.
pub fn typed(value: &str) -> BTreeSet<String> {
    let escaped = |signs: &str| {
        let escape = |c: char| signs.contains(c).then_some('\\').into_iter().chain([c]);
        value.chars().flat_map(escape).collect::<String>()
    };
    let url = url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20");
    let mut typed = quoted(value);
    typed.extend([escaped("\"\\$`!"), escaped("\"\\$`"), value.replace('\'', "'\"'\"'"), url]);
    typed
}

/// The value as numbers, as single letters, as UTF-16.
fn numbers(value: &str) -> Vec<Vec<u8>> {
    let wide = utf16(value);
    let mut forms = Vec::new();
    for bytes in [value.as_bytes(), &wide] {
        let written = |with: fn(u8) -> String, between: &str| {
            bytes.iter().map(|byte| with(*byte)).collect::<Vec<_>>().join(between).into_bytes()
        };
        for between in ["", " ", ":", "-"] {
            forms.extend([written(|b| format!("{b:02x}"), between), written(|b| format!("{b:02X}"), between)]);
        }
        forms.extend([written(|b| format!("\\x{b:02x}"), ""), written(|b| format!("\\x{b:02X}"), "")]);
    }
    if value.len() < LONG {
        for (open, between) in [("\"", ", "), ("\"", ","), ("'", ", ")] {
            let listed: Vec<String> = value.chars().map(|c| format!("{open}{}{open}", listed(c))).collect();
            forms.push(listed.join(between).into_bytes());
        }
    }
    forms.push(wide);
    forms
}

fn listed(c: char) -> String {
    if matches!(c, '"' | '\\') { format!("\\{c}") } else { c.to_string() }
}

/// What base64 of a text that contains `bytes` must contain, for each of the three ways they can lie in it.
fn base64_inside(bytes: &[u8]) -> Vec<String> {
    let aligned = (0..3).map(|before| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let code = STANDARD_NO_PAD.encode(&padded);
        // Characters that also carry bits of what stands before or behind are not known.
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        code[first..last].to_owned()
    });
    aligned.filter(|code| code.len() >= SHORTEST_BASE64).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_at_every_alignment() {
        let codes = base64_inside(b"Tr1cky-S3cret");
        for before in ["", "a", "ab", "user:"] {
            for after in ["", "x", "yz"] {
                let whole = STANDARD_NO_PAD.encode(format!("{before}Tr1cky-S3cret{after}"));
                assert!(codes.iter().any(|code| whole.contains(code)), "{before}…{after}");
            }
        }
    }

    #[test]
    fn quotes_at_the_ends_are_no_letters() {
        assert_eq!(core("'\"hunter2'"), "hunter2");
        assert_eq!(core("\"'x'\""), "\"'x'\"");
    }
}
