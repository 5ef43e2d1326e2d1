//! What the user's own configuration asks for: another context, a command, the hook.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::limits::{ENTER, PLUGIN, SAVE};
use super::{Driver, Parts};
use crate::console::message::{Msg, RequestId};
use crate::console::own::Own;
use crate::ops::{self, acknowledge, blocking};
use crate::paths::StateDir;

/// Commands of the user's own that are at work. None outlives the console, also where another takes its process over:
/// nobody would hear what became of it, and it may be about a line of the other vCenter.
#[derive(Default)]
pub(super) struct Plugins {
    leaving: CancellationToken,
    running: TaskTracker,
}

impl Plugins {
    fn watched<T>(
        &self,
        work: impl Future<Output = Result<T, ops::Error>> + Send + 'static,
    ) -> impl Future<Output = Result<T, ops::Error>> + Send + 'static {
        let leaving = self.leaving.clone();
        self.running.track_future(async move {
            let ended = leaving.run_until_cancelled_owned(work).await;
            ended.unwrap_or_else(|| Err(ops::Error::Usage("ended with the console".into())))
        })
    }

    /// Ends them, with all that they started.
    pub(super) async fn end(&self) {
        self.leaving.cancel();
        self.running.close();
        self.running.wait().await;
    }
}

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

    /// Writes what is acknowledged, and reads it again.
    fn on_record(
        &mut self,
        request: RequestId,
        write: impl FnOnce(&StateDir) -> Result<String, ops::Error> + Send + 'static,
    ) {
        let (context, report) = (self.parts.context.clone(), self.report.clone());
        let written = blocking("writing what is acknowledged", move || {
            let text = write(&context.state)?;
            report(Msg::AcknowledgedRead(acknowledge::all(&context.state, context.lines.iter().map(|line| &line.key))));
            Ok(text)
        });
        self.ask(SAVE, "writing what is acknowledged", written, move |answer| Msg::PluginEnded { request, answer });
    }

    /// Does it. What needs the terminal is not for the driver.
    pub(super) fn own(&mut self, own: Own) {
        match own {
            Own::RunPlugin { request, plugin, selection } => {
                let dir = self.parts.context.repo.clone();
                let ran = self.plugins.watched(async move { ops::plugin::run(plugin, selection, &dir).await });
                self.ask(PLUGIN, "the command", ran, move |answer| Msg::PluginEnded { request, answer });
            }
            Own::Acknowledge { request, key, seen, note } => {
                let said = move |state: &StateDir| {
                    let seen = acknowledge::acknowledge(state, &key, seen, &note)?;
                    Ok(format!("{key}: quiet until its cause changes ({})", seen.note))
                };
                self.on_record(request, said);
            }
            Own::CarryOver { key, page, failure } => {
                let state = self.parts.context.state.clone();
                drop(crate::task::spawn_blocking(move || {
                    // It alarms once more, then.
                    if let Err(error) = acknowledge::carry_over(&state, &key, &page, failure) {
                        tracing::warn!(%key, %error, "what is acknowledged is not carried over");
                    }
                }));
            }
            Own::Withdraw { request, key } => self.on_record(request, move |state| {
                acknowledge::withdraw(state, &key)?;
                Ok(format!("{key}: alarm re-armed"))
            }),
            Own::TellHook { key, once, text } => {
                let context = self.parts.context.clone();
                drop(crate::task::spawn_blocking(move || ops::tell::alarm(&context, &key, &once, text)));
            }
            Own::EnterContext { request, name } => {
                let context = self.parts.config.contexts.get(&name).cloned().unwrap_or_default();
                let entered = ops::enter(context, self.parts.context.repo.clone());
                self.ask(ENTER, "switching to the context", entered, move |answer| Msg::ContextEntered {
                    request,
                    answer: answer.map(Arc::new),
                });
            }
            Own::TurnTo(_) => {}
        }
    }
}
