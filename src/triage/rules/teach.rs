//! Teaching a screen: its label and what it is known by go to the end of the team's own rules, the rest stays as it was.

use std::io;
use std::path::{Path, PathBuf};

use super::written::parse;
use super::{Rule, RulesError};
use crate::fs::{Access, parent, write_whole};
use crate::guest::screen::ScreenMatcher;
use crate::triage::corpus::MISSES;

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
    /// it would not be recognised where it was taught
    #[error("it does not match the screen that it was made of: {MISSES}")]
    MissesItsOwn,
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

/// A screen that is taught: its name, what it is known by, and what it means for a build.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lesson {
    /// the name
    pub label: String,
    /// what it is known by
    pub matcher: ScreenMatcher,
    /// why a build fails that shows it; without one there is no rule
    pub cause: String,
    /// what to do then
    pub remedy: String,
}

/// Failures that a screen may explain: whatever leaves open why the guest was not reached, or did not go down.
const EXPLAINED: [&str; 10] = [
    "ip_timeout",
    "ssh_timeout",
    "winrm_timeout",
    "ssh-timeout-unexplained",
    "winrm-timeout-unexplained",
    "shutdown_timeout",
    "ansible_unreachable",
    "killed",
    "running",
    "cancelled",
];

/// Adds a screen, and the rule that says what it means, to the rules of a repository (`path` is its
/// [`super::OWN_RULES`]); a file that is not there is made.
///
/// The file is replaced by a rename: whoever reads it, or kills us, finds the old one or the new one, and never the screen
/// without its rule. Teaching the same twice changes nothing.
///
/// # Errors
/// [`TeachError`]: a label or words that cannot name a screen, a file that is not valid, a file that cannot be written.
pub fn teach(path: &Path, lesson: &Lesson) -> Result<(), TeachError> {
    let label = &lesson.label;
    lesson.matcher.check(label).map_err(|reason| TeachError::Unfit { label: label.clone(), reason })?;
    // A link stays a link.
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(source) => return Err(RulesError::Read { path, source }.into()),
    };
    let own = parse(&path, &before)?;
    let screen = own.screens.labels.iter().any(|known| known.label == *label && known.has_matcher(&lesson.matcher));
    let meant = |rule: &Rule| rule.screen.contains(label) && rule.cause == cause(lesson);
    let rule = lesson.cause.trim().is_empty() || own.rules.iter().any(meant);
    if screen && rule {
        return Ok(());
    }
    let screen = if screen { String::new() } else { screen_table(lesson) };
    let rule = if rule { String::new() } else { rule_table(lesson, &own.rules) };
    let after = format!("{before}{}", joined(&before, &[screen, rule]));
    parse(&path, &after)?;
    let written =
        std::fs::create_dir_all(parent(&path)).and_then(|()| write_whole(&path, Access::Shared, after.as_bytes()));
    written.map_err(|source| TeachError::Write { path, source })
}

/// The new tables as they follow the file, with its line ends.
fn joined(before: &str, tables: &[String]) -> String {
    let gap = match before {
        "" => "# What this team's failures and screens look like; the shipped rules explain the fields.\n\n",
        before if before.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let tables: Vec<&str> = tables.iter().map(String::as_str).filter(|table| !table.is_empty()).collect();
    let text = format!("{gap}{}", tables.join("\n"));
    if before.contains("\r\n") { text.replace('\n', "\r\n") } else { text }
}

fn screen_table(lesson: &Lesson) -> String {
    let matcher = &lesson.matcher;
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
    ];
    format!("[[screen]]\nlabel = {}\n{}", toml::Value::from(lesson.label.as_str()), known.concat())
}

fn rule_table(lesson: &Lesson, rules: &[Rule]) -> String {
    let taken = |name: &String| rules.iter().any(|rule| rule.name == *name);
    let numbered = (2_u32..).map(|number| format!("taught-{}-{number}", lesson.label));
    let name = std::iter::once(format!("taught-{}", lesson.label)).chain(numbered).find(|name| !taken(name));
    let text = |text: &str| toml::Value::from(text.trim());
    let explained: Vec<&str> = EXPLAINED.to_vec();
    format!(
        "[[rule]]\nname = {}\nexplains = {}\nscreen = [{}]\ncause = {}\nremedy = {}\nconfidence = \"high\"\n",
        text(&name.unwrap_or_default()),
        toml::Value::from(explained),
        text(&lesson.label),
        text(&cause(lesson)),
        text(&lesson.remedy),
    )
}

fn cause(lesson: &Lesson) -> String {
    lesson.cause.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;
    use crate::guest::fingerprint::Fingerprint;

    fn text(words: &[&str]) -> ScreenMatcher {
        ScreenMatcher { text: words.iter().map(|word| (*word).to_owned()).collect(), ..ScreenMatcher::default() }
    }

    fn learn(path: &Path, label: &str, matcher: &ScreenMatcher) -> Result<(), TeachError> {
        teach(path, &Lesson { label: label.to_owned(), matcher: matcher.clone(), ..Lesson::default() })
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
        learn(&path, "vendor-page", &text(&["Say \"yes\" \\ C:\\", "to\u{e9} all"])).unwrap();
        let now = std::fs::read_to_string(&path).unwrap();
        assert!(now.starts_with(mine) && !now.replace("\r\n", "").contains('\n'), "{now:?}");
        let rules = Rules::for_repo(folder.path()).unwrap();
        assert_eq!(rules.screens.labels[1].label, "vendor-page");
        let words: Vec<&str> = rules.screens.labels[1].text.iter().map(|words| words.written.as_str()).collect();
        assert_eq!(words, ["Say \"yes\" \\ C:\\", "to\u{e9} all"]);
        // Once more changes nothing.
        learn(&path, "vendor-page", &text(&["Say \"yes\" \\ C:\\", "to\u{e9} all"])).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), now);
    }

    #[test]
    fn a_screen_comes_with_its_rule_and_takes_no_verdict_away() {
        let (folder, path) = file("");
        let lesson = Lesson {
            label: "vendor-page".into(),
            matcher: ScreenMatcher { not: vec!["all is well".into()], ..text(&["Choose a flavour"]) },
            cause: " The vendor's agent \"asks\"\n ".into(),
            remedy: "Answer it".into(),
        };
        teach(&path, &lesson).unwrap();
        let now = std::fs::read_to_string(&path).unwrap();
        teach(&path, &lesson).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), now, "the same twice changes nothing");
        // Another cause for the same screen is another rule.
        teach(&path, &Lesson { cause: "Another".into(), ..lesson }).unwrap();
        let own = Rules::own(folder.path()).unwrap().unwrap();
        let names: Vec<&str> = own.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!((own.screens.labels.len(), names), (1, vec!["taught-vendor-page", "taught-vendor-page-2"]));
        assert_eq!(own.rules[0].cause, "The vendor's agent \"asks\"");
        assert_eq!(own.screens.labels[0].not[0].written, "all is well");
        assert!(own.rules[0].explains.iter().any(|class| class == "ip_timeout"));
    }

    #[test]
    fn a_picture_can_be_taught_where_there_was_no_file() {
        let (folder, path) = file("");
        let print: Fingerprint = format!("1024x768:{}", "5a".repeat(32)).parse().unwrap();
        learn(&path, "logo", &ScreenMatcher { hash: Some(print.clone()), ..ScreenMatcher::default() }).unwrap();
        assert_eq!(Rules::for_repo(folder.path()).unwrap().screens.labels[0].hash, Some(print));
    }

    #[test]
    fn what_cannot_be_learnt_is_said_and_nothing_changes() {
        let (_folder, path) = file("[[screen]]\nlabel='x'\n");
        let error = |label: &str, matcher: &ScreenMatcher| learn(&path, label, matcher).unwrap_err().to_string();
        assert!(error("Not this", &text(&["Choose"])).starts_with("screen \"Not this\": a name has"));
        assert!(error("fine", &text(&["a b"])).contains("too short"));
        assert!(error("fine", &text(&[])).contains("no words"));
        assert!(
            error("fine", &text(&["Choose"]))
                .ends_with("triage.toml: screen \"x\": needs text, any, row, installer, ground, hash or area")
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[[screen]]\nlabel='x'\n");
    }
}
