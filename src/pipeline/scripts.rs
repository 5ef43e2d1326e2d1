//! How the repository's own scripts and workflows call packer, as far as they write it out.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};

use super::layout::OnErrorWord;
use crate::fs::plain;

/// The largest script that is looked through.
const MAX_BYTES: u64 = 1 << 20;

/// One `packer build` as written. Paths are relative to the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenBuild {
    pub dir: PathBuf,
    pub target: PathBuf,
    pub var_files: Vec<PathBuf>,
    pub only: Vec<String>,
    pub args: Vec<String>,
    pub force: bool,
    pub on_error: Option<OnErrorWord>,
    /// the workflow of GitHub that calls it, a file name
    pub workflow: Option<String>,
}

/// A workflow of GitHub that calls packer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenWorkflow {
    /// its file name
    pub name: String,
    /// whether its dispatch asks for anything
    pub has_inputs: bool,
}

/// What the scripts say.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    /// calls without a variable in them
    pub builds: Vec<WrittenBuild>,
    /// whether every call that there is, written out or not, has `-force`
    pub force: bool,
    /// the `-on-error` that all of them have
    pub on_error: Option<OnErrorWord>,
    /// workflows of GitHub that call packer
    pub workflows: Vec<WrittenWorkflow>,
}

/// A piece of shell, and the folders that it may run in: the first where what it names is there.
struct Piece {
    dirs: Vec<PathBuf>,
    text: String,
}

/// A call of packer: those folders, and the words behind `packer build`.
type Call = (Vec<PathBuf>, Vec<String>);

impl Scripts {
    /// Looks through scripts at the root and beside the templates in `folders`, and through the workflows of GitHub, GitLab
    /// and their like.
    pub fn read(repo: &Path, folders: &BTreeSet<PathBuf>) -> Self {
        let mut scripts = Self::default();
        let mut calls = Vec::new();
        for file in files(repo, folders) {
            let Some(text) = small_text(&repo.join(&file)) else { continue };
            let pieces = match file.extension().and_then(|extension| extension.to_str()) {
                Some("yml" | "yaml") => yaml_pieces(&text),
                _ => vec![Piece { dirs: run_in(&file), text: text.clone() }],
            };
            let found: Vec<Call> = pieces.iter().flat_map(Piece::calls).collect();
            let workflow = file.file_name().filter(|_| file.starts_with(".github"));
            let workflow = workflow.filter(|_| !found.is_empty()).map(|name| name.to_string_lossy().into_owned());
            if let Some(name) = &workflow {
                let has_inputs = text.lines().any(|line| line.trim() == "inputs:");
                scripts.workflows.push(WrittenWorkflow { name: name.clone(), has_inputs });
            }
            calls.extend(found.into_iter().map(|call| (call, workflow.clone())));
        }
        let flags: Vec<_> = calls.iter().map(|((_, words), _)| (has_force(words), on_error(words))).collect();
        scripts.force = !flags.is_empty() && flags.iter().all(|(force, _)| *force);
        scripts.on_error = flags.first().and_then(|(_, first)| *first);
        scripts.on_error = scripts.on_error.filter(|word| flags.iter().all(|(_, other)| *other == Some(*word)));
        let written = calls
            .into_iter()
            .filter_map(|(call, workflow)| Some(WrittenBuild { workflow, ..written(repo, folders, &call)? }));
        scripts.builds = written.collect();
        scripts
    }
}

impl Piece {
    fn calls(&self) -> Vec<Call> {
        let joined = self.text.replace("\\\n", " ").replace("`\n", " ");
        let mut dirs = self.dirs.clone();
        let mut calls = Vec::new();
        for line in joined.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let before = line.split("packer build ").next().unwrap_or_default();
            for command in before.split(['&', ';']).map(str::trim) {
                // Of a folder that is computed it cannot be told where it is.
                if let Some(dir) = command.strip_prefix("cd ").filter(|dir| !dir.contains('$')) {
                    dirs = dirs.iter().map(|from| plain(&from.join(dir.trim_matches(['"', '\''])))).collect();
                }
            }
            let Some((_, rest)) = line.split_once("packer build ") else { continue };
            let rest = rest.split(" && ").next().unwrap_or(rest);
            let words = shlex::split(rest.trim_end_matches(['"', '\''])).or_else(|| shlex::split(rest));
            calls.extend(words.map(|words| (dirs.clone(), words)));
        }
        calls
    }
}

/// A script is called from its own folder, from the one above, or from the repository.
fn run_in(file: &Path) -> Vec<PathBuf> {
    let own = file.parent().unwrap_or(Path::new("")).to_owned();
    let above = own.parent().map(Path::to_owned);
    let mut dirs: Vec<PathBuf> = [Some(PathBuf::new()), Some(own), above].into_iter().flatten().collect();
    dirs.dedup();
    dirs
}

fn files(repo: &Path, folders: &BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let script = |name: &str| {
        let known = ["Makefile", "makefile", "Justfile", "justfile", "Jenkinsfile", ".gitlab-ci.yml", "Taskfile.yml"];
        let pipelines = ["azure-pipelines.yml", "azure-pipelines.yaml", "bitbucket-pipelines.yml"];
        name.ends_with(".sh") || name.ends_with(".ps1") || known.contains(&name) || pipelines.contains(&name)
    };
    let workflow = |name: &str| name.ends_with(".yml") || name.ends_with(".yaml");
    let root = [PathBuf::new(), "scripts".into()];
    let beside = folders.iter().flat_map(|folder| {
        let above = folder.parent().unwrap_or(Path::new(""));
        [folder.clone(), folder.join("scripts"), above.to_owned(), above.join("scripts")]
    });
    let folders: BTreeSet<PathBuf> = root.into_iter().chain(beside).collect();
    let scripts = folders.iter().flat_map(|folder| super::varfiles::in_folder(repo, folder, &script));
    let workflows = super::varfiles::in_folder(repo, Path::new(".github/workflows"), &workflow);
    scripts.chain(workflows).collect()
}

fn small_text(path: &Path) -> Option<String> {
    let small = std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= MAX_BYTES);
    small.then(|| std::fs::read_to_string(path).ok()).flatten()
}

/// The steps of GitHub (`run`, in `working-directory`) and the `script` lists of GitLab.
fn yaml_pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for document in Yaml::load_from_str(text).unwrap_or_default() {
        steps(&document, &mut pieces, 0);
    }
    pieces
}

fn steps(node: &Yaml<'_>, pieces: &mut Vec<Piece>, depth: usize) {
    if depth > 16 {
        return;
    }
    if let Some(list) = node.as_sequence() {
        return list.iter().for_each(|item| steps(item, pieces, depth + 1));
    }
    let Some(mapping) = node.as_mapping() else { return };
    let field = |name: &'static str| mapping.get(&Yaml::Value(Scalar::String(name.into())));
    let dir = field("working-directory").and_then(|dir| dir.as_str()).unwrap_or(".");
    let dir = plain(Path::new(dir));
    if let Some(run) = field("run").and_then(|run| run.as_str()) {
        pieces.push(Piece { dirs: vec![dir], text: run.into() });
    }
    for name in ["before_script", "script", "bash", "cmds"] {
        let lines = field(name).and_then(|list| list.as_sequence()).into_iter().flatten();
        let lines: Vec<&str> =
            lines.filter_map(|line| line.as_str()).chain(field(name).and_then(|it| it.as_str())).collect();
        pieces.extend((!lines.is_empty()).then(|| Piece { dirs: vec![PathBuf::new()], text: lines.join("\n") }));
    }
    mapping.values().for_each(|value| steps(value, pieces, depth + 1));
}

/// A call without variables, with its paths as seen from the repository.
fn written(repo: &Path, folders: &BTreeSet<PathBuf>, (dirs, words): &Call) -> Option<WrittenBuild> {
    if words.iter().any(|word| word.contains('$') || word.contains("{{")) {
        return None;
    }
    let (target, flags) = words.split_last()?;
    let flags = joined(flags);
    let there = |dir: &&PathBuf| {
        let target = plain(&dir.join(target));
        folders.contains(&target) || repo.join(target).is_file()
    };
    let dir = dirs.iter().find(there).or(dirs.first())?;
    let at = |path: &str| plain(&dir.join(path));
    let mut build = WrittenBuild {
        dir: dir.clone(),
        target: at(target),
        var_files: Vec::new(),
        only: Vec::new(),
        args: Vec::new(),
        force: has_force(&flags),
        on_error: on_error(&flags),
        workflow: None,
    };
    for whole in &flags {
        match whole.trim_start_matches('-').split_once('=') {
            Some(("var-file", path)) => build.var_files.push(at(path)),
            Some(("only", names)) => build.only = names.split(',').map(str::to_owned).collect(),
            Some(("on-error", _)) => {}
            None if whole.trim_start_matches('-') == "force" => {}
            _ => build.args.push(whole.clone()),
        }
    }
    Some(build)
}

/// Flags and their values as one word each: `-only x` is `-only=x`.
fn joined(words: &[String]) -> Vec<String> {
    const TAKE_A_VALUE: [&str; 6] = ["var-file", "var", "only", "except", "on-error", "parallel-builds"];
    let mut flags: Vec<String> = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let flag = word.trim_start_matches('-');
        let value = (word.starts_with('-') && TAKE_A_VALUE.contains(&flag)).then(|| words.next()).flatten();
        flags.push(value.map_or_else(|| word.clone(), |value| format!("-{flag}={value}")));
    }
    flags
}

fn has_force(words: &[String]) -> bool {
    words.iter().any(|word| matches!(word.as_str(), "-force" | "--force"))
}

fn on_error(words: &[String]) -> Option<OnErrorWord> {
    let word = words.iter().find_map(|word| word.trim_start_matches('-').strip_prefix("on-error="))?;
    match word {
        "cleanup" => Some(OnErrorWord::Cleanup),
        "abort" => Some(OnErrorWord::Abort),
        "ask" => Some(OnErrorWord::Ask),
        _ => None,
    }
}
