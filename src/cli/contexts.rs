//! The context a call works in. Its variables are those of the process, which packer and builds that outlive us inherit: so
//! the program is begun anew with them, once, before anything else.

use std::ffi::OsString;

use tmpl::child;
use tmpl::config::{ConfigFile, ContextError, ENTERED, Entered, Outer};
use tmpl::generation::Actor;
use tmpl::hook::{Around, Hook};
use tmpl::paths::StateDir;
use tmpl::text::Scrubber;
use tmpl::vcenter::Settings;
use tmpl::vcenter::gate::ReadOnly;

use super::{Cli, Global, Stop, Verb};

/// Reads the configuration, and makes this process one of the context that is wanted.
///
/// # Errors
/// The context is not there, or what it needs.
pub fn open(cli: &mut Cli) -> anyhow::Result<()> {
    cli.global.config = ConfigFile::load();
    let asked = cli.global.context.clone().or_else(|| variable("TMPL_CONTEXT"));
    // Text is cleaned of the secrets of a context where one is named.
    let cleans = asked.is_some() && matches!(cli.verb, Some(Verb::Redact(_)));
    if !cleans && cli.verb.as_ref().is_some_and(needs_none) {
        return Ok(());
    }
    let config = &cli.global.config;
    let Some(name) = asked.clone().or_else(|| config.config.context.clone()) else {
        // Which context was meant is not known, and the variables that are exported may be those of another.
        cli.global.closed = config.broken.then_some(ReadOnly::Unreadable);
        return Ok(());
    };
    let entered = variable(ENTERED);
    let Some(context) = config.config.contexts.get(&name) else {
        if entered.as_ref() == Some(&name) {
            cli.global.context = entered;
            return Ok(());
        }
        if let Some(missing) = not_written(config, &name).filter(|_| asked.is_none()) {
            return cli.global.without(&missing, cli.verb.is_none());
        }
        let known: Vec<&str> = config.config.contexts.keys().map(String::as_str).collect();
        let known = match (config.defects.first().filter(|_| config.broken), known.as_slice()) {
            (Some(defect), _) => defect.to_string(),
            (None, []) => "write [contexts.NAME] into config.toml; tmpl-tui config says where it is".to_owned(),
            (None, known) => format!("there are: {}", known.join(", ")),
        };
        return Err(Stop::usage(format!("there is no context {name:?}; {known}")));
    };
    if entered.as_ref() == Some(&name) {
        if cli.global.repo == std::path::Path::new(".") {
            cli.global.repo = context.repo.clone().unwrap_or_else(|| ".".into());
        }
        cli.global.closed = context.read_only.then(|| {
            // Said as long as the program runs.
            ReadOnly::Context(name.clone().leak())
        });
        cli.global.context = entered;
        return Ok(());
    }
    let outer = Outer::of_process();
    let ready = match context.enter(&|name| outer.get(name)) {
        Ok(ready) => ready,
        Err(error @ ContextError::NotOpened { .. }) => {
            return cli.global.without(&error, cli.verb.is_none() && asked.is_none());
        }
        Err(error) => return Err(Stop::usage(error)),
    };
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    Err(begin_anew(&ready, &arguments))
}

impl Global {
    /// The context is not what it should be: the console opens without it and says so, if `opens`; nothing else does.
    fn without(&mut self, error: &ContextError, opens: bool) -> anyhow::Result<()> {
        if !opens {
            return Err(Stop::usage(error));
        }
        (self.closed, self.not_opened) = (Some(ReadOnly::NotOpened), Some(error.brief()));
        Ok(())
    }
}

/// What is wrong with the line that names the context to open with, where there is no such context.
fn not_written(file: &ConfigFile, name: &str) -> Option<ContextError> {
    let line = file.config.written.get("context")?.line;
    let defect = file.defects.iter().find(|defect| defect.line == Some(line))?;
    Some(ContextError::NotOpened { context: name.to_owned(), defect: Box::new(defect.clone()) })
}

/// An exported variable that the context which is open ignores.
pub struct Ignored {
    /// its name
    pub variable: &'static str,
    /// why
    pub why: String,
    /// what to do where nothing else says which folder it is
    pub remedy: Option<String>,
}

/// The exported variables that the context which is open ignores.
pub fn ignored(global: &Global) -> Vec<Ignored> {
    let Some(name) = &global.context else { return Vec::new() };
    let Some(context) = global.config.config.contexts.get(name) else { return Vec::new() };
    let outer = Outer::of_process();
    let variables = context.ignored(&|name| outer.get(name));
    let is_folder = |variable: &str| variable.ends_with("_folder") || variable == "GOVC_FOLDER";
    // The repository may name one.
    let lacks_folder = variables.iter().any(|variable| is_folder(variable))
        && Settings::of_repository(&global.repo).map(|settings| settings.folder).unwrap_or_default().is_empty();
    let ignored = variables.into_iter().map(|variable| Ignored {
        variable,
        why: format!("context {name} has its own endpoint"),
        remedy: (lacks_folder && is_folder(variable))
            .then(|| format!("write folder = \"…\" below [contexts.{name}] in config.toml")),
    });
    ignored.collect()
}

/// The same in a line, with what to do.
pub fn ignored_line(global: &Global) -> Option<String> {
    let ignored = ignored(global);
    let why = &ignored.first()?.why;
    let names: Vec<&str> = ignored.iter().map(|ignored| ignored.variable).collect();
    let are = if names.len() == 1 { "is" } else { "are" };
    let remedy = ignored.iter().find_map(|ignored| ignored.remedy.clone());
    let remedy = remedy.unwrap_or_else(|| "write what it needs in config.toml".into());
    Some(format!("{} {are} ignored: {why}; {remedy}", names.join(", ")))
}

/// Leaves the console for one in another context; returns only what keeps it from that.
#[cfg(feature = "tui")]
pub fn turn_to(entered: &Entered, read_only: bool, repo: Option<&std::path::Path>) -> anyhow::Error {
    let mut arguments: Vec<OsString> = vec!["--context".into(), entered.name.clone().into()];
    if read_only {
        arguments.push("--read-only".into());
    }
    if let (None, Some(repo)) = (&entered.repo, repo) {
        arguments.extend(["--repo".into(), repo.into()]);
    }
    begin_anew(entered, &arguments)
}

fn begin_anew(entered: &Entered, arguments: &[OsString]) -> anyhow::Error {
    let error = child::become_ourselves(arguments, &Outer::of_process().changes(entered));
    anyhow::anyhow!("cannot switch to the context {}: {error}", Scrubber::shared().safe(&entered.name))
}

/// Makes the user's hook the one of this process. In a simulated world it is only told of when it was asked for there: what
/// a demo does is nothing that a team should hear of.
pub fn share_hook(global: &Global, state: StateDir) {
    let simulated = variable("TMPL_SIMULATED").is_some();
    let configured = global.config.config.hook.clone().filter(|_| !simulated);
    let Some(command) = variable("TMPL_HOOK").or(configured) else { return };
    let endpoint = ["PKR_VAR_vsphere_endpoint", "GOVC_URL"].into_iter().find_map(variable);
    // The account may stand in it.
    let host =
        |address: String| address.rsplit('@').next().unwrap_or_default().trim_start_matches("https://").to_owned();
    let around =
        Around { vcenter: endpoint.map(host), context: global.context.clone(), by: Actor::current().0, simulated };
    Hook::new(command, state, around).share();
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether it has nothing to do with any vCenter or repository of the user's, unless one is named.
const fn needs_none(verb: &Verb) -> bool {
    match verb {
        Verb::Demo(_) | Verb::Lab(_) | Verb::Completions(_) | Verb::Man(_) | Verb::Redact(_) | Verb::Config(_) => true,
        Verb::Plan(_)
        | Verb::Init(_)
        | Verb::Validate(_)
        | Verb::Build(_)
        | Verb::Cancel(_)
        | Verb::Promote(_)
        | Verb::Rollback(_)
        | Verb::Hold(_)
        | Verb::Release(_)
        | Verb::Sweep(_)
        | Verb::Status(_)
        | Verb::Iso(_)
        | Verb::Console(_)
        | Verb::History(_)
        | Verb::Log(_)
        | Verb::Triage(_)
        | Verb::Acknowledge(_)
        | Verb::Runs(_)
        | Verb::Answer(_)
        | Verb::Metrics(_)
        | Verb::Doctor(_) => false,
    }
}
