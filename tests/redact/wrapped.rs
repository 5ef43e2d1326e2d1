//! Known secrets that a log broke into lines, or wrote in another alphabet.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use tmpl::text::{Scrubber, Secret};

use crate::oracle::plain_leak;
use crate::property::scrub;

const PASSWORD: &str = "Tr1cky-S3cret!Ü";
/// What logs put before each line.
const PREFIXES: &[&str] = &[
    "",
    "    ",
    "2026/11/23 04:34:14 ui: ==> vsphere-iso.debian: ",
    "2026/11/23 04:34:14 ui error: ==> vsphere-iso.debian: ",
    "2026/11/23 04:34:14 packer-plugin-vsphere_v1.4.2 plugin: 2026/11/23 04:34:14 [INFO] ",
    "    vsphere-iso.debian: ",
    "2026-11-28T10:00:00.1234567Z ",
    "2026-11-28T10:00:00.123456Z 01O ",
    "[2026-11-28T10:00:00.000Z] ",
    "  - ",
    "> ",
    "default | ",
];

fn key() -> String {
    let body: String = (0..20).map(|at| STANDARD.encode(ring_of(at)) + "\n").collect();
    format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}-----END OPENSSH PRIVATE KEY-----\n")
}

/// Bytes that do not repeat.
fn ring_of(seed: u32) -> Vec<u8> {
    (0..48_u32).map(|at| ((seed * 7919 + at * 104_729 + 17).wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn scrubber() -> &'static Scrubber {
    /// Costly to make.
    static IT: LazyLock<Scrubber> =
        LazyLock::new(|| Scrubber::new([Secret::new("PW", PASSWORD), Secret::new("KEY", key())]));
    &IT
}

/// The text in lines of so many letters, each behind a prefix.
fn wrapped(text: &str, width: usize, prefix: &str, end: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(width).map(|line| format!("{prefix}{}{end}", line.iter().collect::<String>())).collect()
}

fn nothing_is_left(text: &str, secret: &str, what: &str) {
    let names = ["PW".to_owned(), "KEY".to_owned()];
    for cuts in [&[][..], &[7], &[64]] {
        let out = scrub(scrubber(), text.as_bytes(), cuts);
        let shown = String::from_utf8_lossy(&out);
        assert!(plain_leak(&out, &names, secret).is_none(), "{what}: {shown}");
        assert!(shown.contains("[REDACTED:"), "{what}: {shown}");
        assert_eq!(shown.lines().count(), text.lines().count(), "{what}: {shown}");
        // Of each line at most what a line break leaves before it can be told.
        let tail: String = secret.chars().skip(3).collect();
        let pieces: Vec<String> = tail.chars().collect::<Vec<_>>().windows(8).map(|it| it.iter().collect()).collect();
        assert!(pieces.iter().all(|piece| !shown.contains(piece)), "{what}: {shown}");
    }
}

#[test]
fn a_password_that_a_line_end_breaks_anywhere() {
    for prefix in PREFIXES {
        for at in 1..PASSWORD.chars().count() {
            let (head, tail): (String, String) =
                (PASSWORD.chars().take(at).collect(), PASSWORD.chars().skip(at).collect());
            for end in ["\n", "\r\n"] {
                let text = format!("{prefix}the password is {head}{end}{prefix}{tail} and more\n");
                nothing_is_left(&text, PASSWORD, &format!("{prefix:?} behind {at}"));
            }
        }
    }
}

#[test]
fn a_key_in_lines_of_any_length() {
    let key = key();
    let body: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    for prefix in PREFIXES {
        for width in [20, 48, 64, 70, 76, 80, 100, 120] {
            let text = format!("before\n{}behind it\n", wrapped(&body, width, prefix, "\n"));
            nothing_is_left(&text, &body, &format!("{prefix:?}, {width} letters"));
        }
    }
    let in_json = format!("{{\"key\": {}}}\n", serde_json::to_string(&key).unwrap());
    nothing_is_left(&in_json, &body, "JSON");
    let list =
        serde_json::to_string_pretty(&body.as_bytes().chunks(50).map(String::from_utf8_lossy).collect::<Vec<_>>());
    nothing_is_left(&list.unwrap(), &body, "a list");
}

#[test]
fn other_alphabets() {
    let html: String = PASSWORD
        .chars()
        .map(|c| match c {
            '-' => "&#45;".to_owned(),
            '!' => "&excl;".to_owned(),
            'Ü' => "&Uuml;".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let latin: String = PASSWORD.chars().map(|c| format!("%{:02X}", c as u32)).collect();
    let partly = PASSWORD.replace('Ü', "%DC").replace('!', "%21");
    let python = PASSWORD.replace('Ü', "\\xdc");
    let octal = PASSWORD.replace('Ü', "\\303\\234");
    for (what, text) in [("HTML", html), ("Latin-1", latin), ("URL", partly), ("Python", python), ("C", octal)] {
        assert_eq!(scrubber().text(&format!("x={text}; y")), "x=[REDACTED:PW]; y", "{what}: {text}");
    }
    let bytes: Vec<u8> = PASSWORD.chars().map(|c| u8::try_from(c).unwrap()).collect();
    let out = scrub(scrubber(), &[b"x=", bytes.as_slice(), b"; y"].concat(), &[3]);
    assert_eq!(String::from_utf8_lossy(&out), "x=[REDACTED:PW]; y");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn base64_at_any_offset_in_lines_of_any_length(
        before in "[ -~]{0,60}",
        after in "[ -~]{0,60}",
        width in 20_usize..100,
        prefix in prop::sample::select(PREFIXES.to_vec()),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let code = STANDARD.encode(format!("{before}{PASSWORD}{after}"));
        let text = wrapped(&code, width, prefix, end);
        let out = String::from_utf8(scrub(scrubber(), text.as_bytes(), &[])).unwrap();
        let left: String = out
            .lines()
            .map(|line| line.strip_prefix(prefix.trim_end()).unwrap_or(line).trim())
            .collect::<String>()
            .replace("[REDACTED:PW]", "=");
        for piece in left.split('=') {
            for skip in 0..4.min(piece.len()) {
                let code = &piece[skip..piece.len() - (piece.len() - skip) % 4];
                let text = String::from_utf8_lossy(&STANDARD.decode(code).unwrap_or_default()).into_owned();
                let found = PASSWORD.as_bytes().windows(9).any(|it| memmem(text.as_bytes(), it));
                prop_assert!(!found, "{text} in {out}");
            }
        }
    }
}

fn memmem(text: &[u8], piece: &[u8]) -> bool {
    text.windows(piece.len()).any(|it| it == piece)
}
