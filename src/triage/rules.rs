//! What failures look like: rules as data. `assets/triage.toml` ships in the binary, `ci/triage.toml` of the pipeline's
//! repository adds to it; a rule of the same name there replaces ours.

pub mod check;
mod teach;
mod written;

use std::path::{Path, PathBuf};

use regex::Regex;
use serde::Deserialize;

use crate::guest::screen::ScreenLabels;
use crate::packer_log::{Origin, Phase};

pub use teach::{Lesson, TeachError, teach};
pub(crate) use written::parse;

/// The rules that ship with the program.
const SHIPPED: &str = include_str!("../../assets/triage.toml");
/// A team's own rules, relative to the pipeline's repository.
pub const OWN_RULES: &str = "ci/triage.toml";

/// Class of what vCenter refuses, where no fault has a class of its own.
pub(crate) const VCENTER_FAULT: &str = "vcenter_fault";
/// Class of the same once the guest is finished.
pub(crate) const CONVERT_FAILED: &str = "convert_failed";

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
pub enum Author {
    /// an ordinary message of packer's user interface
    Ui,
    /// an error message of it
    Error,
    /// a plugin's log
    Plugin,
    /// the core's log
    Core,
    /// whoever runs packer: a CI's runner, a shell
    Runner,
}

impl Author {
    /// Whether a line of this origin is by this writer.
    pub fn wrote(self, origin: Origin) -> bool {
        matches!(
            (self, origin),
            (Self::Ui, Origin::Ui)
                | (Self::Error, Origin::UiError)
                | (Self::Plugin, Origin::Plugin)
                | (Self::Core, Origin::Core)
                | (Self::Runner, Origin::Continuation)
        )
    }
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
    pub from: Vec<Author>,
    /// stages in which it must stand; any when empty
    pub phase: Vec<Phase>,
    /// packer's last word on the build must match
    pub final_error: Option<Regex>,
    /// and must not match this: what another rule knows better
    pub final_unless: Option<Regex>,
    /// the step that packer announced last must match, e.g. `Uploading x.iso to [ds] packer_cache`
    pub step: Option<Regex>,
    /// fields of the result of a failed task of ansible (`msg`, `stderr`, …) in which `log` is looked for, too
    pub fields: Vec<String>,
    /// what was said last before packer gave up belongs to the evidence
    pub words: bool,
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
    /// which system the guest must be running, as far as that can be told
    pub system: Option<GuestSystem>,
    /// the guest must be so, in every respect
    pub guest: Vec<GuestCondition>,
    /// it decides nothing by itself: it gives the reason of failures of these classes (or of these rules) that the log
    /// leaves open; `class` replaces theirs when it is not empty
    pub explains: Vec<String>,
    /// the `host` that `log` captures must be the vCenter of this repository, where that is known
    pub endpoint: bool,
    /// healthy builds show it, too, until the guest is up: no alarm before the stage takes longer than usual
    pub passing: bool,
    /// what the screen shows goes on by itself, as in every healthy build; such a rule is `passing`, too
    pub at_work: bool,
    /// healthy builds show it for a moment: of a build at work it holds only where the picture stands still, or the stage is
    /// late
    pub lasting: bool,
    /// the variable to look at; the verdict says in which file and line it is set
    pub variable: Option<String>,
}

/// Which system runs in a guest: words of an initramfs mean another thing before the installed system boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuestSystem {
    /// what the install medium brings
    Installer,
    /// what was installed
    Installed,
}

/// What vCenter says about a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuestCondition {
    /// powered off or suspended
    Off,
    /// powered on
    On,
    /// VMware Tools do not run
    NoTools,
    /// VMware Tools run
    Tools,
    /// powered on without any address
    NoIp,
    /// an address that others can reach
    Ip,
    /// an address, and another one than packer connects to
    OtherIp,
    /// nothing but an address the guest gave itself
    LinkLocal,
    /// vCenter asks something about it and waits
    Question,
    /// nothing can be written to its datastore
    Storage,
    /// its host is gone or in maintenance
    Host,
}

/// All rules, in order.
#[derive(Debug, Clone)]
pub struct Rules {
    /// rules about failures
    pub rules: Vec<Rule>,
    /// names of screens
    pub screens: ScreenLabels,
}

impl Rules {
    /// The shipped rules.
    ///
    /// # Errors
    /// When they are broken (a test sees to it that they are not).
    pub fn shipped() -> Result<Self, RulesError> {
        let invalid = |message| RulesError::Invalid { path: "assets/screens.toml".into(), message };
        let rules = parse(Path::new("assets/triage.toml"), SHIPPED)?;
        Ok(Self { screens: ScreenLabels::shipped().map_err(invalid)?, ..rules })
    }

    /// Names of screens for a repository; a file of its own that is broken must not take the shipped ones away.
    pub fn screen_labels(repo: &Path) -> ScreenLabels {
        let rules = Self::for_repo(repo).or_else(|_| Self::shipped());
        rules.map(|rules| rules.screens).unwrap_or_default()
    }

    /// The rules of a repository alone; `None` when it has none.
    ///
    /// # Errors
    /// A file that cannot be read or is not valid.
    pub fn own(repo: &Path) -> Result<Option<Self>, RulesError> {
        let path = repo.join(OWN_RULES);
        match std::fs::read_to_string(&path) {
            Ok(text) => parse(&path, &text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(RulesError::Read { path, source }),
        }
    }

    /// The shipped rules and those of a repository, if it has any.
    ///
    /// # Errors
    /// A file that cannot be read or is not valid.
    pub fn for_repo(repo: &Path) -> Result<Self, RulesError> {
        let mut rules = Self::shipped()?;
        let Some(own) = Self::own(repo)? else { return Ok(rules) };
        rules.rules.retain(|rule| own.rules.iter().all(|mine| mine.name != rule.name));
        // Their own come first: of two rules that cite the same line, the team's wins.
        rules.rules = own.rules.into_iter().chain(rules.rules).collect();
        rules.screens = rules.screens.and_own(own.screens);
        Ok(rules)
    }
}

#[cfg(test)]
mod tests;
