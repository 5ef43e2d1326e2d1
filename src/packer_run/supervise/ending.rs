//! The end of a build: what it is called, and that it is told and on record whatever the disk and the reader do.

use std::process::ExitStatus;
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{POLL_INTERVAL, Supervisor};
use crate::packer_run::record::{CancelMark, OUTPUT, RecordedState};
use crate::packer_run::run::{current_state, end_from_output};
use crate::packer_run::{BuildError, Run, RunState};
use crate::text::Scrubber;

/// Retries of writing the final record.
const RECORD_RETRY: ConstantBuilder = ConstantBuilder::new().with_delay(Duration::from_millis(500)).with_max_times(4);
/// At the end, a listener that takes nothing for this long is not waited for any more.
const LISTENER_TIMEOUT: Duration = Duration::from_secs(3);
/// Nor one that needs longer than this for the rest of the output.
const OUTPUT_TIMEOUT: Duration = Duration::from_secs(120);

/// How the steps ended: the state to record, packer's code, a reason in words.
pub(super) type RunEnd = (RecordedState, Option<i32>, Option<String>);

impl Supervisor<'_> {
    pub(super) fn ending(&self, status: ExitStatus, what: &str) -> RunEnd {
        use std::os::unix::process::ExitStatusExt;
        let code = status.code();
        let words = self.record.packer.as_ref().and_then(|_| end_from_output(&self.dir.join(OUTPUT)));
        // Interrupted just after it began, packer ends well all the same, and says that it built nothing.
        let interrupted = words == Some(RunState::Cancelled);
        if status.success() && self.record.packer.is_some() && !interrupted {
            // Asked to stop too late: the template is there.
            return (RecordedState::Succeeded, code, None);
        }
        if let Some((stage, why)) = &self.stopped {
            return (*stage, code, Some(why.clone()));
        }
        if CancelMark::read(&self.dir).is_some() {
            return (RecordedState::Cancelled, code, Some("asked to stop".into()));
        }
        if interrupted {
            return (RecordedState::Cancelled, code, Some("packer was signalled by somebody else".into()));
        }
        let reason = match status.signal() {
            Some(signal) => Some(format!("{what} was killed by signal {signal}; its VM may still be there")),
            None if self.record.packer.is_none() => Some(format!("{what} failed")),
            None => None,
        };
        (RecordedState::Failed, code, reason)
    }

    /// Removes packer's temporary files, writes the end down, whatever it is, and hands on what packer said last. What
    /// cannot be written is no less true: the run is returned as it is known here.
    pub(super) async fn end(mut self, ended: Result<RunEnd, BuildError>) -> Result<(Run, RecordedState), BuildError> {
        let (stage, exit, reason) = match &ended {
            Ok(ending) => ending.clone(),
            Err(error) => (RecordedState::Failed, None, Some(error.to_string())),
        };
        let reason = reason.map(|reason| Scrubber::shared().safe_line(&reason).into());
        (self.record.state, self.record.exit, self.record.reason) = (stage, exit, reason);
        self.record.ended = Some(Timestamp::now());
        // First: it holds passwords, and a full disk may have room for the record then.
        let removed = std::fs::remove_dir_all(&self.record.temporary);
        if let Err(error) = removed {
            let path = self.record.temporary.display();
            self.note(format!("{path} holds packer's temporary files and cannot be removed: {error}"));
        }
        if let Err(error) = (|| async { self.record.write(&self.dir) }).retry(RECORD_RETRY).await {
            self.note(format!("the end cannot be recorded in {}: {error}", self.dir.display()));
        }
        self.forward_rest().await;
        for file in [&self.log, &self.output] {
            if let Err(error) = file.close_gap() {
                self.note(format!("what packer wrote is kept with a gap in its middle: {error}"));
            }
        }
        let state = current_state(&self.dir, &mut self.record);
        ended.map(|_| (Run::from_record(&self.dir, self.record, state), stage))
    }

    /// Whatever packer said that was not handed on yet, as long as somebody takes it.
    async fn forward_rest(&mut self) {
        let began = Instant::now();
        let mut room = began;
        loop {
            if self.on.has_room() {
                room = Instant::now();
                self.skip_what_is_gone();
                match self.tail.read(self.on) {
                    Ok(true) => {}
                    Ok(false) => return self.tail.finish(self.on),
                    Err(error) => return self.note(format!("packer's output cannot be read: {error}")),
                }
            } else if room.elapsed() > LISTENER_TIMEOUT || began.elapsed() > OUTPUT_TIMEOUT {
                return self.note(format!("nobody reads this; the rest is in {}", self.dir.join(OUTPUT).display()));
            } else {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }
}
