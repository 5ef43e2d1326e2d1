//! One run as it stands on disk, and how it stands now.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::Process;
use super::record::{BuiltVm, CancelMark, FRAMES, OUTPUT, Record, RecordedState};
use crate::fs::open_regular;
use crate::pipeline::Key;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// plugins and validation; packer does not build yet
    Starting,
    /// packer builds
    Running,
    /// packer was asked to stop and destroys its VM
    Cancelling,
    /// a fresh `-build` template exists
    Succeeded,
    /// with the exit code of packer, when somebody was there to collect it
    Failed {
        /// the code
        exit: Option<i32>,
    },
    /// stopped because somebody asked
    Cancelled,
    /// its processes are gone and neither they nor packer's output told an end
    Lost,
}

impl RunState {
    /// Whether its processes are at work.
    pub const fn live(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Cancelling)
    }

    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Cancelling => "cancelling",
            Self::Succeeded => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// One run of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// the line
    pub key: Key,
    /// name of its live template
    pub base_name: String,
    /// when it began
    pub started: Timestamp,
    /// when it ended, if that was recorded
    pub ended: Option<Timestamp>,
    /// how it stands
    pub state: RunState,
    /// why, one line, when packer's log does not say
    pub reason: Option<String>,
    /// it failed because the time was over that it was given
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub timed_out: bool,
    /// its folder
    pub dir: PathBuf,
    /// packer's log
    pub log: PathBuf,
    /// packer's stdout and stderr; with those of init and validate
    pub output: PathBuf,
    /// pictures of the guest's console over time
    pub frames: PathBuf,
    /// packer and its arguments
    pub argv: Vec<String>,
    /// packer's version
    pub packer_version: String,
    /// promoted after success
    pub promote: bool,
    /// the process in charge
    pub supervisor: Process,
    /// packer, once it runs
    pub packer: Option<Process>,
    /// the template that it built, once that is known
    #[serde(skip_serializing_if = "Option::is_none")]
    pub built: Option<BuiltVm>,
    /// failures of provisioners that packer forgave (`continue_on_error`), once somebody looked
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forgave: Option<Vec<String>>,
    /// the page of the run, when another machine did it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    #[serde(skip)]
    pub(super) builds: Option<String>,
    #[serde(skip)]
    pub(super) temporary: PathBuf,
}

impl Run {
    /// Reads the run in `dir`; `None` when nothing was recorded there.
    ///
    /// # Errors
    /// Those of reading its record.
    pub fn read(dir: &Path) -> io::Result<Option<Self>> {
        let Some(mut record) = Record::read(dir)? else { return Ok(None) };
        let mut state = current_state(dir, &mut record);
        // The end may have been written between the look at the record and the look at the processes.
        if !state.live() && record.ended.is_none() {
            record = Record::read(dir)?.unwrap_or(record);
            state = self::current_state(dir, &mut record);
        }
        Ok(Some(Self::from_record(dir, record, state)))
    }

    /// The run of this record.
    pub(super) fn from_record(dir: &Path, record: Record, state: RunState) -> Self {
        Self {
            key: record.key,
            base_name: record.base_name,
            started: record.started,
            ended: record.ended,
            state,
            timed_out: record.state == RecordedState::TimedOut,
            reason: record.reason,
            output: dir.join(OUTPUT),
            frames: dir.join(FRAMES),
            dir: dir.to_owned(),
            log: record.log,
            argv: record.argv,
            packer_version: record.packer_version,
            promote: record.promote,
            supervisor: record.supervisor,
            packer: record.packer,
            built: record.built,
            forgave: record.forgave,
            builds: record.builds,
            origin: record.origin,
            temporary: record.temporary,
        }
    }

    /// The same run as it stands now.
    ///
    /// # Errors
    /// Those of reading its record; `NotFound` when its folder is gone.
    pub fn refresh(&self) -> io::Result<Self> {
        Self::read(&self.dir)?.ok_or_else(record_gone)
    }

    /// The file worth showing: packer's log; before it has one, and when init or validate failed, the output.
    pub fn shown(&self) -> &Path {
        let begun = std::fs::metadata(&self.log).is_ok_and(|log| log.len() > 0);
        if begun { &self.log } else { &self.output }
    }

    /// Name of the VM being built, and of the template that success leaves; `*` stands for what only the build knew.
    pub fn build_name(&self) -> String {
        self.builds.clone().unwrap_or_else(|| format!("{}-build", self.base_name))
    }
}

/// The record of a run that was there is there no more.
pub(super) fn record_gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the run's record is gone")
}

pub(super) fn current_state(dir: &Path, record: &mut Record) -> RunState {
    match record.state {
        RecordedState::Succeeded => return RunState::Succeeded,
        // Nobody asked for the end of what took too long.
        RecordedState::Failed | RecordedState::TimedOut => return RunState::Failed { exit: record.exit },
        RecordedState::Cancelled => return RunState::Cancelled,
        RecordedState::Starting | RecordedState::Running | RecordedState::Cancelling => {}
    }
    let asked = CancelMark::read(dir).is_some();
    if record.supervisor.alive() {
        return match record.state {
            _ if asked => RunState::Cancelling,
            RecordedState::Starting => RunState::Starting,
            RecordedState::Cancelling => RunState::Cancelling,
            _ => RunState::Running,
        };
    }
    if record.packer.is_none() {
        record.packer = Process::find(&record.argv, &log_variable(&record.log));
    }
    if record.packer.as_ref().is_some_and(Process::alive) {
        let promoted = if record.promote { ", not promoted" } else { "" };
        record.reason = Some(format!("its supervisor is gone: not recorded, no timeout{promoted}"));
        return if asked || record.state == RecordedState::Cancelling {
            RunState::Cancelling
        } else {
            RunState::Running
        };
    }
    match end_from_output(&dir.join(OUTPUT)) {
        Some(RunState::Failed { .. }) if asked => RunState::Cancelled,
        Some(RunState::Succeeded) if record.promote => {
            record.reason = Some("built, but not promoted: its supervisor was killed".into());
            RunState::Succeeded
        }
        Some(end) => end,
        None if asked => RunState::Cancelled,
        None => RunState::Lost,
    }
}

/// The variable in packer's environment by which its process is found again.
pub(super) fn log_variable(log: &Path) -> String {
    format!("PACKER_LOG_PATH={}", log.display())
}

/// How the build ended, by the last lines of packer's output; for runs whose supervisor was not there to collect the exit code.
///
/// Lines of the guest and of Ansible carry the build's name in front, so packer's own begin the line. Colours apart.
pub(super) fn end_from_output(output: &Path) -> Option<RunState> {
    const TAIL: u64 = 64 << 10;
    let mut file = open_regular(output).ok()?;
    let size = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().find_map(|line| {
        if line.starts_with("==> Builds finished. The artifacts of successful builds are:") {
            Some(RunState::Succeeded)
        } else if line.starts_with("Cleanly cancelled builds after being interrupted.") {
            Some(RunState::Cancelled)
        } else if line.starts_with("==> Some builds didn't complete successfully and had errors:")
            || line.starts_with("==> Builds finished but no artifacts were created.")
        {
            Some(RunState::Failed { exit: None })
        } else {
            None
        }
    })
}
