//! What can be done.

use std::fmt;

/// An operation, whichever skin asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// start packer for a line
    Build,
    /// stop the run of a line
    Cancel,
    /// build becomes live, live becomes prev
    Promote,
    /// live and prev change places, and the line is held
    Rollback,
    /// no promotion until released
    Hold,
    /// lift the hold
    Release,
    /// destroy a leftover `-build`
    Sweep,
    /// type into a guest
    Type,
    /// press a key that types nothing, so that a blanked console shows its picture
    Wake,
    /// answer what vCenter asks about a build VM
    Answer,
    /// give a screen a name
    Teach,
    /// write a newer ISO into matrix and var-file
    Bump,
    /// put a line's ISO on the datastore
    Stage,
    /// end a staging
    StopStaging,
    /// build a line on GitHub
    Dispatch,
    /// cancel a run on GitHub
    CancelRemote,
    /// run the failed legs of a run on GitHub again
    Rerun,
    /// switch the schedule on GitHub on again
    EnableSchedule,
    /// bring the evidence of a failed leg here
    FetchLeg,
    /// say why a run fails
    Judge,
    /// write everything that is known about a run into one file
    Bundle,
    /// run a command of the user's configuration, which says itself whether it changes anything
    Plugin,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 22] = [
        Self::Build,
        Self::Cancel,
        Self::Promote,
        Self::Rollback,
        Self::Hold,
        Self::Release,
        Self::Sweep,
        Self::Type,
        Self::Wake,
        Self::Answer,
        Self::Teach,
        Self::Bump,
        Self::Stage,
        Self::StopStaging,
        Self::Dispatch,
        Self::CancelRemote,
        Self::Rerun,
        Self::EnableSchedule,
        Self::FetchLeg,
        Self::Judge,
        Self::Bundle,
        Self::Plugin,
    ];

    /// What holds for it whatever the facts.
    const fn traits(self) -> Traits {
        use WhileBuilt::{Allowed, Refused};
        match self {
            Self::Build => changes("start of the build", Refused),
            Self::Cancel => changes("cancelling", Allowed),
            Self::Promote => changes("promotion", Refused),
            // It does not touch what is being built, and its hold keeps that from being promoted.
            Self::Rollback => changes("rollback", Allowed),
            Self::Hold => changes("hold", Allowed),
            Self::Release => changes("release", Allowed),
            Self::Sweep => changes("sweep", Refused),
            Self::Type => changes("typing", Allowed),
            Self::Wake => changes("waking", Allowed),
            Self::Answer => changes("answer", Allowed),
            Self::Teach => changes("teaching", Allowed),
            Self::Bump => changes("bump", Allowed),
            Self::Stage => changes("staging", Allowed),
            Self::StopStaging => changes("end of the staging", Allowed),
            Self::Dispatch => changes("dispatch", Refused),
            Self::CancelRemote => elsewhere("cancelling of the run on GitHub"),
            Self::Rerun => elsewhere("re-run"),
            Self::EnableSchedule => elsewhere("schedule"),
            Self::FetchLeg => Traits { mutates: false, ..elsewhere("fetching of the evidence") },
            Self::Judge => Traits { mutates: false, ..changes("verdict", Allowed) },
            Self::Bundle => Traits { mutates: false, ..changes("bundle", Allowed) },
            Self::Plugin => Traits { mutates: false, ..elsewhere("command") },
        }
    }

    /// Whether it changes something outside this program: vCenter, a guest, a run, the repository, GitHub. What it
    /// writes below the state folder or into a file of the user's is no change.
    pub const fn mutates(self) -> bool {
        self.traits().mutates
    }

    /// Whether it is about a line.
    pub(super) const fn of_a_line(self) -> bool {
        self.traits().of_a_line
    }

    /// Whether it may be done while this machine builds the line.
    pub(super) const fn while_built(self) -> WhileBuilt {
        self.traits().while_built
    }
}

/// Whether something may be done while the line is being built here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhileBuilt {
    Allowed,
    /// packer may be about to destroy, or to make, the very object that is meant
    Refused,
}

#[derive(Clone, Copy)]
struct Traits {
    /// as a thing that is going on
    noun: &'static str,
    mutates: bool,
    of_a_line: bool,
    while_built: WhileBuilt,
}

const fn changes(noun: &'static str, while_built: WhileBuilt) -> Traits {
    Traits { noun, mutates: true, of_a_line: true, while_built }
}

/// Of a run on GitHub or the schedule there.
const fn elsewhere(noun: &'static str) -> Traits {
    Traits { noun, mutates: true, of_a_line: false, while_built: WhileBuilt::Allowed }
}

/// The operation as a thing that is going on.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.traits().noun)
    }
}
