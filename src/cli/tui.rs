//! The console itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tmpl::config::{Config, Entered, wrong_variables};
use tmpl::console::Images;
use tmpl::console::alarm::Call;
use tmpl::console::binding::Keymap;
use tmpl::guest::picture::Picture;
use tmpl::lab::showcase;
use tmpl::packer_run::{self, Request};
use tmpl::paths::StateDir;
use tmpl::pipeline::{Line, Matrix, sensitive};
use tmpl::text::Scrubber;
use tmpl::tui::{Ended, Error, Options};
use tmpl::vcenter::Settings;

use super::{Context, Exit, Stop, contexts, output};

/// For who has no repository yet, or is not in it.
const ELSEWHERE: &str = "there is nothing to show here (tmpl-tui demo shows the console on a simulated vCenter, tmpl-tui doctor says what is missing)";

/// Opens the console, on `key` when given.
pub async fn run(context: &Context, key: Option<String>, images: Images) -> anyhow::Result<Exit> {
    let matrix = match context.matrix() {
        Ok(matrix) => matrix.clone(),
        Err(error) => return Err(elsewhere(context, error)?),
    };
    // Before anything that may be missing: it is what was typed.
    if let Some(key) = &key {
        context.line(key)?;
    }
    let (keymap, mut warnings) = keymap(context);
    warnings.extend(contexts::ignored_line(&context.global));
    let options = Options {
        matrix,
        settings: settings(context)?,
        state: context.state()?,
        key,
        packer: PathBuf::from("packer"),
        mode: context.mode(),
        scrubber: Scrubber::for_evidence().clone(),
        simulated: false,
        call: call(&context.global.config.config),
        images,
        config: Arc::new(context.global.config.config.clone()),
        context: context.global.context.clone(),
        keymap,
        warnings,
    };
    match open(options).await? {
        Left::Quit(exit) => Ok(exit),
        // What is open here is closed first: nothing of it goes on in the program that takes this one's place.
        Left::TurnTo(entered) => {
            context.leave().await;
            let repo = context.global.elsewhere.then_some(context.global.repo.as_path());
            Err(contexts::turn_to(&entered, context.global.read_only, repo))
        }
    }
}

/// Why there is no console. What is wrong with the configuration comes first: it may be why this is no repository.
fn elsewhere(context: &Context, error: anyhow::Error) -> std::io::Result<anyhow::Error> {
    context.global.config.told().iter().try_for_each(|defect| output::note(defect))?;
    Ok(if context.repository_of_context().is_some() { error } else { error.context(ELSEWHERE) })
}

/// The table of keys, and what is wrong with the configuration: one line, because one notice is on the screen.
fn keymap(context: &Context) -> (Keymap, Vec<String>) {
    let (file, read_only) = (&context.global.config, context.mode().is_read_only());
    let (keymap, defects) = Keymap::of(file);
    let wrong = wrong_variables(&|name| std::env::var(name).ok()).into_iter().map(|(_, words)| words);
    let all: Vec<String> = file.defects.iter().chain(&defects).map(ToString::to_string).chain(wrong).collect();
    let Some(first) = all.first() else { return (keymap, Vec::new()) };
    let more = match all.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more, tmpl-tui config names them"),
    };
    let broken = match (file.broken, read_only) {
        (false, _) => "",
        (true, false) => "; until then the defaults hold",
        (true, true) => "; until then the defaults hold, and nothing can be changed",
    };
    (keymap, vec![format!("{first}{more}{broken}")])
}

/// Opens the console on what `demo` prepared in `folder`, and starts the builds of the lines `start`.
pub async fn demo(context: &Context, folder: &Path, start: &[String], images: Images) -> anyhow::Result<Exit> {
    let matrix = Matrix::load(&showcase::repository(folder)).map_err(Stop::usage)?;
    let state = StateDir::from_environment()?;
    let packer = showcase::packer_of(folder);
    let lines = start.iter().map(|key| matrix.line(key).cloned()).collect::<Result<_, _>>()?;
    // Not that of the process, which knows nothing of the demo's own repository.
    let (secrets, lacking) = sensitive::secrets(&matrix.repo);
    let scrubber = Arc::new(Scrubber::new(secrets).with_lacking(lacking));
    let builds = tokio::spawn(start_builds(lines, matrix.repo.clone(), packer.clone(), state.clone()));
    let (keymap, warnings) = keymap(context);
    let left = open(Options {
        matrix,
        settings: Ok(context.settings()?),
        state,
        key: start.first().cloned(),
        packer,
        mode: context.mode(),
        scrubber,
        simulated: true,
        call: call(&context.global.config.config),
        images,
        config: Arc::new(context.global.config.config.clone()),
        context: None,
        keymap,
        warnings,
    })
    .await?;
    builds.await?.context("the demo's builds did not start")?;
    match left {
        Left::Quit(exit) => Ok(exit),
        Left::TurnTo(_) => Ok(Exit::Done),
    }
}

/// Who only looks may do so without vCenter, and so may whoever looks at a repository for the first time.
fn settings(context: &Context) -> anyhow::Result<Result<Settings, String>> {
    // What is exported may be another vCenter's.
    if let Some(words) = &context.global.not_opened {
        return Ok(Err(words.clone()));
    }
    let looks = context.mode().is_read_only() || context.matrix()?.source.is_none();
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

fn call(config: &Config) -> Call {
    let variable = std::env::var("TMPL_NOTIFY").ok().filter(|value| !value.is_empty());
    variable.map_or_else(|| config.notify.unwrap_or_default(), |value| Call::from_env(Some(&value)))
}

/// How the console was left.
enum Left {
    Quit(Exit),
    TurnTo(Arc<Entered>),
}

/// Shows the console; what is wrong before the terminal is touched is exit 2.
async fn open(options: Options) -> anyhow::Result<Left> {
    match tmpl::tui::run(options).await {
        Ok(Ended::Quit) => Ok(Left::Quit(Exit::Done)),
        Ok(Ended::Signalled) => Ok(Left::Quit(Exit::Cancelled)),
        Ok(Ended::TurnTo(entered)) => Ok(Left::TurnTo(entered)),
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
