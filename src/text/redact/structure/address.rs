//! Passwords and tokens in URLs.

use super::{Found, Text, value};
use crate::text::redact::work;

/// Longest account.
const REACH: usize = 1024;
/// A name without a password that is at least as long and has a digit is a token.
const TOKEN: usize = 20;

/// `://` behind every letter that a scheme can end with.
pub fn words() -> Vec<(String, usize)> {
    (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9').map(|c| (format!("{}://", char::from(c)), 0)).collect()
}

/// The secret of the account of the URL whose scheme ends at `at`.
pub fn find(text: Text<'_>, at: usize) -> Found {
    let start = at + "s://".len();
    let rest = text.from(start);
    let near = &rest[..rest.len().min(REACH)];
    let belongs = |byte: &&u8| !byte.is_ascii_whitespace() && !b"/?#\"'<>\\`(){},|".contains(byte);
    let length = near.iter().take_while(belongs).count();
    if length == rest.len() && length < REACH && !text.last {
        return Found::Open(at);
    }
    let end = start + length;
    work::add(length);
    let Some(host) = memchr::memrchr(b'@', &near[..length]) else { return Found::nothing(end) };
    let account = &near[..host];
    match memchr::memchr(b':', account) {
        Some(colon) if value::counts(&account[colon + 1..]) => Found::one(start + colon + 1, start + host),
        None if account.len() >= TOKEN
            && account.iter().any(u8::is_ascii_digit)
            && value::counts(account)
            && plain(account) =>
        {
            Found::one(start, start + host)
        }
        Some(_) | None => Found::nothing(end),
    }
}

/// A token has no dots and names no domain.
fn plain(account: &[u8]) -> bool {
    account.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
}
