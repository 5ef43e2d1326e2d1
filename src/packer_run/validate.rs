//! `packer validate` for a line, where a packer is present that the templates allow.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use tokio::process::Command;

use super::command::pass_github_token;
use super::preflight::{evaluates_data, has_init, packer_version};
use crate::child::{self, Bound, Kind};
use crate::pipeline::check::FROM_ENVIRONMENT;
use crate::pipeline::template::Template;
use crate::pipeline::{Line, argv, stand_ins};

/// `init` downloads plugins.
const BOUND: Bound = Bound { time: Duration::from_secs(15 * 60), bytes: 8 << 20 };

/// What packer calls a value that it does not know yet.
const UNKNOWN: &str = "<unknown>";

/// Result of `packer validate` for one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackerValidation {
    /// valid
    Valid,
    /// what packer says against it
    Defects(Vec<Complaint>),
    /// it cannot tell: plugins are missing and cannot be fetched; unscrubbed, why
    Unable(String),
    /// there is no packer, or it is older than any plugin; why
    NoPacker(String),
}

/// One error of packer's. Unscrubbed: its environment held stand-ins or the caller's credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// file and line, as packer names them
    pub place: Option<(String, usize)>,
    /// in one line
    pub words: String,
    /// the variables that nobody supplies, where that is what it says; they are one complaint, however many they are
    pub unset: Vec<String>,
}

impl Complaint {
    /// Whether it stands at one of these places; packer tells files from where it runs, they are told from the repository.
    fn is_at(&self, places: &[(PathBuf, usize)]) -> bool {
        let Some((file, line)) = &self.place else { return false };
        places.iter().any(|(of, at)| at == line && (of.ends_with(file) || Path::new(file).ends_with(of)))
    }
}

/// `packer init` and `packer validate` for one line. What only the environment supplies and it does not has a stand-in.
/// A template that is refused for what its data sources would give is asked about once more with them: they may reach a
/// server, so that they are left alone where packer can do without.
///
/// # Errors
/// When packer is there and cannot be started.
pub async fn validate(repo: &Path, line: &Line, packer: &Path) -> io::Result<PackerValidation> {
    let template = Template::read(repo, &line.template_path(), &mut Vec::new());
    let asks_data = match packer_version(packer).await {
        Ok(version) if has_init(&version) => evaluates_data(&version) && !template.data.is_empty(),
        Ok(version) => {
            return Ok(PackerValidation::NoPacker(format!(
                "packer {version} is older than any plugin of the templates"
            )));
        }
        Err(error) => return Ok(PackerValidation::NoPacker(error.to_string())),
    };
    let dir = argv::working_dir(line, repo);
    if !dir.is_dir() {
        let words = format!("{} is no folder; packer cannot run there", dir.display());
        return Ok(PackerValidation::Defects(vec![Complaint { place: None, words, unset: Vec::new() }]));
    }
    let run = |mut command: Command, arguments: Vec<String>| {
        command.args(&arguments).current_dir(&dir);
        async move { child::output(command, BOUND, None).await.map_err(io::Error::from) }
    };
    let mut init = command(packer, repo, line);
    pass_github_token(&mut init);
    let init = run(init, argv::init(line, repo)).await?;
    // Also where `init` failed: the plugins may be there, and a network need not be.
    let validated = run(command(packer, repo, line), argv::validate(line, repo, false)).await?;
    if validated.status.success() {
        return Ok(PackerValidation::Valid);
    }
    let mut complaints = complaints(&words(&validated));
    if complaints.iter().any(|complaint| is_about_plugins(&complaint.words)) {
        let of_init = (!init.status.success()).then(|| self::complaints(&words(&init)).into_iter().next()).flatten();
        let why = of_init.or_else(|| complaints.into_iter().find(|complaint| is_about_plugins(&complaint.words)));
        return Ok(PackerValidation::Unable(why.map_or_else(|| "packer init failed".into(), |why| why.words)));
    }
    if asks_data && complaints.iter().any(|complaint| complaint.words.contains(UNKNOWN)) {
        let asked = run(command(packer, repo, line), argv::validate(line, repo, true)).await?;
        if asked.status.success() {
            return Ok(PackerValidation::Valid);
        }
        complaints = self::complaints(&words(&asked));
        if let Some(failed) = complaints.iter().find(|complaint| complaint.is_at(&template.data)) {
            return Ok(PackerValidation::Unable(format!("a data source fails: {}", failed.words)));
        }
    }
    let (of_machine, mut defects): (Vec<_>, Vec<_>) =
        complaints.into_iter().partition(|complaint| is_about_this_machine(&complaint.words));
    let unset = unset(&mut defects);
    defects.extend(unset);
    match (of_machine.into_iter().next(), defects.is_empty()) {
        (Some(why), true) => Ok(PackerValidation::Unable(why.words)),
        _ => Ok(PackerValidation::Defects(defects)),
    }
}

/// Takes the variables that nobody supplies out of `defects`, into one.
fn unset(defects: &mut Vec<Complaint>) -> Option<Complaint> {
    let name = |complaint: &Complaint| {
        let (_, rest) = complaint.words.split_once("Unset variable \"")?;
        rest.split('"').next().map(str::to_owned)
    };
    let mut names: Vec<String> = defects.iter().filter_map(name).collect();
    defects.retain(|complaint| name(complaint).is_none());
    names.sort();
    let words = "nobody supplies what it needs".to_owned();
    (!names.is_empty()).then_some(Complaint { place: None, words, unset: names })
}

/// Whether packer speaks of what it could not ask from here: a secret store without a token, a server without a network.
fn is_about_this_machine(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["must set vault_token", "no such host", "dial tcp", "network is unreachable", "no valid credential sources"]
        .iter()
        .any(|known| words.contains(known))
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Whether packer speaks of a plugin or of its own version, which are this machine's and no defect of a template.
fn is_about_plugins(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["plugin that is not installed", "but not installed", "packer core version"]
        .iter()
        .any(|known| words.contains(known))
}

/// Packer's errors apart: each begins with `Error: `, and most name `on FILE line N`.
fn complaints(text: &str) -> Vec<Complaint> {
    let text = text.trim();
    let starts: Vec<usize> = text
        .match_indices("Error: ")
        .map(|(at, _)| at)
        .filter(|at| text[..*at].chars().next_back().is_none_or(|before| before == '\n'))
        .collect();
    if starts.is_empty() {
        return vec![Complaint { place: None, words: one_line(text.lines()), unset: Vec::new() }];
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| Some(complaint(text.get(*start + 7..end)?))).collect()
}

fn complaint(text: &str) -> Complaint {
    let place = text.lines().find_map(|line| {
        let (file, rest) = line.trim().strip_prefix("on ")?.split_once(" line ")?;
        Some((file.to_owned(), rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?))
    });
    let told = text.lines().filter(|line| {
        let line = line.trim();
        !(line.starts_with("on ") && line.contains(" line ") || line.starts_with("(source code not available"))
    });
    Complaint { place, words: one_line(told), unset: Vec::new() }
}

fn one_line<'t>(lines: impl Iterator<Item = &'t str>) -> String {
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn command(packer: &Path, repo: &Path, line: &Line) -> Command {
    let mut command = child::command(Kind::Packer, packer);
    command.env("CHECKPOINT_DISABLE", "1");
    // The cluster has a default in the templates, but packer wants one named.
    let ours = FROM_ENVIRONMENT.into_iter().chain(["vsphere_cluster"]).map(str::to_owned);
    for name in ours.chain(stand_ins(repo, line)) {
        let variable = format!("PKR_VAR_{name}");
        if std::env::var_os(&variable).is_none() {
            command.env(variable, stand_in(&name));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packers_errors_are_told_apart_and_placed() {
        let text = "Error: Unsupported argument\n\n  on builds/x/a.pkr.hcl line 12:\n  (source code not available)\n\nAn argument named \"x\" is not expected here.\n\nError: Unset variable \"y\"\n\nA used variable must be set.\n";
        let found = complaints(text);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].place, Some(("builds/x/a.pkr.hcl".into(), 12)));
        assert_eq!(found[0].words, "Unsupported argument An argument named \"x\" is not expected here.");
        assert_eq!(found[1].place, None);
        assert_eq!(complaints("it is broken\n")[0].words, "it is broken");
    }

    #[test]
    fn a_missing_plugin_is_no_defect_of_a_template() {
        for words in [
            "Missing plugins The following plugins are required, but not installed:",
            "Unknown source type vsphere-iso The source vsphere-iso is unknown by Packer, and is likely part of a plugin that is not installed.",
        ] {
            assert!(is_about_plugins(words));
        }
        assert!(!is_about_plugins("Unsupported argument An argument named \"x\" is not expected here."));
    }
}
