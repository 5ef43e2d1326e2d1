//! Credentials that are recognised by what stands before them: `Authorization` headers and session cookies.
//!
//! Their values are made while the build runs, so nobody can list them beforehand.

use super::work;

/// Words that introduce a credential, in the spellings that occur; the search rings at their first bytes.
pub const WORDS: &[&str] = &[
    "Authorization",
    "authorization",
    "AUTHORIZATION",
    "X-Auth-Token",
    "x-auth-token",
    "vmware_soap_session",
    "vmware-api-session-id",
    "Vmware-Api-Session-Id",
];

/// Shown in the place of such a value.
pub const NAME: &str = "AUTHORIZATION";

/// Longest value that is looked at.
const LONGEST: usize = 4096;
/// A value without a known scheme in front must have this many characters to be one.
const SHORTEST: usize = 12;
/// RFC 7235 schemes, and what GitHub and AWS call theirs.
const SCHEMES: &[&str] =
    &["basic", "bearer", "digest", "negotiate", "ntlm", "token", "apikey", "kerberos", "gssapi", "aws4-hmac-sha256"];

/// What follows such a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// no credential
    None,
    /// the buffer ends before it can be told
    Open,
    /// bytes of it, relative to the same buffer
    At(usize, usize),
}

/// The credential behind the word that begins at `start`.
pub fn value(bytes: &[u8], start: usize, word: &str, last: bool) -> Value {
    let rest = &bytes[start..];
    let word = word.as_bytes();
    if !rest.starts_with(word) {
        return if !last && word.starts_with(rest) { Value::Open } else { Value::None };
    }
    let mut at = start + word.len();
    let separators = bytes[at..].iter().take(12).take_while(|b| b"\"'\\:=[({ \t>".contains(b)).count();
    let assigned = bytes[at..at + separators].iter().any(|b| b":=[>".contains(b));
    at += separators;
    if at == bytes.len() && !last {
        return Value::Open;
    }
    if !assigned {
        return Value::None;
    }
    let (scheme, after) = scheme(bytes, at);
    let limit = bytes.len().min(after + LONGEST);
    let whole_line = scheme.is_some_and(|name| name == "digest" || name == "aws4-hmac-sha256");
    let belongs = |b: &&u8| if whole_line { !b"\r\n'".contains(b) } else { !b"\r\n\"'\\<>[](){},; \t".contains(b) };
    let end = after + bytes[after..limit].iter().take_while(belongs).count();
    work::add(end - start);
    if end == bytes.len() && end < after + LONGEST && !last {
        return Value::Open;
    }
    let enough = if scheme.is_some() { end > after } else { end - after >= SHORTEST };
    if enough { Value::At(after, end) } else { Value::None }
}

/// The scheme at `at`, and where its credentials begin.
fn scheme(bytes: &[u8], at: usize) -> (Option<&'static str>, usize) {
    for name in SCHEMES {
        let end = at + name.len();
        let named = bytes.get(at..end).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
        let space = bytes.get(end..).map_or(0, |rest| rest.iter().take_while(|b| b"\t ".contains(b)).count());
        let encoded = bytes.get(end..end + 3) == Some(b"%20".as_slice());
        if named && (space > 0 || encoded) {
            return (Some(name), end + space.max(3 * usize::from(encoded)));
        }
    }
    (None, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&str> {
        let (start, word) = WORDS.iter().find_map(|word| Some((text.find(word)?, *word)))?;
        match value(text.as_bytes(), start, word, true) {
            Value::At(from, to) => Some(&text[from..to]),
            _ => None,
        }
    }

    #[test]
    fn credentials_are_told_from_talk() {
        assert_eq!(found("Authorization: Basic dXNlcjpwdw==\r\n"), Some("dXNlcjpwdw=="));
        assert_eq!(found("{\"Authorization\": \"Bearer abc.def\"}"), Some("abc.def"));
        assert_eq!(found("map[Authorization:[Basic dXNlcg==] Accept:[x]]"), Some("dXNlcg=="));
        assert_eq!(found("authorization: 0123456789abcdef next"), Some("0123456789abcdef"));
        assert_eq!(found("AUTHORIZATION=token ghp_1"), Some("ghp_1"));
        assert_eq!(found("vmware_soap_session=\"52a1b2c3-aaaa\"; Path=/"), Some("52a1b2c3-aaaa"));
        assert_eq!(found("authorization failed: wrong password"), None);
        assert_eq!(found("Authorization: denied"), None);
    }

    #[test]
    fn an_unfinished_header_stays_open() {
        for end in 1.."Authorization: Basic dXNlc".len() {
            let text = &"Authorization: Basic dXNlcjpw"[..end];
            assert_eq!(value(text.as_bytes(), 0, WORDS[0], false), Value::Open, "{text}");
        }
    }
}
