//! Packer, its plugins and Ansible against the versions that the repository wants.

use std::collections::BTreeMap;
use std::path::Path;

use tmpl::pipeline::template::Requirement;
use tmpl::pipeline::{Fit, Line, fit, requirements};

use super::tools::answer;
use super::{Diagnostic, State};

/// What is too old, and what is not there, with who wants it. One finding for each program or plugin that is wanted.
pub async fn look(repo: &Path, lines: &[Line]) -> Vec<Diagnostic> {
    let (repo, lines) = (repo.to_owned(), lines.to_owned());
    let Ok(wanted) = tokio::task::spawn_blocking(move || requirements(&repo, &lines)).await else { return Vec::new() };
    let (packer, plugins, ansible) = tokio::join!(
        answer("packer", &["version"]),
        answer("packer", &["plugins", "installed"]),
        answer("ansible", &["--version"]),
    );
    let version = |answer: Result<String, String>| answer.ok().and_then(|text| first_version(&text));
    let (packer, ansible) = (version(packer), version(ansible));
    let plugins = plugins.map(|text| installed(&text)).unwrap_or_default();
    let mut findings: BTreeMap<String, Diagnostic> = BTreeMap::new();
    for requirement in wanted {
        let have: Vec<String> = match requirement.of.as_str() {
            "packer" => packer.iter().cloned().collect(),
            "ansible" => ansible.iter().cloned().collect(),
            plugin => plugins.get(plugin).cloned().unwrap_or_default(),
        };
        let new = judged(&requirement, &have);
        findings
            .entry(requirement.of)
            .and_modify(|known| {
                if known.state == State::Ok {
                    *known = new.clone()
                }
            })
            .or_insert(new);
    }
    findings.into_values().collect()
}

/// What is there against what is wanted; `have` are the versions installed.
fn judged(requirement: &Requirement, have: &[String]) -> Diagnostic {
    let Requirement { of, versions, file, line } = requirement;
    let place = format!("{}:{line} wants {versions}", file.display());
    let plugin = of.contains('/');
    let name = of.rsplit('/').next().unwrap_or(of);
    // What cannot be compared is packer's own to judge.
    let stands = |have: &String| fit(have, versions).unwrap_or(Fit::Fits);
    let remedy = if plugin { "packer init -upgrade installs another" } else { "install such a version" };
    let (state, detail) = match have.iter().find(|have| stands(have) == Fit::Fits).or(have.last()) {
        Some(have) => {
            let wrong = match stands(have) {
                Fit::Fits => None,
                Fit::TooOld => Some("is too old"),
                Fit::TooNew => Some("is too new"),
                Fit::Excluded => Some("is excluded"),
            };
            match wrong {
                None => (State::Ok, format!("{have}; {place}")),
                Some(wrong) => (State::Failed, format!("{name} {have} {wrong}: {place}; {remedy}")),
            }
        }
        // `packer init` brings it.
        None if plugin => (State::Absent, format!("not installed; {place}; packer init installs it")),
        None => (State::Failed, format!("not there; {place}")),
    };
    Diagnostic::new("versions", of.clone(), state, detail)
}

/// Plugins by their source address: `…/github.com/hashicorp/vsphere/packer-plugin-vsphere_v2.2.0_x5.0_linux_amd64`.
fn installed(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut plugins: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in text.lines() {
        let parts: Vec<&str> = path.trim().rsplitn(5, '/').collect();
        let [file, name, owner, host, ..] = parts.as_slice() else { continue };
        let version =
            file.rsplit_once("_x").and_then(|(before, _)| before.rsplit_once("_v")).map(|(_, version)| version);
        if let Some(version) = version {
            plugins.entry(format!("{host}/{owner}/{name}")).or_default().push(version.to_owned());
        }
    }
    plugins
}

/// The first word that is a version: `Packer v1.16.0`, `ansible [core 2.14.18]`.
fn first_version(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '(' | ')' | ','));
    let version = |word: &str| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit());
    words.map(|word| word.trim_start_matches('v')).find(|word| version(word)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_said_plainly() {
        let wants = |of: &str, versions: &str| Requirement {
            of: of.into(),
            versions: versions.into(),
            file: "linux/linux.pkr.hcl".into(),
            line: 7,
        };
        let judged = |of: &str, have: &[&str], versions: &str| {
            let have: Vec<String> = have.iter().map(|have| (*have).to_owned()).collect();
            let found = judged(&wants(of, versions), &have);
            (found.state, found.detail)
        };
        for (of, have, versions, state, said) in [
            (
                "packer",
                &["1.6.6"][..],
                ">= 1.11",
                State::Failed,
                "packer 1.6.6 is too old: linux/linux.pkr.hcl:7 wants >= 1.11; install such a version",
            ),
            ("packer", &["1.16.0"], ">= 1.11", State::Ok, "1.16.0; linux/linux.pkr.hcl:7 wants >= 1.11"),
            (
                "github.com/hashicorp/vsphere",
                &["2.2.0"],
                "~> 1.2",
                State::Failed,
                "vsphere 2.2.0 is too new: linux/linux.pkr.hcl:7 wants ~> 1.2; packer init -upgrade installs another",
            ),
            (
                "github.com/hashicorp/vsphere",
                &["1.4.0", "2.2.0"],
                "~> 1.2",
                State::Ok,
                "1.4.0; linux/linux.pkr.hcl:7 wants ~> 1.2",
            ),
            ("packer", &[], ">= 1.11", State::Failed, "not there; linux/linux.pkr.hcl:7 wants >= 1.11"),
        ] {
            assert_eq!(judged(of, have, versions), (state, said.to_owned()));
        }
    }

    #[test]
    fn programs_and_plugins_tell_their_versions() {
        assert_eq!(
            first_version("Packer v1.6.6\n\nYour version of Packer is out of date! 1.9").as_deref(),
            Some("1.6.6")
        );
        assert_eq!(first_version("ansible [core 2.14.18]\n").as_deref(), Some("2.14.18"));
        let text = "/p/github.com/hashicorp/vsphere/packer-plugin-vsphere_v2.2.0_x5.0_linux_amd64\n";
        assert_eq!(installed(text)["github.com/hashicorp/vsphere"], ["2.2.0"]);
    }
}
