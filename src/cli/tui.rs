//! The console itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tmpl::console::Images;
use tmpl::console::alarm::Call;
use tmpl::guest::picture::Picture;
use tmpl::lab::showcase;
use tmpl::packer_run::{self, Request};
use tmpl::paths::StateDir;
use tmpl::pipeline::{Line, Matrix, sensitive};
use tmpl::text::Scrubber;
use tmpl::tui::{Ended, Error, Options};
use tmpl::vcenter::Settings;

use super::{Context, Exit, Stop};

/// Opens the console, on `key` when given.
pub async fn run(context: &Context, key: Option<String>, images: Images) -> anyhow::Result<Exit> {
    open(Options {
        matrix: context.matrix()?,
        settings: settings(context)?,
        state: context.state()?,
        key,
        packer: PathBuf::from("packer"),
        read_only: context.global.read_only,
        scrubber: Scrubber::for_evidence().clone(),
        simulated: false,
        call: call(),
        images,
    })
    .await
}

/// Opens the console on what `demo` prepared in `folder`, and starts the builds of the lines `start`.
pub async fn demo(context: &Context, folder: &Path, start: &[String], images: Images) -> anyhow::Result<Exit> {
    let matrix = Matrix::load(&showcase::repository(folder)).map_err(Stop::usage)?;
    let state = StateDir::from_environment()?;
    let packer = showcase::packer_of(folder);
    let lines = start.iter().map(|key| matrix.line(key).cloned()).collect::<Result<_, _>>()?;
    // Not that of the process, which knows nothing of the demo's own repository.
    let scrubber = Arc::new(Scrubber::new(sensitive::secrets(&matrix.repo)));
    let builds = tokio::spawn(start_builds(lines, matrix.repo.clone(), packer.clone(), state.clone()));
    let exit = open(Options {
        matrix,
        settings: Ok(context.settings()?),
        state,
        key: start.first().cloned(),
        packer,
        read_only: context.global.read_only,
        scrubber,
        simulated: true,
        call: call(),
        images,
    })
    .await?;
    builds.await?.context("the demo's builds did not start")?;
    Ok(exit)
}

/// Who only looks may do so without vCenter, and so may whoever looks at a repository for the first time.
fn settings(context: &Context) -> anyhow::Result<Result<Settings, String>> {
    let looks = context.global.read_only || context.matrix()?.source.is_none();
    match context.settings() {
        Ok(settings) => Ok(Ok(settings)),
        Err(error) if looks => Ok(Err(error.to_string())),
        Err(error) => Err(error.context("cannot open the console (tmpl-tui demo shows it on a simulated vCenter, tmpl-tui doctor says what is missing, \
                 --read-only opens it without)")),
    }
}

/// Starts the builds the demo opens with; what went wrong, for after the console.
async fn start_builds(lines: Vec<Line>, repo: PathBuf, packer: PathBuf, state: StateDir) -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    for line in lines {
        let request = Request { packer: packer.clone(), ..Request::new(line, repo.clone()) };
        packer_run::start_detached(&program, &request, &state).await?;
    }
    Ok(())
}

fn call() -> Call {
    Call::from_env(std::env::var("TMPL_NOTIFY").ok().as_deref())
}

/// Shows the console; what is wrong before the terminal is touched is exit 2.
async fn open(options: Options) -> anyhow::Result<Exit> {
    match tmpl::tui::run(options).await {
        Ok(Ended::Quit) => Ok(Exit::Done),
        Ok(Ended::Signalled) => Ok(Exit::Cancelled),
        Err(error @ (Error::NoTerminal(_) | Error::Key(_))) => Err(Stop::usage(error)),
        Err(error @ Error::Terminal(_)) => Err(error.into()),
    }
}

/// Whether this program can show `what`: one that was built without the console cannot.
pub fn available(_what: &str) -> anyhow::Result<()> {
    Ok(())
}

/// Prints a picture into the terminal.
pub fn print(picture: &Picture, images: Images) -> anyhow::Result<()> {
    Ok(tmpl::tui::picture::print(picture, images)?)
}
