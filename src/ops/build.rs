//! Builds: started, done here, stopped, and promoted when they succeeded.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::audit::{self, Audited, Unwritten};
use super::build_vm::BuildVm;
use super::change::{self, Planned};
use super::{Context, Error, NotBuilt, Operation, Refusal, blocking, forgave};
use crate::generation::{self, Consent};
use crate::packer_run::{
    self, BuildError, BuiltVm, Progress, ProgressListener, RecordedState, Request, Run, Said, StopRequest,
};
use crate::pipeline::{Key, Line, Manifests, Os};
use crate::triage::rules::Rules;
use crate::vcenter::audit::AuditEntry;
use crate::vcenter::{Client, Settings, Vm};

/// How a build ended, as whoever started it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// a fresh `-build` template exists
    Built,
    /// somebody asked for its end
    Cancelled,
    /// it failed, took too long, or was lost
    Failed,
}

/// What a build that did not succeed left in vCenter.
#[derive(Debug)]
pub enum Leftover {
    /// nothing, as far as is known
    Nothing,
    /// its VM
    Vm(Box<Vm>),
    /// vCenter cannot be asked
    Unknown(crate::vcenter::Error),
}

/// Starts a build that outlives this program, and returns it once it is on record.
///
/// # Errors
/// Why it did not begin.
pub async fn start(context: &Context, key: &Key, packer: PathBuf) -> Result<Run, Error> {
    let line = context.line(key)?;
    let program = program().map_err(Error::reading("/proc/self/exe"))?;
    let request = Request { packer, ..Request::new(line.clone(), context.repo.clone()) };
    Ok(packer_run::start_detached(&program, &request, &context.state).await?)
}

/// This program's own file. A console stays open for days: on Linux it is the very file we run, although another version
/// may have taken its place since.
fn program() -> std::io::Result<PathBuf> {
    let image = PathBuf::from("/proc/self/exe");
    if image.exists() { Ok(image) } else { std::env::current_exe() }
}

/// Looks at what a build of Windows needs of this machine. `simulated`: it is the lab's packer, which needs nothing.
///
/// # Errors
/// What is missing.
pub async fn preflight(request: &Request, simulated: bool) -> Result<(), Error> {
    if request.line.os == Os::Windows && !simulated {
        packer_run::windows_preflight().await?;
    }
    Ok(())
}

/// How a build that was done here came out.
#[derive(Debug)]
pub struct Done {
    /// the run, its end, and the lock on its line
    pub outcome: packer_run::Outcome,
    /// what it built, or why that is not known; nothing where it did not end well
    pub built: Option<Result<BuiltVm, NotBuilt>>,
}

/// Builds here and now; `vm` is what vCenter said before. Whoever asks for a build ends here, so that each is in the audit
/// log once.
///
/// # Errors
/// Whatever is wrong before packer begins, an audit log that cannot be written among it. A build that fails is an outcome.
pub async fn run_here(
    context: &Context,
    request: &Request,
    vm: Option<BuildVm>,
    stops: mpsc::Receiver<StopRequest>,
    on: &dyn ProgressListener,
) -> Result<Done, Error> {
    let (key, name) = (&request.line.key, request.line.build_name());
    let said = request.said();
    let entry = AuditEntry { verb: "build", call: "packer build", object: &key.0, name: &name, detail: Some(&said) };
    let audited = Audited::of_run(&context.state, &context.repo, key, entry);
    audited.change(Unwritten::Refuses, build_here(context, request, vm, stops, on), audit::outcome_of).await
}

async fn build_here(
    context: &Context,
    request: &Request,
    vm: Option<BuildVm>,
    stops: mpsc::Receiver<StopRequest>,
    on: &dyn ProgressListener,
) -> Result<Done, Error> {
    let (state, key) = (context.state.clone(), request.line.key.clone());
    let own = std::process::id();
    let run = move || {
        let run = packer_run::latest(&state, &key).ok().flatten()?;
        let ours = run.state.live() && u32::try_from(run.supervisor.pid) == Ok(own);
        ours.then(|| run.dir.file_name().map(|name| name.to_string_lossy().into_owned())).flatten()
    };
    let mut claiming = vm.map(|vm| vm.claim(run));
    let mut packer = std::pin::pin!(run_packer(context, request, stops, on));
    let done = loop {
        let trouble = async {
            match &mut claiming {
                Some(claiming) => claiming.message().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            done = &mut packer => break done,
            text = trouble => on.on_progress(Progress::Note(text)),
        }
    };
    let built = match claiming {
        None => Some(Err(NotBuilt::Unknown("there are no settings to ask vCenter with".into()))),
        Some(claiming) => {
            let ended = done.as_ref().ok();
            let well = ended.is_some_and(|outcome| ending(outcome.stage) == Ending::Built);
            let (built, messages) = claiming.finish(ended.map(|outcome| &outcome.run), well).await;
            messages.into_iter().for_each(|text| on.on_progress(Progress::Note(text)));
            built
        }
    };
    let mut done = done.and_then(|outcome| settled(outcome, built))?;
    if ending(done.outcome.stage) == Ending::Built {
        forgave::record(&context.repo, &mut done.outcome.run).await;
    }
    super::tell::ended(context, &done.outcome.run);
    Ok(done)
}

/// Puts on record what was built. Where packer ended well and there is no template, the build failed.
fn settled(mut outcome: packer_run::Outcome, built: Option<Result<BuiltVm, NotBuilt>>) -> Result<Done, Error> {
    let well = ending(outcome.stage) == Ending::Built;
    let built = built.filter(|_| well);
    let said = Said::read(&outcome.run, &Manifests::default()).unwrap_or_default();
    let on_record = match &built {
        Some(Ok(vm)) => Some(Ok(vm.clone())),
        Some(Err(NotBuilt::Failed(why))) => Some(Err(why.clone())),
        Some(Err(NotBuilt::Unknown(_))) if said.words.is_empty() => {
            Some(Err("packer ended well and names nothing that it built".to_owned()))
        }
        Some(Err(NotBuilt::Unknown(_))) | None => None,
    };
    if let Some(on_record) = on_record {
        if on_record.is_err() {
            outcome.stage = RecordedState::Failed;
        }
        let put = packer_run::set_built(&outcome.run, on_record.as_ref().map_err(String::as_str).cloned());
        match put {
            Ok(run) => outcome.run = run,
            // A full disk takes nothing: what became of the build is told all the same.
            Err(error) => {
                tracing::warn!(%error, "what was built is not on record");
                (outcome.run.built, outcome.run.reason) = match on_record {
                    Ok(vm) => (Some(vm), outcome.run.reason),
                    Err(why) => (None, Some(why)),
                };
            }
        }
    }
    Ok(Done { outcome, built })
}

async fn run_packer(
    context: &Context,
    request: &Request,
    stops: mpsc::Receiver<StopRequest>,
    on: &dyn ProgressListener,
) -> Result<packer_run::Outcome, Error> {
    let repo = request.repo.clone();
    let labels = Box::new(move || Rules::screen_labels(&repo));
    Ok(packer_run::run_here(request, &context.state, stops, on, labels).await?)
}

/// How a build that was done here ended.
pub const fn ending(stage: RecordedState) -> Ending {
    match stage {
        RecordedState::Succeeded => Ending::Built,
        RecordedState::Cancelled => Ending::Cancelled,
        // Of these nobody asked for the end.
        RecordedState::TimedOut
        | RecordedState::Failed
        | RecordedState::Starting
        | RecordedState::Running
        | RecordedState::Cancelling => Ending::Failed,
    }
}

/// What vCenter says about the VM of a build that did not succeed; nothing when it cannot be asked for lack of settings.
pub async fn leftover(repo: &Path, run: &Run) -> Leftover {
    let client =
        match Settings::of_line_if_any(repo, &run.key).and_then(|settings| settings.map(Client::new).transpose()) {
            Ok(Some(client)) => client,
            Ok(None) => return Leftover::Nothing,
            Err(error) => return Leftover::Unknown(error),
        };
    let left = packer_run::leftover_vm(&client, run).await;
    client.logout().await;
    match left {
        Ok(None) => Leftover::Nothing,
        Ok(Some(vm)) => Leftover::Vm(Box::new(vm)),
        Err(error) => Leftover::Unknown(error),
    }
}

/// What became of the VM of a build whose time was up.
#[derive(Debug)]
pub enum Swept {
    /// packer had destroyed it
    Nothing,
    /// destroyed here
    Vm(Box<Vm>),
    /// one of that name that was there before the build, and is left alone
    Older(Box<Vm>),
}

/// Removes the VM that a build left whose time was up: packer was killed, or gave up. As the verb `sweep` does it, but that
/// it takes nothing that was there before the build.
///
/// # Errors
/// A refusal, or vCenter did not do it.
pub async fn sweep_timed_out(context: &Context, line: &Line, run: &Run) -> Result<Swept, Error> {
    // Without a vCenter there is no VM that we could know of.
    let Some(settings) = Settings::of_line_if_any(&context.repo, &line.key)? else { return Ok(Swept::Nothing) };
    let client = Client::new(settings)?;
    let swept = sweep_own(context, line, run, &client).await;
    client.logout().await;
    swept
}

async fn sweep_own(context: &Context, line: &Line, run: &Run, client: &Client) -> Result<Swept, Error> {
    let Some(vm) = packer_run::leftover_vm(client, run).await? else { return Ok(Swept::Nothing) };
    if vm.created.is_none_or(|created| created + CLOCKS < run.started) {
        return Ok(Swept::Older(Box::new(vm)));
    }
    change::allowed_here(context, &line.key, Operation::Sweep, context.mode)?;
    let Planned::Plan(mut plan, _) =
        change::plan(client, line, &generation::Request::Sweep, &Consent::default(), None).await?
    else {
        return Ok(Swept::Nothing);
    };
    // Of what was planned since, too, nothing but the VM that was looked at.
    plan.steps.retain(|step| step.subject().moid == vm.moid);
    if plan.steps.is_empty() {
        return Ok(Swept::Older(Box::new(vm)));
    }
    let guarded = change::guard(context, client, &plan).await?;
    change::carry_out(&context.gate(client), guarded, &|_| {}, &CancellationToken::new()).await?;
    Ok(Swept::Vm(Box::new(vm)))
}

/// How far vCenter's clock may be behind ours.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// Asks the newest run of a line to stop and says which it is; with `force` its packer is killed and cleans nothing up.
///
/// # Errors
/// Nothing to stop, or it could not be told.
pub async fn cancel(context: &Context, key: &Key, force: bool) -> Result<Run, Error> {
    let (state, wanted) = (context.state.clone(), key.clone());
    let dir = state.runs().join(&key.0);
    let latest = blocking("stopping", move || packer_run::latest(&state, &wanted).map_err(Error::reading(dir)));
    let run = latest.await?.ok_or_else(|| Refusal::NoRunToCancel { key: key.clone() })?;
    let (name, call) = (audit::name_of(&run), if force { "SIGKILL" } else { "SIGTERM" });
    let entry = AuditEntry { verb: "cancel", call, object: &key.0, name: &name, detail: None };
    let audited = Audited::of_run(&context.state, &context.repo, key, entry);
    let cancelled = async {
        match packer_run::cancel(&run, force).await {
            Ok(()) => Ok(()),
            Err(BuildError::Over { key, .. }) => Err(Refusal::NoRunToCancel { key }.into()),
            Err(error) => Err(Error::from(error)),
        }
    };
    audited.change(Unwritten::IsLogged, cancelled, |()| "done".into()).await?;
    Ok(run)
}
