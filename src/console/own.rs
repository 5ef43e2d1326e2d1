//! What the user's own configuration asks for: another context, a command, the hook.

use std::sync::Arc;

use super::message::RequestId;
use crate::config::{Entered, Plugin};
use crate::ops::plugin::Selection;
use crate::pipeline::Key;

/// Something to do that the user's configuration asks for. Nothing of it changes a template, a guest or a repository by
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
