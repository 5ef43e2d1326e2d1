//! A `tmpl.toml` for a repository, by looking at its templates, var-files, scripts and workflows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hcl_edit::expr::Expression;

use super::discover::var_file_folders;
use super::evaluate::{Scope, Value};
use super::invocation::below_first;
use super::layout::{BUILD_WORKFLOW, OnErrorWord, Setting};
use super::propose_lines::{Written, common, cover, differing, one_for_each, pattern, patterns, written_out};
use super::scripts::{Scripts, WrittenBuild};
use super::template::{Template, is_template};
use super::{Line, Matrix, MatrixError, Names, assigned, varfiles};

/// What is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// the text of `tmpl.toml`; empty where nothing needs to be said
    pub text: String,
    /// what a person should know or decide, a line each
    pub notes: Vec<String>,
}

/// How shared var-files follow each other in repositories that keep them in one folder: later ones win.
const USUAL_ORDER: [&str; 9] =
    ["vsphere", "build", "ansible", "proxy", "common", "network", "linux-storage", "rhsm", "scc"];

/// Where repositories keep them, the likeliest first.
const USUAL_FOLDERS: [&str; 6] = ["config", "ci/config", "vars", "variables", "builds", "."];

/// Looks at the repository, which has no `tmpl.toml` yet.
///
/// # Errors
/// It has no lines either.
pub fn propose(repo: &Path) -> Result<Proposal, MatrixError> {
    let matrix = Matrix::load(repo)?;
    let mut notes = Vec::new();
    if matrix.source.is_some() {
        notes
            .push(format!("{}: everything is where it is documented; no tmpl.toml is needed", matrix.path().display()));
        return Ok(Proposal { text: String::new(), notes });
    }
    let lines = &matrix.lines;
    let folders: BTreeSet<PathBuf> = lines.iter().map(|line| line.build_dir.clone().into()).collect();
    let scripts = Scripts::read(repo, &folders);
    let written = written_out(&scripts, lines);
    let (packer, differing) = match written.is_empty() {
        false => (from_scripts(repo, lines, &written), differing(lines, &written, &scripts)),
        true => from_files(repo, lines, &scripts, &mut notes),
    };
    let mut text = String::new();
    if !packer.is_empty() {
        let _ = write!(text, "\n[packer]\n{packer}");
    }
    text.push_str(&workflow(&scripts));
    text.push_str(&vault(repo, lines, &mut notes));
    text.push_str(&differing);
    let in_place = lines.iter().filter(|line| matches!(line.names(), Names::InPlace { .. })).count();
    if in_place > 0 {
        notes.push(format!(
            "{in_place} of {} lines build under the name that is cloned: they are shown, built and judged, and nothing is promoted",
            lines.len()
        ));
    }
    if text.is_empty() {
        notes.push("nothing needs to be said in a tmpl.toml yet".into());
    } else {
        text.insert_str(0, "# How this repository is laid out; docs/tmpl-toml.md of tmpl-tui explains every key.\n");
    }
    Ok(Proposal { text, notes })
}

/// What the written calls have in common, with placeholders for what follows from the line.
fn from_scripts(repo: &Path, lines: &[Line], written: &[Written<'_>]) -> String {
    let mut text = String::new();
    if let Some(dir) = common(written, |line, build| pattern(line, &build.dir)).filter(|dir| !dir.is_empty()) {
        let _ = writeln!(text, "dir = {dir:?}");
    }
    let one_file = |line: &Line, build: &WrittenBuild| {
        let files = varfiles::in_folder(repo, Path::new(&line.build_dir), &|name| is_template(Path::new(name)));
        (files == [build.target.clone()]).then(|| "{file}".to_owned())
    };
    let target =
        |line: &Line, build: &WrittenBuild| one_file(line, build).unwrap_or_else(|| pattern(line, &build.target));
    if let Some(target) = common(written, target).filter(|target| target != "{template}" && !target.is_empty()) {
        let _ = writeln!(text, "target = {target:?}");
    }
    // What only some are called with is said of these.
    let all = cover(lines, written);
    let files = common(written, |line, build| patterns(line, &build.var_files)).filter(|_| all);
    if let Some(files) = files.filter(|files| !files.is_empty()) {
        let _ = writeln!(text, "var_files = {files:?}");
    }
    if let Some(args) = common(written, |_, build| build.args.clone()).filter(|args| all && !args.is_empty()) {
        let _ = writeln!(text, "args = {args:?}");
    }
    if common(written, |_, build| build.force) == Some(true) {
        let _ = writeln!(text, "force = true");
    }
    if let Some(Some(word)) = common(written, |_, build| build.on_error) {
        let _ = writeln!(text, "on_error = {:?}", word.word());
    }
    text
}

/// Var-files that lie beside each other outside the templates, one of them called after each template.
fn from_files(repo: &Path, lines: &[Line], scripts: &Scripts, notes: &mut Vec<String>) -> (String, String) {
    let (mut text, mut differing) = (String::new(), String::new());
    let templates: BTreeMap<&str, Arc<Template>> = lines
        .iter()
        .map(|line| (line.build_dir.as_str(), Template::read(repo, line.build_dir.as_ref(), &mut Vec::new())))
        .collect();
    let elsewhere: Vec<PathBuf> = var_file_folders(repo)
        .into_iter()
        .filter(|folder| !templates.contains_key(&*folder.to_string_lossy()) && !var_files(repo, folder).is_empty())
        .collect();
    let usual = |name: &&str| elsewhere.iter().any(|folder| folder == plain(Path::new(name)));
    let folder = USUAL_FOLDERS
        .into_iter()
        .find(usual)
        .map(|name| plain(Path::new(name)))
        .or(elsewhere.first().map(PathBuf::as_path));
    let own = |line: &Line| format!("{}.pkrvars.hcl", below_first(&line.build_dir).replace('/', "-"));
    match folder {
        Some(folder) => {
            let files = var_files(repo, folder);
            let owned: Vec<String> = lines.iter().map(own).collect();
            let called =
                |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let mut shared: Vec<&PathBuf> = files.iter().filter(|file| !owned.contains(&called(file))).collect();
            let alike = alternatives(repo, &shared);
            if let ([line], false) = (lines, alike.is_empty()) {
                differing = one_for_each(line, &alike);
            } else if !alike.is_empty() {
                let names: Vec<String> = alike.iter().map(|file| file.display().to_string()).collect();
                notes.push(format!(
                    "{} assign the same variables: which line takes which is for you to say, in [line.KEY.packer] with var_files",
                    names.join(", ")
                ));
            }
            shared.retain(|file| !alike.contains(file));
            shared.sort_by_key(|file| {
                let name = called(file);
                let known = USUAL_ORDER.iter().position(|usual| name.strip_suffix(".pkrvars.hcl") == Some(usual));
                (known.unwrap_or(USUAL_ORDER.len()), name)
            });
            let mut named: Vec<String> = shared
                .into_iter()
                .filter(|file| templates.values().any(|template| assigned::concerns(repo, template, file)))
                .map(|file| {
                    let all = templates.values().all(|template| assigned::concerns(repo, template, file));
                    format!("{}{}", file.display(), if all { "" } else { "?" })
                })
                .collect();
            if files.iter().any(|file| owned.contains(&called(file))) {
                named.push(folder.join("{path}.pkrvars.hcl").to_string_lossy().into_owned());
            }
            if named.iter().any(|name| name.ends_with('?')) {
                text.push_str("# One that ends in ? is given only to templates that declare something it assigns.\n");
            }
            let quoted: Vec<String> = named.iter().map(|name| format!("{name:?}")).collect();
            let rows: Vec<String> = quoted.chunks(4).map(|row| format!("  {},\n", row.join(", "))).collect();
            if !rows.is_empty() {
                let _ = writeln!(text, "var_files = [\n{}]", rows.concat());
            }
        }
        None => text.push_str(&beside(repo, lines, notes)),
    }
    if scripts.force {
        let _ = writeln!(text, "force = true");
    }
    if let Some(word) = scripts.on_error {
        let _ = writeln!(text, "on_error = {:?}", word.word());
    }
    (text, differing)
}

/// Of var-files those of which most is assigned by another one as well: not both are meant.
fn alternatives<'f>(repo: &Path, files: &[&'f PathBuf]) -> Vec<&'f PathBuf> {
    let names: Vec<BTreeSet<String>> = files.iter().map(|file| assigned::names(repo, file)).collect();
    let alike = |one: usize, other: usize| {
        let shared = names[one].intersection(&names[other]).count();
        shared > 0 && shared * 2 > names[one].len().min(names[other].len())
    };
    let any = |one: &usize| (0..names.len()).any(|other| other != *one && alike(*one, other));
    (0..names.len()).filter(any).filter_map(|at| files.get(at).copied()).collect()
}

fn plain(path: &Path) -> &Path {
    path.strip_prefix(".").unwrap_or(path)
}

fn var_files(repo: &Path, folder: &Path) -> Vec<PathBuf> {
    let wanted = |name: &str| {
        // An example is there to be copied.
        let own = varfiles::stem(name).is_some_and(|stem| !stem.contains("example") && !stem.contains("sample"));
        own && !varfiles::is_automatic(name)
    };
    varfiles::in_folder(repo, folder, &wanted)
}

/// Var-files in the folders of the templates: the same names in each, or one in each.
fn beside(repo: &Path, lines: &[Line], notes: &mut Vec<String>) -> String {
    let name = |file: PathBuf| Some(file.file_name()?.to_string_lossy().into_owned());
    let names = |line: &Line| -> Vec<String> {
        var_files(repo, Path::new(&line.build_dir)).into_iter().filter_map(name).collect()
    };
    let all: Vec<(&Line, Vec<String>)> = lines.iter().map(|line| (line, names(line))).collect();
    let Some((_, first)) = all.first() else { return String::new() };
    let everywhere: Vec<String> = first
        .iter()
        .filter(|name| all.iter().all(|(_, names)| names.contains(name)))
        .map(|name| format!("{{template}}/{name}"))
        .collect();
    if all.iter().all(|(_, names)| names.is_empty()) {
        notes.push(
            "no var-files are there, at most examples of them; copy and fill them as the repository says, then run `tmpl-tui init` again".into(),
        );
    } else if everywhere.is_empty() || all.iter().any(|(_, names)| names.len() > everywhere.len()) {
        let several = all.iter().find(|(_, names)| names.len() > everywhere.len()).or(all.first());
        notes.extend(several.map(|(line, names)| {
            format!(
                "which of {} is for {} is for you to say: a table [line.{}.packer] with var_files",
                names.join(", "),
                line.key,
                line.key
            )
        }));
    }
    if everywhere.is_empty() { String::new() } else { format!("var_files = {everywhere:?}\n") }
}

/// The workflow that builds, where it is not the documented one.
fn workflow(scripts: &Scripts) -> String {
    match scripts.workflows.as_slice() {
        workflows if workflows.iter().any(|workflow| workflow.name == BUILD_WORKFLOW) => String::new(),
        [only] => {
            let input = if only.has_inputs { "" } else { "input = \"none\"\n" };
            format!("\n[workflow]\nbuild = {:?}\n{input}", only.name)
        }
        // There is none, or one for each line.
        _ => String::new(),
    }
}

/// Where templates ask vault for the connection, the commands that ask it the same.
fn vault(repo: &Path, lines: &[Line], notes: &mut Vec<String>) -> String {
    let Some(line) = lines.first() else { return String::new() };
    let template = Template::read(repo, line.build_dir.as_ref(), &mut Vec::new());
    let scope = Scope { template: &template, assigned: BTreeMap::new(), branch: None, path: BTreeMap::new() };
    let mut text = String::new();
    for setting in Setting::ALL {
        let argument = template.images().find_map(|(_, block)| block.body.get_attribute(setting.argument()));
        let Some((path, field)) = argument.and_then(|argument| asked_of_vault(&scope, &argument.value)) else {
            continue;
        };
        let words = ["vault".to_owned(), "kv".into(), "get".into(), format!("-field={field}"), path];
        let _ = writeln!(text, "{} = {{ command = {words:?} }}", setting.word());
    }
    if text.is_empty() {
        return text;
    }
    notes.push(format!(
        "the templates ask vault where vCenter is; export {}=1 to let tmpl-tui ask it too",
        super::ALLOW_COMMANDS
    ));
    format!("\n[vsphere]\n{text}")
}

/// Path and field of `vault("packer/data/vsphere", "password")`, directly or as a local.
fn asked_of_vault(scope: &Scope<'_>, expression: &Expression) -> Option<(String, String)> {
    match expression {
        Expression::Traversal(_) => asked_of_vault(scope, scope.template.local(expression)?),
        Expression::FuncCall(call) if call.name.name.as_str() == "vault" => {
            let texts: Vec<Value> = call.args.iter().map(|argument| scope.value(argument)).collect();
            let [path, field] = texts.as_slice() else { return None };
            // Of the second version of its store the interface names a part that its program leaves out.
            let path = path.known()?.replacen("/data/", "/", 1);
            Some((path, field.known()?.into_owned()))
        }
        _ => None,
    }
}

impl OnErrorWord {
    /// Packer's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cleanup => "cleanup",
            Self::Abort => "abort",
            Self::Ask => "ask",
        }
    }
}
