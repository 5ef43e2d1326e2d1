//! Accounts as `.netrc` writes them, in any order and on one line or several:
//! `machine HOST login NAME password SECRET` (inetutils' netrc(5)).

use super::{Found, Text, value};
use crate::text::redact::work;

/// Longest account.
const REACH: usize = 512;
/// Words with a value behind them.
const KEYS: [&[u8]; 4] = [b"machine", b"login", b"account", b"password"];

/// The words to stop at; `default` has no host, and a login behind it.
pub fn words() -> Vec<(String, usize)> {
    [("machine ".to_owned(), 0), ("login ".to_owned(), 0)].into()
}

/// The passwords of the account that begins at `at`.
pub fn find(text: Text<'_>, at: usize) -> Found {
    let inside = |byte: u8| !byte.is_ascii_whitespace() && !b"'\"`".contains(&byte);
    if text.byte_before(at).is_some_and(inside) {
        return Found::nothing(at + 1);
    }
    let rest = text.from(at);
    let near = &rest[..rest.len().min(REACH)];
    let cut = |end: usize| end == near.len() && near.len() < REACH && !text.last;
    let (mut values, mut end) = (Vec::new(), 0);
    loop {
        let key = token(near, end);
        if cut(key.1) {
            return Found::Open(at);
        }
        if !KEYS.contains(&&near[key.0..key.1]) {
            break;
        }
        let value = token(near, key.1);
        if cut(value.1) {
            return Found::Open(at);
        }
        let quotes = near[value.0..value.1].iter().rev().take_while(|byte| b"'\"`".contains(byte)).count();
        let secret = &near[value.0..value.1 - quotes];
        if near[key.0..key.1] == *b"password" && value::counts(secret) {
            values.push((at + value.0, at + value.1 - quotes));
        }
        end = value.1;
    }
    work::add(end);
    Found::Done { values, until: at + end.max(1) }
}

/// Where the next word begins and ends.
fn token(near: &[u8], from: usize) -> (usize, usize) {
    let blanks = near[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let letters = near[from + blanks..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    (from + blanks, from + blanks + letters)
}
