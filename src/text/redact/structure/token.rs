//! Tokens that tell by their first letters whose they are (the issuers' own documents, and GitHub's list of patterns for
//! secret scanning).

use super::{Found, Text};
use crate::text::redact::work;

/// Longest that is looked at.
const LONGEST: usize = 4096;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// letters and digits
    Letters,
    /// capitals and digits
    Capitals,
    /// those, and `_`, `-`, `=`
    Dashed,
    /// those, and dots: at least one
    Dotted,
    /// of a hash of a password: `$`, `.`, `/`
    Crypt,
    /// of a URL's path or query; what stands before is kept
    Path,
}

/// First letters, and how many must follow.
const TOKENS: &[(&str, usize, Made)] = &[
    ("ghp_", 20, Made::Letters),
    ("gho_", 20, Made::Letters),
    ("ghu_", 20, Made::Letters),
    ("ghs_", 20, Made::Letters),
    ("ghr_", 20, Made::Letters),
    ("github_pat_", 20, Made::Dashed),
    ("glpat-", 16, Made::Dashed),
    ("gldt-", 16, Made::Dashed),
    ("glrt-", 16, Made::Dashed),
    ("glrtr-", 16, Made::Dashed),
    ("glcbt-", 16, Made::Dashed),
    ("glptt-", 16, Made::Dashed),
    ("glft-", 16, Made::Dashed),
    ("glsoat-", 16, Made::Dashed),
    ("glimt-", 16, Made::Dashed),
    ("glagent-", 16, Made::Dashed),
    ("glffct-", 16, Made::Dashed),
    ("AKIA", 16, Made::Capitals),
    ("ASIA", 16, Made::Capitals),
    ("ABIA", 16, Made::Capitals),
    ("ACCA", 16, Made::Capitals),
    ("xoxb-", 10, Made::Dashed),
    ("xoxp-", 10, Made::Dashed),
    ("xoxa-", 10, Made::Dashed),
    ("xoxr-", 10, Made::Dashed),
    ("xoxs-", 10, Made::Dashed),
    ("xoxo-", 10, Made::Dashed),
    ("xoxe-", 10, Made::Dashed),
    ("xoxe.", 10, Made::Dashed),
    ("xapp-", 10, Made::Dashed),
    ("npm_", 30, Made::Letters),
    ("hvs.", 20, Made::Dashed),
    ("hvb.", 20, Made::Dashed),
    ("hvr.", 20, Made::Dashed),
    ("dckr_pat_", 16, Made::Dashed),
    ("dckr_oat_", 16, Made::Dashed),
    ("sk_live_", 10, Made::Letters),
    ("sk_test_", 10, Made::Letters),
    ("rk_live_", 10, Made::Letters),
    ("rk_test_", 10, Made::Letters),
    ("whsec_", 16, Made::Letters),
    ("sk-ant-", 20, Made::Dashed),
    ("sk-proj-", 20, Made::Dashed),
    ("sk-svcacct-", 20, Made::Dashed),
    ("AIza", 30, Made::Dashed),
    ("ya29.", 20, Made::Dashed),
    ("GOCSPX-", 16, Made::Dashed),
    ("pypi-AgE", 16, Made::Dashed),
    ("rubygems_", 20, Made::Letters),
    ("crates-io_", 16, Made::Letters),
    ("shpat_", 20, Made::Letters),
    ("shpss_", 20, Made::Letters),
    ("shpca_", 20, Made::Letters),
    ("dop_v1_", 20, Made::Letters),
    ("doo_v1_", 20, Made::Letters),
    ("dor_v1_", 20, Made::Letters),
    ("dapi", 30, Made::Letters),
    ("dp.pt.", 20, Made::Letters),
    ("tskey-", 16, Made::Dashed),
    ("glsa_", 20, Made::Dashed),
    ("glc_", 30, Made::Dashed),
    ("lin_api_", 20, Made::Letters),
    ("pul-", 30, Made::Letters),
    ("PMAK-", 20, Made::Dashed),
    ("ATATT3", 30, Made::Dashed),
    ("ATBB", 28, Made::Letters),
    ("NRAK-", 20, Made::Letters),
    ("sntrys_", 20, Made::Dashed),
    ("atlasv1.", 30, Made::Dashed),
    ("AGE-SECRET-KEY-1", 30, Made::Capitals),
    ("EAAC", 60, Made::Letters),
    ("hooks.slack.com/services/", 16, Made::Path),
    ("discord.com/api/webhooks/", 16, Made::Path),
    ("webhook.office.com/", 16, Made::Path),
    ("&sig=", 16, Made::Path),
    ("?sig=", 16, Made::Path),
    ("X-Amz-Signature=", 16, Made::Path),
    ("X-Amz-Security-Token=", 16, Made::Path),
];
/// Prefixes of three letters, with every letter that may follow.
const SHORT: &[(&str, usize, Made)] = &[
    ("eyJ", 16, Made::Dotted),
    ("hf_", 30, Made::Letters),
    ("SG.", 40, Made::Dotted),
    ("$6$", 40, Made::Crypt),
    ("$5$", 40, Made::Crypt),
    ("$1$", 22, Made::Crypt),
    ("$y$", 40, Made::Crypt),
];
/// And of four, with a sign that may follow.
const HASHES: &[(&str, usize, Made)] =
    &[("$2a$", 50, Made::Crypt), ("$2b$", 50, Made::Crypt), ("$2y$", 50, Made::Crypt), ("$argon2", 40, Made::Crypt)];

/// The words to stop at.
pub fn words() -> Vec<(String, usize)> {
    let letters = || (b'a'..=b'z').chain(b'A'..=b'Z').chain(b'0'..=b'9').chain(*b"./").map(char::from);
    let plain = TOKENS.iter().chain(HASHES).map(|(word, ..)| vec![(*word).to_owned()]);
    let short = SHORT.iter().map(|(word, ..)| letters().map(|c| format!("{word}{c}")).collect());
    plain.chain(short).enumerate().flat_map(|(which, words)| words.into_iter().map(move |word| (word, which))).collect()
}

/// The token at `at`.
pub fn find(which: usize, text: Text<'_>, at: usize) -> Found {
    let mut all = TOKENS.iter().chain(HASHES).chain(SHORT);
    let Some((word, least, made)) = all.nth(which) else { return Found::nothing(at + 1) };
    match text.has(at, word) {
        None => return Found::Open(at),
        // Others begin alike.
        Some(false) => return Found::nothing(at),
        Some(true) => {}
    }
    let attached = text.byte_before(at).is_some_and(|byte| byte.is_ascii_alphanumeric());
    if attached && !matches!(made, Made::Path | Made::Crypt) && *word != "atlasv1." {
        return Found::nothing(at + 1);
    }
    let from = at + word.len();
    let rest = text.from(from);
    let belongs = |byte: &&u8| match made {
        Made::Letters => byte.is_ascii_alphanumeric(),
        Made::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        Made::Dashed => byte.is_ascii_alphanumeric() || b"_-=".contains(byte),
        Made::Dotted => byte.is_ascii_alphanumeric() || b"_-=.".contains(byte),
        Made::Crypt => byte.is_ascii_alphanumeric() || b"./$=,+\\".contains(byte),
        Made::Path => byte.is_ascii_alphanumeric() || b"/_-=.%+@".contains(byte),
    };
    let length = rest.iter().take(LONGEST).take_while(belongs).count();
    let end = from + length;
    work::add(length);
    if length == rest.len() && length < LONGEST && !text.last {
        return Found::Open(at);
    }
    let tail = &rest[..length];
    let has = |byte| memchr::memchr(byte, tail).is_some();
    let whole = match made {
        Made::Letters | Made::Dashed => tail.iter().any(u8::is_ascii_digit),
        Made::Capitals => *word == "AGE-SECRET-KEY-1" || length == *least,
        Made::Dotted => has(b'.') && !tail.ends_with(b"."),
        Made::Crypt => has(b'$') || word.starts_with("$2"),
        Made::Path => true,
    };
    if length < *least || !whole {
        return Found::nothing(end);
    }
    Found::one(if *made == Made::Path { from } else { at }, end)
}
