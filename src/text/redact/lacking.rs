//! Which secrets of a build are declared and not known here: of what is written with them only that is hidden which looks
//! like a secret.

use std::collections::{BTreeMap, BTreeSet};

use super::Scrubber;

/// Names that are mentioned, at most.
const MENTIONED: usize = 6;

/// Variables that templates declare as secrets and nobody here has a value of, each with the keys of the lines that it
/// belongs to.
pub type Lacking = BTreeMap<String, BTreeSet<String>>;

impl Scrubber {
    /// What to know before a text is handed on that a build of this line (or of any) may have written; `None` when all
    /// of its secrets are known.
    pub fn unknown_secrets(&self, line: Option<&str>) -> Option<String> {
        let then = "is hidden. Read it before it leaves, or make it where the build ran";
        if !self.knows_a_build() {
            return Some(format!(
                "NO SECRET OF THIS BUILD IS KNOWN HERE (no PKR_VAR_… is set): only what looks like a secret {then}"
            ));
        }
        let of_line = |lines: &BTreeSet<String>| line.is_none_or(|line| lines.contains(line));
        let names: Vec<&str> =
            self.lacking().iter().filter(|(_, lines)| of_line(lines)).map(|(name, _)| name.as_str()).collect();
        let more = names.len().saturating_sub(MENTIONED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let some = names.iter().take(MENTIONED).copied().collect::<Vec<_>>().join(", ");
        (!names.is_empty()).then(|| {
            format!(
                "NOT ALL SECRETS OF THIS BUILD ARE KNOWN HERE ({some}{more}: no value is set): of these only what looks like \
                 a secret {then}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Secret;

    #[test]
    fn some_that_are_known_do_not_hide_that_others_are_not() {
        let lines = |keys: &[&str]| keys.iter().map(ToString::to_string).collect();
        let lacking = Lacking::from([
            ("PKR_VAR_rhsm_key".to_owned(), lines(&["rhel-9"])),
            ("PKR_VAR_winrm_password".to_owned(), lines(&["win-2022"])),
        ]);
        let known = Scrubber::new([Secret::new("PKR_VAR_build_password", "hunter2")]);
        assert_eq!(known.unknown_secrets(None), None);
        let some = known.with_lacking(lacking.clone());
        let said = some.for_leaving().unknown_secrets(Some("rhel-9")).unwrap();
        assert!(said.starts_with("NOT ALL SECRETS") && said.contains("PKR_VAR_rhsm_key") && !said.contains("winrm"));
        assert!(some.unknown_secrets(None).unwrap().contains("PKR_VAR_rhsm_key, PKR_VAR_winrm_password"));
        assert_eq!(some.unknown_secrets(Some("debian-12")), None);
        let none = Scrubber::new([]).with_lacking(lacking);
        assert!(none.unknown_secrets(Some("debian-12")).unwrap().starts_with("NO SECRET"));
    }
}
