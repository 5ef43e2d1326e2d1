//! Private keys in their armour, and cookies.

use super::{Found, Text, value};
use crate::text::redact::{prefix, work};

/// Longest key: RSA of 16384 bits.
const REACH: usize = 24 << 10;
/// Longest name of a kind of key.
const KIND: usize = 40;
/// A line of a key is at least this long; others end it.
const LINE: usize = 16;
/// Longest line with cookies.
const COOKIES: usize = 8192;

/// Where a key's armour begins.
pub fn words() -> Vec<(String, usize)> {
    vec![("BEGIN ".to_owned(), 0)]
}

/// Where cookies are named.
pub fn cookies() -> Vec<(String, usize)> {
    ["Cookie", "cookie", "COOKIE"].map(|word| (word.to_owned(), 0)).into()
}

/// The private key whose armour begins at `at`.
pub fn find(text: Text<'_>, at: usize) -> Found {
    let rest = text.from(at);
    let name = &rest[..rest.len().min(KIND)];
    let name_end = name.iter().position(|byte| !byte.is_ascii_uppercase() && !byte.is_ascii_digit() && *byte != b' ');
    let Some(name_end) = name_end else {
        return if name.len() < KIND && !text.last { Found::Open(at) } else { Found::nothing(at + 1) };
    };
    if memchr::memmem::find(&name[..name_end], b"PRIVATE KEY").is_none() {
        return Found::nothing(at + 1);
    }
    let dashes = rest[name_end..].iter().take_while(|byte| **byte == b'-').count();
    let body = at + name_end + dashes;
    let near = &text.from(body)[..text.from(body).len().min(REACH)];
    // Another key ends this one, so that no byte is searched twice.
    let next = memchr::memmem::find(near, b"BEGIN ");
    let near = &near[..next.unwrap_or(near.len())];
    work::add(2 * near.len());
    let end = match memchr::memmem::find(near, b"-----END") {
        Some(end) => end,
        None if next.is_none() && near.len() < REACH && !text.last => return Found::Open(at),
        None => lines(near),
    };
    let key = &near[..end];
    if value::counts(key) && key.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() >= LINE {
        Found::one(body, body + end)
    } else {
        Found::nothing(body + end)
    }
}

/// How much of a key that never ends is one, by its lines.
fn lines(bytes: &[u8]) -> usize {
    let mut end = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let words = line.trim_ascii();
        let place = prefix::places(words, true).all().last().copied().unwrap_or(0);
        let code = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\\\"',".contains(byte);
        let of_key = words[place..].iter().all(code) && words.len() - place >= LINE;
        if !of_key && !words.is_empty() {
            break;
        }
        end += line.len();
    }
    end
}

/// The cookies behind the word at `at`.
pub fn cookie(text: Text<'_>, at: usize) -> Found {
    let Some(line) = text.line(at, COOKIES) else { return Found::Open(at) };
    let word = "cookie".len().min(line.len());
    let rest = &line[word..];
    let signs = rest.iter().take_while(|byte| b"\\\"'".contains(byte)).count();
    if rest.get(signs) != Some(&b':') {
        return Found::nothing(at + word);
    }
    let from = word + signs + 1;
    let from = from + line[from..].iter().take_while(|byte| b" \t[\\\"'".contains(byte)).count();
    let length = line[from..].iter().position(|byte| b"\"'\\]".contains(byte)).unwrap_or(line.len() - from);
    let value = &line[from..from + length];
    let Some(first) = memchr::memchr(b'=', value) else { return Found::nothing(at + from + length) };
    if first + 1 < value.len() && value::counts(&value[first + 1..]) {
        Found::one(at + from + first + 1, at + from + length)
    } else {
        Found::nothing(at + from + length)
    }
}
