//! How the letters of a secret may be spelled where it was quoted: escaped, as entities, as percent codes, one way inside
//! the other.
//!
//! JSON, XML, shells, PowerShell and URLs all do one of two things to a letter: they put signs before it (backslashes,
//! backticks, carets, quotes that end and begin again) or they write its number. So a text is the secret when its letters
//! stand there in order with nothing but such signs between them, whatever the quoting was and however often it was done.

use std::collections::BTreeSet;

/// Signs between two letters that are looked past; more of them are no quoting.
const SIGNS: usize = 64;

/// Whether a text is spelled at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// something else stands there
    Not,
    /// the bytes end before it does
    Open,
    /// it stands there, up to here
    Whole(usize),
}

/// What kind of text is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Script {
    /// words of people
    Words,
    /// base64: also in the alphabet for URLs, also broken into lines
    Base64,
}

/// A sign that quoting adds, drops and doubles.
pub fn is_sign(c: char) -> bool {
    matches!(c, '\\' | '`' | '^' | '\'' | '"')
}

/// The next thing to be spelled.
enum Part {
    /// a letter
    Letter(char),
    /// so many signs in a row, or more
    Signs(usize),
    /// any white space
    Space,
}

/// The first part of a text, and the rest.
fn first(text: &str) -> Option<(Part, &str)> {
    let c = text.chars().next()?;
    let run = |belongs: fn(char) -> bool| text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()));
    if is_sign(c) {
        let (signs, rest) = run(is_sign);
        return Some((Part::Signs(signs.len()), rest));
    }
    if c.is_ascii_whitespace() {
        return Some((Part::Space, run(|c| c.is_ascii_whitespace()).1));
    }
    Some((Part::Letter(c), &text[c.len_utf8()..]))
}

/// Whether `text` is spelled in `bytes` from `start` on. With `last` no bytes follow, and nothing stays open.
pub fn stands(text: &str, script: Script, bytes: &[u8], start: usize, last: bool) -> Stands {
    let (mut open, mut whole) = (false, None);
    walk(text, script, bytes, start, |left, end| match end {
        None => open = true,
        Some(end) if left.is_empty() => whole = whole.max(Some(end)),
        Some(_) => {}
    });
    match whole {
        _ if open && !last => Stands::Open,
        Some(end) => Stands::Whole(end),
        None => Stands::Not,
    }
}

/// Spells as much of `text` as stands at `start`; calls `on` with the rest after each part and where it begins to be
/// spelled, or with no place when the bytes end before that can be told.
pub fn walk<'t>(text: &'t str, script: Script, bytes: &[u8], start: usize, mut on: impl FnMut(&'t str, Option<usize>)) {
    let (mut ends, mut next) = (vec![start], Ends::default());
    let mut left = text;
    while let Some((part, rest)) = first(left) {
        for at in &ends {
            match part {
                Part::Letter(c) => letter(c, script, bytes, *at, &mut next),
                Part::Signs(least) => signs(least, bytes, *at, &mut next),
                Part::Space => space(bytes, *at, &mut next),
            }
        }
        if std::mem::take(&mut next.open) {
            on(rest, None);
        }
        std::mem::swap(&mut ends, &mut next.at);
        next.at.clear();
        ends.iter().for_each(|end| on(rest, Some(*end)));
        if ends.is_empty() {
            return;
        }
        left = rest;
    }
}

/// Where a part may end.
#[derive(Default)]
struct Ends {
    at: Vec<usize>,
    /// it may also end behind the bytes there are
    open: bool,
}

impl Ends {
    fn add(&mut self, end: Option<Code>) {
        match end {
            Some(Code::Ends(end)) if !self.at.contains(&end) => self.at.push(end),
            Some(Code::Cut) => self.open = true,
            _ => {}
        }
    }
}

/// What became of reading one code.
#[derive(Clone, Copy)]
enum Code {
    Ends(usize),
    /// the bytes end first
    Cut,
}

fn letter(c: char, script: Script, bytes: &[u8], start: usize, ends: &mut Ends) {
    let at = past_signs(script, bytes, start);
    ends.open |= at == bytes.len();
    let other = match (script, c) {
        (Script::Base64, '+') => Some('-'),
        (Script::Base64, '/') => Some('_'),
        _ => None,
    };
    for c in std::iter::once(c).chain(other) {
        ends.add(plain(c.encode_utf8(&mut [0; 4]).as_bytes(), bytes, at));
        coded(&|code| code == c, bytes, at, ends);
        percents(c, bytes, at, ends);
    }
    if c == '%' {
        ends.add(plain(b"%%", bytes, at));
    }
}

fn plain(wanted: &[u8], bytes: &[u8], at: usize) -> Option<Code> {
    let there = &bytes[at..bytes.len().min(at + wanted.len())];
    match wanted.starts_with(there) {
        true if there.len() == wanted.len() => Some(Code::Ends(at + wanted.len())),
        true => Some(Code::Cut),
        false => None,
    }
}

/// The letter that a code at the start of `bytes` means, as UTF-8 filled up with zeros, and the code's length; a byte of
/// it, when it is a percent code.
pub fn meaning(bytes: &[u8]) -> Option<([u8; 4], usize)> {
    let found = std::cell::Cell::new([0; 4]);
    let any = |c: char| {
        let mut letter = [0; 4];
        c.encode_utf8(&mut letter);
        found.set(letter);
        true
    };
    let mut ends = Ends::default();
    match bytes.first()? {
        b'\x1b' => return colour(bytes).map(|length| ([0; 4], length)),
        b'\\' => match bytes.get(1)? {
            b'n' | b'r' | b't' => return Some(([b' ', 0, 0, 0], 2)),
            _ => coded(&any, bytes, 1, &mut ends),
        },
        b'&' => coded(&any, bytes, 0, &mut ends),
        b'%' => percent(
            &|byte| {
                byte != b'%' && {
                    found.set([byte, 0, 0, 0]);
                    true
                }
            },
            bytes,
            0,
            &mut ends,
        ),
        _ => return None,
    }
    ends.at.into_iter().max().map(|end| (found.get(), end))
}

/// Percent codes of all bytes of a letter, perhaps done twice (`%40`, `%2540`).
fn percents(c: char, bytes: &[u8], start: usize, ends: &mut Ends) {
    let mut at = vec![start];
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        let mut next = Ends::default();
        at.iter().for_each(|at| percent(&|found| found == byte, bytes, *at, &mut next));
        ends.open |= next.open;
        at = next.at;
    }
    at.into_iter().for_each(|end| ends.add(Some(Code::Ends(end))));
}

/// One byte's.
fn percent(wanted: &dyn Fn(u8) -> bool, bytes: &[u8], start: usize, ends: &mut Ends) {
    if bytes.get(start) != Some(&b'%') {
        return ends.open |= start == bytes.len();
    }
    for at in (start + 1..start + SIGNS).step_by(2) {
        let code = &bytes[at..bytes.len().min(at + 2)];
        if code.len() < 2 {
            return ends.open |= code.iter().all(u8::is_ascii_hexdigit);
        }
        let byte = number(code, 16).and_then(|byte| u8::try_from(byte).ok());
        ends.add(byte.filter(|byte| wanted(*byte)).map(|_| Code::Ends(at + 2)));
        if byte != Some(b'%') {
            return;
        }
    }
}

/// A letter as its number: behind a backslash (`\u0026`, `\x26`) or as an entity (`&amp;`, `&#38;`, `&amp;amp;`).
fn coded(wanted: &dyn Fn(char) -> bool, bytes: &[u8], at: usize, ends: &mut Ends) {
    match bytes.get(at) {
        Some(b'&') => entity(wanted, bytes, at, ends),
        Some(b'u' | b'U') if at > 0 && bytes[at - 1] == b'\\' => ends.add(units(wanted, bytes, at)),
        Some(b'x' | b'X') if at > 0 && bytes[at - 1] == b'\\' => ends.add(byte_codes(wanted, bytes, at)),
        _ => {}
    }
}

/// `u0026`; letters beyond 16 bits are two such codes.
fn units(wanted: &dyn Fn(char) -> bool, bytes: &[u8], start: usize) -> Option<Code> {
    let unit = |at: usize| match bytes.get(at..at + 5) {
        Some(code) => Ok(number(&code[1..], 16).filter(|_| code[0].eq_ignore_ascii_case(&b'u'))),
        None => Err(()),
    };
    let Ok(code) = unit(start) else {
        return bytes[start + 1..].iter().all(u8::is_ascii_hexdigit).then_some(Code::Cut);
    };
    let high = u16::try_from(code?).ok()?;
    let end = start + 5;
    if let Some(c) = char::from_u32(u32::from(high)) {
        return wanted(c).then_some(Code::Ends(end));
    }
    let second = end + bytes[end..].iter().take(SIGNS).take_while(|byte| **byte == b'\\').count();
    match unit(second) {
        Err(()) => Some(Code::Cut),
        Ok(low) => {
            let pair = [high, u16::try_from(low?).ok()?];
            let c = char::decode_utf16(pair).next()?.ok()?;
            wanted(c).then_some(Code::Ends(second + 5))
        }
    }
}

/// `x26`; letters beyond ASCII are one such code per byte.
fn byte_codes(wanted: &dyn Fn(char) -> bool, bytes: &[u8], start: usize) -> Option<Code> {
    let (mut letter, mut at) = (Vec::new(), start);
    while letter.len() < 4 {
        let Some(code) = bytes.get(at..at + 3) else { return Some(Code::Cut) };
        letter.push(u8::try_from(number(&code[1..], 16)?).ok()?);
        at += 3;
        if let Ok(text) = std::str::from_utf8(&letter) {
            return text.chars().next().filter(|c| wanted(*c)).map(|_| Code::Ends(at));
        }
        at += bytes[at..].iter().take(SIGNS).take_while(|byte| **byte == b'\\').count();
    }
    None
}

fn entity(wanted: &dyn Fn(char) -> bool, bytes: &[u8], start: usize, ends: &mut Ends) {
    const LONGEST: usize = 10;
    const NAMES: &[(&[u8], char)] = &[(b"lt", '<'), (b"gt", '>'), (b"quot", '"'), (b"apos", '\''), (b"nbsp", ' ')];
    let mut at = start + 1;
    while bytes[at..].starts_with(b"amp;") && at < start + SIGNS {
        at += b"amp;".len();
        if wanted('&') {
            ends.add(Some(Code::Ends(at)));
        }
    }
    let name = &bytes[at..bytes.len().min(at + LONGEST)];
    let Some(length) = name.iter().position(|byte| *byte == b';') else {
        ends.open |=
            at + name.len() == bytes.len() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        return;
    };
    let c = match &name[..length] {
        [b'#', b'x' | b'X', hex @ ..] => number(hex, 16).and_then(char::from_u32),
        [b'#', decimal @ ..] => number(decimal, 10).and_then(char::from_u32),
        name => NAMES.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    };
    ends.add(c.filter(|c| wanted(*c)).map(|_| Code::Ends(at + length + 1)));
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
    u32::from_str_radix(text, radix).ok()
}

/// The place behind the signs at `start`: quoting, colours, and the line breaks of base64.
fn past_signs(script: Script, bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < start + SIGNS
        && let Some(byte) = bytes.get(at)
    {
        let broken = script == Script::Base64;
        at += match byte {
            byte if is_sign(char::from(*byte)) => match bytes.get(at + 1) {
                Some(b'n' | b'r') if broken && *byte == b'\\' => 2,
                _ => 1,
            },
            b'\n' | b'\r' if broken => 1,
            b'\x1b' => match colour(&bytes[at..]) {
                Some(length) => length,
                None => return at,
            },
            _ => return at,
        };
    }
    at
}

/// Length of a colour's escape sequence; of an unfinished one all there is. Other sequences are none.
fn colour(bytes: &[u8]) -> Option<usize> {
    let body = bytes.iter().skip(2).take_while(|byte| byte.is_ascii_digit() || b";:".contains(byte)).count();
    match bytes.get(2 + body) {
        Some(b'm') if bytes[1] == b'[' => Some(body + 3),
        None => Some(bytes.len()),
        _ => None,
    }
}

/// A run of signs, at least so many, in any spelling.
fn signs(least: usize, bytes: &[u8], start: usize, ends: &mut Ends) {
    run(bytes, start, ends, least, &|start, one| {
        let coloured = bytes.get(start) == Some(&b'\x1b');
        let at = start + if coloured { colour(&bytes[start..]).unwrap_or(0) } else { 0 };
        one.open |= coloured && at == bytes.len();
        one.add(bytes.get(at).filter(|byte| is_sign(char::from(**byte))).map(|_| Code::Ends(at + 1)));
        coded(&is_sign, bytes, at, one);
        percent(&|byte| is_sign(char::from(byte)), bytes, at, one);
    });
}

/// White space in any spelling.
fn space(bytes: &[u8], start: usize, ends: &mut Ends) {
    let white = |c: char| c.is_ascii_whitespace() || c == '\u{a0}';
    run(bytes, start, ends, 1, &|start, one| {
        let at = past_signs(Script::Words, bytes, start);
        one.open |= at == bytes.len();
        one.add(bytes.get(at).filter(|byte| white(char::from(**byte)) || **byte == b'+').map(|_| Code::Ends(at + 1)));
        let escaped = at > start && matches!(bytes[at - 1], b'\\' | b'`');
        one.add(bytes.get(at).filter(|byte| escaped && b"nrt".contains(byte)).map(|_| Code::Ends(at + 1)));
        coded(&white, bytes, at, one);
        percent(&|byte| white(char::from(byte)) || byte == b'+', bytes, at, one);
    });
}

/// One thing after the other; every place from the `least`-th on is an end.
fn run(bytes: &[u8], start: usize, ends: &mut Ends, least: usize, one: &dyn Fn(usize, &mut Ends)) {
    let mut at = start;
    for count in 1..least + SIGNS {
        let mut next = Ends::default();
        one(at, &mut next);
        ends.open |= next.open || at == bytes.len();
        let Some(end) = next.at.into_iter().max() else { return };
        at = end;
        if count >= least {
            ends.add(Some(Code::Ends(at)));
        }
    }
}

/// Whether all bytes from `start` on spell `text`.
pub fn ends_with(text: &str, bytes: &[u8], start: usize) -> bool {
    let mut whole = false;
    walk(text, Script::Words, bytes, start, |left, end| whole |= left.is_empty() && end == Some(bytes.len()));
    whole
}

/// The bytes with which the spellings of `text` can begin, each `wanted` long.
pub fn beginnings(text: &str, script: Script, wanted: usize) -> BTreeSet<Vec<u8>> {
    let (mut done, mut open, mut seen) = (BTreeSet::new(), vec![(Vec::new(), text)], BTreeSet::new());
    while let Some((begun, left)) = open.pop() {
        let Some((part, rest)) = first(left) else { continue };
        let (whole, between) = tokens(&part, script);
        // What may be repeated, or stands before a letter that is not the first; a colour never comes first.
        let inside = !begun.is_empty();
        let repeated = |token: &[u8]| !matches!(part, Part::Letter(_)) && token.first() != Some(&b'\x1b');
        let between = between.iter().filter(|token| inside || repeated(token)).map(|token| (token, left));
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
fn tokens(part: &Part, script: Script) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    const SIGN: [char; 5] = ['\\', '`', '^', '\'', '"'];
    const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];
    let spelled = |letters: &[char]| letters.iter().flat_map(|c| spellings(*c)).collect::<Vec<_>>();
    let signs = || SIGN.map(|sign| vec![sign as u8]).into_iter();
    match part {
        Part::Letter(c) if c.is_ascii_alphanumeric() && script == Script::Base64 => (spelled(&[*c]), Vec::new()),
        Part::Letter('+') if script == Script::Base64 => (spelled(&['+', '-']), signs().take(1).collect()),
        Part::Letter('/') if script == Script::Base64 => (spelled(&['/', '_']), signs().take(1).collect()),
        Part::Letter(c) => (spelled(&[*c]), signs().chain(colours()).collect()),
        Part::Signs(_) => (spelled(&SIGN), spelled(&SIGN).into_iter().chain(colours()).collect()),
        Part::Space => {
            let whole = [b"+".as_slice(), b"n", b"r", b"t", b"%2B", b"%2b"].map(<[u8]>::to_vec).into_iter();
            let whole: Vec<Vec<u8>> = whole.chain(spelled(&SPACE)).collect();
            (whole.clone(), whole.into_iter().chain(signs()).chain(colours()).collect())
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
    texts.extend([format!("\\u{unit:04x}"), format!("\\u{unit:04X}")]);
    texts.extend([each(|b| format!("\\x{b:02x}")), each(|b| format!("\\x{b:02X}"))]);
    texts.extend([format!("&#{number};"), format!("&#x{number:x};"), format!("&#x{number:X};")]);
    let names = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&nbsp;"];
    texts.extend(names.into_iter().filter(|_| "&<>\"' ".contains(c)).map(String::from));
    texts.into_iter().map(String::into_bytes).chain([bytes.to_vec()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str, script: Script, spelled: &str) -> bool {
        stands(text, script, spelled.as_bytes(), 0, true) == Stands::Whole(spelled.len())
    }

    #[test]
    fn spellings_that_logs_really_held() {
        for spelled in [
            "p@ss&<w>'o\"rd",
            "p@ss&<w>'o\\\"rd",
            "p@ss\\u0026\\u003cw\\u003e'o\\\"rd",
            "p@ss&<w>'o\\\\\\\"rd",
            "p@ss&amp;&lt;w&gt;&#39;o&#34;rd",
            "p@ss&amp;amp;&amp;lt;w&amp;gt;&amp;apos;o&amp;quot;rd",
            "p@ss&<w>'\\''o\"rd",
            "p@ss&<w>'\"'\"'o\"rd",
            "p@ss&<w>''o\"rd",
            "p%40ss%26%3Cw%3E%27o%22rd",
            "p%2540ss%2526%253cw%253e%2527o%2522rd",
            "p@\x1b[1;31mss\x1b[0m&<w>\\'o\"rd",
        ] {
            assert!(whole("p@ss&<w>'o\"rd", Script::Words, spelled), "{spelled}");
            for cut in 1..spelled.len() {
                let cut = stands("p@ss&<w>'o\"rd", Script::Words, &spelled.as_bytes()[..cut], 0, false);
                assert_eq!(cut, Stands::Open, "{spelled}");
            }
        }
        assert!(!whole("p@ss&<w>'o\"rd", Script::Words, "p@ss&<w>o\"rd"), "a letter is missing");
    }

    #[test]
    fn percent_signs_of_the_secret_are_no_codes() {
        for spelled in ["50%41x%", "50%2541x%25", "50%%41x%%", "50%252541x%2525"] {
            assert!(whole("50%41x%", Script::Words, spelled), "{spelled}");
        }
    }

    #[test]
    fn lines_may_end_in_any_way() {
        for spelled in ["a b\nc d", "a+b%0D%0Ac%20d", "a b\\r\\nc d", "a\\ b&#xA;c\\ d", "a b\n    c d", "a b`nc d"] {
            assert!(whole("a b\nc d", Script::Words, spelled), "{spelled}");
        }
        assert!(whole("aGVsbG8gd29ybGQh", Script::Base64, "aGVsbG8g\r\nd29y\\nbGQh"));
        assert!(whole("a+b/c+d/", Script::Base64, "a-b_c%2Bd\\/"));
    }

    #[test]
    fn letters_beyond_ascii() {
        for spelled in [
            "é😀!",
            "\\u00e9\\ud83d\\ude00!",
            "%C3%A9%F0%9F%98%80!",
            "\\xc3\\xa9\\xf0\\x9f\\x98\\x80!",
            "&#233;&#x1f600;!",
        ] {
            assert!(whole("é😀!", Script::Words, spelled), "{spelled}");
        }
    }
}
