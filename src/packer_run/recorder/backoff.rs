//! What goes wrong beside a build: told once, tried again ever more seldom.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::Work;
use super::frame_filter::FrameFilter;
use crate::vcenter::Error;

/// After trouble: the next try comes after the first pause, then after twice that, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why something is not tried now, or since when it fails.
#[derive(Debug)]
pub(super) struct Backoff {
    /// what was said last, so that it is said once
    pub(super) said: Option<String>,
    pauses: ExponentialBackoff,
    pub(super) until: Option<Instant>,
    /// never again
    pub(super) over: bool,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST_PAUSE)
    }
}

impl Backoff {
    /// With pauses of at most `longest`.
    pub(super) fn up_to(longest: Duration) -> Self {
        let pauses = ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_delay(longest).without_max_times();
        Self { said: None, pauses: pauses.build(), until: None, over: false }
    }

    pub(super) fn waits(&self) -> bool {
        self.over || self.until.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn back_off(&mut self) {
        self.until = self.pauses.next().map(|pause| Instant::now() + pause);
    }
}

impl Work {
    /// vCenter did not answer, or refuses us.
    pub(super) fn lost(&mut self, error: &Error) -> std::io::Result<()> {
        let over = error.needs_a_person();
        let text = if over {
            format!("the flight recorder stops: {error}")
        } else {
            format!("the flight recorder waits for vCenter: {error}")
        };
        self.link.over = over;
        self.link.back_off();
        if self.link.said.is_none() {
            self.link.said = Some(text.clone());
            self.note(text, true)?;
        }
        Ok(())
    }

    /// Whether what a look brought is on disk. A full one may have room again before the build ends.
    pub(super) fn written(&mut self, looked: std::io::Result<()>) {
        self.disk.until = None;
        if let Err(error) = looked {
            self.disk.back_off();
            // The picture that could not be kept is new to the next look.
            (self.frame_filter, self.standing) = (FrameFilter::default(), None);
            if self.disk.said.is_none() {
                let text = format!("the flight recorder cannot write and tries again: {error}");
                self.disk.said = Some(text.clone());
                let _ = self.say.send(text);
            }
            return;
        }
        // Only a picture that was kept tells that it works again.
        if self.disk.said.is_some()
            && self.standing.is_some()
            && self.note("the flight recorder writes again".into(), true).is_ok()
        {
            self.disk = Backoff::default();
        }
    }
}
