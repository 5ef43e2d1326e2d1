//! Text as it is typed into a guest: keys without a character have names in angle brackets.

/// Names of keys, and the character `PutUsbScanCodes` is given for each.
const NAMED: [(&str, char); 7] = [
    ("enter", '\n'),
    ("return", '\n'),
    ("esc", '\u{1b}'),
    ("tab", '\t'),
    ("bs", '\u{8}'),
    ("spacebar", ' '),
    ("lt", '<'),
];
/// Most keys typed at once.
const MOST: usize = 1_000;

/// The keys of a text, e.g. `root<enter>`.
///
/// # Errors
/// One line: an unknown name, or a character that a US keyboard has no key for.
pub fn keys(text: &str) -> Result<String, String> {
    let mut keys = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|inner| inner.split_once('>'));
        let named = named.filter(|(name, _)| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()));
        if let Some((name, after)) = named {
            let known = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            let (_, key) = known.ok_or_else(|| format!("no key <{name}>: <enter> <esc> <tab> <bs>, and <lt> for <"))?;
            keys.push(*key);
            rest = after;
        } else if next.is_ascii_graphic() || next == ' ' {
            keys.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            return Err(format!("a US keyboard has no key for {next:?}"));
        }
    }
    match keys.chars().count() {
        0 => Err("type the keys first, e.g. root<enter>".into()),
        count if count > MOST => Err(format!("{count} keys are too many at once; {MOST} at most")),
        _ => Ok(keys),
    }
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn names_are_keys_and_the_rest_is_as_it_stands() {
        assert_eq!(keys("root<enter>").unwrap(), "root\n");
        assert_eq!(keys("a < b<lt>c<ESC>").unwrap(), "a < b<c\u{1b}");
        assert_eq!(keys("if 1 < 2").unwrap(), "if 1 < 2");
    }

    #[test]
    fn what_cannot_be_typed_is_said_before() {
        assert_eq!(keys("<f13>").unwrap_err(), "no key <f13>: <enter> <esc> <tab> <bs>, and <lt> for <");
        assert_eq!(keys("é").unwrap_err(), "a US keyboard has no key for 'é'");
        assert!(keys("").is_err() && keys(&"x".repeat(2_000)).is_err());
        assert!(keys("\u{1b}").is_err(), "an escape that came by pasting is not typed");
    }
}
