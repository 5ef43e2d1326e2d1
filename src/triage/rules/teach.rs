//! Teaching a screen: its label and what it is known by go to the end of the team's own rules, the rest stays as it was.

use std::io;
use std::path::{Path, PathBuf};

use super::RulesError;
use super::written::parse;
use crate::fs::{Access, parent, write_whole};
use crate::guest::screen::{ScreenLabel, ScreenMatcher};

/// Why a screen was not learnt; the file is as it was. `Display` is one line.
#[derive(Debug, thiserror::Error)]
pub enum TeachError {
    /// the label or the words cannot be used
    #[error("screen {label:?}: {reason}")]
    Unfit {
        /// the label
        label: String,
        /// what is wrong with it
        reason: String,
    },
    /// neither words nor enough in the picture to know it by
    #[error("too plain a picture to be recognised by")]
    TooPlain,
    /// the file has mistakes of its own, or cannot be added to
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// it cannot be written
    #[error("cannot write {path}: {source}")]
    Write {
        /// the file
        path: PathBuf,
        /// why
        source: io::Error,
    },
}

/// Adds a screen to the rules of a repository (`path` is its [`super::OWN_RULES`]); a file that is not there is made.
///
/// The file is replaced by a rename: whoever reads it, or kills us, finds the old one or the new one. Teaching the same
/// twice changes nothing.
///
/// # Errors
/// [`TeachError`]: a label or words that cannot name a screen, a file that is not valid, a file that cannot be written.
pub fn teach(path: &Path, label: &str, matcher: &ScreenMatcher) -> Result<(), TeachError> {
    matcher.check(label).map_err(|reason| TeachError::Unfit { label: label.to_owned(), reason })?;
    // A link stays a link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(RulesError::Read { path, source }.into()),
    };
    let known = |screen: &ScreenLabel| screen.label == label && screen.has_matcher(matcher);
    if parse(&path, &before)?.screens.labels.iter().any(known) {
        return Ok(());
    }
    let after = format!("{before}{}", entry(&before, label, matcher));
    parse(&path, &after)?;
    let written =
        std::fs::create_dir_all(parent(&path)).and_then(|()| write_whole(&path, Access::Shared, after.as_bytes()));
    written.map_err(|source| TeachError::Write { path, source })
}

/// The new entry, with the line ends of the file.
fn entry(before: &str, label: &str, matcher: &ScreenMatcher) -> String {
    let list = |name: &str, words: &[String]| match words {
        [] => String::new(),
        words => format!("{name} = {}\n", toml::Value::from(words.to_vec())),
    };
    let one = |name: &str, value: Option<String>| {
        value.map_or_else(String::new, |value| format!("{name} = {}\n", toml::Value::from(value)))
    };
    let known = [
        list("text", &matcher.text),
        list("not", &matcher.not),
        one("hash", matcher.hash.as_ref().map(ToString::to_string)),
        one("area", matcher.area.as_ref().map(ToString::to_string)),
    ]
    .concat();
    let gap = match before {
        "" => "# What this team's failures and screens look like; the shipped rules explain the fields.\n\n",
        before if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let entry = format!("{gap}[[screen]]\nlabel = {}\n{known}", toml::Value::from(label));
    if before.contains("\r\n") { entry.replace('\n', "\r\n") } else { entry }
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;
    use crate::guest::fingerprint::Fingerprint;

    fn text(words: &[&str]) -> ScreenMatcher {
        ScreenMatcher { text: words.iter().map(|word| (*word).to_owned()).collect(), ..ScreenMatcher::default() }
    }

    fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ci/triage.toml");
        if !content.is_empty() {
            std::fs::create_dir(folder.path().join("ci")).unwrap();
            std::fs::write(&path, content).unwrap();
        }
        (folder, path)
    }

    #[test]
    fn a_taught_screen_is_known_and_the_rest_stays_byte_for_byte() {
        let mine = "# ours\r\n[[screen]]\r\nlabel='a-b'  # why\r\ntext=['Choose a flavour']";
        let (folder, path) = file(mine);
        teach(&path, "vendor-page", &text(&["Say \"yes\" \\ C:\\", "to\u{e9} all"])).unwrap();
        let now = std::fs::read_to_string(&path).unwrap();
        assert!(now.starts_with(mine) && !now.replace("\r\n", "").contains('\n'), "{now:?}");
        let rules = Rules::for_repo(folder.path()).unwrap();
        assert_eq!(rules.screens.labels[1].label, "vendor-page");
        let words: Vec<&str> = rules.screens.labels[1].text.iter().map(|words| words.written.as_str()).collect();
        assert_eq!(words, ["Say \"yes\" \\ C:\\", "to\u{e9} all"]);
        // Once more changes nothing.
        teach(&path, "vendor-page", &text(&["Say \"yes\" \\ C:\\", "to\u{e9} all"])).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), now);
    }

    #[test]
    fn a_picture_can_be_taught_where_there_was_no_file() {
        let (folder, path) = file("");
        let print: Fingerprint = format!("1024x768:{}", "5a".repeat(32)).parse().unwrap();
        teach(&path, "logo", &ScreenMatcher { hash: Some(print.clone()), ..ScreenMatcher::default() }).unwrap();
        assert_eq!(Rules::for_repo(folder.path()).unwrap().screens.labels[0].hash, Some(print));
    }

    #[test]
    fn what_cannot_be_learnt_is_said_and_nothing_changes() {
        let (_folder, path) = file("[[screen]]\nlabel='x'\n");
        let error = |label: &str, matcher: &ScreenMatcher| teach(&path, label, matcher).unwrap_err().to_string();
        assert!(error("Not this", &text(&["Choose"])).starts_with("screen \"Not this\": a label has"));
        assert!(error("fine", &text(&["a b"])).contains("too short"));
        assert!(error("fine", &text(&[])).contains("no words"));
        assert!(
            error("fine", &text(&["Choose"]))
                .ends_with("triage.toml: screen \"x\": needs text, any, row, installer, ground, hash or area")
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[[screen]]\nlabel='x'\n");
    }
}
