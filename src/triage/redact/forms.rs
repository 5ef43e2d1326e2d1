//! The forms a secret takes on its way through packer, shells, ansible and the APIs.
//!
//! Text forms keep most letters: quoting of JSON, XML, shells, PowerShell, Python and URLs, also one inside the other (the
//! debug log holds JSON in JSON, and commands quoted twice). Binary forms do not: base64 at any alignment, of UTF-8 and of
//! UTF-16 (PowerShell's `-EncodedCommand`), and hexadecimal.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Longer values are keys, not words somebody quotes twice: one layer of quoting is enough for them.
const LONG: usize = 128;
/// A fragment of base64 must have this many characters to mean anything.
const SHORTEST_BASE64: usize = 5;
/// Changed spellings (case, order) are looked for only in values that cannot be words of ordinary text.
const UNUSUAL: usize = 8;

/// How a form is told apart from what surrounds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// letters of the secret, some of them escaped; packer may mask a part of it
    Text,
    /// encoded as a whole; the characters around belong to the same code
    Base64,
    /// encoded as a whole, with an end of its own
    Other,
}

/// Every form of one value, without doubles.
pub fn forms(value: &str) -> BTreeSet<(Vec<u8>, Kind)> {
    let texts = texts(value);
    let mut forms: BTreeSet<(Vec<u8>, Kind)> = BTreeSet::new();
    for text in &texts {
        forms.insert((text.clone().into_bytes(), Kind::Text));
    }
    for other in others(value) {
        forms.insert((other, Kind::Other));
    }
    let inside = [value.to_owned(), json(value), single_doubled(value), xml_named(value), sh_reopened(value)];
    for text in BTreeSet::from(inside) {
        for encoded in base64_inside(text.as_bytes()).into_iter().chain(base64_inside(&utf16(&text))) {
            let url_safe = encoded.replace('+', "-").replace('/', "_");
            let escaped = encoded.replace('+', "%2B").replace('/', "%2F");
            let slashed = encoded.replace('/', "\\/");
            forms.extend([encoded, url_safe, escaped, slashed].map(|code| (code.into_bytes(), Kind::Base64)));
        }
    }
    forms
}

/// The text forms: each way of quoting, and the ways of quoting that again.
pub fn texts(value: &str) -> BTreeSet<String> {
    type Quote = fn(&str) -> String;
    const INNER: &[Quote] = &[
        json,
        json_html,
        json_ascii,
        xml_named,
        xml_numbered,
        xml_least,
        sh_reopened,
        sh_quoted,
        sh_escaped,
        single_doubled,
        double_doubled,
        backticks,
        python,
        carets,
        url_strict,
        url_userinfo,
        double_escaped,
    ];
    const OUTER: &[Quote] = &[
        json,
        json_html,
        xml_named,
        xml_numbered,
        sh_reopened,
        sh_quoted,
        single_doubled,
        double_escaped,
        url_strict,
        python,
    ];
    let mut texts = BTreeSet::from([value.to_owned()]);
    texts.extend(INNER.iter().map(|quote| quote(value)));
    if value.len() < LONG {
        let once: Vec<String> = texts.iter().cloned().collect();
        texts.extend(once.iter().flat_map(|text| OUTER.iter().map(|quote| quote(text))));
        texts.insert(json(&json(&json(value))));
    }
    if value.len() >= UNUSUAL && !value.contains(char::is_whitespace) {
        texts.extend([value.to_uppercase(), value.to_lowercase()]);
    }
    texts
}

/// Forms that somebody might type into an installer's prompt.
pub fn typed(value: &str) -> BTreeSet<String> {
    let quotes = [json, sh_reopened, sh_quoted, single_doubled, double_escaped, xml_named, url_strict];
    quotes.iter().map(|quote| quote(value)).chain([value.to_owned()]).collect()
}

fn others(value: &str) -> Vec<Vec<u8>> {
    let wide = utf16(value);
    let mut forms = vec![hex(value.as_bytes()), hex(&wide), upper_hex(value.as_bytes()), upper_hex(&wide)];
    let escaped = |byte: &u8| format!("\\x{byte:02x}");
    forms.push(value.bytes().map(|byte| escaped(&byte)).collect());
    if value.len() < LONG {
        for (open, between) in [("\"", ", "), ("\"", ","), ("'", ", ")] {
            let listed: Vec<String> = value.chars().map(|c| format!("{open}{}{open}", json(&c.to_string()))).collect();
            forms.push(listed.join(between));
        }
    }
    let mut forms: Vec<Vec<u8>> = forms.into_iter().map(String::into_bytes).collect();
    if value.len() >= UNUSUAL {
        forms.push(value.chars().rev().collect::<String>().into_bytes());
    }
    forms.push(wide);
    forms
}

/// What base64 of a text that contains `bytes` must contain, for each of the three ways they can lie in it.
fn base64_inside(bytes: &[u8]) -> Vec<String> {
    let aligned = (0..3).map(|before| {
        let mut padded = vec![0; before];
        padded.extend_from_slice(bytes);
        let code = STANDARD_NO_PAD.encode(&padded);
        // Characters that also carry bits of what stands before or behind are not known.
        let first = (before * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        code[first..last].to_owned()
    });
    aligned.filter(|code| code.len() >= SHORTEST_BASE64).collect()
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn upper_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Replaces single characters; the others stay.
fn each(text: &str, with: impl Fn(char) -> Option<String>) -> String {
    text.chars().map(|c| with(c).unwrap_or_else(|| c.to_string())).collect()
}

fn json(text: &str) -> String {
    each(text, |c| match c {
        '"' | '\\' => Some(format!("\\{c}")),
        '\n' => Some("\\n".into()),
        '\r' => Some("\\r".into()),
        '\t' => Some("\\t".into()),
        c if (c as u32) < 0x20 => Some(format!("\\u{:04x}", c as u32)),
        _ => None,
    })
}

/// Go escapes what HTML would mind, too.
fn json_html(text: &str) -> String {
    each(&json(text), |c| matches!(c, '<' | '>' | '&').then(|| format!("\\u{:04x}", c as u32)))
}

/// Python and PowerShell keep to ASCII; .NET escapes quotes as numbers.
fn json_ascii(text: &str) -> String {
    each(text, |c| match c {
        '\\' => Some("\\\\".into()),
        '\n' => Some("\\n".into()),
        '"' | '\'' | '<' | '>' | '&' | '+' => Some(format!("\\u{:04X}", c as u32)),
        c if !c.is_ascii() => {
            let mut units = [0; 2];
            Some(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect())
        }
        _ => None,
    })
}

fn xml_named(text: &str) -> String {
    each(text, |c| match c {
        '&' => Some("&amp;".into()),
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '"' => Some("&quot;".into()),
        '\'' => Some("&apos;".into()),
        _ => None,
    })
}

/// Go's spelling of quotes.
fn xml_numbered(text: &str) -> String {
    each(text, |c| match c {
        '&' => Some("&amp;".into()),
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '"' => Some("&#34;".into()),
        '\'' => Some("&#39;".into()),
        '\n' => Some("&#xA;".into()),
        _ => None,
    })
}

/// Text nodes need no more than this.
fn xml_least(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn sh_reopened(text: &str) -> String {
    text.replace('\'', "'\\''")
}

fn sh_quoted(text: &str) -> String {
    text.replace('\'', "'\"'\"'")
}

/// `printf %q`: a backslash before everything unusual.
fn sh_escaped(text: &str) -> String {
    each(text, |c| (c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_./,:@%+".contains(c)).then(|| format!("\\{c}")))
}

/// Inside double quotes of a shell.
fn double_escaped(text: &str) -> String {
    each(text, |c| matches!(c, '"' | '\\' | '$' | '`' | '!').then(|| format!("\\{c}")))
}

fn single_doubled(text: &str) -> String {
    text.replace('\'', "''")
}

fn double_doubled(text: &str) -> String {
    text.replace('"', "\"\"")
}

fn backticks(text: &str) -> String {
    each(text, |c| {
        matches!(c, '"' | '\'' | '$' | '`' | '&' | '<' | '>' | '|' | ';' | '#' | '(' | ')').then(|| format!("`{c}"))
    })
}

/// Python's `repr` within single quotes.
fn python(text: &str) -> String {
    each(text, |c| match c {
        '\\' | '\'' => Some(format!("\\{c}")),
        '\n' => Some("\\n".into()),
        _ => None,
    })
}

/// cmd.exe
fn carets(text: &str) -> String {
    each(text, |c| match c {
        '^' | '&' | '<' | '>' | '|' | '"' | '(' | ')' => Some(format!("^{c}")),
        '%' => Some("%%".into()),
        _ => None,
    })
}

/// Percent codes for everything but letters, digits, `-_.~` and what the dialect keeps. Other dialects need no form of
/// their own: the search takes percent codes for any byte of a text form.
fn percent(text: &str, keep: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-_.~".contains(c) || keep.contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn url_strict(text: &str) -> String {
    percent(text, "")
}

fn url_userinfo(text: &str) -> String {
    percent(text, "$&+,;=")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "p@ss&<w>'o\"rd";

    fn has(form: &str) -> bool {
        forms(NASTY).iter().any(|(bytes, _)| bytes == form.as_bytes())
    }

    #[test]
    fn the_forms_that_logs_really_held() {
        for form in [
            "p@ss&<w>'o\"rd",
            "p@ss&<w>'o\\\"rd",
            "p@ss\\u0026\\u003cw\\u003e'o\\\"rd",
            "p@ss&<w>'o\\\\\\\"rd",
            "p@ss&amp;&lt;w&gt;&#39;o&#34;rd",
            "p@ss&amp;&lt;w&gt;&apos;o&quot;rd",
            "p@ss&<w>'\\''o\"rd",
            "p@ss&<w>'\"'\"'o\"rd",
            "p@ss&<w>''o\"rd",
            "p%40ss%26%3Cw%3E%27o%22rd",
            "p@ss&<w>\\'o\"rd",
        ] {
            assert!(has(form), "{form}");
        }
        assert!(has(&hex(NASTY.as_bytes())));
    }

    #[test]
    fn base64_is_found_at_every_alignment() {
        let codes = base64_inside(b"Tr1cky-S3cret");
        for before in ["", "a", "ab", "user:"] {
            for after in ["", "x", "yz"] {
                let whole = STANDARD_NO_PAD.encode(format!("{before}Tr1cky-S3cret{after}"));
                assert!(codes.iter().any(|code| whole.contains(code)), "{before}…{after}");
            }
        }
    }

    #[test]
    fn a_plain_word_has_few_forms() {
        assert_eq!(texts("hunter22").into_iter().collect::<Vec<_>>(), ["HUNTER22", "hunter22"]);
    }
}
