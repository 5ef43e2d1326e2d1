use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

fn scrubber(values: &[(&str, &str)]) -> Scrubber {
    Scrubber::new(values.iter().map(|(name, value)| Secret::new(*name, *value)))
}

fn streamed(scrubber: &Scrubber, bytes: &[u8], cuts: &[usize]) -> String {
    let mut out = Vec::new();
    let mut stream = scrubber.stream();
    let mut rest = bytes;
    for cut in cuts.iter().cycle().take(bytes.len() * usize::from(!cuts.is_empty())) {
        let (piece, after) = rest.split_at((*cut).clamp(1, rest.len().max(1)).min(rest.len()));
        stream.push(piece, &mut out);
        rest = after;
    }
    stream.push(rest, &mut out);
    stream.finish(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn values_vanish_under_their_names() {
    let it = scrubber(&[("PKR_VAR_build_password", "p@ss&<w>'o\"rd")]);
    assert_eq!(it.text("echo 'p@ss&<w>'\\''o\"rd' | sudo"), "echo '[REDACTED:PKR_VAR_build_password]' | sudo");
    assert_eq!(it.text("nothing here"), Cow::Borrowed("nothing here"));
    assert!(!format!("{it:?}").contains("p@ss"));
}

#[test]
fn short_values_are_refused_by_name() {
    let it = scrubber(&[("PIN", "123"), ("PIN", "12"), ("EMPTY", ""), ("OK", "1234")]);
    assert_eq!(it.refused(), ["PIN"]);
    assert_eq!(it.text("123 1234"), "123 [REDACTED:OK]");
    // Quoting adds and drops signs, so that they are no letters to look for.
    assert_eq!(scrubber(&[("SIGNS", "^\\\\0a!")]).refused(), ["SIGNS"]);
}

#[test]
fn overlapping_secrets_leave_no_tail() {
    let it = scrubber(&[("A", "hunter2"), ("B", "hunter2-longer"), ("C", "longer-still")]);
    assert_eq!(it.text("hunter2-longer-still!"), "[REDACTED:B]!");
    assert_eq!(it.text("hunter2!"), "[REDACTED:A]!");
}

#[test]
fn half_masked_secrets_vanish() {
    let it = scrubber(&[("P", "Tr1cky-packer-S3cret!"), ("H", "hunterpacker2")]);
    for (text, clean) in [
        ("pw Tr1cky-<sensitive>-S3cret! end", "pw [REDACTED:P] end"),
        ("url Tr1cky-<sensitive>-S3cret%21@", "url [REDACTED:P]@"),
        ("hunter<sensitive>2", "[REDACTED:H]"),
        ("\\x68\\x75nter<sensitive>", "[REDACTED:H]"),
        ("&#104;unter<sensitive>2", "[REDACTED:H]"),
        ("h\\u0075nter<sensitive>&#50;", "[REDACTED:H]"),
        ("\\x68\\x75\\x6e\\x74\\x65\\x72<sensitive>\\x32", "[REDACTED:H]"),
        ("hu&#x6e;&#x74;erpacker2", "[REDACTED:H]"),
        ("/tmp/<sensitive>123.iso <sensitive>-plugin", "/tmp/<sensitive>123.iso <sensitive>-plugin"),
    ] {
        assert_eq!(it.text(text), clean);
        for cut in 1..text.len() {
            assert_eq!(streamed(&it, text.as_bytes(), &[cut]), clean, "cut at {cut}");
        }
    }
}

#[test]
fn a_public_key_with_a_masked_comment_vanishes() {
    let it = scrubber(&[("K", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxoXuAqg7 packer@lab.internal")]);
    let text = "key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxoXuAqg7 <sensitive>@lab.internal.";
    assert_eq!(it.text(text), "key [REDACTED:K].");
}

#[test]
fn typed_secrets_vanish_line_by_line() {
    let it = scrubber(&[("P", "hunter2")]);
    let mut text = String::from("start\n");
    for c in "a=hunter2".chars() {
        text.push_str(&format!("2026/11/23 04:34:14 x plugin: Sending char '{c}', code Code, shift false\nnoise\n"));
    }
    for cuts in [&[][..], &[1], &[7], &[100, 3]] {
        let clean = streamed(&it, text.as_bytes(), cuts);
        assert_eq!(clean.lines().count(), text.lines().count());
        assert_eq!(clean.matches("Sending char [REDACTED:P]").count(), 7, "{clean}");
        assert!(
            clean.contains("Sending char 'a'")
                && clean.contains("Sending char '='")
                && !clean.contains('2'.to_string().as_str().repeat(2).as_str())
        );
        assert!(clean.starts_with("start\n") && clean.ends_with("noise\n"));
    }
}

#[test]
fn keys_of_several_lines_keep_the_number_of_lines() {
    let key = "-----BEGIN KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE\nQyNTUxOQAAACA8aF7gKoO/ucrMFfK4SHwQ\n-----END KEY-----";
    let it = scrubber(&[("K", key)]);
    let text = format!("before\n{key}\nafter\n");
    let clean = it.text(&text);
    assert_eq!(clean, "before\n[REDACTED:K]\n\n\n\nafter\n");
    assert_eq!(it.text("x QyNTUxOQAAACA8aF7gKoO/ucrMFfK4SHwQ y"), "x [REDACTED:K] y");
}

#[test]
fn credentials_in_headers_vanish() {
    let it = scrubber(&[]);
    let text = "> Authorization: Basic dXNlcjpwYXNz\n> Accept: */*\n";
    for cuts in [&[][..], &[1], &[5, 2]] {
        let clean = streamed(&it, text.as_bytes(), cuts);
        assert_eq!(clean, "> Authorization: Basic [REDACTED:AUTHORIZATION]\n> Accept: */*\n");
    }
}

#[test]
fn a_header_within_a_value_takes_nothing_of_it_away() {
    let it = scrubber(&[]);
    let text = "Authorization: BearAuthorization: Bearar x";
    for size in 1..text.len() {
        let (mut stream, mut out) = (it.stream(), Vec::new());
        text.as_bytes().chunks(size).for_each(|chunk| stream.push(chunk, &mut out));
        stream.finish(&mut out);
        let clean = String::from_utf8(out).unwrap();
        assert_eq!(clean, "Authorization: [REDACTED:AUTHORIZATION] Bearar x", "in pieces of {size}");
    }
}

#[test]
fn percent_codes_are_taken_in_every_dialect_and_at_every_cut() {
    let it = scrubber(&[("A", "a*A'!a"), ("B", "0:\"'a!*A!aA[%aa0!'(#")]);
    for (text, clean) in [
        ("=a*A%27%21a;", "=[REDACTED:A];"),
        ("=a%2aA%27!a;", "=[REDACTED:A];"),
        ("=0%3A%22%27a%21*A%21aA%5B%25aa0%21%27%28%23;", "=[REDACTED:B];"),
        ("=0:\"'a!*A!aA[%aa0!'(#;", "=[REDACTED:B];"),
    ] {
        for cut in 1..=text.len() {
            assert_eq!(streamed(&it, text.as_bytes(), &[cut]), clean, "cut at {cut}");
        }
    }
}

#[test]
fn a_stream_goes_on_at_once() {
    let it = scrubber(&[("P", "hunter2")]);
    let mut out = Vec::new();
    let mut stream = it.stream();
    stream.push(b"[c] Clean up and exit, [a] abort? ", &mut out);
    assert_eq!(out, b"[c] Clean up and exit, [a] abort? ");
    stream.push(b"hunt", &mut out);
    assert_eq!(out.len(), 34);
    stream.push(b"ing\n", &mut out);
    assert!(out.ends_with(b"hunting\n"));
}

/// Everything that is made of one value, and that must not be found in what comes out.
fn encodings(value: &str) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let xml = value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;");
    let texts = [
        value.to_owned(),
        json(value),
        json(&json(value)),
        xml,
        format!("'{}'", value.replace('\'', "'\\''")),
        format!("'{}'", value.replace('\'', "'\"'\"'")),
        value.replace('\'', "''"),
        url,
        base64(value.as_bytes()),
        base64(format!("user:{value}").as_bytes()),
        base64(format!("{value}:x").as_bytes()),
        base64(&wide),
        value.bytes().map(|byte| format!("{byte:02x}")).collect(),
        format!("{:?}", value.as_bytes()),
        format!("{:?}", value.as_bytes()).replace(',', ""),
        value.bytes().map(|byte| format!("0x{byte:02x}, ")).collect::<String>().trim_end_matches(", ").to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).collect()
}

/// A value that looks like a code itself, or has commas beside its signs, is read in another way where a dialect writes the
/// letters beside them as codes.
#[rstest::rstest]
#[case("&amp;xyz%5C`")]
#[case("%27,>>>")]
#[case("%5C&amp;%0:")]
#[case("`n`};tuv")]
#[case("^`nt{%\\u00")]
#[case("%5Cx\\nxr0")]
#[case(",%27\\x>Ut")]
#[case("%27'U;r{")]
#[case(",%5C{\\u00")]
#[case("t^,&amp;>")]
fn a_value_that_looks_like_a_code_is_found(#[case] value: &str) {
    let it = scrubber(&[("N", value)]);
    assert_eq!(it.refused(), &[] as &[String]);
    for form in encodings(value) {
        let form = String::from_utf8_lossy(&form).into_owned();
        for cuts in [&[][..], &[1], &[2, 3]] {
            let out = streamed(&it, format!(" {form}\n").as_bytes(), cuts);
            assert!(!out.contains(&form), "{form} in {out}");
        }
    }
}

/// Fewer than four letters are left of it where its codes are read.
#[test]
fn a_value_that_is_hardly_more_than_a_code_is_refused() {
    assert_eq!(scrubber(&[("N", "%5C>`^")]).refused(), ["N"]);
}

/// A run that began with another form of the secret ends late: what begins where it ends was passed already.
#[test]
fn what_begins_where_a_run_ends_is_found_at_every_cut() {
    let it = scrubber(&[("N", "^-0^'AAa0A00Aa0A0a\\")]);
    for size in 1..30 {
        let out = streamed(&it, b"%5E-0%5E%27AAa0A00Aa0A0a%5C x", &[size]);
        assert_eq!(out, "%5E[REDACTED:N]%5C x", "in pieces of {size}");
    }
}

static TRICKY: LazyLock<Scrubber> = LazyLock::new(|| {
    scrubber(&[("P", "hunter2-is-no-password"), ("Q", "Tr1cky-packer-S3cret!"), ("R", "da39a3ee5e6b4b0d")])
});

fn passed_over() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "hunter2-is-no-password",
        "hunter2-is",
        "drow",
        "d",
        "h",
        "T",
        "S",
        "t",
        "aHVud",
        "6875",
        "Tr1cky-",
        "-S3cret!",
        "Tr1cky-<sensitive>-S3cret!",
        "<sensi",
        "<sensitive>",
        "Authorization: ",
        "Authorization: Bea",
        "rer x",
        "X-Auth-Token: 0123456789abcdef",
        "Bearer abc",
        "password=",
        "password: \"",
        "x=hunter3",
        "\"",
        "ghp_",
        "0123456789abcdefghijABCDEFGHIJ012345",
        "[REDACTED:P]",
        "[REDACTED:",
        "\\u00",
        "&#",
        "%",
        "%25",
        "\0",
        "\u{9d}",
        " ",
        "\n",
        "da39",
        "d0b4b6e5",
        "x",
        "\\",
        "'",
        ",",
        "+",
        "`",
        "\u{1b}",
        "\u{1b}[",
        "\u{1b}[1m",
        "password=Zx9-qrst ",
        "Zx9-qrst",
        "Zx9",
        "k_token=Qq11Qq11Qq1x ",
        "Qq11",
        "Qq1x",
        "hun`ter2<sensitive>",
        "+hunter2-<sensitive>+",
        "h\0\0unter2-<sensitive>password",
        "Tr<sensitive>r-S3cret!",
        "\\x68\\x75nter<sensitive>",
        "&#104;u",
        "\r\n",
        "echo ",
        " | sudo -S ",
        "https://u:",
        "@h",
    ])
}

/// What stands before a mask belongs to a secret only where a search that gets the text letter by letter still has it.
#[test]
fn what_joins_a_masked_secret_to_the_text_before_it_stays_however_the_bytes_come() {
    for (text, clean) in [
        ("2\u{1b}\0+hun`ter2<sensitive>x", "2\u{1b}\0+[REDACTED:P]x"),
        ("a+hunter2-<sensitive>-password+b", "a+[REDACTED:P]b"),
        ("a+Tr<sensitive>r-S3cret!", "a+[REDACTED:Q]"),
        ("x\u{1b}[1hunter2-<sensitive>password", "x\u{1b}[1[REDACTED:P]"),
    ] {
        for size in 1..=text.len() {
            assert_eq!(streamed(&TRICKY, text.as_bytes(), &[size]), clean, "in pieces of {size}");
        }
    }
}

/// Letters of secrets and what may stand between them, by bytes.
fn bits_of_secrets() -> impl Strategy<Value = Vec<u8>> {
    let secret = prop::sample::select(vec!["hunter2-is-no-password", "Tr1cky-packer-S3cret!", "da39a3ee5e6b4b0d"]);
    let part = (secret, 0_usize..22, 1_usize..12).prop_map(|(secret, from, length)| {
        let from = from.min(secret.len() - 1);
        secret.as_bytes()[from..secret.len().min(from + length)].to_vec()
    });
    let between =
        prop::sample::select(b" +'\"`^\\,\0\x1b[m%&;<>\n\r\t2:=|\x80\xff".to_vec()).prop_map(|byte| vec![byte]);
    prop_oneof![
        3 => part,
        3 => between,
        2 => Just(b"<sensitive>".to_vec()),
        1 => passed_over().prop_map(|piece| piece.as_bytes().to_vec()),
    ]
}

#[test]
fn a_header_that_a_search_for_a_secret_passes_over_is_found() {
    let text = format!("hunter2-is-no-password Authorization: Bea{}rer x", "\u{9d}".repeat(20));
    let clean = "[REDACTED:P] Authorization: [REDACTED:AUTHORIZATION] x";
    for size in 1..text.len() {
        assert_eq!(streamed(&TRICKY, text.as_bytes(), &[size]), clean, "in pieces of {size}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_in_any_form_at_any_cut_gets_through(
        values in prop::collection::vec("[!-~]{6,24}", 1..5),
        filler in prop::collection::vec("[ -~\n]{0,40}", 16),
        cuts in prop::collection::vec(1_usize..90, 1..8),
    ) {
        let names: Vec<String> = (0..values.len()).map(|at| format!("N{at}")).collect();
        let it = Scrubber::new(names.iter().zip(&values).map(|(name, value)| Secret::new(name, value)));
        prop_assume!(it.refused().is_empty());
        let mut text = Vec::new();
        for (value, between) in values.iter().zip(filler.iter().cycle()) {
            for form in encodings(value) {
                text.extend_from_slice(between.as_bytes());
                text.push(b' ');
                text.extend_from_slice(&form);
                text.push(b'\n');
            }
        }
        let whole = streamed(&it, &text, &[]);
        let pieces = streamed(&it, &text, &cuts);
        for value in &values {
            for form in encodings(value) {
                let form = String::from_utf8_lossy(&form).into_owned();
                // A marker is no secret, whatever its letters.
                let bare = |out: &str| names.iter().fold(out.to_owned(), |out, name| out.replace(&format!("[REDACTED:{name}]"), "\u{0}"));
                prop_assert!(!bare(&whole).contains(&form), "{form} in {whole}");
                prop_assert!(!bare(&pieces).contains(&form), "{form} in {pieces}");
            }
        }
    }

    /// What stands at the ends of a value beside signs cannot be told from what stands around it: what is between must go.
    #[test]
    fn no_value_of_signs_and_commas_gets_through(
        value in "[,'\"^+ a-h(]{6,14}",
        cuts in prop::collection::vec(1_usize..9, 1..4),
    ) {
        let it = scrubber(&[("N", &value)]);
        prop_assume!(it.refused().is_empty());
        for form in encodings(&value) {
            let form = String::from_utf8_lossy(&form).into_owned();
            for (before, behind) in [("x ", " x"), ("\"", "\""), ("'", "'"), ("[\"", "\", 1]"), ("=", "\n")] {
                let text = format!("{before}{form}{behind}");
                for cuts in [&[][..], &cuts] {
                    let out = streamed(&it, text.as_bytes(), cuts).replace("[REDACTED:N]", "\0");
                    prop_assert!(!out.contains(&form), "{:?} in {:?}", form, text);
                }
            }
        }
    }

    /// What one search passes over is looked at by the others, however the bytes come: a header, a mask, a structure
    /// beside letters with which a form of a secret may begin.
    #[test]
    fn what_begins_within_the_letters_of_another_is_found_at_every_cut(
        pieces in prop::collection::vec(passed_over(), 1..10),
        cuts in prop::collection::vec(1_usize..12, 1..4),
        leaves in any::<bool>(),
    ) {
        let it = &*TRICKY;
        let it = if leaves { it.for_leaving() } else { it.clone() };
        let text = pieces.concat();
        let whole = streamed(&it, text.as_bytes(), &[]);
        prop_assert_eq!(streamed(&it, text.as_bytes(), &cuts), whole, "{:?} in pieces of {:?}", text, cuts);
    }

    /// The law: what comes out is the same however the bytes are cut.
    #[test]
    fn cuts_make_no_difference(
        pieces in prop::collection::vec(bits_of_secrets(), 1..24),
        cuts in prop::collection::vec(1_usize..12, 1..4),
        leaves in any::<bool>(),
    ) {
        let it = if leaves { TRICKY.for_leaving() } else { TRICKY.clone() };
        let text = pieces.concat();
        let whole = streamed(&it, &text, &[]);
        prop_assert_eq!(streamed(&it, &text, &cuts), whole, "{:?} in pieces of {:?}", String::from_utf8_lossy(&text), cuts);
    }

    #[test]
    fn text_without_secrets_is_untouched(text in "[a-z \n<>'\"=]{0,400}", cuts in prop::collection::vec(1_usize..50, 1..5)) {
        let it = scrubber(&[("P", "Zq9-Zq9-Zq9!")]);
        prop_assert_eq!(streamed(&it, text.as_bytes(), &cuts), text);
    }
}
