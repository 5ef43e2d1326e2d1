//! Which variables are secrets, and the parts of their values that are secrets by themselves.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use super::names::{is_ordinary_word, is_secret_name, is_switch};

/// Shorter values are not looked for: they would be found everywhere.
pub const SHORTEST: usize = 4;
/// A word of a longer value (the body of a public key) must have this many bytes to count alone.
const SHORTEST_WORD: usize = 16;
/// A line of one; the last line of a key is often short.
const SHORTEST_LINE: usize = 8;

/// A value to hide and the name to show instead.
#[derive(Debug, Clone)]
pub struct Secret {
    /// name of the variable
    pub name: String,
    /// its value, or a part of it
    pub value: SecretString,
    /// it names an account: hidden in what others wrote, shown in our own messages
    pub account: bool,
}

impl Secret {
    /// A value under a name.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: SecretString::from(value.into()), account: false }
    }

    /// The name of an account, declared as sensitive.
    pub fn account(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { account: true, ..Self::new(name, value) }
    }

    /// Whether it is a word that stands in every log, and in our own sentences.
    pub fn is_ordinary(&self) -> bool {
        is_ordinary_word(self.value.expose_secret())
    }

    /// The value and every part of it that would give it away alone: the lines of a key in a file, the body of a public
    /// key (its comment is often masked by packer while the body is not), the words of a credential line, the texts in
    /// JSON, what base64 in these means.
    pub fn parts(&self) -> Vec<String> {
        let value = self.value.expose_secret().trim();
        let mut parts = vec![value.to_owned()];
        parts.extend(pieces(value));
        parts.extend(within_base64(value));
        let mut known = BTreeSet::new();
        parts.retain(|part| known.insert(part.clone()));
        parts
    }
}

/// Lines and words, and the texts of JSON.
fn pieces(value: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    if value.starts_with(['{', '[']) && texts_of_json(value, &mut pieces) {
        return pieces;
    }
    if value.contains(char::is_whitespace) {
        let lines = value.lines().map(str::trim).filter(|line| !line.starts_with("-----"));
        let words = value.split_whitespace().filter(|word| !word.starts_with("-----"));
        let lines = lines.filter(|line| line.len() >= SHORTEST_LINE);
        let words = words.filter(|word| word.len() >= SHORTEST_WORD);
        pieces.extend(lines.chain(words).filter(|part| *part != value).map(String::from));
    }
    pieces
}

/// The texts of JSON that are long, or stand under a name that speaks of a secret.
fn texts_of_json(value: &str, texts: &mut Vec<String>) -> bool {
    fn walk(name: &str, value: &serde_json::Value, texts: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => {
                let least = if is_secret_name(name) { SHORTEST } else { SHORTEST_WORD };
                if text.trim().len() >= least && !is_switch(name, text) {
                    texts.push(text.trim().to_owned());
                    texts.extend(pieces(text.trim()));
                    texts.extend(within_base64(text.trim()));
                }
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| walk(name, value, texts)),
            serde_json::Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(name, value, texts)),
            serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
        }
    }
    let Ok(json) = serde_json::from_str(value) else { return false };
    walk("", &json, texts);
    true
}

/// What base64 means when that is JSON, or an account with its password.
fn within_base64(value: &str) -> Vec<String> {
    let code: String = value.split_whitespace().collect();
    let decoded = STANDARD_NO_PAD.decode(code.trim_end_matches('=')).ok();
    let Some(text) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) else { return Vec::new() };
    let text = text.trim();
    if text.starts_with('{') {
        return pieces(text);
    }
    let account = text.split_once(':').filter(|_| !text.contains(char::is_control));
    let password = account.map(|(_, password)| password).filter(|password| password.len() >= SHORTEST);
    password.into_iter().map(String::from).collect()
}

/// The secrets inside addresses with credentials (`https://user:password@host/sdk`), however many of them a value lists:
/// as they stand there, and decoded as programs use them. What is an address by its variable's name needs no scheme.
pub fn secrets_in_urls(name: &str, value: &str) -> Vec<String> {
    const ADDRESSES: &[&str] = &["url", "uri", "proxy", "endpoint"];
    let name = name.to_ascii_lowercase();
    // The account of a vCenter is no secret, and everybody needs to read it.
    let accounts = name == "govc_url" || name.ends_with("vsphere_endpoint");
    let mut found: Vec<String> = value.split("://").skip(1).flat_map(|rest| secrets_of_one(rest, !accounts)).collect();
    if !value.contains("://") && ADDRESSES.iter().any(|word| name.ends_with(word)) {
        found.extend(value.split_whitespace().flat_map(|address| secrets_of_one(address, false)));
    }
    let decoded: Vec<String> = found.iter().map(|secret| decoded(secret)).collect();
    let mut all: Vec<String> = decoded.into_iter().zip(found).flat_map(|(decoded, raw)| [decoded, raw]).collect();
    all.dedup();
    all
}

/// Password and token before the host of an address. A name without a password is a token where `tokens` are usual, and
/// so is a long one that names no domain.
fn secrets_of_one(address: &str, tokens: bool) -> Vec<String> {
    let end = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#');
    let authority = address.split(end).next().unwrap_or_default();
    let Some((account, _)) = authority.rsplit_once('@') else { return Vec::new() };
    let (user, password) = account.split_once(':').unwrap_or((account, ""));
    let long = user.len() >= SHORTEST_WORD && !decoded(user).contains(['@', '\\']);
    let token = tokens && (password.is_empty() || long);
    let both = [Some(user).filter(|_| token), Some(password)];
    both.into_iter().flatten().filter(|secret| !secret.is_empty()).map(str::to_owned).collect()
}

/// `form_urlencoded` would read `+` as a space, which it is not in the account part of an address.
fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(pair.as_bytes()).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses_are_found() {
        assert_eq!(secrets_in_urls("X", "https://svc:p%40s+s@vc/sdk"), ["p@s+s", "p%40s+s"]);
        for name in ["GOVC_URL", "PKR_VAR_vsphere_endpoint", "HTTPS_PROXY", "https_proxy", "DATABASE_URI"] {
            assert_eq!(secrets_in_urls(name, "svc:hunter2@vc:3128"), ["hunter2"], "{name}");
            assert!(secrets_in_urls(name, "svc@vc").is_empty(), "{name}");
        }
        assert_eq!(secrets_in_urls("PIP_EXTRA_INDEX_URL", "https://u:pw-1@a/x https://u:pw-2@b/x"), ["pw-1", "pw-2"]);
        assert_eq!(secrets_in_urls("GOPROXY", "https://u:pw-1@a,https://u:pw-2@b|direct"), ["pw-1", "pw-2"]);
        assert_eq!(secrets_in_urls("X", "https://t0ken@git.example.com/x"), ["t0ken"]);
        let token = "ghp_0123456789abcdef";
        assert_eq!(secrets_in_urls("X", &format!("https://{token}:x-oauth-basic@x")), [token, "x-oauth-basic"]);
        assert!(secrets_in_urls("PS1", "svc:hunter2@vc").is_empty());
        assert!(secrets_in_urls("X", "https://vc/a:b@c").is_empty());
        assert!(secrets_in_urls("GOVC_URL", "https://svc-packer-of-the-lab@vc/sdk").is_empty());
        assert_eq!(secrets_in_urls("X", "https://administrator%40vsphere.local:pw-1@x"), ["pw-1"]);
    }

    #[test]
    fn keys_give_themselves_away_in_parts() {
        let key = Secret::new("k", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxo packer@lab");
        assert_eq!(key.parts()[1..], ["AAAAC3NzaC1lZDI1NTE5AAAAIDxo"]);
        let config = r#"{"auths":{"r":{"auth":"dXNlcjpodW50ZXIy"}}}"#;
        let docker = Secret::new("k", config);
        assert_eq!(docker.parts()[1..], ["dXNlcjpodW50ZXIy", "hunter2"]);
        let coded = Secret::new("k", base64::engine::general_purpose::STANDARD.encode(config));
        assert_eq!(coded.parts()[1..], ["dXNlcjpodW50ZXIy", "hunter2"]);
        let named = Secret::new("k", r#"{"client_email":"a@b","password":"hunter2","nested":[{"api_key":"k3y!"}]}"#);
        assert_eq!(named.parts()[1..], ["hunter2", "k3y!"]);
        let pem =
            Secret::new("k", "-----BEGIN X-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACA8aF7gKoO/\n-----END X-----\n");
        assert!(pem.parts().contains(&"QyNTUxOQAAACA8aF7gKoO/".to_owned()));
        assert!(!pem.parts()[1..].iter().any(|part| part.contains("-----")));
    }
}
