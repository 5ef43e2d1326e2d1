//! What is known at the moment somebody asks whether an operation may be done. Either skin gathers it: the console from
//! its state, the command line from disk, vCenter and GitHub.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{GitHubRefusal, MediaRefusal, Operation, Refusal};
use crate::generation::{Consent, Generations};
use crate::github::{self, RemoteRun};
use crate::packer_run::{Run, RunState};
use crate::pipeline::Key;
use crate::vcenter::gate::Mode;

/// Everything the judge looks at.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// whether anything may be changed
    pub mode: Mode,
    /// the program ends as soon as what is under way is done
    pub leaving: bool,
    /// the line that is meant
    pub line: Option<LineFacts<'a>>,
    /// what vCenter says
    pub vcenter: VCenterFacts<'a>,
    /// what GitHub says
    pub github: GitHubFacts,
    /// what datastore and mirror say of the line's ISO
    pub media: MediaFacts,
    /// what is looked at
    pub picture: PictureFacts,
    /// what whoever asks has agreed to beforehand
    pub consent: Consent,
}

/// A line.
#[derive(Debug, Clone)]
pub struct LineFacts<'a> {
    /// its key
    pub key: &'a Key,
    /// an operation of this process that is under way on it
    pub under_way: Option<Operation>,
    /// that operation is a promotion whose smoke test goes on: nothing of the line was changed yet
    pub tried: bool,
    /// its newest run on this machine
    pub run: Option<RunFacts>,
    /// its templates and build VM
    pub generations: &'a Generations,
    /// what packer forgave in the build that would be promoted, as far as it is known here
    pub forgave: Option<&'a str>,
}

impl<'a> LineFacts<'a> {
    /// Of a line on which nothing goes on here.
    pub const fn at_rest(key: &'a Key, generations: &'a Generations) -> Self {
        Self { key, under_way: None, tried: false, run: None, generations, forgave: None }
    }
}

/// A run on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunFacts {
    /// how it stands
    pub state: RunState,
    /// when it began
    pub since: Timestamp,
    /// the process in charge
    pub pid: i32,
}

impl From<&Run> for RunFacts {
    fn from(run: &Run) -> Self {
        Self { state: run.state, since: run.started, pid: run.supervisor.pid }
    }
}

/// What is known from vCenter.
#[derive(Debug, Clone)]
pub enum VCenterFacts<'a> {
    /// there is no link: what was known may be out of date
    NoLink,
    /// nothing says which one it is
    Unnamed,
    /// it has not answered yet
    Silent,
    /// it keeps what is known current
    Known {
        /// the account that changes things
        account: &'a str,
        /// privileges it lacks, by vSphere's ids, as far as vCenter has said
        missing: &'a BTreeSet<&'static str>,
    },
}

/// A run on GitHub, as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRunFacts {
    /// its number
    pub number: u64,
    /// its title
    pub title: String,
    /// its page
    pub url: String,
}

impl From<&RemoteRun> for RemoteRunFacts {
    fn from(run: &RemoteRun) -> Self {
        Self { number: run.number, title: run.title.clone(), url: run.url.clone() }
    }
}

/// What is known from GitHub. By default nothing is: builds go on without it, changes there do not.
#[derive(Debug, Clone)]
pub struct GitHubFacts {
    /// whether its answer is known, or why not
    pub known: Result<(), GitHubRefusal>,
    /// a request of a person is under way
    pub busy: bool,
    /// the run that builds the line, now or later
    pub builds: Option<RemoteRunFacts>,
    /// a run that one more would push out
    pub waiting: Option<RemoteRunFacts>,
    /// the run that is meant
    pub run: Result<ChosenRun, GitHubRefusal>,
    /// the schedule is switched off
    pub schedule_off: bool,
    /// whether the leg that is meant left evidence
    pub evidence: Result<(), GitHubRefusal>,
}

impl Default for GitHubFacts {
    fn default() -> Self {
        Self {
            known: Err(GitHubRefusal::NotAnswered),
            busy: false,
            builds: None,
            waiting: None,
            run: Err(GitHubRefusal::NoRun),
            schedule_off: false,
            evidence: Err(GitHubRefusal::NoRun),
        }
    }
}

/// The run on GitHub that an operation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChosenRun {
    /// whether it can be cancelled
    pub cancel: Result<(), github::Refusal>,
    /// whether legs of it can run again
    pub rerun: Result<(), github::Refusal>,
}

/// What is done with a line's ISO right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaWork {
    /// a bump is being written
    Bumping,
    /// it is being staged
    Staging {
        /// and asked to stop
        stopping: bool,
    },
}

/// What is known of a line's ISO.
#[derive(Debug, Clone)]
pub struct MediaFacts {
    /// work under way on it
    pub work: Option<MediaWork>,
    /// whether there is a newer release that can be taken
    pub newer: Result<(), MediaRefusal>,
    /// whether it is missing on the datastore and can be downloaded
    pub missing: Result<(), MediaRefusal>,
}

impl Default for MediaFacts {
    fn default() -> Self {
        Self { work: None, newer: Err(MediaRefusal::NotAsked), missing: Err(MediaRefusal::NotLooked) }
    }
}

/// What of a guest's console is before the eyes of whoever asks. On the command line the picture is not shown, and what is
/// asked for is of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureFacts {
    /// there is one
    pub there: bool,
    /// it is not covered
    pub visible: bool,
    /// it is of the past
    pub recorded: bool,
}

impl Default for PictureFacts {
    fn default() -> Self {
        Self { there: true, visible: true, recorded: false }
    }
}

impl<'a> Facts<'a> {
    /// Of a program that has asked nobody yet.
    pub fn unasked(mode: Mode) -> Self {
        Self {
            mode,
            leaving: false,
            line: None,
            vcenter: VCenterFacts::Silent,
            github: GitHubFacts::default(),
            media: MediaFacts::default(),
            picture: PictureFacts::default(),
            consent: Consent::default(),
        }
    }

    /// The line that is meant.
    pub(super) fn line(&self) -> Result<&LineFacts<'a>, Refusal> {
        self.line.as_ref().ok_or(Refusal::NoLine)
    }
}
