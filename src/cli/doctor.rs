//! `doctor`: tools, environment, login, privileges and paths; what is wrong, and what to do about it.

mod github;
mod here;
mod server;
mod tools;
mod versions;

use serde::Serialize;

use super::{Context, Exit, output};

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Findings as a JSON array
    #[arg(long)]
    json: bool,
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// as it should be
    Ok,
    /// not there, and not needed for everything
    Absent,
    /// something will not work
    Failed,
    /// settings or credentials: nothing will work
    Unusable,
}

/// One thing looked at.
#[derive(Debug, Clone, Serialize)]
struct Diagnostic {
    /// `tools`, `environment`, `paths`, `vcenter`, `privileges`, `github`
    area: &'static str,
    name: String,
    state: State,
    /// what was found; for anything but ok, what to do
    detail: String,
}

impl Diagnostic {
    fn new(area: &'static str, name: impl Into<String>, state: State, detail: impl Into<String>) -> Self {
        Self { area, name: name.into(), state, detail: detail.into() }
    }
}

/// Runs the verb: exit 2 when settings or credentials are no good, 1 when anything else needed is not as it should be.
pub async fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let windows = here::has_windows(context);
    let lines = context.matrix().map(|matrix| matrix.lines.clone()).unwrap_or_default();
    let (tools, versions, server, github) = tokio::join!(
        tools::look(windows),
        versions::look(&context.global.repo, &lines),
        server::look(context),
        github::look(context)
    );
    let findings = [tools, versions, here::environment(context), here::paths(context), server, github].concat();
    print(&findings, args.json)?;
    let any = |state| findings.iter().any(|finding| finding.state == state);
    Ok(match (any(State::Unusable), any(State::Failed)) {
        (true, _) => Exit::Usage,
        (false, true) => Exit::Failed,
        (false, false) => Exit::Done,
    })
}

fn print(findings: &[Diagnostic], json: bool) -> anyhow::Result<()> {
    if json {
        return Ok(output::json_pretty(&findings)?);
    }
    let colours = output::in_colours();
    let width = findings.iter().map(|finding| finding.name.chars().count()).max().unwrap_or(0);
    let mut area = "";
    for finding in findings {
        if finding.area != area {
            area = finding.area;
            output::result(area)?;
        }
        let (word, colour) = match finding.state {
            State::Ok => ("ok", "32"),
            State::Absent => ("–", "2"),
            State::Failed | State::Unusable => ("FAILED", "31"),
        };
        let word = format!("{word:<6}");
        let word = if colours { format!("\u{1b}[{colour}m{word}\u{1b}[0m") } else { word };
        output::marked(&format!("  {word}  "), &format!("{:<width$}  {}", finding.name, finding.detail))?;
    }
    Ok(output::result(&last_line(findings))?)
}

/// What all of it comes to: what fails, what to begin with.
fn last_line(findings: &[Diagnostic]) -> String {
    let failed: Vec<&Diagnostic> =
        findings.iter().filter(|finding| matches!(finding.state, State::Failed | State::Unusable)).collect();
    // What makes everything else fail comes first.
    let first = failed.iter().find(|finding| finding.state == State::Unusable).or(failed.first());
    match first {
        None => "all well".into(),
        Some(first) => {
            let (count, fail) = (failed.len(), if failed.len() == 1 { "fails" } else { "fail" });
            format!("{count} of {} {fail}; start with {}, {}", findings.len(), first.area, first.name)
        }
    }
}
