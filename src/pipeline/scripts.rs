//! How the repository's own scripts and workflows call packer, as far as they write it out.

use std::path::{Component, Path, PathBuf};

use saphyr::{LoadableYamlNode, Scalar, Yaml};

use super::layout::OnErrorWord;

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
    /// workflows of GitHub that call packer, by their file names
    pub workflows: Vec<String>,
}

/// A piece of shell, and the folder it runs in.
struct Piece {
    dir: PathBuf,
    text: String,
}

impl Scripts {
    /// Looks through shell scripts and makefiles at the root and the workflows of GitHub and GitLab.
    pub fn read(repo: &Path) -> Self {
        let mut scripts = Self::default();
        let mut calls = Vec::new();
        for file in files(repo) {
            let Some(text) = small_text(&repo.join(&file)) else { continue };
            let pieces = match file.extension().and_then(|extension| extension.to_str()) {
                Some("yml" | "yaml") => yaml_pieces(&text),
                _ => vec![Piece { dir: PathBuf::new(), text }],
            };
            let found: Vec<_> = pieces.iter().flat_map(|piece| piece.calls()).collect();
            if !found.is_empty() && file.starts_with(".github") {
                scripts.workflows.extend(file.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
            calls.extend(found);
        }
        let flags: Vec<_> = calls.iter().map(|(_, words)| (has_force(words), on_error(words))).collect();
        scripts.force = !flags.is_empty() && flags.iter().all(|(force, _)| *force);
        scripts.on_error = flags.first().and_then(|(_, first)| *first);
        scripts.on_error = scripts.on_error.filter(|word| flags.iter().all(|(_, other)| *other == Some(*word)));
        scripts.builds = calls.into_iter().filter_map(|(dir, words)| written(&dir, &words)).collect();
        scripts
    }
}

impl Piece {
    /// The words behind each `packer build`, with the folder it runs in.
    fn calls(&self) -> Vec<(PathBuf, Vec<String>)> {
        let joined = self.text.replace("\\\n", " ");
        let commands = joined.lines().filter(|line| !line.trim_start().starts_with('#'));
        let calls = commands.filter_map(|line| {
            let (_, rest) = line.split_once("packer build ")?;
            let words = shlex::split(rest.trim_end_matches('"')).or_else(|| shlex::split(rest))?;
            Some((self.dir.clone(), words))
        });
        calls.collect()
    }
}

fn files(repo: &Path) -> Vec<PathBuf> {
    let script = |name: &str| {
        name.ends_with(".sh") || matches!(name, "Makefile" | "makefile" | "Justfile" | "justfile" | ".gitlab-ci.yml")
    };
    let workflow = |name: &str| name.ends_with(".yml") || name.ends_with(".yaml");
    let mut files = super::varfiles::in_folder(repo, Path::new(""), &script);
    files.extend(super::varfiles::in_folder(repo, Path::new("scripts"), &script));
    files.extend(super::varfiles::in_folder(repo, Path::new(".github/workflows"), &workflow));
    files
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
        pieces.push(Piece { dir, text: run.into() });
    }
    for name in ["script", "before_script"] {
        let list = field(name).and_then(|list| list.as_sequence());
        let lines = list.into_iter().flatten().filter_map(|line| line.as_str());
        pieces.extend(lines.map(|line| Piece { dir: PathBuf::new(), text: line.into() }));
    }
    mapping.values().for_each(|value| steps(value, pieces, depth + 1));
}

/// A call without variables, with its paths as seen from the repository.
fn written(dir: &Path, words: &[String]) -> Option<WrittenBuild> {
    if words.iter().any(|word| word.contains('$') || word.contains("{{")) {
        return None;
    }
    let (target, flags) = words.split_last()?;
    let at = |path: &str| plain(&dir.join(path));
    let mut build = WrittenBuild {
        dir: dir.to_owned(),
        target: at(target),
        var_files: Vec::new(),
        only: Vec::new(),
        args: Vec::new(),
        force: has_force(flags),
        on_error: on_error(flags),
    };
    let mut flags = flags.iter().map(|flag| (flag, flag.trim_start_matches('-')));
    while let Some((whole, flag)) = flags.next() {
        match flag.split_once('=') {
            Some(("var-file", path)) => build.var_files.push(at(path)),
            Some(("only", names)) => build.only = names.split(',').map(str::to_owned).collect(),
            Some(("on-error", _)) => {}
            None if flag == "var-file" => build.var_files.push(at(flags.next()?.0)),
            None if flag == "force" => {}
            _ => build.args.push(whole.clone()),
        }
    }
    Some(build)
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

/// Without `.` and a slash at the end.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
