//! What failures look like: rules as data. `assets/triage.toml` ships in the binary, `ci/triage.toml` of the pipeline's
//! repository adds to it; a rule of the same name there replaces ours.

use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::log::{Origin, Phase};

/// The rules that ship with the program.
const SHIPPED: &str = include_str!("../../assets/triage.toml");
/// Where a team keeps its own, relative to the pipeline's repository.
pub const OWN: &str = "ci/triage.toml";

/// Why rules cannot be used, in one line.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// the file cannot be read
    #[error("cannot read {path}: {source}")]
    Read {
        /// the file
        path: PathBuf,
        /// why
        source: std::io::Error,
    },
    /// the file is not what it should be
    #[error("{path}: {message}")]
    Invalid {
        /// the file
        path: PathBuf,
        /// what is wrong, with the line where it is known
        message: String,
    },
}

/// How sure a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// a guess worth a look
    Low,
    /// fits, other causes would look alike
    Medium,
    /// nothing else looks like this
    High,
}

/// Who may have written the line a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Writer {
    /// an ordinary message of packer's user interface
    Ui,
    /// an error message of it
    Error,
    /// a plugin's log
    Plugin,
    /// the core's log
    Core,
}

impl Writer {
    /// Whether a line of this origin is by this writer.
    pub fn wrote(self, origin: Origin) -> bool {
        matches!(
            (self, origin),
            (Self::Ui, Origin::Ui)
                | (Self::Error, Origin::UiError)
                | (Self::Plugin, Origin::Plugin)
                | (Self::Core, Origin::Core)
        )
    }
}

/// One rule as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    class: String,
    cause: String,
    #[serde(default)]
    remedy: String,
    confidence: Confidence,
    log: Option<String>,
    #[serde(default)]
    from: Vec<Writer>,
    #[serde(default)]
    phase: Vec<String>,
    r#final: Option<String>,
    also: Option<String>,
    unless: Option<String>,
    unless_next: Option<String>,
    section: Option<String>,
    group: Option<String>,
    #[serde(default)]
    unfinished: bool,
    #[serde(default)]
    symptom: bool,
    debug: Option<bool>,
    #[serde(default)]
    at_least: u64,
    #[serde(default)]
    screen: Vec<String>,
}

/// A screen that has a name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenScreen {
    label: String,
    text: Vec<String>,
    state: Option<String>,
    #[serde(default)]
    alone: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rule: Vec<Written>,
    #[serde(default)]
    screen: Vec<WrittenScreen>,
}

/// One rule, ready to use. All patterns ignore case.
#[derive(Debug, Clone)]
pub struct Rule {
    /// unique; shown with the verdict
    pub name: String,
    /// what the failure is called
    pub class: String,
    /// cause in one or two sentences; `{name}` are captures of `log`, and facts of the build
    pub cause: String,
    /// what to do
    pub remedy: String,
    /// how sure it is
    pub confidence: Confidence,
    /// the line that is the evidence
    pub log: Option<Regex>,
    /// who must have written it; anybody when empty
    pub from: Vec<Writer>,
    /// stages in which it must stand; any when empty
    pub phase: Vec<Phase>,
    /// packer's last word on the build must match
    pub last_word: Option<Regex>,
    /// another line of the build must match
    pub also: Option<Regex>,
    /// a later line that takes the evidence back
    pub unless: Option<Regex>,
    /// the same, but only the very next message counts
    pub unless_next: Option<Regex>,
    /// begins a section; evidence in a newer section replaces older evidence
    pub section: Option<Regex>,
    /// of the rules of one group only the last one that matched holds (the state of a wait that is tried again and again)
    pub group: Option<String>,
    /// holds although the build did not end by itself (cancelled, killed)
    pub unfinished: bool,
    /// only when no other rule holds
    pub symptom: bool,
    /// whether the log must (or must not) hold plugins' lines
    pub debug: Option<bool>,
    /// number of lines that must match
    pub at_least: u64,
    /// the console must show one of these
    pub screen: Vec<String>,
}

/// Words by which a screen is named.
#[derive(Debug, Clone)]
pub struct Screen {
    /// the name
    pub label: String,
    /// every one of these must be on it (compared with tolerance for misreads)
    pub text: Vec<String>,
    /// the state such a screen is in, where its kind tells
    pub state: Option<String>,
    /// there must be hardly anything else on it
    pub alone: bool,
}

/// All rules, in order.
#[derive(Debug, Clone)]
pub struct Rules {
    /// rules about failures
    pub rules: Vec<Rule>,
    /// names of screens
    pub screens: Vec<Screen>,
}

impl Rules {
    /// The shipped rules.
    ///
    /// # Errors
    /// When they are broken (a test sees to it that they are not).
    pub fn shipped() -> Result<Self, RulesError> {
        parse(Path::new("assets/triage.toml"), SHIPPED)
    }

    /// The shipped rules and those of a repository, if it has any.
    ///
    /// # Errors
    /// A file that cannot be read or is not valid.
    pub fn with_own(repo: &Path) -> Result<Self, RulesError> {
        let mut rules = Self::shipped()?;
        let path = repo.join(OWN);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(rules),
            Err(source) => return Err(RulesError::Read { path, source }),
        };
        let own = parse(&path, &text)?;
        rules.rules.retain(|rule| own.rules.iter().all(|mine| mine.name != rule.name));
        // Their own come first: of two rules that cite the same line, the team's wins.
        rules.rules = own.rules.into_iter().chain(rules.rules).collect();
        rules.screens = own.screens.into_iter().chain(rules.screens).collect();
        Ok(rules)
    }
}

fn parse(path: &Path, text: &str) -> Result<Rules, RulesError> {
    let invalid = |message: String| RulesError::Invalid { path: path.to_owned(), message };
    let document: Document = toml::from_str(text).map_err(|error| invalid(error.to_string().replace('\n', " ")))?;
    let mut rules: Vec<Rule> = Vec::new();
    for written in document.rule {
        let name = written.name.clone();
        if rules.iter().any(|rule| rule.name == name) {
            return Err(invalid(format!("two rules are named {name}")));
        }
        rules.push(ready(written).map_err(|message| invalid(format!("rule {name}: {message}")))?);
    }
    let screens =
        document.screen.into_iter().map(|s| Screen { label: s.label, text: s.text, state: s.state, alone: s.alone });
    Ok(Rules { rules, screens: screens.collect() })
}

fn ready(written: Written) -> Result<Rule, String> {
    let regex = |pattern: Option<String>| pattern.map(|pattern| pattern_of(&pattern)).transpose();
    let phase = written.phase.iter().map(|name| phase(name)).collect::<Result<_, _>>()?;
    if written.log.is_none() && written.r#final.is_none() && written.screen.is_empty() {
        return Err("has neither log nor final nor screen".to_owned());
    }
    Ok(Rule {
        name: written.name,
        class: written.class,
        cause: written.cause,
        remedy: written.remedy,
        confidence: written.confidence,
        log: regex(written.log)?,
        from: written.from,
        phase,
        last_word: regex(written.r#final)?,
        also: regex(written.also)?,
        unless: regex(written.unless)?,
        unless_next: regex(written.unless_next)?,
        section: regex(written.section)?,
        group: written.group,
        unfinished: written.unfinished,
        symptom: written.symptom,
        debug: written.debug,
        at_least: written.at_least,
        screen: written.screen,
    })
}

/// A pattern as rules mean it: case does not matter.
pub fn pattern_of(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).case_insensitive(true).build().map_err(|error| error.to_string().replace('\n', " "))
}

fn phase(name: &str) -> Result<Phase, String> {
    const PHASES: &[Phase] = &[
        Phase::Prepare,
        Phase::Create,
        Phase::BootCommand,
        Phase::WaitIp,
        Phase::Connect,
        Phase::Provision,
        Phase::Shutdown,
        Phase::Convert,
    ];
    let known = || PHASES.iter().map(|phase| phase.name()).collect::<Vec<_>>().join(", ");
    PHASES
        .iter()
        .find(|phase| phase.name() == name)
        .copied()
        .ok_or_else(|| format!("no stage is called {name:?}; there are: {}", known()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(text: &str) -> String {
        parse(Path::new("ci/triage.toml"), text).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_rules_are_sound() {
        let rules = Rules::shipped().unwrap();
        assert!(rules.rules.len() > 30);
        for rule in &rules.rules {
            assert!(!rule.cause.is_empty(), "{}", rule.name);
            assert!(!rule.remedy.is_empty() || rule.class == "unknown", "{}", rule.name);
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        let rule = "[[rule]]\nname='x'\nclass='unknown'\ncause='c'\nconfidence='low'\n";
        assert_eq!(rejected(rule), "ci/triage.toml: rule x: has neither log nor final nor screen");
        assert!(rejected(&format!("{rule}log='('")).contains("rule x: regex parse error"));
        assert!(
            rejected(&format!("{rule}log='a'\nphase=['nap']"))
                .contains("no stage is called \"nap\"; there are: prepare")
        );
        assert!(rejected("[[rule]]\nnam='x'").lines().count() == 1);
        let twice = format!("{rule}log='a'\n{rule}log='b'");
        assert_eq!(rejected(&twice), "ci/triage.toml: two rules are named x");
    }

    #[test]
    fn a_repository_adds_and_replaces_rules() {
        let repo = tempfile::tempdir().unwrap();
        std::fs::create_dir(repo.path().join("ci")).unwrap();
        let own =
            "[[rule]]\nname='ip-timeout'\nclass='ip_timeout'\ncause='ours'\nremedy='r'\nconfidence='low'\nlog='a'\n";
        std::fs::write(repo.path().join(OWN), own).unwrap();
        let rules = Rules::with_own(repo.path()).unwrap();
        let named: Vec<_> = rules.rules.iter().filter(|rule| rule.name == "ip-timeout").collect();
        assert_eq!(named.len(), 1);
        assert_eq!(named[0].cause, "ours");
        assert_eq!(
            Rules::with_own(Path::new("/nonexistent")).unwrap().rules.len(),
            Rules::shipped().unwrap().rules.len()
        );
    }
}
