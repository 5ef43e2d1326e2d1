//! JSON that is harmless where it is looked at: `serde_json` escapes C0 controls only, and a terminal obeys others, too.

use crate::text::needs_care;

/// The same JSON with every control, bidirectional and invisible character of its strings as `\uXXXX`, and no command to the
/// runner of a workflow. Of what stands outside of strings only line breaks are any of these, and they stay.
pub fn harmless(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !needs_care(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    // Within a string, where alone it can stand, it is the same.
    if out.contains("##[") { out.replace("##[", "#\\u0023[") } else { out }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_serde_lets_through_is_written_as_codes() {
        let json = serde_json::json!({ "a\u{9b}": "\u{7f}\u{202e}\u{e0041}ü\n" });
        assert_eq!(harmless(&json.to_string()), r#"{"a\u009b":"\u007f\u202e\udb40\udc41ü\n"}"#);
        assert_eq!(harmless(&serde_json::to_string_pretty(&json).unwrap()).lines().count(), 3);
    }

    proptest! {
        #[test]
        fn it_says_the_same(text in any::<String>()) {
            let written = harmless(&serde_json::to_string(&text).unwrap());
            prop_assert!(!written.chars().any(needs_care), "{written:?}");
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
