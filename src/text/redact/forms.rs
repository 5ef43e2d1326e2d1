//! The forms a secret takes on its way through packer, shells, ansible and the APIs.
//!
//! A text form keeps the letters, however it is quoted ([`super::letters`] reads those). Other forms do not: base64 at any
//! alignment, of UTF-8 and of UTF-16 (PowerShell's `-EncodedCommand`), hexadecimal, UTF-16 itself, Latin-1.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::code;
use super::letters::{Letters, Reading, is_sign};

/// Longer values are keys, not words that somebody spells out.
const LONG: usize = 128;
/// A fragment of base64 must have this many characters to mean anything.
const SHORTEST_BASE64: usize = 5;
/// Changed spellings (case, order) are looked for only in values that cannot be words of ordinary text.
const UNUSUAL: usize = 8;

/// A line break behind more letters is looked past.
const HEAD: usize = super::run::HEAD - 1;
/// What is left behind fewer must have so many bytes to be told from other text.
const TAIL: usize = 6;

/// One form of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// letters, in any spelling
    Text(String),
    /// base64, in either alphabet
    Base64(String),
    /// these bytes
    Bytes(Vec<u8>),
    /// what a line break left of another form, at the begin of a line
    Tail(Vec<u8>),
}

/// Every form of one value, without doubles. One that is only a line of a longer value is written in fewer ways.
pub fn forms(value: &str, whole: bool) -> BTreeSet<Form> {
    let words = |text: &str| Form::Text(core(text).to_owned());
    let mut forms = BTreeSet::from([words(value)]);
    let (signs, _) = value.split_at(value.find(core(value)).unwrap_or_default());
    if signs.ends_with(['\\', '`']) {
        // It may make a code of what follows.
        forms.insert(Form::Text(value[signs.len() - 1..].to_owned()));
    }
    if value.len() >= UNUSUAL && !value.contains(char::is_whitespace) {
        let others = [value.to_uppercase(), value.to_lowercase(), value.chars().rev().collect()];
        forms.extend(others.map(|text| Form::Bytes(text.into())));
    }
    if value.contains('%') {
        // As formats write it.
        forms.insert(words(&value.replace('%', "%%")));
    }
    if let Some(latin) = latin(core(value)) {
        forms.insert(Form::Bytes(latin));
    }
    forms.extend(numbers(value, whole && value.len() < LONG).into_iter().map(Form::Bytes));
    // Of a key in a file each line gives its own.
    let lines = value.len() > LONG && value.contains('\n');
    let codes = |text: &str| [base64_inside(text.as_bytes()), base64_inside(&utf16(text))].concat();
    for text in quoted(value).iter().filter(|_| !lines) {
        forms.extend(codes(text).into_iter().map(Form::Base64));
    }
    if value.len() < LONG {
        forms.extend(codes(value).iter().map(String::as_str).chain([core(value)]).flat_map(tails));
    }
    forms
}

/// What a line break within its first letters leaves of a form on the next line: it is nearly all.
fn tails(text: &str) -> Vec<Form> {
    let places = text.char_indices().map(|(at, _)| at).skip(1).take(HEAD);
    places.map(|at| &text[at..]).filter(|tail| tail.len() >= TAIL).map(|tail| Form::Tail(tail.into())).collect()
}

/// A value without the quotes, commas and blanks (a plus is one) at its ends, which cannot be told from those around it.
pub fn inner(value: &str) -> &str {
    value.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_sign) || ",+".contains(c) || c.is_ascii_whitespace())
}

/// Whether fewer letters are left of a value than a search needs, as it stands or with its codes read. A comma at an end,
/// beside quotes, is none.
pub fn has_few_letters(value: &str) -> bool {
    let inner = inner(value);
    let few = |reading, text: &str| Letters::of(reading, text.as_bytes()).bytes.len() < super::secret::SHORTEST;
    few(Reading::Plain, inner) || [inner, value].iter().any(|text| few(Reading::Decoded, text))
}

fn core(value: &str) -> &str {
    let core = inner(value);
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

/// A text as it stands, and with those letters as codes that one dialect or another writes so. Nearly always the same is
/// read of all of them: not where the text itself looks like a code, or where a comma stands between signs, which is one
/// there but is a letter when it is written as a code, or what stands before it is.
pub fn coded(text: &str) -> BTreeSet<String> {
    /// XML within a text and within an attribute, JSON's quotes, lists, URLs.
    const DIALECTS: [fn(char) -> bool; 5] = [
        |c| "&<>".contains(c),
        |c| "&<>\"'".contains(c),
        |c| "\"'".contains(c),
        |c| c == ',',
        |c| c.is_ascii_punctuation() && !"-._*".contains(c),
    ];
    let ambiguous = text.bytes().any(|byte| byte == b',' || code::introduces(byte));
    let dialects = DIALECTS.iter().filter(|_| ambiguous);
    let coded = dialects.map(|writes| {
        text.chars().fold(String::new(), |coded, c| {
            if writes(c) { format!("{coded}&#{};", c as u32) } else { coded + c.encode_utf8(&mut [0; 4]) }
        })
    });
    // JSON that writes what XML would, too, begins that with a backslash: before one a comma is taken for one of a list.
    let byte = |at: Option<usize>| at.and_then(|at| text.as_bytes().get(at)).copied();
    let of_a_list = |at: usize| {
        byte(at.checked_sub(1)).is_some_and(is_sign) && byte(Some(at + 1)).is_some_and(|b| b"&<>".contains(&b))
    };
    let listed = text.char_indices().filter(|(at, c)| *c != ',' || !of_a_list(*at)).map(|(_, c)| c).collect();
    coded.chain([text.to_owned(), listed]).collect()
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

/// The value as numbers, and as UTF-16; in all ways when it is `short`.
fn numbers(value: &str, short: bool) -> Vec<Vec<u8>> {
    let wide = utf16(value);
    let mut forms = Vec::new();
    for bytes in [value.as_bytes(), &wide] {
        let written = |with: fn(u8) -> String, between: &str| {
            bytes.iter().map(|byte| with(*byte)).collect::<Vec<_>>().join(between).into_bytes()
        };
        for between in ["", " ", ":", "-"].into_iter().take(if short { 4 } else { 1 }) {
            forms.extend([written(|b| format!("{b:02x}"), between), written(|b| format!("{b:02X}"), between)]);
        }
    }
    // `[76 111]` of Go, `[76, 111]` of Python, `0x4c, 0x6f` of C and PowerShell.
    for between in [" ", ", ", ","].into_iter().filter(|_| short) {
        let written = |bytes: &[u8], with: fn(u8) -> String| {
            bytes.iter().map(|byte| with(*byte)).collect::<Vec<_>>().join(between).into_bytes()
        };
        forms.extend([value.as_bytes(), &wide].map(|bytes| written(bytes, |b| b.to_string())));
        let hexadecimal: [fn(u8) -> String; 2] = [|b| format!("0x{b:02x}"), |b| format!("0x{b:02X}")];
        forms.extend(hexadecimal.map(|with| written(value.as_bytes(), with)));
    }
    forms.push(wide);
    forms
}

/// One byte per letter, when there are letters beyond ASCII and that is possible.
fn latin(value: &str) -> Option<Vec<u8>> {
    if value.is_ascii() { None } else { value.chars().map(|c| u8::try_from(c).ok()).collect() }
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
