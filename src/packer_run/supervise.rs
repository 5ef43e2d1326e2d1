//! Doing a build: init, validate, build, one after the other, with the record kept up to date; requests to stop are
//! handled meanwhile.

mod ending;
mod stopping;

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use self::ending::RunEnd;
use self::stopping::End;
pub use self::stopping::StopRequest;
use super::bound::{BoundedFile, LIMITS};
use super::cancel::{TEMPORARY, mark_temporary};
use super::command::{Environment, PackerCommand, environment};
use super::family;
use super::follow::{OutputTail, Progress, ProgressListener};
use super::lock;
use super::preflight;
use super::record::{FRAMES, LOG, OUTPUT, Record, RecordedState, VERSION, create_log};
use super::recorder::{LoadLabels, Recorder, RecorderTarget};
use super::retention;
use super::runs::{new_run_dir, odd_records};
use super::{BuildError, Made, Process, Request, Run, all};
use crate::fs::{FileLock, create_private_dir};
use crate::paths::StateDir;
use crate::pipeline::argv;
use crate::text::Scrubber;
use crate::vcenter::Settings;

/// How often packer's output is forwarded.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long the end of a build that failed at once waits for what it was made of.
const MADE_TIMEOUT: Duration = Duration::from_secs(5);

/// How a build done here ended.
#[derive(Debug)]
pub struct Outcome {
    /// the run at its end
    pub run: Run,
    /// how it came to that
    pub stage: RecordedState,
    /// the line stays taken until this is dropped: what follows a build (promotion) must not meet the next one
    pub lock: FileLock,
}

/// Builds here and now: packer's version, the line's lock, the record, then `init`, `validate` and `build`. What packer
/// says goes to `on`; requests to stop come through `stops`; `labels` are for its flight recorder.
///
/// # Errors
/// Whatever is wrong before packer begins. A build that fails is an [`Outcome`].
pub async fn run_here(
    request: &Request,
    state: &StateDir,
    stops: mpsc::Receiver<StopRequest>,
    on: &dyn ProgressListener,
    labels: LoadLabels,
) -> Result<Outcome, BuildError> {
    family::adopt_orphans();
    let version = preflight::packer_version(&request.packer).await?;
    let lock = lock::lock_line(state, &request.line.key).await?;
    // Whatever killed runs of this line left behind holds passwords.
    let dead = all(state, &request.line.key).unwrap_or_default();
    dead.iter().for_each(Run::remove_temporary);
    for odd in odd_records(state, &request.line.key).unwrap_or_default() {
        on.on_progress(Progress::Note(odd.to_string()));
    }
    if let Err(error) = retention::prune(state, &request.line.key, on) {
        on.on_progress(Progress::Note(format!("old records cannot be looked through: {error}")));
    }
    let scrubber = Scrubber::for_evidence();
    let mut supervisor = Supervisor::begin(request, state, version, stops, on, scrubber)?;
    // Beside the build, which does not wait for it.
    let (version, dir) = (supervisor.record.packer_version.clone(), supervisor.dir.clone());
    let made = crate::task::spawn(Made::record(request.clone(), version, dir));
    let ended = supervisor.run_steps(labels).await;
    match tokio::time::timeout(MADE_TIMEOUT, made).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => supervisor.note(format!("what this run was made of is not on record: {error}")),
        Ok(Err(_)) | Err(_) => tracing::warn!("what this run was made of could not be found out"),
    }
    let (run, stage) = supervisor.end(ended).await?;
    Ok(Outcome { run, stage, lock })
}

struct Supervisor<'a> {
    request: &'a Request,
    dir: PathBuf,
    record: Record,
    environment: Environment,
    stops: mpsc::Receiver<StopRequest>,
    /// the state that the first request to stop leads to, and that request in words
    stopped: Option<(RecordedState, String)>,
    deadline: Option<Instant>,
    /// how hard it ends
    end: End,
    on: &'a dyn ProgressListener,
    tail: OutputTail<'a>,
    /// packer's log and its output
    log: BoundedFile,
    output: BoundedFile,
    recorder: Option<Recorder>,
}

impl<'a> Supervisor<'a> {
    fn begin(
        request: &'a Request,
        state: &StateDir,
        packer_version: String,
        stops: mpsc::Receiver<StopRequest>,
        on: &'a dyn ProgressListener,
        scrubber: &'a Scrubber,
    ) -> Result<Self, BuildError> {
        let started = Timestamp::now();
        let dir = new_run_dir(state, &request.line.key, started).map_err(BuildError::file(state.runs()))?;
        create_private_dir(&dir.join(FRAMES)).map_err(BuildError::file(&dir))?;
        let (log, output) = (request.log.clone().unwrap_or_else(|| dir.join(LOG)), dir.join(OUTPUT));
        create_log(&output).map_err(BuildError::file(&output))?;
        create_log(&log)
            .map_err(|error| BuildError::Usage(format!("cannot write the log {}: {error}", log.display())))?;
        // Not below the run's folder: plugins put sockets there, whose paths must stay short.
        let mut temporary = tempfile::Builder::new();
        // It gets install answers with passwords, whatever the umask.
        let temporary = temporary.prefix(TEMPORARY).permissions(Permissions::from_mode(0o700)).tempdir();
        let temporary = temporary.map_err(BuildError::file(std::env::temp_dir()))?.keep();
        mark_temporary(&temporary, &dir).map_err(BuildError::file(&temporary))?;
        let record = Record {
            version: VERSION,
            key: request.line.key.clone(),
            base_name: request.line.base_name.clone(),
            state: RecordedState::Starting,
            exit: None,
            reason: None,
            started,
            ended: None,
            supervisor: Process::current().map_err(BuildError::file("/proc"))?,
            packer: None,
            argv: request.argv(),
            packer_version,
            on_error: request.on_error,
            promote: request.promote,
            log,
            temporary: temporary.clone(),
            builds: Some(request.line.build_name()),
            built: None,
            forgave: None,
            origin: None,
        };
        record.write(&dir).map_err(BuildError::file(&dir))?;
        let tail = OutputTail::open(&output, scrubber).map_err(BuildError::file(&output))?;
        let environment = environment(&|name| std::env::var(name).ok(), &temporary);
        let deadline = request.timeout.map(|timeout| Instant::now() + timeout);
        let bounded = |path: &Path| BoundedFile::open(path, LIMITS).map_err(BuildError::file(path));
        Ok(Self {
            log: bounded(&record.log)?,
            output: bounded(&output)?,
            request,
            dir,
            record,
            environment,
            stops,
            stopped: None,
            end: End::default(),
            deadline,
            on,
            tail,
            recorder: None,
        })
    }

    async fn run_steps(&mut self, labels: LoadLabels) -> Result<RunEnd, BuildError> {
        let (line, repo) = (&self.request.line, &self.request.repo);
        if let Some(commit) = preflight::commit_if_unset(repo).await {
            self.environment.set("PKR_VAR_build_commit", commit);
        }
        for (name, arguments) in preflight::steps(line, repo, &self.record.packer_version) {
            self.note(format!("packer {name}"));
            let words = [vec![self.record.argv[0].clone()], arguments].concat();
            let status = self.packer(&words, None).await?;
            if self.stopped.is_some() || !status.success() {
                return Ok(self.ending(status, &format!("packer {name}")));
            }
        }
        self.note(format!("packer build, log in {}", self.record.log.display()));
        let (words, log) = (self.record.argv.clone(), self.record.log.clone());
        self.recorder = Some(self.start_recorder(labels));
        let ended = self.packer(&words, Some(&log)).await;
        self.forward_recorder_messages();
        if let Some(recorder) = self.recorder.take() {
            recorder.finish().await.into_iter().for_each(|words| self.note(words));
        }
        Ok(self.ending(ended?, "packer"))
    }

    fn start_recorder(&self, labels: LoadLabels) -> Recorder {
        let target =
            RecorderTarget { dir: self.dir.clone(), log: self.record.log.clone(), vm: self.request.line.build_name() };
        Recorder::start(target, Settings::of_line(&self.request.repo, &self.request.line.key), labels)
    }

    fn forward_recorder_messages(&mut self) {
        let words = self.recorder.as_mut().map(Recorder::take_messages).unwrap_or_default();
        words.into_iter().for_each(|words| self.note(words));
    }

    /// Runs one packer command to its end, however many requests to stop come in between.
    async fn packer(&mut self, argv: &[String], log: Option<&Path>) -> Result<ExitStatus, BuildError> {
        let output = self.dir.join(OUTPUT);
        let packer = PackerCommand {
            argv,
            dir: &argv::working_dir(&self.request.line, &self.request.repo),
            environment: &self.environment,
            log,
            output: &output,
            on_error: self.request.on_error,
        };
        let mut child = packer.spawn()?;
        // Not collected yet, so the number is still its own even if it has ended.
        let process = child.id().map(Process::from_pid).transpose().map_err(BuildError::file("/proc"))?;
        if log.is_some() {
            self.record.packer.clone_from(&process);
            self.record.state = RecordedState::Running;
            self.write();
        }
        let mut ended = crate::task::spawn(async move { child.wait().await });
        let mut ticker = interval(POLL_INTERVAL);
        ticker.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let never = Instant::now() + Duration::from_secs(60 * 60 * 24 * 365);
        loop {
            tokio::select! {
                status = &mut ended => {
                    self.end_stragglers(process.as_ref()).await;
                    self.forward_output();
                    let status = status.map_err(io::Error::other).and_then(|status| status);
                    return status.map_err(BuildError::process("cannot learn how packer ended"));
                }
                Some(stop) = self.stops.recv() => {
                    self.stop(stop, process.as_ref(), (RecordedState::Cancelled, "asked to stop".into()));
                }
                () = sleep_until(self.deadline.unwrap_or(never)) => self.time_is_up(process.as_ref()),
                () = sleep_until(self.end.kill_at.unwrap_or(never)) => self.kill(process.as_ref()).await?,
                _ = ticker.tick() => {
                    self.keep_small();
                    self.forward_output();
                    self.forward_recorder_messages();
                }
            }
        }
    }

    /// Packer's words wait in their file as long as nobody takes them; whether there are more.
    fn forward_output(&mut self) {
        if !self.on.has_room() {
            return;
        }
        self.skip_what_is_gone();
        if let Err(error) = self.tail.read(self.on) {
            self.note(format!("packer's output cannot be read: {error}"));
        }
    }

    /// What is too much of packer's log and output goes out of their middle.
    fn keep_small(&mut self) {
        for file in [&mut self.log, &mut self.output] {
            if let Err(error) = file.keep_small() {
                self.on.on_progress(Progress::Note(format!("what packer writes has no bound on this disk: {error}")));
            }
        }
    }

    fn skip_what_is_gone(&mut self) {
        let skipped = self.output.hole().map(|hole| self.tail.skip(hole, self.on));
        if let Some(Ok(Some(bytes))) = skipped {
            self.note(format!("{bytes} bytes of packer's output are not shown"));
        }
    }

    /// A record that cannot be written does not end a build; the last one still tells its processes.
    fn write(&self) {
        if let Err(error) = self.record.write(&self.dir) {
            self.note(format!("the record in {} cannot be written: {error}", self.dir.display()));
        }
    }

    fn note(&self, text: String) {
        self.on.on_progress(Progress::Note(text));
    }
}
