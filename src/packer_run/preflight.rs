//! What can be known to go wrong before an hour is spent on it: no packer, no WinRM for Ansible.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use super::BuildError;
use crate::child::{self, Bound, Kind};
use crate::pipeline::template::Template;
use crate::pipeline::{Line, argv};
use crate::text::Scrubber;

/// No command run here takes a healthy machine longer, or says more.
const BOUND: Bound = Bound { time: Duration::from_secs(60), ..child::SHORT };

/// Packer's version, e.g. `1.16.0`.
///
/// # Errors
/// [`BuildError::NoPacker`]
pub async fn packer_version(packer: &Path) -> Result<String, BuildError> {
    let unusable = |reason: String| BuildError::NoPacker { packer: packer.to_owned(), reason };
    let output = run_command(Kind::Asked, packer.as_os_str(), &["version"]).await.map_err(unusable)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text.lines().find_map(|line| line.trim().strip_prefix("Packer v"));
    let version = version.and_then(|rest| rest.split_whitespace().next());
    match version {
        Some(version) if output.status.success() => Ok(version.to_owned()),
        _ => Err(unusable(format!("it does not tell its version ({})", first_line(&output)))),
    }
}

/// What packer does before a build, by name, with its arguments.
pub fn steps(line: &Line, repo: &Path, packer: &str) -> Vec<(&'static str, Vec<String>)> {
    // The build asks the template's data sources all the same.
    let data = evaluates_data(packer) && !Template::read(repo, &line.template_path(), &mut Vec::new()).data.is_empty();
    let init = has_init(packer).then(|| ("init", argv::init(line, repo)));
    init.into_iter().chain([("validate", argv::validate(line, repo, data))]).collect()
}

/// Whether this packer knows `init` (1.7 and later).
pub fn has_init(version: &str) -> bool {
    is_at_least(version, [1, 7, 0])
}

/// Whether `validate` can be told to ask a template's data sources, which it does not do by itself (1.8.5 and later).
pub fn evaluates_data(version: &str) -> bool {
    is_at_least(version, [1, 8, 5])
}

fn is_at_least(version: &str, wanted: [u32; 3]) -> bool {
    let mut numbers = version.split(['.', '-', '+']).map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0)) >= wanted
}

/// The commit that is built, for the notes of the template, unless the environment names it. Packer accepts the
/// variable also for templates that do not declare it.
pub async fn commit_if_unset(repo: &Path) -> Option<String> {
    let set = ["PKR_VAR_build_commit", "GITHUB_SHA"].iter().any(|name| std::env::var_os(name).is_some());
    if set { None } else { commit(repo).await }
}

/// The commit that is built, e.g. `3f2a…` or `3f2a…-dirty` when files differ from it; `None` outside a git checkout.
pub(super) async fn commit(repo: &Path) -> Option<String> {
    let repo = repo.to_str()?;
    let describe = ["--no-optional-locks", "-C", repo, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"];
    let output =
        run_command(Kind::Git, OsStr::new("git"), &describe).await.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()).filter(|commit| !commit.is_empty())
}

/// Whether Ansible can reach Windows guests: the interpreter that its program names in its first line, which is the one
/// of its own environment and rarely the system's, must be able to import `winrm`. Returns that interpreter.
///
/// # Errors
/// [`BuildError::Preflight`] with the remedy.
pub async fn windows() -> Result<String, BuildError> {
    let script = ansible().await?;
    let interpreter = interpreter(&script).map_err(BuildError::Preflight)?;
    let (program, arguments) = interpreter.split_first().ok_or_else(|| no_winrm(&script, "it names no interpreter"))?;
    let words = arguments.iter().map(String::as_str).chain(["-c", "import winrm"]).collect::<Vec<_>>();
    let output =
        run_command(Kind::Asked, OsStr::new(program), &words).await.map_err(|reason| no_winrm(&script, &reason))?;
    if !output.status.success() {
        return Err(no_winrm(&script, &format!("{program} cannot import winrm: {}", last_line(&output))));
    }
    Ok(program.clone())
}

fn no_winrm(script: &Path, reason: &str) -> BuildError {
    BuildError::Preflight(format!(
        "Ansible at {} cannot reach Windows guests: {reason}; install pywinrm in Ansible's own environment (`pipx inject ansible pywinrm`; on a runner, in its image)",
        script.display()
    ))
}

/// Ansible's version, e.g. `2.19.3`, where it is installed.
pub(super) async fn ansible_version() -> Option<String> {
    let program = ansible().await.ok()?;
    let output = run_command(Kind::Asked, program.as_os_str(), &["--version"])
        .await
        .ok()
        .filter(|output| output.status.success())?;
    // `ansible-playbook [core 2.19.3]`
    let first = String::from_utf8_lossy(&output.stdout).lines().next()?.to_owned();
    let word = first.trim_end_matches(']').split_whitespace().next_back()?.to_owned();
    Some(word).filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Ansible's program: the one `mise` manages where there is mise, else the one in `PATH`.
async fn ansible() -> Result<PathBuf, BuildError> {
    if child::on_path("mise").is_some()
        && let Ok(output) = run_command(Kind::Asked, OsStr::new("mise"), &["which", "ansible"]).await
        && output.status.success()
    {
        return Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    child::on_path("ansible-playbook").ok_or_else(|| {
        BuildError::Preflight("ansible-playbook is not in PATH; install Ansible (on a runner, in its image)".into())
    })
}

/// The interpreter of a console script with its arguments: the words behind `#!`. Installers that find the path too
/// long for a first line write `#!/bin/sh` and the real one as `'''exec' "PATH" …` into the second.
fn interpreter(script: &Path) -> Result<Vec<String>, String> {
    const HEAD: u64 = 4096;
    let mut head = Vec::new();
    std::fs::File::open(script)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .map_err(|error| format!("cannot read {}: {error}", script.display()))?;
    let head = String::from_utf8_lossy(&head);
    let mut lines = head.lines();
    let first = lines.next().and_then(|line| line.strip_prefix("#!")).unwrap_or_default();
    let words: Vec<String> = first.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Err(format!("{} is no console script: its first line names no interpreter", script.display()));
    }
    let second = lines.next().and_then(|line| line.strip_prefix("'''exec' "));
    let real = second.and_then(|rest| {
        let path = rest.strip_prefix('"').and_then(|rest| rest.split('"').next());
        path.or_else(|| rest.split_whitespace().next())
    });
    Ok(real.map_or(words, |path| vec![path.to_owned()]))
}

/// Runs a short command. The reason for a failure is in words.
async fn run_command(kind: Kind, program: &OsStr, arguments: &[&str]) -> Result<Output, String> {
    let mut command = child::command(kind, program);
    command.args(arguments);
    child::output(command, BOUND, None).await.map_err(|error| error.to_string())
}

fn first_line(output: &Output) -> String {
    pick_line(output, |text| text.lines().find(|line| !line.trim().is_empty()))
}

fn last_line(output: &Output) -> String {
    pick_line(output, |text| text.lines().rfind(|line| !line.trim().is_empty()))
}

fn pick_line(output: &Output, pick: impl Fn(&str) -> Option<&str>) -> String {
    let streams = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let line = streams.iter().find_map(|text| pick(text).map(|line| Scrubber::shared().safe(line.trim())));
    line.map_or_else(|| output.status.to_string(), |line| line.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_commit_of_a_checkout_and_whether_it_is_that() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(commit(dir.path()).await, None);
        let git = |arguments: &[&str]| {
            let mut git = std::process::Command::new("git");
            git.arg("-C").arg(dir.path()).args(["-c", "user.name=t", "-c", "user.email=t@t"]).args(arguments);
            assert!(git.output().unwrap().status.success(), "{arguments:?}");
        };
        git(&["init"]);
        std::fs::write(dir.path().join("file"), "one").unwrap();
        git(&["add", "."]);
        git(&["commit", "-m", "one"]);
        let clean = commit(dir.path()).await.unwrap();
        assert!(clean.len() == 40 && clean.bytes().all(|byte| byte.is_ascii_hexdigit()), "{clean}");
        std::fs::write(dir.path().join("file"), "two").unwrap();
        assert_eq!(commit(dir.path()).await, Some(format!("{clean}-dirty")));
    }

    #[test]
    fn what_packer_can_came_with_its_versions() {
        for (version, has) in [("1.6.6", false), ("1.7.0", true), ("1.16.0-dev", true), ("2.0.0", true), ("", false)] {
            assert_eq!(has_init(version), has, "{version}");
        }
        for (version, has) in [("1.8.4", false), ("1.8.5", true), ("1.16.0-dev", true)] {
            assert_eq!(evaluates_data(version), has, "{version}");
        }
    }

    #[test]
    fn the_first_line_names_the_interpreter() {
        let dir = tempfile::tempdir().unwrap();
        let of = |text: &str| {
            let path = dir.path().join("ansible-playbook");
            std::fs::write(&path, text).unwrap();
            interpreter(&path)
        };
        assert_eq!(of("#!/opt/ansible/bin/python3\nimport re\n").unwrap(), ["/opt/ansible/bin/python3"]);
        assert_eq!(of("#! /usr/bin/env python3\n").unwrap(), ["/usr/bin/env", "python3"]);
        assert_eq!(of("#!/bin/sh\n'''exec' \"/a b/python\" \"$0\" \"$@\"\n' '''\n").unwrap(), ["/a b/python"]);
        assert!(of("\u{7f}ELF").unwrap_err().contains("names no interpreter"));
    }
}
