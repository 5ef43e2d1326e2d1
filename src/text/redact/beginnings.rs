//! The bytes with which the spellings of a text can begin: where none of them stands, nothing of it can.

use std::collections::BTreeSet;

use super::code;
use super::entities;
use super::forms::{Form, coded};
use super::letters::is_sign;

/// The next thing to be spelled.
enum Part {
    /// a letter
    Letter(char),
    /// signs
    Signs,
    /// any white space
    Space,
}

/// The first part of a text, and the rest.
fn first(text: &str) -> Option<(Part, &str)> {
    let c = text.chars().next()?;
    let sign = |c: char| u8::try_from(c).is_ok_and(is_sign);
    let behind = |belongs: &dyn Fn(char) -> bool| &text[text.find(|c| !belongs(c)).unwrap_or(text.len())..];
    if sign(c) {
        return Some((Part::Signs, behind(&sign)));
    }
    if c.is_ascii_whitespace() {
        return Some((Part::Space, behind(&|c| c.is_ascii_whitespace())));
    }
    Some((Part::Letter(c), &text[c.len_utf8()..]))
}

/// The bytes with which the spellings of a form can begin, each `wanted` long.
pub fn beginnings(form: &Form, wanted: usize) -> BTreeSet<Vec<u8>> {
    match form {
        Form::Text(text) => {
            // Where it looks like a code it may begin with what that means.
            let read = coded(text).into_iter().map(|coded| code::decoded(&coded));
            let texts: BTreeSet<String> = read.chain([text.clone()]).collect();
            texts.iter().flat_map(|text| of_text(text, false, wanted)).collect()
        }
        Form::Base64(code) => {
            let for_urls = code.replace('+', "-").replace('/', "_");
            [code, &for_urls].into_iter().flat_map(|code| of_text(code, true, wanted)).collect()
        }
        Form::Bytes(bytes) | Form::Tail(bytes) => {
            let letters = &bytes[bytes.iter().take_while(|byte| no_letter(**byte)).count()..];
            letters.get(..wanted).map(<[u8]>::to_vec).into_iter().collect()
        }
    }
}

/// Nothing begins with what may stand between letters.
fn no_letter(byte: u8) -> bool {
    is_sign(byte) || byte.is_ascii_whitespace() || matches!(byte, 0 | b'+')
}

fn of_text(text: &str, base64: bool, wanted: usize) -> BTreeSet<Vec<u8>> {
    let text = text.trim_start_matches(|c: char| u8::try_from(c).is_ok_and(no_letter));
    let (mut done, mut open, mut seen) = (BTreeSet::new(), vec![(Vec::new(), text)], BTreeSet::new());
    while let Some((begun, left)) = open.pop() {
        let Some((part, rest)) = first(left) else { continue };
        let (whole, between) = tokens(&part, base64);
        // What may stand before a letter that is not the first.
        let between = between.iter().filter(|_| !begun.is_empty()).map(|token| (token, left));
        for (token, left) in whole.iter().map(|token| (token, rest)).chain(between) {
            let mut begun = [begun.as_slice(), token].concat();
            begun.truncate(wanted);
            if begun.len() == wanted {
                done.insert(begun);
            } else if seen.insert((begun.clone(), left.len())) {
                open.push((begun, left));
            }
        }
    }
    done
}

/// Spellings of one part, and what may stand before them.
fn tokens(part: &Part, base64: bool) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    const SIGN: [char; 5] = ['\\', '`', '^', '\'', '"'];
    const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
    let spelled = |letters: &[char]| letters.iter().flat_map(|c| spellings(*c)).collect::<Vec<_>>();
    let signs = || SIGN.map(|sign| vec![sign as u8]).into_iter();
    // `'h', 'u'`
    let listed = ["','", "', '", "\",\"", "\", \""].map(|between| between.as_bytes().to_vec());
    let between = || signs().chain(colours()).chain(listed.clone()).collect::<Vec<_>>();
    match part {
        Part::Letter('/') if base64 => (spelled(&['/']), signs().take(1).collect()),
        Part::Letter(c) if base64 => (vec![c.to_string().into_bytes()], Vec::new()),
        Part::Letter(c) => (spelled(&[*c]), between()),
        Part::Signs => (spelled(&SIGN), spelled(&SIGN).into_iter().chain(between()).collect()),
        Part::Space => {
            let whole = [b"+".as_slice(), b"`n", b"%2B", b"%2b"].map(<[u8]>::to_vec);
            let escaped = spellings('\\').into_iter().flat_map(|sign| b"nrt".map(|c| [sign.as_slice(), &[c]].concat()));
            let whole: Vec<Vec<u8>> = whole.into_iter().chain(escaped).chain(spelled(&SPACE)).collect();
            (whole.clone(), whole.into_iter().chain(between()).collect())
        }
    }
}

fn colours() -> impl Iterator<Item = Vec<u8>> {
    (b'0'..=b'9').chain([b'm']).map(|next| vec![b'\x1b', b'[', next])
}

/// One letter: as it is, as percent codes, as a number.
fn spellings(c: char) -> Vec<Vec<u8>> {
    let (mut buffer, mut units) = ([0; 4], [0; 2]);
    let bytes = c.encode_utf8(&mut buffer).as_bytes();
    let unit = c.encode_utf16(&mut units)[0];
    let number = c as u32;
    let each = |code: fn(u8) -> String| bytes.iter().map(|byte| code(*byte)).collect::<String>();
    let mut texts = vec![each(|b| format!("%{b:02X}")), each(|b| format!("%{b:02x}"))];
    texts.extend([each(|b| format!("%25{b:02X}")), each(|b| format!("%25{b:02x}")), "%2525".into()]);
    texts.extend([format!("\\u{unit:04x}"), format!("\\u{unit:04X}"), format!("\\u{{{number:x}}}")]);
    texts.extend([each(|b| format!("\\x{b:02x}")), each(|b| format!("\\x{b:02X}")), each(|b| format!("\\{b:03o}"))]);
    texts.extend([format!("\\U{number:08x}"), format!("&#{number};"), format!("&#0{number};")]);
    texts.extend([format!("&#x{number:x};"), format!("&#x{number:X};"), format!("&#x00{number:x};"), "&amp;".into()]);
    texts.extend(entities::names(c).map(|name| format!("&{name};")));
    if let Ok(latin @ 0x80..) = u8::try_from(number) {
        texts.extend([format!("%{latin:02X}"), format!("%{latin:02x}"), format!("\\x{latin:02x}")]);
    }
    texts.into_iter().map(String::into_bytes).chain([bytes.to_vec()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_begins_in_a_known_way() {
        let known = beginnings(&Form::Text("p@ss'word".into()), 4);
        for spelled in
            ["p@ss", "p%40ss", "\\x70@s", "&#112;@", "p&commat;s", "p\\u0040", "p\\@s", "'p', '@', 's'", "p\x1b[0m@"]
        {
            let begin = &spelled.trim_start_matches('\'').as_bytes()[..4];
            assert!(known.contains(begin), "{spelled}");
        }
    }
}
