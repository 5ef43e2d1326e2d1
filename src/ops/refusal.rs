//! Why an operation is not done: facts. A skin puts them into its own words; `Display` is the command line's.

use jiff::Timestamp;

use super::{Exit, Operation};
use crate::generation::{self, StepTarget};
use crate::github;
use crate::moment::local;
use crate::pipeline::Key;
use crate::vcenter::gate::ReadOnly;

/// Nothing was changed, and this is why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// nothing may be changed, and why
    #[error("{0}")]
    ReadOnly(ReadOnly),
    /// the program ends as soon as what is under way is done
    #[error("leaving as soon as the work is done; nothing new is started")]
    Leaving,
    /// no line is meant
    #[error("no line selected")]
    NoLine,
    /// another operation of this process is under way on the line
    #[error("{key}: {operation} is under way; one operation per line")]
    UnderWay {
        /// the line
        key: Key,
        /// which one
        operation: Operation,
    },
    /// packer may be about to destroy the very build that is meant
    #[error("{key} is being built since {} (process {pid}); wait for it or cancel it first", local(*since))]
    BeingBuilt {
        /// the line
        key: Key,
        /// when its run began
        since: Timestamp,
        /// its supervisor
        pid: i32,
    },
    /// it is being built, and another build is asked for
    #[error("{key} is being built already since {} (process {pid})", local(*since))]
    BuiltAlready {
        /// the line
        key: Key,
        /// when its run began
        since: Timestamp,
        /// its supervisor
        pid: i32,
    },
    /// its run was asked to stop, and has not ended
    #[error("{key} is being cancelled: wait until its VM is gone")]
    BeingCancelled {
        /// the line
        key: Key,
    },
    /// GitHub builds it
    #[error("{key} is being built by run #{number} on GitHub: {url}")]
    BuiltOnGitHub {
        /// the line
        key: Key,
        /// the run
        number: u64,
        /// its page
        url: String,
    },
    /// GitHub may be building what is to go, and cannot be asked
    #[error(
        "{name} may be being built: whether GitHub builds {key} is not known ({reason}); make that work; on the command \
         line --take-over REASON sets that aside, if you know that nobody builds it"
    )]
    MayBeBuilt {
        /// the line
        key: Key,
        /// what would go
        name: String,
        /// why it is not known
        reason: String,
    },
    /// what has the name is not what the run built
    #[error("this run built {built}, and {name} is {found} now; nothing was promoted")]
    NotThisBuild {
        /// what it built
        built: String,
        /// the name that is promoted
        name: String,
        /// what has it
        found: String,
    },
    /// a clone of the build did not come up
    #[error("{name} did not pass the smoke test: {why}; nothing was promoted; {seen}")]
    SmokeTest {
        /// the clone
        name: String,
        /// what was missing
        why: String,
        /// where its picture is, and what is left of it
        seen: String,
    },
    /// what has the name of the clone was made by no smoke test
    #[error("{clone} has the name that the smoke test needs, and none made it: rename or remove it in vCenter")]
    NotOurClone {
        /// which VM
        clone: StepTarget,
    },
    /// the VM is none that a build of the line left
    #[error("{name} was not left by a build of {key} on another branch; `status` lists those that were")]
    NotOfLine {
        /// the line
        key: Key,
        /// the VM
        name: String,
    },
    /// which object a run built is not known
    #[error(
        "built, but not promoted: it is not known which template {key} built ({reason}); look at it, then `promote`"
    )]
    BuiltUnknown {
        /// the line
        key: Key,
        /// why
        reason: String,
    },
    /// it is built on this machine, so that GitHub must not
    #[error("{key} is being built on this machine: two runs would fight over its VM")]
    BuiltHere {
        /// the line
        key: Key,
    },
    /// nothing to stop
    #[error("{key} has no run to cancel")]
    NoRunToCancel {
        /// the line
        key: Key,
    },
    /// nothing to judge or to bundle
    #[error("{key} has no run on record here")]
    NoRun {
        /// the line
        key: Key,
    },
    /// what is known of vCenter may be out of date
    #[error("no link to vCenter: what is shown may be out of date")]
    NoLink,
    /// vCenter has not answered yet
    #[error("vCenter has not answered yet")]
    NothingKnown,
    /// the account may not do it
    #[error("{account} lacks {privilege}{}; `tmpl-tui doctor` lists all it lacks", on(object.as_deref()))]
    LacksPrivilege {
        /// the account
        account: String,
        /// vSphere's id of the privilege
        privilege: &'static str,
        /// on which object, where that is known
        object: Option<String>,
    },
    /// the state of the line's templates forbids it
    #[error(transparent)]
    Generation(#[from] generation::Refusal),
    /// the line has changed since the plan was made
    #[error("{base} has changed since that plan was made; look again with --dry-run")]
    Stale {
        /// its base name
        base: String,
    },
    /// somebody was asked and did not agree
    #[error("not confirmed; nothing was changed")]
    NotConfirmed,
    /// somebody must be asked, and there is no terminal
    #[error("no terminal to confirm on; pass --yes")]
    NoTerminal,
    /// the build VM is off or not there
    #[error("{key} has no running build VM to type into")]
    NoGuest {
        /// the line
        key: Key,
    },
    /// vCenter asks nothing about its build VM
    #[error("vCenter asks nothing about the build VM of {key}")]
    NoQuestion {
        /// the line
        key: Key,
    },
    /// none of the answers that vCenter takes
    #[error("{said:?} is none of the answers: {answers}")]
    NoSuchAnswer {
        /// what was said
        said: String,
        /// what can be answered, numbered
        answers: String,
    },
    /// what is typed into must be seen
    #[error("the picture is not on screen")]
    PictureHidden,
    /// what is typed into must be the present
    #[error("the picture is a recorded one")]
    PictureRecorded,
    /// nothing to give a name to
    #[error("no picture on screen to name")]
    NoPicture,
    /// about install media
    #[error("{key}: {reason}")]
    Media {
        /// the line
        key: Key,
        /// why
        reason: MediaRefusal,
    },
    /// about the pipeline on GitHub
    #[error(transparent)]
    GitHub(#[from] GitHubRefusal),
}

fn on(object: Option<&str>) -> String {
    object.map_or_else(|| " in vCenter".to_owned(), |object| format!(" on {object}"))
}

/// Why install media are not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaRefusal {
    /// nothing to stop
    #[error("no ISO is being staged")]
    NotStaging,
    /// asked to stop already
    #[error("staging is being stopped")]
    Stopping,
    /// a bump is being written
    #[error("a bump is being written")]
    Bumping,
    /// its ISO is on its way
    #[error("its ISO is being staged")]
    Staging,
    /// its mirror has not answered yet
    #[error("its mirror has not answered yet")]
    Asking,
    /// its mirror was not asked
    #[error("its mirror has not been asked yet")]
    NotAsked,
    /// it was asked and could not say, or what it said cannot be taken
    #[error("{0}")]
    NothingToTake(String),
    /// nothing newer
    #[error("it has the newest release already")]
    Newest,
    /// nobody to ask
    #[error("its ISO is put there by hand; there is no mirror")]
    ByHand,
    /// nothing to download from
    #[error("there is no mirror; put {0} there by hand")]
    StageByHand(String),
    /// not known yet what the datastore has
    #[error("it is not known yet whether its ISO is staged")]
    NotLooked,
    /// nothing to do
    #[error("its ISO is staged already")]
    Staged,
}

/// Why nothing is changed on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubRefusal {
    /// it cannot be asked, and why
    #[error("{0}")]
    Unknown(String),
    /// it has not answered yet
    #[error("GitHub has not answered yet")]
    NotAnswered,
    /// one request at a time
    #[error("GitHub is still at work on the last request")]
    Busy,
    /// no run is meant
    #[error("there is no run")]
    NoRun,
    /// a run has to be chosen first
    #[error("choose a run first")]
    NotChosen,
    /// its runs or legs do not allow it
    #[error(transparent)]
    Runs(#[from] github::Refusal),
    /// nothing to switch on
    #[error("the schedule is on already")]
    ScheduleOn,
    /// a leg that builds no line leaves no log of ours
    #[error("{leg} does not build a line")]
    BuildsNoLine {
        /// the leg's name
        leg: String,
    },
}

impl Refusal {
    /// The exit code: a refusal, but for a terminal that the caller has to provide.
    pub const fn exit(&self) -> Exit {
        if matches!(self, Self::NoTerminal) { Exit::Usage } else { Exit::Refused }
    }
}
