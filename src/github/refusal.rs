//! Why nothing is asked of GitHub, or of a leg's pod: guards of ours, with their facts.

use crate::pipeline::Key;

/// Nothing was changed, and this is why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// a run builds the line, now or later
    #[error("{key} is already being built by run #{number}: {url}")]
    BuiltAlready {
        /// the line
        key: Key,
        /// the run
        number: u64,
        /// its page
        url: String,
    },
    /// one more run would drop the one that waits
    #[error(
        "run #{number} ({title}) is already waiting, and GitHub would drop it for a new one; wait, or cancel it: {url}"
    )]
    Waiting {
        /// the run that waits
        number: u64,
        /// its title
        title: String,
        /// its page
        url: String,
    },
    /// nothing to cancel
    #[error("run #{number} is over already: it {state}")]
    Over {
        /// the run
        number: u64,
        /// how it ended
        state: &'static str,
    },
    /// nothing to run again yet
    #[error("run #{number} is not over yet")]
    NotOver {
        /// the run
        number: u64,
    },
    /// nothing to run again, or to fetch
    #[error("no job of run #{number} failed")]
    NoLegFailed {
        /// the run
        number: u64,
    },
    /// GitHub gives a log when its leg is over
    #[error("{leg} is still running: GitHub has its log once it is over; guest and picture come from vCenter")]
    LegAtWork {
        /// the leg's name
        leg: String,
    },
    /// only a leg that did not go well leaves evidence
    #[error("{leg} {state}: a job that succeeded leaves no log")]
    WentWell {
        /// the leg's name
        leg: String,
        /// how it ended
        state: &'static str,
    },
    /// the environment's name for the scale set's namespace cannot be one
    #[error("TMPL_ARC_NAMESPACE is no name of a Kubernetes namespace; correct it")]
    NoNamespace,
    /// a leg at work whose pod cannot be read
    #[error("{leg} is running and GitHub has no log of it yet; {lacking}")]
    NoPod {
        /// the leg's name
        leg: String,
        /// why not
        lacking: Lacking,
    },
    /// `kubectl` is not there, or does not start
    #[error("the pod cannot be read: kubectl: {reason}")]
    NoKubectl {
        /// what the system says
        reason: String,
    },
}

/// What is lacking for the log of a leg's pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lacking {
    /// nobody says where the pods are
    #[error("set TMPL_ARC_NAMESPACE to read it from the runner's pod")]
    Namespace,
    /// it waits for a runner
    #[error("no runner has taken it")]
    Runner,
    /// the runner's name is none of a pod
    #[error("its runner is no pod")]
    Pod,
}
