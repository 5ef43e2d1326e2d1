//! Starting a run that survives whoever starts it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use process_wrap::tokio::{CommandWrap, ProcessSession};

use super::{BuildError, OnError, Request, Run, latest};
use crate::child::{self, Kind};
use crate::paths::StateDir;
use crate::text::Scrubber;

/// How long a supervisor may take to write its record: it runs `packer version` before.
const START_TIMEOUT: Duration = Duration::from_secs(150);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Starts `program` (this program) as the supervisor of a new run, in a session of its own, and returns the run as soon
/// as it is on record. Nothing that happens to us afterwards reaches it.
///
/// # Errors
/// [`BuildError::Busy`] when the line is being built; [`BuildError::NotStarted`] with the supervisor's own words.
pub async fn start_detached(program: &Path, request: &Request, state: &StateDir) -> Result<Run, BuildError> {
    if request.on_error == OnError::Ask {
        return Err(BuildError::Usage(
            "on-error ask needs a terminal of its own: tmpl-tui build KEY --on-error ask".into(),
        ));
    }
    let stderr_file = tempfile::tempfile().map_err(BuildError::file(std::env::temp_dir()))?;
    let stderr = stderr_file.try_clone().map_err(BuildError::file(std::env::temp_dir()))?;
    let mut command = child::command(Kind::Ourselves, program);
    // What `ps` shows, whatever the path by which it was found.
    command.arg0("tmpl-tui").args(arguments(request, state));
    command.current_dir(&request.repo).stdout(Stdio::null()).stderr(stderr);
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessSession);
    let failed = || BuildError::process(format!("cannot start {}", program.display()));
    let mut child = command.spawn().map_err(failed())?;
    let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
    let began = Instant::now();
    loop {
        let ended = child.try_wait().map_err(failed())?;
        let dir = state.runs().join(&request.line.key.0);
        let run = match latest(state, &request.line.key) {
            // The supervisor has its lock and no record yet.
            Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => None,
            run => run.map_err(BuildError::file(dir))?,
        };
        if let Some(run) = run.filter(|run| Some(run.supervisor.pid) == pid) {
            return Ok(run);
        }
        if ended.is_some() || began.elapsed() > START_TIMEOUT {
            return Err(BuildError::NotStarted(last_line(stderr_file)));
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn arguments(request: &Request, state: &StateDir) -> Vec<std::ffi::OsString> {
    let mut arguments: Vec<std::ffi::OsString> = vec!["--repo".into(), request.repo.clone().into(), "build".into()];
    arguments.extend([request.line.key.0.clone().into(), "--on-error".into(), request.on_error.word().into()]);
    arguments.extend(["--packer".into(), request.packer.clone().into()]);
    arguments.extend(["--detached".into(), state.path().into()]);
    if let Some(log) = &request.log {
        arguments.extend(["--log".into(), log.into()]);
    }
    if let Some(timeout) = request.timeout {
        arguments.extend(["--timeout".into(), format!("{}s", timeout.as_secs()).into()]);
        arguments.extend(["--grace".into(), format!("{}s", request.grace.as_secs()).into()]);
    }
    if request.promote {
        arguments.push("--promote".into());
    }
    arguments
}

/// The last line that the supervisor printed.
fn last_line(mut stderr_file: File) -> String {
    let mut bytes = Vec::new();
    let read = stderr_file.seek(SeekFrom::Start(0)).and_then(|_| stderr_file.read_to_end(&mut bytes));
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    match (read, line) {
        (Ok(_), Some(line)) => {
            Scrubber::shared().safe(line.trim().strip_prefix("tmpl-tui: ").unwrap_or(line.trim())).into()
        }
        _ => "the build ended before it began, without a word".into(),
    }
}
