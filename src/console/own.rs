//! What concerns the user's own things alone: another context of the configuration, a command, the hook, a note on an alarm.

use std::sync::Arc;

use super::message::RequestId;
use crate::config::{Entered, Plugin};
use crate::ops::acknowledge::{Failure, Seen};
use crate::ops::plugin::Selection;
use crate::pipeline::Key;

/// Something to do with what is the user's own. Nothing of it changes a template, a guest or a repository by
/// our hand.
#[derive(Debug, Clone)]
pub enum Own {
    /// make ready to turn to another context: its password, its repository
    EnterContext {
        /// its number
        request: RequestId,
        /// its name
        name: String,
    },
    /// end this console and open one in the context
    TurnTo(Arc<Entered>),
    /// run a command of the user's configuration
    RunPlugin {
        /// its number
        request: RequestId,
        /// the command
        plugin: &'static Plugin,
        /// what it finds in its environment
        selection: Selection,
    },
    /// put on record that an alarm was seen
    Acknowledge {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
        /// how it fails
        seen: Seen,
        /// what is said of it
        note: String,
    },
    /// keep a failure at GitHub acknowledged whose evidence is here now
    CarryOver {
        /// the line
        key: Key,
        /// the page that was acknowledged
        page: String,
        /// how the verdict tells it
        failure: Failure,
    },
    /// take back that an alarm was seen
    Withdraw {
        /// its number
        request: RequestId,
        /// the line
        key: Key,
    },
    /// tell the user's hook of an alarm
    TellHook {
        /// the line
        key: Key,
        /// what tells it from others of its build
        once: String,
        /// what happened
        text: String,
    },
}
