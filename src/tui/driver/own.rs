//! What the user's own configuration asks for: another context, a command, the hook.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::limits::{ENTER, PLUGIN};
use super::{Driver, Parts};
use crate::console::message::Msg;
use crate::console::own::Own;
use crate::ops;

impl Parts {
    /// Where files are saved.
    pub(super) fn saved(&self) -> PathBuf {
        self.config.save_dir.clone().unwrap_or_else(|| self.context.state.saved())
    }
}

impl Driver {
    /// Root of the repository.
    pub fn repo(&self) -> &Path {
        &self.parts.context.repo
    }

    /// Does it. What needs the terminal is not for the driver.
    pub(super) fn own(&mut self, own: Own) {
        match own {
            Own::RunPlugin { request, plugin, selection } => {
                let dir = self.parts.context.repo.clone();
                let ran = async move { ops::plugin::run(plugin, selection, &dir).await };
                self.ask(PLUGIN, "the command", ran, move |answer| Msg::PluginEnded { request, answer });
            }
            Own::TellHook { key, once, text } => {
                let context = self.parts.context.clone();
                drop(tokio::task::spawn_blocking(move || ops::tell::alarm(&context, &key, &once, text)));
            }
            Own::EnterContext { request, name } => {
                let context = self.parts.config.contexts.get(&name).cloned().unwrap_or_default();
                let entered = ops::enter(context, self.parts.context.repo.clone());
                self.ask(ENTER, "turning to the context", entered, move |answer| Msg::ContextEntered {
                    request,
                    answer: answer.map(Arc::new),
                });
            }
            Own::TurnTo(_) => {}
        }
    }
}
