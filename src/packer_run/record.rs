//! `run.json`: what is known about a run, written by its supervisor.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{OnError, Process};
use crate::fs::{Access, append_private, read_small, write_whole};
use crate::pipeline::Key;
use crate::text::Scrubber;
use crate::vcenter::Moid;
use crate::vcenter::audit::user_at_host;

/// File name in the run's folder.
pub const RECORD: &str = "run.json";
/// Marks that a person asked for the run's end; written by whoever asked.
pub const CANCEL: &str = "cancel.json";
/// Packer's own log, when it is not elsewhere.
pub const LOG: &str = "packer-build.log";
/// Packer's stdout and stderr.
pub const OUTPUT: &str = "output.log";
/// Pictures of the guest's console over time.
pub const FRAMES: &str = "frames";
/// The form of records. Those of a later one are not read: what they say may mean something else.
pub const VERSION: u32 = 1;
/// No record is longer.
const MOST: u64 = 1 << 20;

/// How far a run came, as far as the supervisor could write it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordedState {
    /// plugins and validation
    Starting,
    /// packer builds
    Running,
    /// packer was asked to stop
    Cancelling,
    /// packer said 0
    Succeeded,
    /// packer, or init or validate before it, did not
    Failed,
    /// ended because somebody asked
    Cancelled,
    /// failed because it was not done within the time it was given
    #[serde(rename = "timed-out")]
    TimedOut,
}

/// The whole record. Holds no secret: what packer is told in secret is in its environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// its form; records before there were several have none
    #[serde(default = "first_version")]
    pub version: u32,
    /// the line
    pub key: Key,
    /// name of its live template
    pub base_name: String,
    /// how far it came
    pub state: RecordedState,
    /// packer's exit code, or that of init or validate
    pub exit: Option<i32>,
    /// why it ended as it did, one line, when packer's log does not say
    pub reason: Option<String>,
    /// when the supervisor took it on
    pub started: Timestamp,
    /// when it ended
    pub ended: Option<Timestamp>,
    /// the process that writes this
    pub supervisor: Process,
    /// packer, once it runs
    pub packer: Option<Process>,
    /// packer and its arguments
    pub argv: Vec<String>,
    /// packer's version
    pub packer_version: String,
    /// after a failure
    pub on_error: OnError,
    /// promoted afterwards
    pub promote: bool,
    /// packer's log
    pub log: PathBuf,
    /// packer's folder for temporary files, removed at the end
    pub temporary: PathBuf,
    /// name of what it builds; of old records `<base>-build`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builds: Option<String>,
    /// the template that it built
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built: Option<BuiltVm>,
    /// failures of provisioners that packer forgave (`continue_on_error`), once somebody looked
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgave: Option<Vec<String>>,
    /// the page of the run, when another machine did it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// The template that a run built, by what no other object ever has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltVm {
    /// vCenter's id
    pub moid: Moid,
    /// its name then
    pub name: String,
    /// vCenter's other id
    pub instance_uuid: String,
}

impl Record {
    /// Reads the record of the run in `dir`; `None` when it has none (its supervisor was killed before it wrote one).
    ///
    /// # Errors
    /// Those of reading, which do not name the file; `InvalidData` when it is not a record.
    pub fn read(dir: &Path) -> io::Result<Option<Self>> {
        let text = match read_small(&dir.join(RECORD), MOST) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        };
        let odd = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
        if text.trim_ascii().is_empty() {
            return Err(odd("is empty".into()));
        }
        // First the version alone: a later form may lack whatever is expected here.
        let version = serde_json::from_slice::<Version>(&text).ok().and_then(|form| form.version);
        if version.is_some_and(|version| version > VERSION) {
            return Err(odd("was written by a newer tmpl-tui".into()));
        }
        serde_json::from_slice(&text).map(Some).map_err(|error| odd(format!("is not a run's record ({error})")))
    }

    /// Replaces the record of the run in `dir` in one step.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        // Reasons quote servers and packer.
        let reason = self.reason.as_ref().map(|reason| Scrubber::shared().safe_line(reason).into());
        let safe = |text: &String| Scrubber::shared().safe_line(text).into();
        let forgave = self.forgave.as_ref().map(|forgave| forgave.iter().map(safe).collect());
        let record = Self { reason, forgave, ..self.clone() };
        let json = serde_json::to_vec_pretty(&record).map_err(io::Error::other)?;
        write_whole(&dir.join(RECORD), Access::Private, &json)
    }
}

#[derive(Deserialize)]
struct Version {
    version: Option<u32>,
}

const fn first_version() -> u32 {
    1
}

/// That somebody asked for the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelMark {
    /// when
    pub asked: Timestamp,
    /// packer was killed instead of asked to clean up
    pub forced: bool,
    /// who asked: `user@host`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl CancelMark {
    /// The mark in the run's folder, if any. A mark that cannot be read is still a mark.
    pub fn read(dir: &Path) -> Option<Self> {
        let text = std::fs::read(dir.join(CANCEL)).ok()?;
        Some(serde_json::from_slice(&text).unwrap_or(Self { asked: Timestamp::UNIX_EPOCH, forced: false, by: None }))
    }

    /// Leaves the mark.
    ///
    /// # Errors
    /// Those of writing.
    pub fn write(dir: &Path, forced: bool) -> io::Result<()> {
        let mark = Self { asked: Timestamp::now(), forced, by: Some(user_at_host()) };
        write_whole(&dir.join(CANCEL), Access::Private, &serde_json::to_vec(&mark).map_err(io::Error::other)?)
    }
}

/// Creates (or empties) a log that its owner alone can read, before packer would create it for everybody.
///
/// # Errors
/// Those of creating.
pub fn create_log(path: &Path) -> io::Result<std::fs::File> {
    use std::os::unix::fs::PermissionsExt;
    let file = append_private(path)?;
    file.set_len(0)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}
