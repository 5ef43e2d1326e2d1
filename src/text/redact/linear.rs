//! The law of this room: a text is looked at a few times, whatever it is and in whatever pieces it comes. Work is counted,
//! not timed.

use proptest::prelude::*;

use super::work;
use crate::text::{Scrubber, Secret};

const SECRETS: [(&str, &str); 4] = [
    ("A", "Tr1cky-packer-S3cret!"),
    ("B", "p@ss&<w>'o\"rd"),
    ("C", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
    ("D", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxoXuAqg7+5yswV8rhIffBpW0mImmrXLtzk9Vp/jPeY x@lab.internal"),
];
/// Looks at each byte.
const MOST: usize = 60;
const SIZE: usize = 96 << 10;

fn looks(text: &[u8], chunk: usize) -> usize {
    thread_local! {
        static IT: Scrubber =
            Scrubber::new(SECRETS.map(|(name, value)| Secret::new(name, value))).for_leaving();
    }
    IT.with(|it| {
        work::take();
        let (mut stream, mut out) = (it.stream(), Vec::new());
        for piece in text.chunks(chunk) {
            stream.push(piece, &mut out);
            out.clear();
        }
        stream.finish(&mut out);
        work::take()
    })
}

/// What is looked at more closely than other text.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "Authorization:", "Authorization=", "Authorization: Basic ", "X-Auth-Token: ", "Tr1cky-packer-S3cret", "Tr1", "Tr1c",
            "T", "a", "aaaa", "p@ss&<w>'", "<sensitive>", "<sens", "%54", "%25", "%2525", "&amp;", "&#84;", "&", "\\",
            "\\u0054", "\\n", "\n", "\r\n", "\u{1b}[1m", "\u{1b}[", "[REDACTED:", "[REDACTED:A]", "a: ", "2026/11/23 ", "ui: ",
            "password", "password=", "\"password\":", "echo ", "echo x ", "| ", "sudo -S ", "s://", "s://a:b@", "ghp_", "eyJh", ".",
            "BEGIN RSA PRIVATE KEY-----", "-----END", "curl -u ", "-p ", "Cookie: ", "=", "'", "\"", "','", "{", "+", "\0", "AAAAC3",
            "ssh-ed25519 ", "VHIxY2t5", " ", "$6$a", "<Password>", "Sending char 'T'", "k_token=Qq11Qq11Qq1x ", "Qq11", "x", "YWFh", "Sending char 'a'\n",
        ]).prop_map(String::from),
        1 => "[ -~]{1,6}",
    ]
}

proptest! {
    #[test]
    fn work_grows_with_the_text_alone(
        pieces in prop::collection::vec(piece(), 1..6),
        chunk in prop::sample::select(vec![4096_usize, 65_536]),
    ) {
        let text = pieces.concat();
        let text = text.repeat(SIZE / text.len());
        let looks = looks(text.as_bytes(), chunk);
        prop_assert!(looks <= MOST * text.len(), "{} looks at each byte of {:?}", looks / text.len(), pieces.concat());
    }
}
