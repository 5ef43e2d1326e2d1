//! Why a change of generations is not done.

use jiff::Timestamp;

use super::{Claim, Hold, StepTarget};
use crate::moment::local;
use crate::vcenter::Moid;

/// Why nothing is done: one line, with what to do about it. Verbs of the command line stand in backticks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// one name, several objects
    #[error("more than one object is called {name}; rename or remove all but one")]
    Duplicate {
        /// the name
        name: String,
    },
    /// a reason is wanted
    #[error("say why: the reason is what the next person on call will see")]
    NoReason,
    /// no promotion while the line is held
    #[error(
        "{base} is held since {} by {}: {}; lift it with `release` when that is settled",
        local(hold.since),
        hold.by,
        hold.reason
    )]
    Held {
        /// the line's base name
        base: String,
        /// the hold
        hold: Hold,
    },
    /// it has a hold, and another one is asked for
    #[error("{base} is held already by {}: {}; release it first", hold.by, hold.reason)]
    HeldAlready {
        /// the line's base name
        base: String,
        /// the hold it has
        hold: Hold,
    },
    /// nothing could carry the hold
    #[error("{base} has no template that could carry a hold; there is nothing to hold")]
    NothingToHold {
        /// the line's base name
        base: String,
    },
    /// nothing to release
    #[error("{base} is not held")]
    NotHeld {
        /// the line's base name
        base: String,
    },
    /// packer builds under the name that is cloned
    #[error("{base} is replaced in place by its build: there is nothing to promote, to roll back or to sweep")]
    ReplacedInPlace {
        /// the line's base name
        base: String,
    },
    /// the build ends in a content library
    #[error(
        "{base} ends in the content library {library}: there is no template here, and nothing to promote, to roll back or to sweep"
    )]
    InLibrary {
        /// the line's base name
        base: String,
        /// the library
        library: String,
    },
    /// no `-build` to destroy
    #[error("{base}-build not found: nothing to sweep")]
    NothingToSweep {
        /// the line's base name
        base: String,
    },
    /// sweeping would leave the line without any template
    #[error("{base}-build is the only template of this line; promote it, or remove it in vCenter by hand")]
    OnlyTemplate {
        /// the line's base name
        base: String,
    },
    /// the `-build` belongs to a promotion that was cut off
    #[error(
        "the promotion of {base}-build was interrupted; finish it with `promote` or take it back with `rollback`, \
         then sweep"
    )]
    PromotionInterrupted {
        /// the line's base name
        base: String,
    },
    /// no `-build` to promote
    #[error("{base}-build not found: nothing to promote; build the line first")]
    NothingToPromote {
        /// the line's base name
        base: String,
    },
    /// names that no interrupted change of ours leaves
    #[error(
        "{base}, {base}-prev and {base}-swapping are all there, which no interrupted rollback leaves; rename or \
         remove {base}-swapping by hand"
    )]
    Tangled {
        /// the line's base name
        base: String,
    },
    /// this very rollback was done before
    #[error(
        "{base} was rolled back for this reason already ({}, {}); to undo that, roll back with another reason",
        local(hold.since),
        hold.by
    )]
    RolledBackAlready {
        /// the line's base name
        base: String,
        /// the hold it left
        hold: Hold,
    },
    /// nothing to go back to
    #[error("{base}-prev not found: there is no generation to go back to")]
    NoPrevious {
        /// the line's base name
        base: String,
    },
    /// an empty line
    #[error("{base} has neither a live nor a previous template; build and promote")]
    NoTemplate {
        /// the line's base name
        base: String,
    },
    /// somebody made a VM of a generation
    #[error("{name} ({moid}) is a VM, not a template: mark it as template again, or give it a name of its own")]
    NotATemplate {
        /// its name
        name: String,
        /// its id
        moid: Moid,
    },
    /// packer has not finished it
    #[error("{name} is no template yet; wait for its build, or sweep it if it was left over")]
    NotFinished {
        /// its name
        name: String,
    },
    /// an old build would replace a newer live template
    #[error(
        "{name} was made {}, before the live template ({}); sweep it and build anew, or promote it with \
         --ignore-age if a clock was wrong",
        local(*built),
        local(*live)
    )]
    OlderThanLive {
        /// its name
        name: String,
        /// when it was made
        built: Timestamp,
        /// when live was made
        live: Timestamp,
    },
    /// vCenter is copying it
    #[error("{object} is being cloned right now; try again when that is done")]
    BeingCloned {
        /// which
        object: StepTarget,
    },
    /// the account may not do a step
    #[error("{account} lacks {privilege} on {object}; grant it on the folder of templates")]
    LacksPrivilege {
        /// the account
        account: String,
        /// vSphere's id of the privilege
        privilege: &'static str,
        /// on which object
        object: StepTarget,
    },
    /// the name differs from what a promotion makes live
    #[error(
        "this checkout builds {builds}, not {base}-build: a branch build; it is shown here and not promoted; build and \
         promote from the branch that builds {base}-build"
    )]
    BranchBuild {
        /// the line's base name
        base: String,
        /// what is built
        builds: String,
    },
    /// the build is not what the template asks for
    #[error("packer forgave a failure in {base}-build (continue_on_error): {why}; --allow-warnings promotes it anyway")]
    Forgiven {
        /// the line's base name
        base: String,
        /// with what a provisioner failed
        why: String,
    },
    /// it may not be
    #[error(
        "whether packer forgave a failure in {base}-build is not known ({reason}); --allow-warnings promotes it anyway"
    )]
    MayHaveForgiven {
        /// the line's base name
        base: String,
        /// why it is not known
        reason: String,
    },
    /// `-retired` was not put there by a promotion
    #[error(
        "{name} ({moid}) was not retired by a promotion: its notes say nothing of it, and it would be destroyed; give it \
         a name of its own"
    )]
    NotRetiredByUs {
        /// its name
        name: String,
        /// its id
        moid: Moid,
    },
    /// what would be destroyed is newer than what stays
    #[error(
        "{name} ({moid}) is newer than live and prev, and would be destroyed; give it a name of its own, or promote with \
         --ignore-age if a clock was wrong"
    )]
    NewestRetired {
        /// its name
        name: String,
        /// its id
        moid: Moid,
    },
    /// linked clones may need its disks
    #[error("{object} has a snapshot: disks of linked clones may hang on it; remove its snapshots if none does")]
    HasSnapshot {
        /// which
        object: StepTarget,
    },
    /// another machine's build is at work on it
    #[error(
        "{name} is being built by {} since {}, last heard of {} (run {}); wait for it; on the command line \
         --take-over REASON sets that aside, if that build is dead",
        claim.by,
        local(claim.since),
        local(claim.seen),
        claim.run
    )]
    Claimed {
        /// its name
        name: String,
        /// whose it is
        claim: Box<Claim>,
    },
    /// something else has a name that a step wants to give
    #[error("{name} ({moid}) has the name that is needed; rename it first")]
    NameTaken {
        /// the name
        name: String,
        /// who has it
        moid: Moid,
    },
}
