//! Why a key does nothing: the judge's facts in the words of the console, which names keys.

use std::borrow::Cow;
use std::fmt;

use super::binding::{Keymap, keyed};
use super::command::{Change, Command, GenerationChange, LineCommand, MediaChange, ProgramCommand, ViewCommand};
use crate::generation;
use crate::ops::{self, GitHubRefusal, MediaRefusal};

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
    use ops::Refusal;
    let cancel = key(Command::Change(Change::CancelRun));
    match refusal {
        Refusal::BeingBuilt { key, .. } => format!("{key} is being built: wait for it, or {cancel} cancels it"),
        Refusal::BuiltAlready { key, .. } => format!("{key} is being built already; {cancel} cancels it"),
        Refusal::Generation(refusal) => of_generation(refusal),
        Refusal::PictureHidden => {
            format!("the picture is not on screen: {} shows it", key(Command::Line(LineCommand::Judge)))
        }
        Refusal::NoPicture => {
            format!("{refusal}; {} shows one", key(Command::Line(LineCommand::Judge)))
        }
        Refusal::PictureRecorded => {
            format!("the picture is a recorded one: {} goes back to now", key(Command::Program(ProgramCommand::Back)))
        }
        Refusal::Media { key, reason } => format!("{key}: {}", of_media(reason)),
        Refusal::GitHub(refusal) => of_github(refusal),
        Refusal::ReadOnly
        | Refusal::Leaving
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

/// The verbs that stand in backticks, as keys.
fn of_generation(refusal: &generation::Refusal) -> String {
    let verbs = [
        ("`promote`", GenerationChange::Promote),
        ("`rollback`", GenerationChange::Rollback),
        ("`release`", GenerationChange::HoldOrRelease),
    ];
    verbs.into_iter().fold(refusal.to_string(), |text, (verb, change)| {
        text.replace(verb, &key(Command::Change(Change::Generation(change))))
    })
}

fn of_media(refusal: &MediaRefusal) -> String {
    match refusal {
        MediaRefusal::Staging => {
            format!("{refusal}; {} stops that", key(Command::Change(Change::Media(MediaChange::StopStaging))))
        }
        MediaRefusal::NotAsked => format!("{refusal}; {} asks", key(Command::Program(ProgramCommand::CheckMedia))),
        MediaRefusal::NotLooked => format!("{refusal}; {} asks", key(Command::Program(ProgramCommand::Refresh))),
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
        GitHubRefusal::NotChosen => {
            format!("choose a run first: {} shows them", key(Command::View(ViewCommand::GitHub)))
        }
        GitHubRefusal::BuildsNoLine { .. } => {
            format!("{refusal}; {} copies its page", key(Command::View(ViewCommand::Copy)))
        }
        GitHubRefusal::Unknown(_)
        | GitHubRefusal::NotAnswered
        | GitHubRefusal::Busy
        | GitHubRefusal::NoRun
        | GitHubRefusal::Runs(_)
        | GitHubRefusal::ScheduleOn => refusal.to_string(),
    }
}

/// The key of a command, as the table has it.
fn key(command: Command) -> String {
    Keymap::of_process().key(command)
}
