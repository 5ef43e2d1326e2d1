//! Completions: the script that a shell reads, and the candidates that it then asks this program for.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCandidates, CompletionCandidate, Shell};
use tmpl::config::ConfigFile;
use tmpl::packer_run;
use tmpl::paths::StateDir;
use tmpl::pipeline::Matrix;

use super::{Cli, Exit, Stop};

/// Set by the shell when it asks for candidates.
const VARIABLE: &str = "COMPLETE";

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the script that makes the shell ask this program.
#[expect(clippy::disallowed_methods, reason = "every word is our own")]
pub fn run(args: &Args) -> anyhow::Result<Exit> {
    let shell = args.shell.to_string();
    let shells = Shells::builtins();
    let completer = shells.completer(&shell).ok_or_else(|| Stop::usage(format!("no completions for {shell}")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "tmpl-tui", "tmpl-tui", "tmpl-tui", &mut script)?;
    std::io::Write::write_all(&mut std::io::stdout(), &script)?;
    Ok(Exit::Done)
}

/// Answers a shell that asks for candidates, and ends; returns where none asks.
pub fn answer() {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// The command line, with what its values can be: lines of the repository, runs on record, scenarios of the lab.
fn command() -> Command {
    let program = Cli::command();
    with_candidates(program)
}

fn with_candidates(command: Command) -> Command {
    let command = command.mut_args(|arg| match arg.get_id().as_str() {
        // `log` takes a line or a file.
        "key" | "what" | "leg" => arg.add(ArgValueCandidates::new(keys)),
        "os" => {
            arg.add(ArgValueCandidates::new(|| keys().into_iter().chain([CompletionCandidate::new("all")]).collect()))
        }
        "run" => arg.add(ArgValueCandidates::new(runs)),
        "context" => arg.add(ArgValueCandidates::new(contexts)),
        "scenario" => arg.add(ArgValueCandidates::new(scenarios)),
        _ => arg,
    });
    command.mut_subcommands(with_candidates)
}

/// Nothing is said on a terminal in the middle of a command: what cannot be read completes to nothing.
fn keys() -> Vec<CompletionCandidate> {
    let lines = Matrix::load(&repository()).map(|matrix| matrix.lines).unwrap_or_default();
    lines.into_iter().map(|line| CompletionCandidate::new(line.key.0).help(Some(line.base_name.into()))).collect()
}

fn runs() -> Vec<CompletionCandidate> {
    let Ok(state) = StateDir::from_environment() else { return Vec::new() };
    let lines = Matrix::load(&repository()).map(|matrix| matrix.lines).unwrap_or_default();
    let runs = lines.iter().flat_map(|line| packer_run::all(&state, &line.key).unwrap_or_default());
    runs.filter_map(|run| {
        let name = run.dir.file_name()?.to_str()?.to_owned();
        Some(CompletionCandidate::new(name).help(Some(format!("{} {}", run.key, run.state.word()).into())))
    })
    .collect()
}

fn contexts() -> Vec<CompletionCandidate> {
    ConfigFile::load().config.contexts.into_keys().map(CompletionCandidate::new).collect()
}

fn scenarios() -> Vec<CompletionCandidate> {
    let scenarios = super::demo::scenarios().into_iter();
    scenarios.map(|(name, line)| CompletionCandidate::new(name).help(Some(line.into()))).collect()
}

/// The folder of the command that is being typed, or the one above it that is a repository.
fn repository() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|dir| dir.join("ci").is_dir() || dir.join("tmpl.toml").is_file());
    found.map_or_else(|| here.clone(), Path::to_owned)
}
