//! A run as the console shows it.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::lines::LineRow;
use crate::duration::spoken;
use crate::packer_log::Phase;
use crate::packer_run::BuiltVm;
pub use crate::packer_run::RunState;

/// The newest run of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSeen {
    /// when it began
    pub started: Timestamp,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// how it stands
    pub state: RunState,
    /// why, when packer's log does not say; of one at work, what is wrong with it
    pub reason: Option<String>,
    /// the template that it built, once that is known
    pub built: Option<BuiltVm>,
    /// the failure of a provisioner that packer forgave
    pub forgave: Option<String>,
    /// the page of the run, when GitHub did it and its evidence was brought here
    pub origin: Option<String>,
    /// the process in charge
    pub pid: i32,
    /// while it is at work: the phase its log says it is in, e.g. `wait for IP`
    pub phase: Option<String>,
    /// while it is at work: the stage of the build that is behind
    pub stage: Option<StageSeen>,
    /// its folder
    pub dir: PathBuf,
    /// its console stands still although it should not
    pub still: Option<Still>,
    /// the file to show: packer's log, or what came before packer
    pub log: PathBuf,
}

/// A stage and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageSeen {
    /// the stage
    pub phase: Phase,
    /// when it began
    pub since: Timestamp,
    /// how long it usually takes, when earlier runs tell
    pub usually: Option<Duration>,
    /// how long it may take
    pub limit: Duration,
}

impl StageSeen {
    /// That it takes too long, in a few words: `connect 41s, usually 3s`.
    pub fn late(&self, now: Timestamp) -> Option<String> {
        let spent = Duration::try_from(now.duration_since(self.since)).ok().filter(|spent| *spent > self.limit)?;
        let than = self.usually.map_or_else(String::new, |usually| format!(", usually {}", spoken(usually)));
        Some(format!("{} {}{than}", self.phase, spoken(spent)))
    }
}

/// A console that somebody should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// since when nothing new was on the screen
    pub since: Timestamp,
    /// it is blank
    pub blank: bool,
    /// the name of the screen, if it is a known one
    pub screen: Option<String>,
    /// VMware Tools ran at some time of this build
    pub tools_ran: bool,
}

impl LineRow {
    /// What packer forgave in the build that would be promoted, when its newest run made that.
    pub fn forgave(&self) -> Option<&str> {
        let (run, build) = (self.run.as_ref()?, self.generations.build.as_ref()?);
        let made = run.built.as_ref().is_none_or(|built| built.moid == build.moid);
        run.forgave.as_deref().filter(|_| made && run.state == RunState::Succeeded)
    }
}

impl RunSeen {
    /// That its stage takes too long, in a few words.
    pub fn late(&self, now: Timestamp) -> Option<String> {
        self.stage.as_ref().filter(|_| self.state == RunState::Running)?.late(now)
    }

    /// Whether a person should look at it.
    pub const fn alarming(&self) -> bool {
        matches!(self.state, RunState::Failed { .. } | RunState::Lost)
    }
}
