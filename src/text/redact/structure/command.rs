//! Secrets on command lines: given to another program's input, and as options.

use super::value::{self, Value};
use super::{Found, Text};

/// Longest command that is looked at.
const REACH: usize = 2048;
/// How far behind a pipe the program stands that reads a secret.
const READER: usize = 200;

/// Shorter words are not stopped at.
const SHORTEST: usize = 4;
/// Gives a program the word behind it.
const HERE: &[u8] = b"<<<";

/// Programs that say what they are given.
const GIVERS: &[&str] = &["echo ", "printf "];
/// Programs that read a password from their input, and what must stand in their command.
const READERS: &[(&str, &[&str])] = &[
    ("sudo", &[" -S", " -kS", " -nS", " -ES", " -SE", " -HS", " --stdin", " -Sk", " -SH", " -Sn"]),
    ("chpasswd", &[""]),
    ("passwd", &["--stdin"]),
    ("docker", &["--password-stdin"]),
    ("podman", &["--password-stdin"]),
    ("helm", &["--password-stdin"]),
    ("skopeo", &["--password-stdin"]),
    ("oras", &["--password-stdin"]),
    ("kinit", &[""]),
    ("cryptsetup", &[""]),
    ("su ", &[""]),
    ("realm ", &["join"]),
    ("adcli ", &["--stdin-password"]),
    ("gpg", &["--passphrase-fd"]),
    ("gh ", &["--with-token"]),
];

/// Programs that take a secret as an option: its name, and whether an account stands before a colon or percent sign.
const PROGRAMS: &[(&str, &[&str], Option<u8>)] = &[
    ("sshpass ", &["-p"], None),
    ("curl ", &["-u", "--user", "-U", "--proxy-user"], Some(b':')),
    ("curl.exe ", &["-u", "--user", "-U", "--proxy-user"], Some(b':')),
    ("mysql ", &["-p"], None),
    ("mysqldump ", &["-p"], None),
    ("mysqladmin ", &["-p"], None),
    ("mariadb ", &["-p"], None),
    ("docker ", &["-p"], None),
    ("podman ", &["-p"], None),
    ("az login", &["-p"], None),
    ("skopeo ", &["--creds", "--src-creds", "--dest-creds"], Some(b':')),
    ("ldapsearch ", &["-w"], None),
    ("ldapmodify ", &["-w"], None),
    ("ldapadd ", &["-w"], None),
    ("ldappasswd ", &["-w", "-s"], None),
    ("smbclient ", &["-U"], Some(b'%')),
    ("sqlcmd ", &["-P"], None),
    ("sqlcmd.exe ", &["-P"], None),
    ("zip ", &["-P"], None),
    ("unzip ", &["-P"], None),
    ("7z ", &["-p"], None),
    ("7za ", &["-p"], None),
    ("openssl ", &["-passin", "-passout", "-pass", "-k"], Some(b':')),
    ("ipmitool ", &["-P"], None),
    ("mongo ", &["-p"], None),
    ("mongosh ", &["-p"], None),
    ("redis-cli ", &["-a"], None),
    ("govc ", &["-u"], Some(b':')),
    ("xfreerdp ", &["/p:"], None),
    ("psexec ", &["-p"], None),
    ("schtasks ", &["/rp", "/RP"], None),
    ("cmdkey ", &["/pass:"], None),
    ("wmic ", &["/password:"], None),
    ("winrs ", &["-p:", "/p:"], None),
    ("ConvertTo-SecureString ", &["-String", ""], None),
    ("slmgr", &["/ipk", "-ipk"], None),
    ("IDENTIFIED BY ", &[""], None),
    ("WITH PASSWORD ", &[""], None),
    ("net user ", &["\u{1}"], None),
    ("net.exe user ", &["\u{1}"], None),
    ("net1 user ", &["\u{1}"], None),
    ("NET USER ", &["\u{1}"], None),
    ("net use ", &["\u{2}"], None),
    ("plink ", &["-pw"], None),
    ("plink.exe ", &["-pw"], None),
    ("pscp ", &["-pw"], None),
    ("pscp.exe ", &["-pw"], None),
    ("psftp ", &["-pw"], None),
];

/// Words that give, and those that are given by `<<<`.
pub fn givers() -> Vec<(String, usize)> {
    let readers = READERS.iter().map(|(name, _)| name).enumerate().filter(|(_, name)| name.len() >= SHORTEST);
    let readers = readers.map(|(at, name)| ((*name).to_owned(), GIVERS.len() + at));
    GIVERS.iter().map(|word| ((*word).to_owned(), 0)).chain(readers).collect()
}

/// Words that take an option.
pub fn programs() -> Vec<(String, usize)> {
    PROGRAMS.iter().enumerate().map(|(which, (word, ..))| ((*word).to_owned(), which)).collect()
}

/// What the command at `at` says to one that reads a secret, or is told itself.
pub fn given(which: usize, text: Text<'_>, at: usize) -> Found {
    if let Some((name, options)) = which.checked_sub(GIVERS.len()).and_then(|at| READERS.get(at)) {
        return here_string(name, options, text, at);
    }
    match GIVERS.iter().map(|word| text.has(at, word)).find(|has| *has != Some(false)) {
        None => return Found::nothing(at),
        Some(None) => return Found::Open(at),
        Some(_) if text.byte_before(at).is_some_and(|byte| byte.is_ascii_alphanumeric()) => {
            return Found::nothing(at + 1);
        }
        Some(_) => {}
    }
    let Some(line) = text.line(at, REACH) else { return Found::Open(at) };
    let until = at + line.len();
    let reads = |pipe: &usize| {
        let rest = &line[pipe + 1..line.len().min(pipe + 1 + READER)];
        let next = memchr::memchr(b'|', rest).unwrap_or(rest.len());
        let command = &rest[..next];
        let named = |name: &str| {
            let at = memchr::memmem::find(command, name.as_bytes());
            at.is_some_and(|at| at.checked_sub(1).is_none_or(|before| b" /\t".contains(&command[before])))
        };
        let has = |option: &str| memchr::memmem::find(command, option.as_bytes()).is_some();
        READERS.iter().any(|(name, options)| named(name) && options.iter().any(|option| has(option)))
    };
    let Some(pipe) = memchr::memchr_iter(b'|', line).find(reads) else { return Found::nothing(until) };
    let said = &line[..pipe];
    // The last command before the pipe is the one.
    let begins = GIVERS.iter().filter_map(|word| Some(memchr::memmem::rfind(said, word.as_bytes())? + word.len()));
    let mut start = begins.max().unwrap_or(0);
    while let Some(option) = ["-n ", "-e ", "-E ", "-ne ", "-en ", "'%s\\n' ", "'%s' ", "\"%s\\n\" ", "\"%s\" ", " "]
        .iter()
        .find(|option| said[start..].starts_with(option.as_bytes()))
    {
        start += option.len();
    }
    let value = Value { start, end: said.trim_ascii_end().len().max(start), quoted: false };
    let values = stripped(said, value).map(|value| (at + value.start, at + value.end)).into_iter().collect();
    Found::Done { values, until: at + pipe }
}

/// What the program at `at` reads: `chpasswd <<< "root:…"`.
fn here_string(name: &str, options: &[&str], text: Text<'_>, at: usize) -> Found {
    let nothing = Found::nothing(at + 1);
    match text.has(at, name) {
        None => return Found::Open(at),
        // Others begin alike.
        Some(false) => return Found::nothing(at),
        Some(true)
            if text.byte_before(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) =>
        {
            return nothing;
        }
        Some(true) => {}
    }
    let Some(line) = text.line(at, READER) else { return Found::Open(at) };
    let Some(sign) = memchr::memmem::find(line, HERE) else { return nothing };
    let command = &line[..sign];
    let has = |option: &&str| memchr::memmem::find(command, option.as_bytes()).is_some();
    if command.iter().any(|byte| b"|;".contains(byte)) || !options.iter().any(has) {
        return nothing;
    }
    let from = sign + HERE.len();
    let from = from + line[from..].iter().take_while(|byte| b" \t".contains(byte)).count();
    let value = value::at(line, from).filter(|value| value::counts(&line[value.start..value.end]));
    value.map_or(nothing, |value| Found::one(at + value.start, at + value.end))
}

/// A value without the quotes around it, if it is one.
fn stripped(line: &[u8], value: Value) -> Option<Value> {
    let bytes = &line[value.start..value.end];
    let sign = |byte: &&u8| b"\\\"'".contains(byte);
    let before = bytes.iter().take_while(sign).count();
    let behind = bytes[before..].iter().rev().take_while(sign).count();
    let value = Value { start: value.start + before, end: value.end - behind, quoted: before > 0 };
    Some(value).filter(|value| value::counts(&line[value.start..value.end]))
}

/// The secrets among the options of the program at `at`.
pub fn options(which: usize, text: Text<'_>, at: usize) -> Found {
    let Some((word, options, account)) = PROGRAMS.get(which) else { return Found::nothing(at + 1) };
    match text.has(at, word) {
        None => return Found::Open(at),
        // Others begin alike: `mysql`, `mysqldump`.
        Some(false) => return Found::nothing(at),
        Some(true) => {}
    }
    if text.byte_before(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte)) {
        return Found::nothing(at + 1);
    }
    let Some(line) = text.line(at, REACH) else { return Found::Open(at) };
    let (mut values, mut place) = (Vec::new(), word.len());
    let (mut arguments, mut share) = (0, false);
    while let Some((start, end)) = argument(line, place) {
        place = end;
        let words = &line[start..end];
        if matches!(words, b"|" | b"||" | b"&&" | b";") {
            break;
        }
        let slashed = words.starts_with(b"/");
        // `net user /add NAME …`
        arguments += usize::from(!slashed);
        let behind_share = std::mem::replace(&mut share, words.starts_with(b"\\\\"));
        let option = options.iter().find(|option| match **option {
            // The first argument, or the second.
            "" => arguments == 1 && matches!(words, [b'"' | b'\'', ..]),
            "\u{1}" => arguments == 2 && !slashed,
            // The one behind `\\\\server\share`.
            "\u{2}" => behind_share && !slashed,
            option => words.starts_with(option.as_bytes()),
        });
        let Some(option) = option.filter(|option| takes(option, words)) else { continue };
        let attached = start + option.len();
        let from = match *option {
            "" | "\u{1}" | "\u{2}" => start,
            _ if attached < end && !option.starts_with("--") => attached,
            _ if line.get(attached) == Some(&b'=') => attached + 1,
            _ => argument(line, end).map_or(line.len(), |(start, _)| start),
        };
        values.extend(secret(line, from, *account).map(|(from, to)| (at + from, at + to)));
    }
    Found::Done { values, until: at + place }
}

/// Whether an argument is the option itself, or the option with its value; longer options begin alike.
fn takes(option: &str, words: &[u8]) -> bool {
    let rest = words.get(option.len()..).unwrap_or_default();
    match option {
        "" | "\u{1}" | "\u{2}" | "-p" => !rest.starts_with(b"a") || option != "-p" || rest.len() > 12,
        option if option.starts_with("--") => rest.is_empty() || rest.starts_with(b"="),
        option if option.ends_with(':') => true,
        _ => rest.is_empty() || rest.starts_with(b"\"") || rest.starts_with(b"'"),
    }
}

fn secret(line: &[u8], from: usize, account: Option<u8>) -> Option<(usize, usize)> {
    let value = value::at(line, from).filter(|value| value.quoted || line[value.start] != b'-')?;
    let start = match account {
        Some(sign) => value.start + memchr::memchr(sign, &line[value.start..value.end])? + 1,
        None => value.start,
    };
    let bytes = &line[start..value.end];
    let harmless = [b"file:".as_slice(), b"env:", b"stdin", b"fd:", b"/"].iter().any(|begin| bytes.starts_with(begin));
    // Ports (`docker run -p 80:80`) are none.
    let port = account.is_none() && bytes.iter().all(|byte| byte.is_ascii_digit() || b":./tcpud".contains(byte));
    (value::counts(bytes) && !harmless && !port).then_some((start, value.end))
}

/// The argument that begins at or behind a place: where it begins and ends. Quotes hold blanks.
fn argument(line: &[u8], from: usize) -> Option<(usize, usize)> {
    let start = from + line.get(from..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let (mut quote, mut at) = (None, start);
    while let Some(byte) = line.get(at) {
        match (quote, byte) {
            (None, byte) if byte.is_ascii_whitespace() => break,
            (None, b'"' | b'\'') => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
        at += 1;
    }
    Some((start, at))
}
