//! Looks for a secret in what was scrubbed the way a curious reader would: by undoing every encoding that may hide it.
//! Knows nothing of how the scrubber works.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Ways of quoting that are undone one inside the other; for much text, fewer must do.
pub const DEPTH: usize = 3;

/// What is found of a secret in `out`, and how it was hidden. `names` are those of the markers.
pub fn leak(out: &[u8], names: &[String], secret: &str, depth: usize) -> Option<String> {
    let inside = depth.saturating_sub(1).min(1);
    let text = without_markers(out, names);
    let pieces = pieces(secret);
    let has = |text: &str| pieces.iter().find(|piece| text.contains(piece.as_str())).cloned();
    let bytes = |bytes: &[u8]| {
        let wide = |skip: usize| {
            let units =
                bytes[skip.min(bytes.len())..].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>()
        };
        let plain = String::from_utf8_lossy(bytes).into_owned();
        [plain, wide(0), wide(1)].iter().flat_map(|text| unquoted(text, inside)).find_map(|text| has(&text))
    };
    if let Some(found) = bytes(text.as_bytes()) {
        return Some(format!("{found:?} as it stands"));
    }
    if let Some(found) = plain_leak(out, names, secret) {
        return Some(found);
    }
    for text in unquoted(&text, depth) {
        if let Some(found) = has(&text) {
            return Some(format!("{found:?} quoted"));
        }
    }
    for text in unquoted(&text, inside) {
        for code in base64(&text).iter().chain(&hex(&text)) {
            if let Some(found) = bytes(code) {
                return Some(format!("{found:?} in base64 or hex"));
            }
        }
    }
    None
}

/// The same without undoing quotes: as it stands, typed, around a mask.
pub fn plain_leak(out: &[u8], names: &[String], secret: &str) -> Option<String> {
    let text = without_markers(out, names);
    let pieces = pieces(secret);
    let has = |text: &str| pieces.iter().find(|piece| text.contains(piece.as_str())).cloned();
    let ways = [(has(&text), "as it stands"), (has(&typed(&text)), "typed"), (masked(&text, secret), "around a mask")];
    ways.into_iter().find_map(|(found, how)| found.map(|found| format!("{found:?} {how}")))
}

fn without_markers(out: &[u8], names: &[String]) -> String {
    let text = String::from_utf8_lossy(out).into_owned();
    let marks = names.iter().map(String::as_str).chain(["AUTHORIZATION"]);
    marks.fold(text, |text, name| text.replace(&format!("[REDACTED:{name}]"), "\u{1}"))
}

/// The secret, and what is as good: most of it.
fn pieces(secret: &str) -> Vec<String> {
    let letters: Vec<char> = secret.chars().collect();
    let length = (letters.len() * 2).div_ceil(3).max(6).min(letters.len());
    letters.windows(length).map(|window| window.iter().collect()).collect()
}

/// The text and what it reads with quoting undone up to `depth` times.
fn unquoted(text: &str, depth: usize) -> BTreeSet<String> {
    const WAYS: &[fn(&str) -> String] = &[json, xml, percent, shell, doubled, backticks, colours];
    let mut all = BTreeSet::from([text.to_owned()]);
    let mut fresh = all.clone();
    for _ in 0..depth {
        let next: BTreeSet<String> = fresh.iter().flat_map(|text| WAYS.iter().map(|way| way(text))).collect();
        fresh = next.difference(&all).cloned().collect();
        all.extend(fresh.iter().cloned());
    }
    all
}

fn json(text: &str) -> String {
    let mut out = String::new();
    let mut units = Vec::new();
    let mut rest = text;
    let flush =
        |units: &mut Vec<u16>, out: &mut String| out.push_str(&String::from_utf16_lossy(&std::mem::take(units)));
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let escaped = if c == '\\' { rest.chars().next() } else { None };
        if escaped == Some('u')
            && let Some(unit) = rest.get(1..5).and_then(|code| u16::from_str_radix(code, 16).ok())
        {
            units.push(unit);
            rest = &rest[5..];
            continue;
        }
        flush(&mut units, &mut out);
        let Some(escaped) = escaped else {
            out.push(c);
            continue;
        };
        rest = &rest[escaped.len_utf8()..];
        match escaped {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '"' | '\\' | '/' | '\'' => out.push(escaped),
            other => out.extend(['\\', other]),
        }
    }
    flush(&mut units, &mut out);
    out
}

fn xml(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').filter(|end| *end < 10);
        let c = end.and_then(|end| match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            code => {
                let code = code.strip_prefix('#')?;
                let number = match code.strip_prefix(['x', 'X']) {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => code.parse().ok()?,
                };
                char::from_u32(number)
            }
        });
        out.push(c.unwrap_or('&'));
        rest = &rest[if c.is_some() { end.map_or(1, |end| end + 1) } else { 1 }..];
    }
    out + rest
}

fn percent(text: &str) -> String {
    let plain = text.replace('+', " ");
    percent_encoding_of(if plain.contains('%') { &plain } else { text })
}

fn percent_encoding_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3).and_then(|code| std::str::from_utf8(code).ok());
        match code.filter(|_| bytes[at] == b'%').and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `'a'\''b'` and `'a'"'"'b'`, and a backslash before anything.
fn shell(text: &str) -> String {
    let text = text.replace("'\\''", "'").replace("'\"'\"'", "'");
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => out.extend(letters.next()),
            c => out.push(c),
        }
    }
    out
}

/// PowerShell and SQL double the quote within quotes.
fn doubled(text: &str) -> String {
    text.replace("''", "'").replace("\"\"", "\"")
}

fn backticks(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            '`' => out.extend(letters.next()),
            c => out.push(c),
        }
    }
    out
}

/// Without colours.
fn colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// Everything that any run of base64 can mean, at each alignment.
fn base64(text: &str) -> Vec<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    let engine = GeneralPurpose::new(&alphabet::STANDARD, config);
    let text = text.replace('-', "+").replace('_', "/");
    let runs = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '/').filter(|run| run.len() >= 5);
    runs.flat_map(|run| (0..4).map(move |skip| &run[skip..]))
        .filter_map(|code| engine.decode(&code[..code.len() - usize::from(code.len() % 4 == 1)]).ok())
        .collect()
}

/// Everything that any run of hexadecimal digits can mean.
fn hex(text: &str) -> Vec<Vec<u8>> {
    let digits: Vec<Vec<u8>> = text
        .split(|c: char| !c.is_ascii_hexdigit())
        .map(|run| run.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect())
        .collect();
    let runs = digits.iter().filter(|run: &&Vec<u8>| run.len() >= 8);
    runs.flat_map(|run| [&run[..], &run[1..]])
        .map(|run| run.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        .collect()
}

/// What the boot command typed, one key per line.
fn typed(text: &str) -> String {
    let keys = text.split("Sending char '").skip(1);
    keys.filter_map(|rest| rest.chars().next()).collect()
}

/// What stands around packer's mask, when it is the two ends of the secret.
fn masked(text: &str, secret: &str) -> Option<String> {
    let letters: Vec<usize> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    text.match_indices("<sensitive>").find_map(|(at, mask)| {
        let (before, behind) = (&text[..at], &text[at + mask.len()..]);
        let head = letters.iter().rev().find(|end| before.ends_with(&secret[..**end])).copied()?;
        let tail = letters.iter().find(|start| **start > head && behind.starts_with(&secret[**start..])).copied()?;
        // Quotes at the ends look like those around; three letters give nothing away.
        let left = [&secret[..head], &secret[tail..]].concat();
        let left = left.trim_matches(|c| "\\`^'\" ".contains(c)).chars().count();
        (left >= 4).then(|| format!("{}<sensitive>{}", &secret[..head], &secret[tail..]))
    })
}
