//! Why a key does nothing: the judge's facts in the words of the console, which names keys.

use std::borrow::Cow;
use std::fmt;

use super::binding::keyed;
use crate::generation;
use crate::ops::{self, GitHubRefusal, MediaRefusal};
use crate::vcenter::gate::ReadOnly;

/// Why something is not done; `Display` is one line, with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// the judge of operations says so
    Operation(Box<ops::Refusal>),
    /// it makes no sense on the screen as it is
    Screen(Cow<'static, str>),
}

impl From<ops::Refusal> for Refusal {
    fn from(refusal: ops::Refusal) -> Self {
        Self::Operation(Box::new(refusal))
    }
}

impl From<GitHubRefusal> for Refusal {
    fn from(refusal: GitHubRefusal) -> Self {
        ops::Refusal::from(refusal).into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(refusal) => f.write_str(&in_keys(refusal)),
            Self::Screen(text) => f.write_str(&keyed(text)),
        }
    }
}

/// A refusal with keys where the command line names verbs.
pub(super) fn in_keys(refusal: &ops::Refusal) -> String {
    keyed(in_commands(refusal))
}

fn in_commands(refusal: &ops::Refusal) -> String {
    use ops::Refusal;
    match refusal {
        Refusal::BeingBuilt { key, .. } => format!("{key} is being built: wait for it, or ‹cancel build› cancels it"),
        Refusal::BuiltAlready { key, .. } => format!("{key} is being built already; ‹cancel build› cancels it"),
        Refusal::Generation(refusal) => of_generation(refusal),
        Refusal::PictureHidden => "the picture is not on screen: ‹verdict› shows it".into(),
        Refusal::NoPicture => format!("{refusal}; ‹verdict› shows one"),
        Refusal::PictureRecorded => "the picture is a recorded one: ‹back› goes back to now".into(),
        Refusal::Media { key, reason } => format!("{key}: {}", of_media(reason)),
        Refusal::GitHub(refusal) => of_github(refusal),
        Refusal::ReadOnly(why) => of_read_only(*why),
        Refusal::Leaving
        | Refusal::NoLine
        | Refusal::UnderWay { .. }
        | Refusal::BeingCancelled { .. }
        | Refusal::BuiltOnGitHub { .. }
        | Refusal::BuiltHere { .. }
        | Refusal::MayBeBuilt { .. }
        | Refusal::NotThisBuild { .. }
        | Refusal::NotOfLine { .. }
        | Refusal::SmokeTest { .. }
        | Refusal::NotOurClone { .. }
        | Refusal::BuiltUnknown { .. }
        | Refusal::NoRunToCancel { .. }
        | Refusal::NoRun { .. }
        | Refusal::NoLink
        | Refusal::NothingKnown
        | Refusal::LacksPrivilege { .. }
        | Refusal::Stale { .. }
        | Refusal::NotConfirmed
        | Refusal::NoTerminal
        | Refusal::NoGuest { .. }
        | Refusal::NoQuestion { .. }
        | Refusal::NoSuchAnswer { .. } => refusal.to_string(),
    }
}

/// Whoever did not ask for it learns how to get out of it.
fn of_read_only(why: ReadOnly) -> String {
    let text = match why {
        ReadOnly::Asked => "read-only: started with --read-only, nothing can be changed",
        ReadOnly::Context(name) => {
            return format!("read-only: context {name} (read_only in config.toml); ‹context› opens another");
        }
        ReadOnly::Unreadable => {
            "read-only: config.toml does not say which vCenter is meant; correct it, then start again"
        }
        ReadOnly::NotOpened => "read-only: the context is not opened; correct config.toml, then start again",
    };
    text.into()
}

/// The verbs that stand in backticks, as keys.
fn of_generation(refusal: &generation::Refusal) -> String {
    let verbs = [("`promote`", "‹promote›"), ("`rollback`", "‹roll back›"), ("`release`", "‹hold or release›")];
    verbs.into_iter().fold(refusal.to_string(), |text, (verb, command)| text.replace(verb, command))
}

fn of_media(refusal: &MediaRefusal) -> String {
    match refusal {
        MediaRefusal::Staging => format!("{refusal}; ‹stop staging› stops that"),
        MediaRefusal::NotAsked => format!("{refusal}; ‹check media› asks"),
        MediaRefusal::NotLooked => format!("{refusal}; ‹refresh› asks"),
        MediaRefusal::NotStaging
        | MediaRefusal::Stopping
        | MediaRefusal::Bumping
        | MediaRefusal::Asking
        | MediaRefusal::NothingToTake(_)
        | MediaRefusal::Newest
        | MediaRefusal::ByHand
        | MediaRefusal::StageByHand(_)
        | MediaRefusal::Staged => refusal.to_string(),
    }
}

fn of_github(refusal: &GitHubRefusal) -> String {
    match refusal {
        GitHubRefusal::NotChosen => "choose a run first: ‹runs on GitHub› shows them".into(),
        GitHubRefusal::BuildsNoLine { .. } => format!("{refusal}; ‹copy› copies its page"),
        GitHubRefusal::Unknown(_)
        | GitHubRefusal::NotAnswered
        | GitHubRefusal::Busy
        | GitHubRefusal::NoRun
        | GitHubRefusal::Runs(_)
        | GitHubRefusal::ScheduleOn => refusal.to_string(),
    }
}
