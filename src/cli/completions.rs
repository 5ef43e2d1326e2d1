//! Completions: the script that a shell reads, and the candidates that it then asks this program for.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCandidates, CompletionCandidate, Shell};
use tmpl::config::{Config, ConfigFile};
use tmpl::packer_run;
use tmpl::paths::StateDir;
use tmpl::pipeline::{Line, Matrix};

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
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    let words = joined(std::env::args_os().collect(), index);
    let here = std::env::current_dir().ok();
    match CompleteEnv::with_factory(command).var(VARIABLE).try_complete(words, here.as_deref()) {
        Ok(true) => std::process::exit(0),
        Ok(false) => {}
        Err(error) => error.exit(),
    }
}

/// The same words, with the value of an option of the program joined to it (`--context=lab`): the engine takes a value that
/// is called like a verb for that verb. Both words become this, so that the one under the cursor keeps its number, `index`,
/// without which it is the last one.
fn joined(mut words: Vec<OsString>, index: Option<usize>) -> Vec<OsString> {
    const TAKE_A_VALUE: [&str; 3] = ["--context", "--repo", "--images"];
    let Some(first) = words.iter().position(|word| word == "--").map(|at| at + 1) else { return words };
    let cursor = index.map_or(words.len(), |index| first.saturating_add(index).saturating_add(1)).min(words.len());
    for at in first..cursor.saturating_sub(2) {
        let Some([option, value]) = words.get_mut(at..at + 2) else { break };
        if option == "--" {
            break;
        }
        // Bash makes three words of `--context=lab`.
        let is_value = !value.is_empty() && value != "=" && !value.to_string_lossy().starts_with('-');
        if is_value && TAKE_A_VALUE.iter().any(|name| option == name) {
            let mut both = option.clone();
            both.push("=");
            both.push(&*value);
            (*option, *value) = (both.clone(), both);
        }
    }
    words
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
        "verb" => arg.add(ArgValueCandidates::new(|| verbs(&Typed::of_process()))),
        "scenario" => arg.add(ArgValueCandidates::new(scenarios)),
        _ => arg,
    });
    command.mut_subcommands(with_candidates)
}

/// Nothing is said on a terminal in the middle of a command: what cannot be read completes to nothing.
fn keys() -> Vec<CompletionCandidate> {
    let lines = lines(&Typed::of_process()).into_iter();
    lines.map(|line| CompletionCandidate::new(line.key.0).help(Some(line.base_name.into()))).collect()
}

fn runs() -> Vec<CompletionCandidate> {
    let Ok(state) = StateDir::from_environment() else { return Vec::new() };
    let typed = Typed::of_process();
    let lines = meant(&typed, lines(&typed));
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

/// Pages of the manual: verbs, and those below the verb that is typed already.
fn verbs(typed: &Typed) -> Vec<CompletionCandidate> {
    let (program, mut above) = (Cli::command(), typed.after("man"));
    above.pop();
    let below = above.iter().try_fold(&program, |command, word| command.find_subcommand(word));
    let verbs = below.into_iter().flat_map(Command::get_subcommands);
    verbs.map(|verb| CompletionCandidate::new(verb.get_name()).help(verb.get_about().cloned())).collect()
}

fn lines(typed: &Typed) -> Vec<Line> {
    Matrix::load(&typed.repository(&ConfigFile::load().config)).map(|matrix| matrix.lines).unwrap_or_default()
}

/// The line that is typed already, where there is one; else all.
fn meant(typed: &Typed, lines: Vec<Line>) -> Vec<Line> {
    let named: Vec<Line> = lines.iter().filter(|line| typed.0.contains(&line.key.0)).cloned().collect();
    if named.is_empty() { lines } else { named }
}

/// The words of the command that is being typed, the one under the cursor included, as the shell passes them on.
struct Typed(Vec<String>);

impl Typed {
    fn of_process() -> Self {
        Self(std::env::args().skip_while(|word| word != "--").skip(2).collect())
    }

    /// What an option was given, as `--repo DIR` or `--repo=DIR`.
    fn option(&self, name: &str) -> Option<&str> {
        let joined = self.0.iter().filter_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let apart = self.0.windows(2).filter(|pair| pair[0] == name).map(|pair| pair[1].as_str());
        joined.chain(apart).find(|value| !value.is_empty())
    }

    fn after(&self, verb: &str) -> Vec<&str> {
        self.0.iter().skip_while(|word| *word != verb).skip(1).map(String::as_str).collect()
    }

    /// The repository that the command will work in: that of `--repo`, of the context, or the one around this folder.
    fn repository(&self, config: &Config) -> PathBuf {
        if let Some(dir) = self.option("--repo") {
            // The shell has not replaced it yet.
            let home = dir.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)));
            return home.unwrap_or_else(|| dir.into());
        }
        let variable = || std::env::var("TMPL_CONTEXT").ok().filter(|name| !name.is_empty());
        let context = self.option("--context").map(str::to_owned).or_else(variable).or_else(|| config.context.clone());
        let named = context.and_then(|name| config.contexts.get(&name)?.repo.clone());
        named.unwrap_or_else(|| {
            let here = std::env::current_dir().unwrap_or_default();
            let found = here.ancestors().find(|dir| dir.join("ci").is_dir() || dir.join("tmpl.toml").is_file());
            found.map_or_else(|| here.clone(), Path::to_owned)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Typed {
        Typed(text.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn lines_are_those_of_the_repository_that_the_command_is_about() {
        let text = "context = \"prod\"\n[contexts.prod]\nrepo = \"/srv/prod\"\n[contexts.lab]\nrepo = \"/srv/lab\"\n";
        let config = ConfigFile::parse(Path::new("config.toml"), text).config;
        for (command, wanted) in [
            ("promote ", "/srv/prod"),
            ("--context lab promote ", "/srv/lab"),
            ("promote --context=lab ", "/srv/lab"),
            ("--context lab --repo /elsewhere promote ", "/elsewhere"),
            ("promote --repo ", "/srv/prod"),
        ] {
            assert_eq!(typed(command).repository(&config), Path::new(wanted), "{command}");
        }
        assert!(typed("promote ").repository(&Config::default()).join("ci").is_dir(), "the one around this folder");
    }

    #[test]
    fn a_value_that_is_called_like_a_verb_is_joined_to_its_option() {
        for (typed, index, wanted) in [
            ("x -- x --context lab promote ", None, "x -- x --context=lab --context=lab promote "),
            ("x -- x --context lab", None, "x -- x --context lab"),
            ("x -- x --context lab promote", Some(2), "x -- x --context lab promote"),
            ("x -- x --context = lab pro", Some(4), "x -- x --context = lab pro"),
            ("x -- x --read-only lab pro", None, "x -- x --read-only lab pro"),
            ("x --context lab promote", None, "x --context lab promote"),
        ] {
            let words = joined(typed.split(' ').map(OsString::from).collect(), index);
            let words: Vec<String> = words.into_iter().map(|word| word.into_string().unwrap()).collect();
            assert_eq!(words.join(" "), wanted, "{typed}");
        }
    }

    #[test]
    fn runs_are_those_of_the_line_that_is_typed() {
        let all = Matrix::load(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().lines;
        let keys = |command: &str| {
            let lines = meant(&typed(command), all.clone());
            lines.into_iter().map(|line| line.key.0).collect::<Vec<_>>()
        };
        assert_eq!(keys("log debian-12 --run "), ["debian-12"]);
        assert_eq!(keys("log --run ").len(), all.len());
    }

    #[test]
    fn the_manual_has_a_page_for_every_verb() {
        let offered = |command: &str| {
            let all = verbs(&typed(command)).into_iter();
            all.map(|one| one.get_value().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        assert!(offered("man ").contains(&"build".to_owned()));
        assert_eq!(offered("man iso "), ["check", "upload"]);
        assert_eq!(offered("man nothing "), [""; 0]);
    }
}
