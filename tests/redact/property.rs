//! No secret gets through, however it is written and wherever the bytes are cut.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tmpl::text::{Scrubber, Secret};

use crate::oracle::{DEPTH, leak};

/// The scrubbed text, read in pieces of these lengths in turn; all at once when there are none.
pub fn scrub(scrubber: &Scrubber, bytes: &[u8], cuts: &[usize]) -> Vec<u8> {
    let (mut out, mut stream, mut rest) = (Vec::new(), scrubber.stream(), bytes);
    for cut in cuts.iter().cycle() {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        stream.push(piece, &mut out);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    stream.push(rest, &mut out);
    stream.finish(&mut out);
    out
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ascii_json(text: &str) -> String {
    let escaped = serde_json::to_string(text).unwrap();
    let mut out = String::new();
    for c in escaped.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

/// As Go prints it.
fn go_json(text: &str) -> String {
    let escaped = serde_json::to_string(text).unwrap();
    escaped.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn go_xml(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    escaped.replace('"', "&#34;").replace('\'', "&#39;")
}

fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn powershell(text: &str) -> String {
    let special = |c: char| "\"$`".contains(c);
    let escaped: String = text.chars().flat_map(|c| special(c).then_some('`').into_iter().chain([c])).collect();
    format!("\"{escaped}\"")
}

fn typed(text: &str) -> String {
    let line =
        |c: char| format!("2026/11/23 04:34:14 plugin: 2026/11/23 04:34:14 Sending char '{c}', code X, shift false\n");
    let noise = "2026/11/23 04:34:14 plugin: 2026/11/23 04:34:14 polling\n";
    text.chars().map(|c| line(c) + noise).collect()
}

fn percent_all(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn url(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn userinfo(text: &str) -> String {
    let mut url = url::Url::parse("https://host/sdk").unwrap();
    url.set_username("svc").unwrap();
    url.set_password(Some(text)).unwrap();
    url.to_string()
}

pub type Form = (&'static str, fn(&str) -> Vec<u8>);

/// Every way a value is written, made by other code than the scrubber's wherever there is some.
pub const FORMS: &[Form] = &[
    ("raw", |v| v.into()),
    ("raw, coloured", |v| format!("\u{1b}[1;32m==> a.b: {v}\u{1b}[0m").into()),
    ("colours between", |v| {
        let letters = v
            .char_indices()
            .map(|(at, c)| if at % 5 == 2 { format!("\u{1b}[1;31m{c}\u{1b}[0m") } else { c.to_string() });
        letters.collect::<String>().into()
    }),
    ("raw, behind progress", |v| format!("10%\r 20%\r{v}\r 30%\r").into()),
    ("JSON", |v| serde_json::to_string(v).unwrap().into()),
    ("JSON by Go", |v| go_json(v).into()),
    ("JSON by Python", |v| ascii_json(v).into()),
    ("JSON in JSON", |v| serde_json::to_string(&serde_json::to_string(v).unwrap()).unwrap().into()),
    ("JSON by Go in JSON by Go", |v| go_json(&go_json(v)).into()),
    ("XML", |v| quick_xml::escape::escape(v).into_owned().into()),
    ("XML, least", |v| quick_xml::escape::partial_escape(v).into_owned().into()),
    ("XML by Go", |v| go_xml(v).into()),
    ("XML in JSON", |v| serde_json::to_string(&go_xml(v)).unwrap().into()),
    ("JSON in XML", |v| quick_xml::escape::escape(serde_json::to_string(v).unwrap()).into_owned().into()),
    ("shell", |v| shell(v).into()),
    ("shell, other quotes", |v| format!("'{}'", v.replace('\'', "'\"'\"'")).into()),
    ("shell in shell", |v| shell(&shell(v)).into()),
    ("shell in JSON", |v| serde_json::to_string(&shell(v)).unwrap().into()),
    ("PowerShell, single", |v| format!("'{}'", v.replace('\'', "''")).into()),
    ("PowerShell, double", |v| powershell(v).into()),
    ("PowerShell in JSON", |v| serde_json::to_string(&powershell(v)).unwrap().into()),
    ("form", |v| url(v).into()),
    ("URL", |v| userinfo(v).into()),
    ("URL, every byte", |v| percent_all(v).into()),
    ("URL twice", |v| url(&url(v)).into()),
    ("base64", |v| STANDARD.encode(v).into()),
    ("base64 behind 1", |v| STANDARD.encode(format!(":{v}")).into()),
    ("base64 behind 2", |v| STANDARD.encode(format!("u:{v}@")).into()),
    ("base64 behind 3", |v| STANDARD_NO_PAD.encode(format!("us:{v}@h")).into()),
    ("base64 for URLs", |v| URL_SAFE.encode(format!("user:{v}")).into()),
    ("base64 in JSON by PHP", |v| STANDARD.encode(format!("user:{v}")).replace('/', "\\/").into()),
    ("base64 in a form", |v| url(&STANDARD.encode(format!("user:{v}"))).into()),
    ("base64 of JSON", |v| STANDARD.encode(serde_json::to_string(v).unwrap()).into()),
    ("encoded command", |v| STANDARD.encode(utf16(v)).into()),
    ("encoded command, quoted", |v| STANDARD.encode(utf16(&format!("$p='{}';", v.replace('\'', "''")))).into()),
    ("encoded command, odd", |v| STANDARD.encode(utf16(&format!("ab{v}"))).into()),
    ("UTF-16", utf16),
    ("hex", |v| hex(v.as_bytes()).into()),
    ("HEX", |v| hex(v.as_bytes()).to_uppercase().into()),
    ("hex of UTF-16", |v| hex(&utf16(v)).into()),
    ("typed", |v| format!("\n{}", typed(v)).into()),
    ("masked", |v| {
        let letters: Vec<char> = v.chars().collect();
        let (a, b) = (letters.len() / 2, letters.len() - 1);
        format!("{}<sensitive>{}", String::from_iter(&letters[..a]), String::from_iter(&letters[b..])).into()
    }),
    ("masked in JSON", |v| {
        let letters: Vec<char> = v.chars().collect();
        let half = letters.len() / 3;
        let masked =
            format!("{}<sensitive>{}", String::from_iter(&letters[..half]), String::from_iter(&letters[half + 1..]));
        serde_json::to_string(&masked).unwrap().into()
    }),
    ("with CRLF", |v| v.replace('\n', "\r\n").into()),
    ("line by line", |v| v.lines().map(|line| format!("    vsphere-iso.x: {line}\n")).collect::<String>().into()),
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[!-~]{8,20}",
        2 => "[A-Za-z0-9]{8,20}",
        1 => "[!-~]{3}[ -~]{4,16}[!-~]{3}",
        1 => "[\"'\\\\$`&<>%+/= ]{2}[!-~]{6,9}[\"'\\\\$`&<>%+/=]{2}",
        1 => "[a-zäöüé§€😀]{8,16}",
        1 => "[!-~]{200,300}",
    ]
}

fn key() -> impl Strategy<Value = String> {
    ("[A-Z]{3}", prop::collection::vec("[A-Za-z0-9+/]{64}", 2..5), "[A-Za-z0-9+/]{18,60}==").prop_map(
        |(kind, lines, last)| {
            format!("-----BEGIN {kind} KEY-----\n{}\n{last}\n-----END {kind} KEY-----\n", lines.join("\n"))
        },
    )
}

/// Words of a log that hold no secret, and can be told apart.
fn filler(n: usize) -> String {
    ["2026/11/23 04:34:14 ui: ==> a.b: step ", "plugin: \"x\": ", "<sensitive>-plugin ", "100% done %20 ", "'", ""]
        [n % 6]
        .to_owned()
}

pub fn document(values: &[String], forms: &[Form]) -> Vec<u8> {
    let mut text = Vec::new();
    for (at, (value, (_, form))) in
        values.iter().flat_map(|value| forms.iter().map(move |form| (value, form))).enumerate()
    {
        text.extend(format!("line-{at}: {}", filler(at)).into_bytes());
        text.extend(form(value.trim_end()));
        text.extend(format!(" end-{at}\n").into_bytes());
    }
    text
}

fn check(values: &[String], forms: &[Form], cuts: &[usize]) -> Result<(), TestCaseError> {
    let names: Vec<String> = (0..values.len()).map(|at| format!("N{at}")).collect();
    let it = Scrubber::new(names.iter().zip(values).map(|(name, value)| Secret::new(name, value)));
    let text = document(values, forms);
    let whole = scrub(&it, &text, &[]);
    let pieces = scrub(&it, &text, cuts);
    prop_assert_eq!(String::from_utf8_lossy(&whole), String::from_utf8_lossy(&pieces), "cut {:?}", cuts);
    let breaks = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    prop_assert_eq!(breaks(&text), breaks(&whole));
    for value in values {
        for part in std::iter::once(value.trim())
            .chain(value.lines().filter(|line| line.len() > 16 && !line.starts_with("-----")))
        {
            let found = leak(&whole, &names, part, DEPTH);
            prop_assert!(
                found.is_none(),
                "{}: {}\n{}",
                part,
                found.unwrap_or_default(),
                String::from_utf8_lossy(&whole)
            );
        }
    }
    let shown = String::from_utf8_lossy(&whole);
    for at in 0..values.len() * forms.len() {
        prop_assert!(
            shown.contains(&format!("line-{at}: ")) && shown.contains(&format!(" end-{at}\n")),
            "{at} lost in {shown}"
        );
    }
    Ok(())
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(std::env::var("TMPL_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(32)))]

    #[test]
    fn words_in_every_form(
        values in prop::collection::vec(word(), 1..3),
        forms in subsequence(FORMS.to_vec(), 1..8),
        cuts in prop::collection::vec(1_usize..60, 1..6),
    ) {
        check(&values, &forms, &cuts)?;
    }

    #[test]
    fn keys_of_many_lines(value in key(), forms in subsequence(FORMS.to_vec(), 1..8), cuts in prop::collection::vec(1_usize..200, 1..6)) {
        check(&[value], &forms, &cuts)?;
    }

    #[test]
    fn values_within_values(value in "[!-~]{14,24}", start in 0_usize..5, end in 0_usize..5, form in select(FORMS.to_vec()), cut in 1_usize..40) {
        let inner = value[start..value.len() - end].to_owned();
        let values = [inner, value.clone(), format!("{}{value}", &value[4..])];
        check(&values, &[form], &[cut])?;
    }
}

/// Every place where a text can be cut.
#[test]
fn one_cut_anywhere() {
    let values = ["p@ss&<w>'o\"rd é%1".to_owned()];
    let it = Scrubber::new([Secret::new("N0", values[0].clone())]);
    for form in FORMS {
        check(&values, &[*form], &[7]).unwrap_or_else(|error| panic!("{}: {error}", form.0));
        let text = document(&values, &[*form]);
        let whole = scrub(&it, &text, &[]);
        for cut in 1..text.len() {
            assert!(scrub(&it, &text, &[cut, text.len()]) == whole, "{} cut at {cut}", form.0);
        }
    }
}

#[test]
fn colours_around_a_backslash() {
    let colours = FORMS.iter().find(|(name, _)| *name == "colours between").unwrap();
    check(&["!#\\a!!A!".to_owned()], &[*colours], &[1]).unwrap();
}
