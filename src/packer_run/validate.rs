//! `packer validate` for a line, where a packer is present that the templates allow.

use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::command::{pass_github_token, remove_private_variables};
use super::preflight::{has_init, packer_version};
use crate::pipeline::check::FROM_ENVIRONMENT;
use crate::pipeline::{Line, argv};

/// Result of `packer validate` for one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackerValidation {
    /// valid
    Valid,
    /// packer's own words, unscrubbed: its environment held stand-ins or the caller's credentials
    Defect(String),
    /// there is no packer, or it is older than the templates allow; why
    Skipped(String),
}

/// `packer init` and `packer validate` for one line. What only the environment supplies and it does not has a stand-in.
///
/// # Errors
/// When packer is there and cannot be started.
pub async fn validate(repo: &Path, line: &Line, packer: &Path) -> io::Result<PackerValidation> {
    match packer_version(packer).await {
        Ok(version) if has_init(&version) => {}
        Ok(version) => {
            return Ok(PackerValidation::Skipped(format!(
                "packer {version} is older than any plugin of the templates"
            )));
        }
        Err(error) => return Ok(PackerValidation::Skipped(error.to_string())),
    }
    let mut init = command(packer);
    pass_github_token(&mut init);
    for (mut command, arguments) in [(init, argv::init(line, repo)), (command(packer), argv::validate(line, repo))] {
        let output = command.args(&arguments).current_dir(repo).output().await?;
        if !output.status.success() {
            let words = [output.stdout, output.stderr].concat();
            return Ok(PackerValidation::Defect(String::from_utf8_lossy(&words).trim().to_owned()));
        }
    }
    Ok(PackerValidation::Valid)
}

fn command(packer: &Path) -> Command {
    let mut command = Command::new(packer);
    command.stdin(Stdio::null()).env("CHECKPOINT_DISABLE", "1").kill_on_drop(true);
    remove_private_variables(&mut command);
    // The cluster has a default in the templates, but packer wants one named.
    for name in FROM_ENVIRONMENT.into_iter().chain(["vsphere_cluster"]) {
        let variable = format!("PKR_VAR_{name}");
        if std::env::var_os(&variable).is_none() {
            command.env(variable, stand_in(name));
        }
    }
    command
}

/// A value of the right form that opens nothing.
fn stand_in(name: &str) -> String {
    match name {
        "vsphere_insecure_connection" => "true".into(),
        "build_password_encrypted" => format!("$6$standin${}", ".".repeat(86)),
        "build_key" => {
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA stand-in".into()
        }
        _ => "stand-in".into(),
    }
}
