//! `build`: one line, with packer. Also the supervisor of a build that the console starts (`--detached`).

mod args;
mod told;

use std::io::IsTerminal;
use std::path::Path;

use tmpl::generation;
use tmpl::github::step::WorkflowStep;
use tmpl::ops::build::{self, Ending, Swept};
use tmpl::ops::build_vm;
use tmpl::ops::remote::OnGitHub;
use tmpl::ops::{self, NotBuilt, Operation, remote, signals};
use tmpl::packer_run::{self, BuiltVm, OnError, Outcome, ProgressListener, RecordedState, Request, Run};
use tmpl::paths::StateDir;
use tmpl::pipeline::{Key, Line, Names};
use tmpl::text::Scrubber;
use tokio_util::sync::CancellationToken;

use self::told::{Logged, PrintToStderr, note, noted};
use super::change::consent;
use super::{Context, Exit, Stop, output};

pub use self::args::Args;

/// Runs the verb.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let step = args.github.then(|| WorkflowStep::from_env(output::command));
    let key = args.key.clone();
    let done = build_line(context, args, step.as_ref()).await;
    if let (Some(step), Err(error)) = (&step, &done) {
        noted("the step's summary", step.stopped(&key, &super::said(error)));
    }
    done
}

async fn build_line(context: &Context, args: Args, step: Option<&WorkflowStep>) -> anyhow::Result<Exit> {
    let request = request(context, &args)?;
    if args.dry_run {
        let argv = request.argv();
        match args.json {
            true => output::json(&argv)?,
            false => output::result(&packer_run::shell_quoted(&argv))?,
        }
        let dir = request.line.invocation().dir;
        if !dir.as_os_str().is_empty() && !args.json {
            output::aside(&format!("runs in {}", dir.display()))?;
        }
        return Ok(Exit::Done);
    }
    let state = args.detached.as_ref().map_or_else(|| context.state(), |dir| Ok(StateDir::at(dir)))?;
    let ops = ops::Context { state, ..context.ops()? };
    ops::permitted(Operation::Build, ops.mode).map_err(ops::Error::from)?;
    // A simulated packer needs nothing that is installed, and GitHub has no part in it.
    let simulated = context.settings().is_ok_and(|settings| settings.simulated.is_some());
    if !simulated && args.detached.is_none() {
        not_built_on_github(context, &request.line.key).await?;
    }
    // Before signals mean anything but the end.
    build::preflight(&request, simulated).await?;
    branch_build(&request)?;
    let vm = build_vm::look(&ops, &request.line, &consent(&args.take_over, false)?).await?;
    vm.iter().flat_map(|vm| &vm.notes).for_each(|text| note(text.clone()));
    let quiet = args.detached.is_some();
    // What packer and the guest print is no command to the runner.
    let silence = step.map(WorkflowStep::stop_commands);
    let on: &dyn ProgressListener = if quiet { &Logged } else { &PrintToStderr };
    let asked = CancellationToken::new();
    let person = std::io::stdin().is_terminal() && output::asides_to_terminal();
    let stops = signals::stops_of_build(person, asked.clone(), || {
        note("Ctrl-C again kills packer and leaves its VM".into());
    })?;
    let build::Done { mut outcome, built } = build::run_here(&ops, &request, vm, stops, on).await?;
    if outcome.stage == RecordedState::TimedOut && request.on_error != OnError::Abort {
        sweep(&ops, &request.line, &mut outcome.run, quiet).await;
    }
    let exit = finish(&request.repo, &outcome, &request.line, quiet).await;
    drop(silence);
    // From here on nothing that cannot be told replaces what was done.
    if let Some(step) = step {
        noted("the step's outputs", step.built(&outcome.run));
    }
    let mut done = Ok(exit);
    if exit == Exit::Done && args.promote {
        done = match asked.is_cancelled() {
            true => Ok(Exit::Cancelled),
            false => promote(context, &request.line, built, asked, args.allow_warnings).await,
        };
        let why = match &done {
            Ok(Exit::Cancelled) => Some("asked to stop".to_owned()),
            Ok(_) => None,
            Err(error) => Some(super::said(error)),
        };
        if let Some(why) = why {
            let reason = format!("built, but not promoted: {why}");
            if done.is_ok() && !quiet {
                note(reason.clone());
            }
            // A build started by the console has nobody else to tell.
            noted("the run's record", packer_run::set_reason(&outcome.run, &reason));
            outcome.run.reason = Some(Scrubber::shared().safe_line(&reason).into());
        }
    }
    if args.json {
        noted("stdout", output::json(&outcome.run));
    }
    done
}

/// Says what is built where that is not what is promoted; with `--promote` it is refused, as is a line that has nothing to
/// promote.
fn branch_build(request: &Request) -> Result<(), ops::Error> {
    let (line, builds) = (&request.line, request.line.build_name());
    let promoted = line.promoted_name();
    let refusal = generation::Refusal::of_names(line);
    if let Some(refusal) = refusal {
        return if request.promote { Err(ops::Refusal::from(refusal).into()) } else { Ok(()) };
    }
    if builds == promoted {
        return Ok(());
    }
    if request.promote {
        let refusal = generation::Refusal::BranchBuild { base: line.base_name.clone(), builds };
        return Err(ops::Refusal::from(refusal).into());
    }
    note(format!("builds {builds}, not {promoted}: a branch build; it is shown here and not promoted"));
    Ok(())
}

/// Promotes what was built, when that is known.
async fn promote(
    context: &Context,
    line: &Line,
    built: Option<Result<BuiltVm, NotBuilt>>,
    asked: CancellationToken,
    allow_warnings: bool,
) -> anyhow::Result<Exit> {
    let unknown = |reason: String| ops::Error::from(ops::Refusal::BuiltUnknown { key: line.key.clone(), reason });
    match built {
        Some(Ok(vm)) if vm.name != line.promoted_name() => {
            let refusal = generation::Refusal::BranchBuild { base: line.base_name.clone(), builds: vm.name };
            Err(ops::Error::from(ops::Refusal::from(refusal)).into())
        }
        Some(Ok(vm)) => super::change::promote_built(context, line, vm, asked, allow_warnings).await,
        Some(Err(NotBuilt::Failed(reason) | NotBuilt::Unknown(reason))) => {
            // Settings that are missing are told as such.
            context.client()?;
            Err(unknown(reason).into())
        }
        None => Err(unknown("it did not end well".into()).into()),
    }
}

/// Refuses what must not meet a run on GitHub; where it cannot be asked that is said, and nothing is refused.
async fn not_built_on_github(context: &Context, key: &Key) -> Result<(), ops::Error> {
    let known = remote::on_github(&context.global.repo, key).await;
    if let OnGitHub::Unknown(reason) = &known {
        note(format!("cannot tell whether GitHub builds {key}: {reason}"));
    }
    Ok(remote::not_built_on_github(&known, key)?)
}

fn request(context: &Context, args: &Args) -> anyhow::Result<Request> {
    let line = context.line(&args.key)?;
    let absolute = |path: &Path| std::path::absolute(path).map_err(Stop::usage);
    let asked = args.on_error.map(OnError::from);
    let nobody = !args.dry_run && !std::io::stdin().is_terminal();
    if asked == Some(OnError::Ask) && nobody {
        return Err(Stop::usage("--on-error ask needs a terminal; use cleanup or abort"));
    }
    // What the repository says for people at a terminal means nothing to a job.
    let said = OnError::of(&line).filter(|said| *said != OnError::Ask || !nobody);
    let on_error = asked.or(said).unwrap_or_default();
    // A bare name is looked up in PATH; anything else must not change its meaning with the folder packer runs in.
    let bare = args.packer.components().count() == 1 && !args.packer.starts_with(".");
    let packer = if bare { args.packer.clone() } else { absolute(&args.packer)? };
    Ok(Request {
        on_error,
        packer,
        log: args.log.as_deref().map(absolute).transpose()?,
        promote: args.promote,
        timeout: args.timeout,
        grace: args.grace,
        ..Request::new(line, std::fs::canonicalize(&context.global.repo).map_err(Stop::usage)?)
    })
}

/// Removes what a build left whose time was up, and puts down what became of it: nobody else may be there to see.
async fn sweep(ops: &ops::Context, line: &Line, run: &mut Run, quiet: bool) {
    let words = match build::sweep_timed_out(ops, line, run).await {
        Ok(Swept::Nothing) => return,
        Ok(Swept::Vm(vm)) => format!("{} ({}) was swept", vm.name, vm.moid),
        Ok(Swept::Older(vm)) => format!("{} ({}) was there before and stays", vm.name, vm.moid),
        Err(error) => format!("{} is not swept: {error}", run.build_name()),
    };
    let reason = run.reason.iter().map(String::as_str).chain([words.as_str()]).collect::<Vec<_>>().join("; ");
    noted("the run's record", packer_run::set_reason(run, &reason));
    run.reason = Some(Scrubber::shared().safe_line(&reason).into());
    match quiet {
        true => tracing::warn!("{words}"),
        false => note(words),
    }
}

/// Says how it ended and, after anything but success, whether a VM was left behind.
async fn finish(repo: &Path, outcome: &Outcome, line: &Line, quiet: bool) -> Exit {
    let run = &outcome.run;
    let exit = match build::ending(outcome.stage) {
        Ending::Built => Exit::Done,
        Ending::Cancelled => Exit::Cancelled,
        Ending::Failed => Exit::Failed,
    };
    if quiet {
        return exit;
    }
    if exit == Exit::Done {
        let name = run.built.as_ref().map_or_else(|| run.build_name(), |built| built.name.clone());
        let promoted = line.promoted_name();
        note(match line.names() {
            Names::InPlace { .. } => format!("{name} is built, and is what is cloned from now on"),
            Names::Library { library, .. } => format!("{name} is built, and went to the content library {library}"),
            Names::Generations { .. } if name == promoted => {
                format!("{name} is built; promote it with: tmpl-tui promote {}", run.key)
            }
            Names::Generations { .. } => {
                format!("{name} is built, not {promoted}: a branch build; it is shown here and not promoted")
            }
        });
        return exit;
    }
    let reason = run.reason.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
    note(format!("{} {}{reason}; log: {}", run.key, run.state.word(), run.shown().display()));
    if let Some(left) = super::cancel::left_behind(repo, run).await {
        note(left);
    }
    exit
}
