//! Packer, its plugins and Ansible against the versions that the repository wants.

use std::collections::BTreeMap;
use std::path::Path;

use tmpl::pipeline::{Line, requirements, satisfies};

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
        let place = format!("{}:{} wants {}", requirement.file.display(), requirement.line, requirement.versions);
        let fits = have.iter().any(|have| satisfies(have, &requirement.versions) != Some(false));
        let plugin = requirement.of.contains('/');
        let (state, detail) = match (have.last(), fits) {
            (Some(have), true) => (State::Ok, format!("{have}; {place}")),
            (Some(have), false) => (State::Failed, format!("{have} is not what {place}; {}", remedy(plugin))),
            // `packer init` brings it.
            (None, _) if plugin => (State::Absent, format!("not installed; {place}; packer init installs it")),
            (None, _) => (State::Failed, format!("not there; {place}")),
        };
        let new = Diagnostic::new("versions", requirement.of.clone(), state, detail);
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

fn remedy(plugin: bool) -> &'static str {
    if plugin { "packer init -upgrade installs another" } else { "install such a version" }
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
