//! Where the program keeps its state: one folder under the XDG state directory, readable by its owner alone.

use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

/// The folder of everything `tmpl-tui` remembers between runs: records, audit log, program log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// `$XDG_STATE_HOME/tmpl-tui`, or `~/.local/state/tmpl-tui`.
    ///
    /// # Errors
    /// When the home directory cannot be told, or others may write there.
    pub fn from_environment() -> io::Result<Self> {
        // By the XDG specification a relative path counts as none.
        let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let state = named.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
        let state = Self(state.ok_or_else(|| io::Error::other("no home directory"))?.join("tmpl-tui"));
        state.check_ours()?;
        Ok(state)
    }

    /// Whoever may write there could forge records of builds, and the audit log.
    fn check_ours(&self) -> io::Result<()> {
        let Ok(found) = std::fs::metadata(&self.0) else { return Ok(()) };
        let (path, mode, us) = (self.0.display(), found.permissions().mode() & 0o777, geteuid().as_raw());
        let refused = |why: String| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        if mode & 0o022 != 0 {
            return refused(format!("others may write the state folder {path} (mode {mode:04o}): chmod go-w {path}"));
        }
        if us != 0 && ![0, us].contains(&found.uid()) {
            return refused(format!("the state folder {path} belongs to another user: set XDG_STATE_HOME"));
        }
        Ok(())
    }

    /// A state folder at a place of the caller's choosing (tests, `demo`).
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Records of builds: `runs/<key>/<UTC time>/`.
    pub fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// One JSON line per mutating call.
    pub fn audit_log(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }

    /// Alarms that somebody has seen, a file for each line.
    pub fn acknowledged(&self) -> PathBuf {
        self.0.join("acknowledged")
    }

    /// Files that a person saved from the console.
    pub fn saved(&self) -> PathBuf {
        self.0.join("saved")
    }

    /// The last picture of the smoke test of a line that was never built here: `smoke/<key>.png`.
    pub fn smoke(&self) -> PathBuf {
        self.0.join("smoke")
    }

    /// The program's own log files.
    pub fn logs(&self) -> PathBuf {
        self.0.join("log")
    }
}
