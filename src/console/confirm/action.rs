//! What a confirmation is about.

use super::super::message::RequestId;
use super::super::{github, media};
use crate::generation::Plan;
use crate::guest::picture::Picture;
use crate::ops::Description;
use crate::ops::plugin::Selection;
use crate::vcenter::{Question, Vm};

/// What confirming leads to.
#[derive(Debug, Clone)]
pub enum Action {
    /// packer is started
    Build,
    /// templates are renamed, destroyed or annotated
    Generation(Box<Plan>),
    /// keys are typed into a guest
    Type(Box<Vm>),
    /// a key that types nothing is pressed in a guest
    Wake(Box<Vm>),
    /// what vCenter asks about a VM is answered
    Answer {
        /// the VM
        vm: Box<Vm>,
        /// what it asks
        question: Box<Question>,
    },
    /// a screen gets a name
    Teach {
        /// what it is known by, and what it means
        description: Box<Description>,
        /// the screen
        picture: Picture,
    },
    /// something is asked of GitHub
    GitHub(github::Action),
    /// install media: written, uploaded, or an upload ended
    Media(media::Action),
    /// a command of the user's configuration is run: its number, and what it finds in its environment
    Plugin(u8, Selection),
    /// the smoke test of the promotion with this number is stopped
    StopTest(RequestId),
    /// a run is stopped
    Cancel {
        /// killed instead of asked
        force: bool,
    },
}
