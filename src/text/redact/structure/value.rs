//! Values: where they end, and which of them are none.

/// Longer ones are not taken for one value.
const LONGEST: usize = 1024;

/// What programs and people write where no value stands.
const NONE: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "nil",
    "yes",
    "no",
    "undefined",
    "omit",
    "always",
    "on_create",
    "never",
    "password",
    "passwd",
    "secret",
    "token",
    "string",
    "unset",
    "empty",
    "hidden",
    "redacted",
    "masked",
    "sensitive",
    "inherit",
    "not_logging_password",
    "not_logging_parameter",
    "value_specified_in_no_log_parameter",
    "prompt",
    "ask",
    "optional",
    "required",
    "disabled",
    "enabled",
    "default",
    "bytes",
    "str",
    "file",
    "env",
    "basic",
    "ssh",
    "publickey",
];
/// How references to a value begin, and what stands where one was.
const REFERENCES: &[&str] = &[
    "${",
    "{{",
    "$(",
    "$env:",
    "$(",
    "<sensitive",
    "<redacted",
    "<hidden",
    "<masked",
    "<no",
    "<null",
    "<nil",
    "[redacted",
    "(sensitive",
    "(known",
    "var.",
    "local.",
    "data.",
    "each.",
    "module.",
    "self.",
    "vault(",
    "lookup(",
    "env.",
    "%s",
    "%v",
    "%q",
    "os.environ",
    "secrets.",
    "process.env",
    "@{",
    "#{",
];

/// A value: its first byte and the one behind the last, and where the search goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// first byte
    pub start: usize,
    /// byte behind the last
    pub end: usize,
    /// it stands in quotes
    pub quoted: bool,
}

/// The value at `at` in its line (which begins somewhere before and ends with `line`): in quotes, which may be escaped
/// themselves, or up to white space.
pub fn at(line: &[u8], at: usize) -> Option<Value> {
    let slashes = line[at.min(line.len())..].iter().take_while(|byte| **byte == b'\\').count();
    let quote = line.get(at + slashes).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    if let Some(quote) = quote {
        let start = at + slashes + 1;
        if let Some(end) = closing(line, start, quote, slashes) {
            return Some(Value { start, end, quoted: true });
        }
    }
    bare(line, at)
}

/// Where a quoted text ends: at the same quote behind as many backslashes; behind more it is a quote of the text.
fn closing(line: &[u8], start: usize, quote: u8, slashes: usize) -> Option<usize> {
    let near = &line[start..line.len().min(start + LONGEST)];
    memchr::memchr_iter(quote, near).find_map(|at| {
        let before = near[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
        // In shells a single quote that is followed by `\''` or `"'"'` goes on.
        let goes_on = quote == b'\'' && [b"\\''".as_slice(), b"\"'\"'"].iter().any(|it| near[at + 1..].starts_with(it));
        (before == slashes && !goes_on).then_some(start + at - slashes)
    })
}

fn bare(line: &[u8], start: usize) -> Option<Value> {
    let near = &line[start.min(line.len())..line.len().min(start + LONGEST)];
    let ends = |at: &usize| match near[*at] {
        byte if byte.is_ascii_whitespace() => true,
        b'"' | b'\'' | b'<' | b'>' | b')' | b'}' | b']' | b'|' | b'\\' | b'`' => true,
        // Of a list, or of a URL's query.
        b',' | b';' | b'&' => {
            near.get(at + 1).is_none_or(|next| b" \t\"'}])\\".contains(next)) || assigned(&near[at + 1..])
        }
        _ => false,
    };
    let length = (0..near.len()).find(ends).unwrap_or(near.len());
    Some(Value { start, end: start + length, quoted: false }).filter(|_| length > 0)
}

/// Whether `name=` stands here.
fn assigned(bytes: &[u8]) -> bool {
    const NAME: usize = 40;
    let name = bytes.iter().take(NAME).take_while(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)).count();
    name > 0 && bytes.get(name) == Some(&b'=')
}

/// Whether what stands in the place of a value is one, and not a reference, a word for none, or a mask.
pub fn counts(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value);
    let text = text.trim_matches(|c: char| c.is_whitespace() || "\"'\\".contains(c));
    let small = text.to_ascii_lowercase();
    let same = |c: char| text.chars().all(|other| other == c);
    let variable = text.strip_prefix('$').is_some_and(|name| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || "_:.".contains(c))
            && !name.starts_with(|c: char| c.is_ascii_digit())
    });
    // %VARIABLE% of Windows
    let of_cmd =
        text.len() > 2 && text.starts_with('%') && text.ends_with('%') && !text[1..text.len() - 1].contains('%');
    text.len() > 2
        && !variable
        && !of_cmd
        && !"*•.-#xX?=_".chars().any(same)
        && !NONE.contains(&small.as_str())
        && !REFERENCES.iter().any(|begin| small.starts_with(begin))
        && !small.contains("[redacted:")
        && !small.contains("<sensitive>")
}

/// Whether a word is no ordinary one: it has a digit, a sign or a capital where words have none.
pub fn is_unusual(value: &[u8]) -> bool {
    let text = value.strip_suffix(b".").unwrap_or(value);
    let inner = text.get(1..).unwrap_or_default();
    let capital = inner.iter().any(u8::is_ascii_uppercase) && text.iter().any(u8::is_ascii_lowercase);
    let sign = text.iter().any(|byte| b"!@#$%^&*+=?~".contains(byte));
    text.len() > 5 && (capital || sign || text.iter().any(u8::is_ascii_digit))
}
