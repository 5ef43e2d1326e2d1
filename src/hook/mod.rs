//! The user's hook: a command that hears of what happens, as JSON on its stdin. It is told once of each event, by whichever
//! process sees it first; it has a bound of time and of what it may say, gets no secret, and nothing waits for it but the
//! end of the program.

mod event;
mod told;

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

pub use event::{Event, EventKind};
use serde::Serialize;
use tokio_util::task::TaskTracker;

use crate::child::{self, Bound, Kind};
use crate::paths::StateDir;
use crate::text::Scrubber;

/// How long the command may take, and how much it may say.
pub const BOUND: Bound = Bound { time: Duration::from_secs(15), bytes: 1 << 16 };
/// How long the end of the program waits for what is still being told.
const PATIENCE: Duration = Duration::from_secs(30);

/// The one of this process.
static SHARED: OnceLock<Hook> = OnceLock::new();

/// A command that hears of events.
#[derive(Debug)]
pub struct Hook {
    command: String,
    state: StateDir,
    around: Around,
    tasks: TaskTracker,
    troubles: Mutex<Vec<String>>,
}

/// Where events happen: the same in all of them.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Around {
    /// host of vCenter
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcenter: Option<String>,
    /// name of the context
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// who, and on which machine: `user@host`
    pub by: String,
    /// it is the lab: nothing of it is real
    pub simulated: bool,
}

/// What the command reads.
#[derive(Serialize)]
struct Told<'a> {
    version: u8,
    #[serde(flatten)]
    event: &'a Event,
    #[serde(flatten)]
    around: &'a Around,
}

impl Hook {
    /// A command for the shell; `state` is where it is remembered what was told.
    pub fn new(command: impl Into<String>, state: StateDir, around: Around) -> Self {
        Self { command: command.into(), state, around, tasks: TaskTracker::new(), troubles: Mutex::default() }
    }

    /// Makes it the one of this process; the first one stays.
    pub fn share(self) {
        let _ = SHARED.set(self);
    }

    /// The one of this process, if the user has one.
    pub fn shared() -> Option<&'static Self> {
        SHARED.get()
    }

    /// Tells an event, elsewhere: whoever calls this goes on at once.
    pub fn tell(&'static self, event: Event) {
        self.after(async { Some(event) });
    }

    /// Tells what comes of some more work, elsewhere.
    pub fn after(&'static self, event: impl Future<Output = Option<Event>> + Send + 'static) {
        // Without a runtime nobody is there to tell it; the program's own log has it.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        self.tasks.spawn_on(
            async move {
                let Some(event) = event.await else { return };
                if let Err(trouble) = self.run(&event).await {
                    tracing::warn!(event = event.event.word(), key = %event.key, %trouble, "the hook");
                    self.troubles.lock().unwrap_or_else(PoisonError::into_inner).push(trouble);
                }
            },
            &runtime,
        );
    }

    /// What went wrong since this was last asked, a line each, safe to be shown.
    pub fn troubles(&self) -> Vec<String> {
        std::mem::take(&mut *self.troubles.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until everything is told, but not for ever.
    pub async fn finish(&self) {
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait()).await.is_err() {
            tracing::warn!("the hook is still at work; left alone");
        }
    }

    /// Runs the command, unless the event was told already.
    ///
    /// # Errors
    /// What went wrong, in a line.
    async fn run(&self, event: &Event) -> Result<(), String> {
        let (state, kind, key, once) = (self.state.clone(), event.event, event.key.clone(), event.once.clone());
        let first = crate::task::spawn_blocking(move || told::first(&state, kind, &key, &once)).await;
        let first = first.map_err(|error| error.to_string()).and_then(|first| first.map_err(|error| error.to_string()));
        // Once at most: where that cannot be known it is not told.
        if !first.map_err(|why| format!("the hook was not told of {}: {why}", event.event.word()))? {
            return Ok(());
        }
        let scrubber = Scrubber::shared();
        let told = Told { version: 1, event: &event.harmless(scrubber), around: &self.around };
        let json = scrubber.safe_json(&told).map_err(|error| format!("the hook: {error}"))?;
        let mut command = child::command(Kind::Hook, "sh");
        command.arg("-c").arg(&self.command);
        let ended = child::output(command, BOUND, Some(format!("{json}\n").as_bytes())).await;
        let why = match ended {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr);
                let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
                format!("it ended with {}: {last}", child::ending(output.status))
            }
            Err(error) => stopped(&error),
        };
        Err(scrubber.safe_line(&format!("hook ({:?}): {why}", event.event.word())).into())
    }
}

/// Why a command of the user's own did not come to its end: what we stopped did not fail by itself.
pub fn stopped(error: &child::Error) -> String {
    match error {
        child::Error::TimedOut(time) => format!("stopped after {} s", time.as_secs()),
        child::Error::TooMuch(_) => format!("stopped: {error}"),
        child::Error::NotFound | child::Error::Io(_) => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
