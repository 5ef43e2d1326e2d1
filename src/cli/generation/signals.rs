//! A change on its way: told step by step, and not cut off in the middle.

use std::future::Future;
use std::time::{Duration, Instant};

use tmpl::generation::{Progress, Request};
use tokio::signal::unix::{SignalKind, signal};

use super::tell;

/// Lets a change come to its end although somebody signals: cut off in the middle it may leave no live template. A second
/// signal, later, means it; then `None`.
pub async fn undisturbed<T>(request: &Request, work: impl Future<Output = T>) -> anyhow::Result<Option<T>> {
    let (mut int, mut term, mut hup) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let mut work = std::pin::pin!(work);
    let mut asked: Option<Instant> = None;
    loop {
        tokio::select! {
            done = &mut work => return Ok(Some(done)),
            _ = int.recv() => {}
            _ = term.recv() => {}
            _ = hup.recv() => {}
        }
        match asked {
            // CI sends several in a row and kills ten seconds later; that is time enough.
            Some(asked) if asked.elapsed() > PATIENCE => {
                tell(&format!("stopped half way; run {} again to finish", request.verb()));
                return Ok(None);
            }
            Some(_) => {}
            None => {
                tell("finishing this first: half of it could leave no live template");
                asked = Some(Instant::now());
            }
        }
    }
}

/// What was said of the steps.
pub struct StepPrinter {
    steps: usize,
    at: Instant,
}

impl Default for StepPrinter {
    fn default() -> Self {
        Self { steps: 0, at: Instant::now() }
    }
}

impl StepPrinter {
    /// Each step once, and one that takes long every minute: somebody may be waiting without a live template.
    pub fn tell(&mut self, progress: &Progress) {
        let Progress { step, of, text, percent } = progress;
        if self.steps > *step && self.at.elapsed() < EVERY {
            return;
        }
        let waits = if self.steps > *step { "; vCenter is still at it" } else { "" };
        let percent = percent.filter(|_| !waits.is_empty()).map(|percent| format!(", {percent} %")).unwrap_or_default();
        self::tell(&format!("{}/{of} {text}{waits}{percent}", step + 1));
        *self = Self { steps: step + 1, at: Instant::now() };
    }
}

/// How often a step that takes long is told again.
const EVERY: Duration = Duration::from_secs(60);

/// Signals this soon after the first one are the same request.
const PATIENCE: Duration = Duration::from_secs(15);
