//! The type of what may be shown or leave, and the one place that makes it.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use serde::Serialize;
use serde_json::Value;

use super::{Scrubber, clean, json, needs_care};

/// How often a text is looked at again because scrubbing it changed it. Once is usual; only a secret that stands in its
/// own marker (`REDACTED`) never comes to rest.
const ROUNDS: usize = 4;

/// One line without secrets, harmless to a terminal and no command to the runner of a workflow.
///
/// Texts put together may spell what none of them holds: make the whole safe, not its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Safe(String);

impl Safe {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Cuts it to this many bytes or a little less, between two characters.
    pub fn truncate(&mut self, bytes: usize) {
        let end = (0..=bytes.min(self.0.len())).rev().find(|at| self.0.is_char_boundary(*at));
        self.0.truncate(end.unwrap_or(0));
    }

    /// A piece of a line that is made safe as it comes; `begins` when nothing but white space stands before it.
    pub(super) fn piece(scrubbed: &str, begins: bool) -> Self {
        Self(no_command(Cow::Borrowed(scrubbed), begins).into_owned())
    }
}

impl Deref for Safe {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Safe {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Safe {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Safe> for String {
    fn from(text: Safe) -> Self {
        text.0
    }
}

impl PartialEq<str> for Safe {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Safe {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl Scrubber {
    /// A text as one line. A line break in it becomes a visible sign.
    pub fn safe(&self, text: &str) -> Safe {
        self.settled(self.text(text))
    }

    /// A text of several lines as one line, its words separated by single spaces.
    pub fn safe_line(&self, text: &str) -> Safe {
        // Scrubbed with its line breaks first: a key in a file has some.
        let cleaned = clean(&self.text(text).replace(['\n', '\r'], " "));
        self.settled(cleaned.split_whitespace().collect::<Vec<_>>().join(" ").into())
    }

    /// A text of several lines.
    pub fn safe_lines(&self, text: &str) -> Vec<Safe> {
        self.text(text).lines().map(|line| self.settled(line.into())).collect()
    }

    /// A value as JSON on one line. Its texts stay what they are but for secrets; what a terminal would obey stands in them
    /// as codes.
    ///
    /// # Errors
    /// A value that is none in JSON.
    pub fn safe_json(&self, value: &impl Serialize) -> serde_json::Result<Safe> {
        Ok(Safe(json::harmless(&self.without_secrets(value)?.to_string())))
    }

    /// The same on several lines, for people.
    ///
    /// # Errors
    /// A value that is none in JSON.
    pub fn safe_json_pretty(&self, value: &impl Serialize) -> serde_json::Result<Vec<Safe>> {
        let pretty = serde_json::to_string_pretty(&self.without_secrets(value)?)?;
        Ok(json::harmless(&pretty).lines().map(|line| Safe(line.to_owned())).collect())
    }

    fn without_secrets(&self, value: &impl Serialize) -> serde_json::Result<Value> {
        let mut value = serde_json::to_value(value)?;
        self.scrub_value(&mut value);
        Ok(value)
    }

    fn scrub_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let scrubbed = self.text(text);
                // What only shows once it is cleaned is a secret all the same.
                let shown = scrubbed.contains(needs_care).then(|| self.safe(&scrubbed));
                *text = match shown.filter(|shown| **shown != *harmless(&scrubbed)) {
                    Some(shown) => shown.0,
                    None => scrubbed.into_owned(),
                };
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.scrub_value(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.scrub_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Makes a scrubbed line safe: harmless, and scrubbed again, since without colours and the like in between letters
    /// come together; until nothing changes any more.
    pub(super) fn settled(&self, line: Cow<'_, str>) -> Safe {
        let mut line = line;
        for _ in 0..ROUNDS {
            let harmless = harmless(&line);
            let again = match self.text(&harmless) {
                Cow::Owned(scrubbed) if scrubbed != *harmless => scrubbed,
                Cow::Owned(_) | Cow::Borrowed(_) => return Safe(harmless.into_owned()),
            };
            line = Cow::Owned(again);
        }
        Safe(harmless(&line).into_owned())
    }
}

/// A line that nothing obeys.
fn harmless(line: &str) -> Cow<'_, str> {
    no_command(if line.contains(needs_care) { clean(line).into() } else { line.into() }, true)
}

/// A line in which nothing is a command to the runner of a workflow: it takes `##[…]` anywhere and `::` at the begin.
fn no_command(line: Cow<'_, str>, begins: bool) -> Cow<'_, str> {
    let line = if line.contains("##[") { line.replace("##[", "# #[").into() } else { line };
    match line.trim_start().strip_prefix("::") {
        Some(rest) if begins => format!(": :{rest}").into(),
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::text::Secret;

    fn scrubber(values: &[&str]) -> Scrubber {
        Scrubber::new(values.iter().enumerate().map(|(at, value)| Secret::new(format!("S{at}"), *value)))
    }

    #[test]
    fn a_safe_line_is_no_command() {
        let it = Scrubber::default();
        assert_eq!(it.safe("a ###[error]b"), "a ## #[error]b");
        assert_eq!(it.safe("  ::error::x ::y"), ": :error::x ::y");
        assert_eq!(it.safe("#\u{1b}[1m#[error]b"), "# #[error]b", "cleaning puts it together");
        let marked = scrubber(&["hunter2"]);
        assert_eq!(marked.safe("##hunter2"), "# #[REDACTED:S0]");
    }

    #[test]
    fn letters_that_come_together_are_scrubbed() {
        let it = scrubber(&["hunter2-is-long"]);
        assert_eq!(it.safe("a hun\u{1b}]0;x\u{7}ter2-is-long"), "a [REDACTED:S0]");
        assert_eq!(it.safe("a hunt\u{1b}[31mer2-is-long"), "a [REDACTED:S0]");
        let json = it.safe_json(&serde_json::json!(["hun\u{1b}]0;x\u{7}ter2-is-long", "\u{9b}6n\n##[x]"])).unwrap();
        assert_eq!(json, "[\"[REDACTED:S0]\",\"\\u009b6n\\n#\\u0023[x]\"]");
    }

    #[test]
    fn several_lines_are_looked_at_as_a_whole() {
        let it = scrubber(&["first-half second-half"]);
        assert_eq!(it.safe_lines("a\nfirst-half\nsecond-half\n").concat(), "a[REDACTED:S0]");
        assert_eq!(it.safe_line("a\r\n  b\u{1b}[1m \tc\n"), "a b c");
        assert_eq!(it.safe_line("first-half\n\n  second-half"), "[REDACTED:S0]");
    }

    #[test]
    fn a_name_is_shown_harmless() {
        let it = Scrubber::new([Secret::new("PW\u{1b}[2J\u{202e}", "hunter2")]);
        assert_eq!(it.safe("hunter2"), "[REDACTED:PW\u{fffd}]");
    }

    #[test]
    fn a_secret_that_stands_in_its_marker_ends_nothing() {
        let safe = scrubber(&["REDACTED"]).safe("REDACTED\u{9b}6n");
        assert!(!safe.contains(needs_care), "{safe}");
    }

    #[test]
    fn names_of_accounts_stay_in_messages_alone() {
        let secrets =
            || [Secret::account("user", "svc-packer"), Secret::new("PW", "hunter2"), Secret::new("P2", "sir-both")];
        let evidence = Scrubber::new(secrets());
        let messages = evidence.for_messages();
        let text = "svc-packer hunter2 svc-<sensitive> Sending char";
        assert_eq!(evidence.safe(text), "[REDACTED:user] [REDACTED:PW] [REDACTED:user] Sending char");
        assert_eq!(messages.safe(text), "svc-packer [REDACTED:PW] svc-<sensitive> Sending char");
        let both = Scrubber::new(secrets().into_iter().chain([Secret::account("also", "sir-both")])).for_messages();
        assert_eq!(both.safe("sir-both"), "[REDACTED:P2]", "what is a password, too, is one");
    }

    /// What an attacker and a log are made of.
    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("hunter2-is-long"),
            Just("hunter2"),
            Just("-is-"),
            Just("long"),
            Just("Zx9"),
            Just("Zx9!qq"),
            Just("!qq"),
            Just("<sensitive>"),
            Just("\u{1b}[31m"),
            Just("\u{1b}]0;"),
            Just("\u{7}"),
            Just("\u{9b}1m"),
            Just("\u{202e}"),
            Just("\u{200b}"),
            Just("\t"),
            Just("\n"),
            Just("\r"),
            Just("##"),
            Just("#"),
            Just("[error]"),
            Just("::"),
            Just(" "),
            Just("\\"),
            Just("%"),
            Just("Authorization: Bearer "),
            Just("Sending char 'Z', "),
            Just("[REDACTED:S0]"),
        ];
        let piece = prop_oneof![4 => piece.prop_map(str::to_owned), 1 => any::<String>()];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    /// Costly to make, and the same in every case.
    static KNOWN: LazyLock<Scrubber> = LazyLock::new(|| scrubber(&["hunter2-is-long", "Zx9!qq"]));

    fn check(it: &Scrubber, safe: &Safe) -> Result<(), TestCaseError> {
        prop_assert!(!safe.contains(needs_care), "{safe:?}");
        prop_assert!(!safe.contains("##[") && !safe.trim_start().starts_with("::"), "{safe:?}");
        prop_assert!(!safe.contains("hunter2-is-long") && !safe.contains("Zx9!qq"), "{safe:?}");
        prop_assert_eq!(&it.safe(safe), safe);
        Ok(())
    }

    proptest! {
        #[test]
        fn whatever_goes_in_what_is_safe_holds_no_secret_and_is_obeyed_by_nobody(text in texts()) {
            let it = &*KNOWN;
            check(it, &it.safe(&text))?;
            check(it, &it.safe_line(&text))?;
            it.safe_lines(&text).iter().try_for_each(|line| check(it, line))?;
        }

        #[test]
        fn json_that_is_safe_says_the_same_without_secrets(text in texts()) {
            let it = &*KNOWN;
            let json = it.safe_json(&[&text]).unwrap();
            prop_assert!(!json.contains(needs_care) && !json.contains("##["), "{json:?}");
            let [back]: [String; 1] = serde_json::from_str(&json).unwrap();
            prop_assert!(!back.contains("hunter2-is-long") && !clean(&back).contains("hunter2-is-long"), "{back:?}");
            if !text.contains(needs_care) {
                prop_assert_eq!(back, it.text(&text));
            }
        }
    }
}
