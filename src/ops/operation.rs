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
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Build,
        Self::Cancel,
        Self::Promote,
        Self::Rollback,
        Self::Hold,
        Self::Release,
        Self::Sweep,
        Self::Type,
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
    ];

    /// Whether it changes something outside this program: vCenter, a guest, a run, the repository, GitHub. What it
    /// writes below the state folder or into a file of the user's is no change.
    pub const fn mutates(self) -> bool {
        match self {
            Self::Build
            | Self::Cancel
            | Self::Promote
            | Self::Rollback
            | Self::Hold
            | Self::Release
            | Self::Sweep
            | Self::Type
            | Self::Teach
            | Self::Bump
            | Self::Stage
            | Self::StopStaging
            | Self::Dispatch
            | Self::CancelRemote
            | Self::Rerun
            | Self::EnableSchedule => true,
            Self::FetchLeg | Self::Judge | Self::Bundle => false,
        }
    }

    /// The operation as a thing that is going on.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Build => "start of the build",
            Self::Cancel => "cancelling",
            Self::Promote => "promotion",
            Self::Rollback => "rollback",
            Self::Hold => "hold",
            Self::Release => "release",
            Self::Sweep => "sweep",
            Self::Type => "typing",
            Self::Teach => "teaching",
            Self::Bump => "bump",
            Self::Stage => "staging",
            Self::StopStaging => "end of the staging",
            Self::Dispatch => "dispatch",
            Self::CancelRemote => "cancelling of the run on GitHub",
            Self::Rerun => "re-run",
            Self::EnableSchedule => "schedule",
            Self::FetchLeg => "fetching of the evidence",
            Self::Judge => "verdict",
            Self::Bundle => "bundle",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.noun())
    }
}
