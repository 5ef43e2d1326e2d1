//! Values of names that speak of a secret, as shells, Ansible, HCL, JSON, YAML, XML and answer files write them.

use super::value::{self, Value};
use super::{Found, Text, column};

/// Longest name.
const NAME: usize = 64;
/// Longest value, with what stands before it.
const REACH: usize = 1200;
/// White space between an element and the one within it.
const INDENT: usize = 200;
/// Signs and blanks between a name and its value.
const BETWEEN: usize = 12;

/// Where a name may hold a word that speaks of a secret.
const WORDS: &[&str] = &[
    "pass", "Pass", "PASS", "pwd=", "Pwd=", "PWD=", "pwd:", "pwd\"", "pwd'", "_pwd", "_PWD", "Pwd\"", "rootpw",
    "rootpw=", "_pw=", "_PW=", "bindpw", "BINDPW", "secr", "Secr", "SECR", "toke", "Toke", "TOKE", "cred", "Cred",
    "CRED", "apik", "apiK", "Apik", "ApiK", "APIK", "_key", "_KEY", "-key", "-Key", "-KEY", "sKey", "tKey", "eKey",
    "rKey", "_psk", "_PSK", "PSK=", "psk=", "_pat", "_PAT", "_jwt", "_JWT", "key=", "Key=", "KEY=", "key:", "Key:",
    "KEY:", "key\"", "Key\"", "key ", "Key ", "KEY ",
];
/// Ends of names whose value is a secret.
const ENDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "passcode",
    "secret",
    "token",
    "apikey",
    "credential",
    "credentials",
    "passwordd",
    "passwordo",
    "pwd",
    "rootpw",
    "bindpw",
    "sshpass",
    "psk",
    "accountkey",
    "secretkey",
    "accesskey",
    "privatekey",
    "sharedkey",
    "masterkey",
    "storagekey",
    "password_encrypted",
    "password-encrypted",
    "password-crypted",
    "password_hash",
    "passwd_hash",
];
/// Whole last words of such names.
const LAST_WORDS: &[&str] = &["pass", "pw", "pat", "jwt"];
/// Before `key`.
const KEYS: &[&str] = &[
    "api",
    "access",
    "secret",
    "private",
    "account",
    "master",
    "encryption",
    "signing",
    "auth",
    "shared",
    "storage",
    "license",
    "product",
    "build",
    "session",
    "client",
    "activation",
    "registration",
    "enrollment",
    "subscription",
    "recovery",
    "deploy",
    "wpa",
    "kms",
];

/// The words to stop at.
pub fn words() -> Vec<(String, usize)> {
    WORDS.iter().map(|word| ((*word).to_owned(), 0)).collect()
}

fn belongs(byte: &&u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.".contains(byte)
}

/// Where, at the end of the bytes, a name may begin that has a value; with the sign before it.
pub fn begun_at_end(bytes: &[u8]) -> usize {
    let name = bytes.iter().rev().take(NAME).take_while(belongs).count();
    let introduced = bytes.iter().rev().nth(name).is_some_and(|byte| name > 0 || b"\"'/<\\".contains(byte));
    bytes.len() - name - usize::from(introduced)
}

/// How a name and its value are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// `name=value`
    Tight,
    /// `"name": "value"`
    Json,
    /// `name = value`, `name: value`
    Loose,
    /// `--name value`
    Flag,
    /// `<name>value<`
    Xml,
    /// `name TYPE value`, as a registry has it
    Column,
}

/// The value of the name that holds the word at `at`.
pub fn find(text: Text<'_>, at: usize) -> Found {
    let before = text.bytes[at.saturating_sub(NAME)..at].iter().rev().take_while(belongs).count();
    let behind = text.from(at).iter().take(NAME).take_while(belongs).count();
    let (start, end) = (at - before, at + behind);
    let Some(line) = lines(text, end) else { return Found::Open(start.saturating_sub(1)) };
    let line = &text.bytes[..line];
    let name = String::from_utf8_lossy(&text.bytes[start..end]).into_owned();
    let speaks = speaks_of_secret(name.trim_matches(['-', '.']));
    let value = if speaks { linked(text, line, &name, start, end) } else { None };
    match value {
        Some(value) => Found::one(value.start, value.end),
        None => Found::nothing(end),
    }
}

/// Where the line ends that holds the value of the name before `end`: the next one where the name's element begins on
/// this one and nothing follows. `None` when that has not come.
fn lines(text: Text<'_>, end: usize) -> Option<usize> {
    let line = text.line(end, REACH)?;
    let until = end + line.len();
    if line.first() != Some(&b'>') || !line[1..].trim_ascii().is_empty() || line.len() == REACH {
        return Some(until);
    }
    let white = text.from(until).iter().take(INDENT).take_while(|byte| byte.is_ascii_whitespace()).count();
    let next = until + white;
    Some(next + text.line(next, REACH)?.len())
}

fn linked(text: Text<'_>, line: &[u8], name: &str, start: usize, end: usize) -> Option<Value> {
    let previous = text.byte_before(start);
    let (link, from) = link(line, name, previous, (start, end))?;
    let value = match link {
        Link::Xml => element(line, from)?,
        Link::Column => column::value(line, from)?,
        Link::Tight | Link::Json | Link::Loose | Link::Flag => value::at(line, from)?,
    };
    let bytes = line.get(value.start..value.end)?;
    // `-Password (ConvertTo-SecureString '…')`: what the command is given is looked for by itself.
    if !value.quoted && bytes.starts_with(b"(") && bytes.contains(&b'-') {
        return None;
    }
    let rest = &line[value.end..];
    // A word of a sentence is followed by others.
    let alone = || rest.trim_ascii().is_empty() || matches!(rest.first(), Some(b'"' | b'\'' | b',' | b'}' | b'\\'));
    let small = name.to_ascii_lowercase();
    let path = matches!(bytes, [b'/', ..] | [b'.', b'/', ..] | [b'~', b'/', ..]) && !value.quoted;
    let number = bytes.iter().all(u8::is_ascii_digit) && bytes.len() < 6;
    let fits = match link {
        Link::Json | Link::Tight => value.quoted || !(path || number && !small.contains("pass")),
        Link::Loose if value.quoted => true,
        Link::Loose => alone() && value::is_unusual(bytes) && !path,
        Link::Flag => !bytes.starts_with(b"-") && !path && (value.quoted || value::is_unusual(bytes)),
        Link::Xml | Link::Column => true,
    };
    let shell = matches!(small.as_str(), "pwd" | "oldpwd");
    Some(value).filter(|_| fits && value::counts(bytes) && !(shell && path))
}

/// How a value is put to the name that ends at `end`, and where it begins.
fn link(line: &[u8], name: &str, previous: Option<u8>, (name_start, end): (usize, usize)) -> Option<(Link, usize)> {
    let rest = &line[end..];
    let quotes = rest.iter().take(BETWEEN).take_while(|byte| b"\\\"'".contains(byte)).count();
    let blanks = |at: usize| line[at..].iter().take(BETWEEN).take_while(|byte| b" \t".contains(byte)).count();
    let behind = end + quotes;
    let sign = behind + blanks(behind);
    match line.get(sign)? {
        b'>' if previous == Some(b'<') && quotes == 0 => Some((Link::Xml, sign + 1)),
        b'=' | b':' => {
            // `=>`, `:=`, but no comparison
            let long = usize::from(matches!(line.get(sign + 1), Some(b'>' | b'=')));
            if line[sign] == b'=' && line.get(sign + 1) == Some(&b'=') {
                return None;
            }
            let from = sign + 1 + long;
            let from = from + blanks(from);
            let tight = from == end + 1 && quotes == 0;
            let path = previous == Some(b'/');
            // `/password:x` of Windows' programs, and no path.
            let alone = name_start.checked_sub(2).is_none_or(|before| line[before].is_ascii_whitespace());
            let option = name.starts_with('-') || path && alone;
            match line[sign] {
                b'=' if tight => Some((Link::Tight, from)),
                b':' if tight && option && !line[from..].starts_with(b"//") => Some((Link::Tight, from)),
                _ if quotes > 0 && previous.is_some_and(|byte| b"\"'".contains(&byte)) => Some((Link::Json, from)),
                _ if path || quotes > 0 || line.get(from) == Some(&b'/') && line[sign] == b':' => None,
                _ => Some((Link::Loose, from)),
            }
        }
        // `d-i passwd/root-password password …`
        b'p' if previous == Some(b'/') && line[sign..].starts_with(b"password ") => {
            Some((Link::Loose, sign + b"password ".len()))
        }
        _ if sign > behind && column::begins(&line[sign..]) => Some((Link::Column, sign)),
        _ if sign > behind && quotes == 0 && (name.starts_with('-') && name.len() > 2 || name == "rootpw") => {
            let plain = b"--plaintext";
            let from = if line[sign..].starts_with(plain) { sign + plain.len() } else { sign };
            Some((Link::Flag, from + blanks(from)))
        }
        _ => None,
    }
}

/// The text of an element, or of the one within it (`<Password><Value>…`, `<ProductKey><Key>…`).
fn element(line: &[u8], from: usize) -> Option<Value> {
    let white = line[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let within = |inner: &&[u8]| line[from + white..].starts_with(inner);
    let inner = [b"<Value>".as_slice(), b"<Key>", b"<PlainText>"].into_iter().find(within);
    let start = inner.map_or(from, |inner| from + white + inner.len());
    let length = memchr::memchr(b'<', &line[start..])?;
    Some(Value { start, end: start + length, quoted: true }).filter(|_| length > 0)
}

/// Whether the last word of a name speaks of a secret.
fn speaks_of_secret(name: &str) -> bool {
    let small = name.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
    let mut words = small.rsplit(['_', '-', '.']);
    let last = words.next().unwrap_or_default();
    let before = words.next();
    // Ansible's modules report that they would change one.
    let about = ["update_password", "no_password", "lock_password", "ask_pass", "become_ask_pass", "ssh_pwauth"];
    !about.contains(&small.as_str())
        && (ENDS.iter().any(|end| small.ends_with(end))
            || LAST_WORDS.contains(&last)
            || last.strip_suffix("key").is_some_and(|stem| {
                // `api_key`, `apikey`
                let stem = if stem.is_empty() { before.unwrap_or_default() } else { stem };
                KEYS.iter().any(|key| stem.ends_with(key))
            }))
}
