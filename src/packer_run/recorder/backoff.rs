//! What goes wrong beside a build: reported once, retried with growing pauses.

use std::time::{Duration, Instant};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::RecorderTask;
use super::frame_filter::FrameFilter;
use crate::vcenter::Error;

/// The first pause after a failure; each further one is twice as long, up to the longest.
const MIN_BACKOFF: Duration = Duration::from_secs(5);
const MAX_BACKOFF: Duration = Duration::from_secs(60);

/// Why something is not tried now, or since when it fails.
#[derive(Debug)]
pub(super) struct Backoff {
    /// what was reported last, so that it is reported once
    pub(super) reported: Option<String>,
    pauses: ExponentialBackoff,
    pub(super) retry_at: Option<Instant>,
    /// never again
    pub(super) given_up: bool,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(MAX_BACKOFF)
    }
}

impl Backoff {
    /// With pauses of at most `longest`.
    pub(super) fn up_to(longest: Duration) -> Self {
        let pauses = ExponentialBuilder::new().with_min_delay(MIN_BACKOFF).with_max_delay(longest).without_max_times();
        Self { reported: None, pauses: pauses.build(), retry_at: None, given_up: false }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.given_up || self.retry_at.is_some_and(|until| Instant::now() < until)
    }

    pub(super) fn back_off(&mut self) {
        self.retry_at = self.pauses.next().map(|pause| Instant::now() + pause);
    }
}

impl RecorderTask {
    /// vCenter did not answer, or refuses us.
    pub(super) fn lost(&mut self, error: &Error) -> std::io::Result<()> {
        let over = error.needs_a_person();
        let text = if over {
            format!("the flight recorder stops: {error}")
        } else {
            format!("the flight recorder waits for vCenter: {error}")
        };
        self.link.given_up = over;
        self.link.back_off();
        if self.link.reported.is_none() {
            self.link.reported = Some(text.clone());
            self.note(text, true)?;
        }
        Ok(())
    }

    /// Takes note of whether a poll could write its results. A full disk may have room again before the build ends.
    pub(super) fn note_write_result(&mut self, result: std::io::Result<()>) {
        self.disk.retry_at = None;
        if let Err(error) = result {
            self.disk.back_off();
            // The picture that could not be kept is new to the next poll.
            (self.frame_filter, self.current_frame) = (FrameFilter::default(), None);
            if self.disk.reported.is_none() {
                let text = format!("the flight recorder cannot write and tries again: {error}");
                self.disk.reported = Some(text.clone());
                let _ = self.messages.send(text);
            }
            return;
        }
        // Only a picture that was kept tells that it works again.
        if self.disk.reported.is_some()
            && self.current_frame.is_some()
            && self.note("the flight recorder writes again".into(), true).is_ok()
        {
            self.disk = Backoff::default();
        }
    }
}
