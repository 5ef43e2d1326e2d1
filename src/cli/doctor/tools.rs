//! Programs: which are there, and in which version.

use std::time::Duration;

use futures_util::future::join_all;
use tmpl::child::{self, Bound, Kind};
use tmpl::packer_run;

use super::{Diagnostic, State};

/// No healthy program needs longer to tell its version.
const BOUND: Bound = Bound { time: Duration::from_secs(20), ..child::SHORT };

struct Tool {
    /// any of these does
    programs: &'static [&'static str],
    argument: &'static str,
    /// what does not work without it; `Err` when that is not everything
    without: Result<&'static str, &'static str>,
}

const TOOLS: &[Tool] = &[
    Tool { programs: &["packer"], argument: "version", without: Ok("no build: install packer, or build in CI") },
    Tool {
        programs: &["ansible-playbook"],
        argument: "--version",
        without: Ok("no build gets past its provisioner: install Ansible (on a runner, in its image)"),
    },
    Tool {
        programs: &["xorriso", "mkisofs"],
        argument: "--version",
        without: Ok("packer cannot make the CD with the answers for the installer: install xorriso"),
    },
    Tool { programs: &["tesseract"], argument: "--version", without: Err("texts in pictures are not read") },
    Tool { programs: &["govc"], argument: "version", without: Err("nothing here needs it") },
    Tool { programs: &["git"], argument: "--version", without: Err("builds do not note their commit") },
];

/// Asks all of them at once.
pub async fn look(windows: bool) -> Vec<Diagnostic> {
    let mut findings = join_all(TOOLS.iter().map(one)).await;
    if windows {
        findings.push(winrm().await);
    }
    findings
}

async fn one(tool: &Tool) -> Diagnostic {
    let mut reason = String::new();
    for program in tool.programs {
        match version(program, tool.argument).await {
            Ok(version) => return Diagnostic::new("tools", *program, State::Ok, version),
            Err(error) => reason = error,
        }
    }
    let name = tool.programs.first().copied().unwrap_or_default();
    match tool.without {
        Ok(without) => Diagnostic::new("tools", name, State::Failed, format!("{reason}; {without}")),
        Err(without) => Diagnostic::new("tools", name, State::Absent, format!("{reason}; {without}")),
    }
}

/// The first line in which a program tells its version.
async fn version(program: &str, argument: &str) -> Result<String, String> {
    let text = answer(program, &[argument]).await?;
    let line = text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit())).unwrap_or_default();
    Ok(line.trim().to_owned())
}

/// What a program prints.
pub(super) async fn answer(program: &str, arguments: &[&str]) -> Result<String, String> {
    let kind = if program == "git" { Kind::Git } else { Kind::Asked };
    let mut command = child::command(kind, program);
    command.args(arguments);
    let output = child::output(command, BOUND, None).await.map_err(|error| match error {
        child::Error::NotFound => "not in PATH".to_owned(),
        error => error.to_string(),
    })?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    let line = text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit())).unwrap_or_default();
    if output.status.success() { Ok(text) } else { Err(format!("it says: {}", line.trim())) }
}

/// Ansible's own interpreter, which must know WinRM for Windows guests.
async fn winrm() -> Diagnostic {
    match packer_run::windows_preflight().await {
        Ok(interpreter) => Diagnostic::new("tools", "ansible + winrm", State::Ok, interpreter),
        Err(error) => Diagnostic::new("tools", "ansible + winrm", State::Failed, error.to_string()),
    }
}
