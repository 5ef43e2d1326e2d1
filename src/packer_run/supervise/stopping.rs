//! Stopping a build: asked for, because its time is up, or by force.

use std::io;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::Instant;

use super::Supervisor;
use crate::duration::spoken;
use crate::packer_run::family;
use crate::packer_run::record::{CancelMark, RecordedState};
use crate::packer_run::{BuildError, Process};

/// A request to stop that reaches the supervisor while it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRequest {
    /// packer shall destroy its VM and end
    Clean,
    /// packer shall be killed; its VM stays
    Kill,
}

/// A process that SIGKILL has not ended by then waits for a device, and nobody can end it.
const UNKILLABLE: Duration = Duration::from_secs(30);

/// How hard the command under way is ended.
#[derive(Debug, Default)]
pub(super) struct End {
    /// nothing that belongs to it may go on: its time is up, or it is killed
    complete: bool,
    /// when packer is killed, if it has not ended by itself
    pub kill_at: Option<Instant>,
    killed: bool,
}

impl Supervisor<'_> {
    /// Passes a request to stop on to the command under way.
    pub(super) fn stop(&mut self, stop: StopRequest, process: Option<&Process>, (stage, why): (RecordedState, String)) {
        let forced = stop == StopRequest::Kill || CancelMark::read(&self.dir).is_some_and(|mark| mark.forced);
        let signal = if forced { Signal::SIGKILL } else { Signal::SIGTERM };
        self.end.complete |= forced;
        if self.stopped.is_none() {
            self.stopped = Some((stage, why.clone()));
            self.record.state = RecordedState::Cancelling;
            self.write();
        }
        self.note(match (forced, self.record.packer.is_some()) {
            (true, _) => format!("{why}: packer is killed, its VM stays"),
            (false, true) => format!("{why}: packer destroys its VM and ends"),
            (false, false) => format!("{why}: before the build began"),
        });
        if let Some(Err(error)) = process.map(|process| process.signal(signal)) {
            self.note(format!("packer cannot be signalled: {error}"));
        }
    }

    /// The build took too long: packer may clean up, and has so long for that.
    pub(super) fn time_is_up(&mut self, process: Option<&Process>) {
        self.deadline = None;
        self.end.complete = true;
        self.end.kill_at = Some(Instant::now() + self.request.grace);
        let why = format!("time limit of {} reached", spoken(self.request.timeout.unwrap_or_default()));
        self.stop(StopRequest::Clean, process, (RecordedState::TimedOut, why));
    }

    /// Packer had its time to clean up.
    ///
    /// # Errors
    /// When it was killed long ago and is still there.
    pub(super) async fn kill(&mut self, process: Option<&Process>) -> Result<(), BuildError> {
        if self.end.killed {
            return Err(BuildError::process("packer cannot be killed")(io::ErrorKind::TimedOut.into()));
        }
        self.end.killed = true;
        self.end.kill_at = Some(Instant::now() + UNKILLABLE);
        let late = format!("packer did not end within {} more", spoken(self.request.grace));
        if let Some((_, why)) = &mut self.stopped {
            *why = format!("{why}, {late} and was killed");
        }
        self.note(format!("{late}: it is killed with everything it started"));
        if let Some(process) = process {
            family::kill_all(process, &self.record.temporary).await;
        }
        Ok(())
    }

    /// Packer has ended. What it left running has no more time than itself.
    pub(super) async fn end_stragglers(&mut self, process: Option<&Process>) {
        self.end.kill_at = None;
        if let Some(process) = process.filter(|_| self.end.complete)
            && !family::kill_all(process, &self.record.temporary).await
        {
            self.note("something that packer started cannot be killed".into());
        }
    }
}
