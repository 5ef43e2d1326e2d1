//! A `tmpl.toml` for a repository, by looking at its templates, var-files, scripts and workflows.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use hcl_edit::expr::Expression;

use super::evaluate::{Scope, Value};
use super::invocation::below_first;
use super::layout::{Layout, OnErrorWord, Setting};
use super::scripts::{Scripts, WrittenBuild};
use super::template::Template;
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
    let scripts = Scripts::read(repo);
    let lines = &matrix.lines;
    let mut text =
        String::from("# How this repository is laid out; docs/tmpl-toml.md of tmpl-tui explains every key.\n");
    let written: Vec<Option<&WrittenBuild>> = lines.iter().map(|line| written_for(&scripts, line)).collect();
    let packer = match written.iter().any(Option::is_some) {
        true => from_scripts(repo, lines, &written),
        false => from_files(repo, lines, &scripts, &mut notes),
    };
    if !packer.is_empty() {
        let _ = write!(text, "\n[packer]\n{packer}");
    }
    text.push_str(&workflow(&scripts));
    text.push_str(&vault(repo, lines, &mut notes));
    let in_place = lines.iter().filter(|line| matches!(line.names(), Names::InPlace { .. })).count();
    if in_place > 0 {
        notes.push(format!(
            "{in_place} of {} lines build under the name that is cloned: they are shown, built and judged, and nothing is promoted",
            lines.len()
        ));
    }
    Ok(Proposal { text, notes })
}

/// The call of packer that a script writes out for a line.
fn written_for<'s>(scripts: &'s Scripts, line: &Line) -> Option<&'s WrittenBuild> {
    let folder = Path::new(&line.build_dir);
    scripts.builds.iter().find(|build| build.target == folder || build.target.parent() == Some(folder))
}

/// What the written calls have in common, with placeholders for what follows from the line.
fn from_scripts(repo: &Path, lines: &[Line], written: &[Option<&WrittenBuild>]) -> String {
    let pairs: Vec<(&Line, &WrittenBuild)> =
        lines.iter().zip(written).filter_map(|(line, build)| build.map(|build| (line, build))).collect();
    let mut text = String::new();
    if let Some(dir) = common(&pairs, |line, build| pattern(line, &build.dir)).filter(|dir| !dir.is_empty()) {
        let _ = writeln!(text, "dir = {dir:?}");
    }
    let one_file = |line: &Line, build: &WrittenBuild| {
        let files = varfiles::in_folder(repo, Path::new(&line.build_dir), &|name| name.ends_with(".pkr.hcl"));
        (files == [build.target.clone()]).then(|| "{file}".to_owned())
    };
    let target =
        |line: &Line, build: &WrittenBuild| one_file(line, build).unwrap_or_else(|| pattern(line, &build.target));
    if let Some(target) = common(&pairs, target).filter(|target| target != "{template}") {
        let _ = writeln!(text, "target = {target:?}");
    }
    let files =
        |line: &Line, build: &WrittenBuild| build.var_files.iter().map(|file| pattern(line, file)).collect::<Vec<_>>();
    if let Some(files) = common(&pairs, files).filter(|files| !files.is_empty()) {
        let _ = writeln!(text, "var_files = {files:?}");
    }
    if let Some(args) = common(&pairs, |_, build| build.args.clone()).filter(|args| !args.is_empty()) {
        let _ = writeln!(text, "args = {args:?}");
    }
    if common(&pairs, |_, build| build.force) == Some(true) {
        let _ = writeln!(text, "force = true");
    }
    if let Some(Some(word)) = common(&pairs, |_, build| build.on_error) {
        let _ = writeln!(text, "on_error = {:?}", word.word());
    }
    text
}

/// What all have alike.
fn common<T: PartialEq>(pairs: &[(&Line, &WrittenBuild)], of: impl Fn(&Line, &WrittenBuild) -> T) -> Option<T> {
    let mut all = pairs.iter().map(|(line, build)| of(line, build));
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// A path with the template's folder as a placeholder.
fn pattern(line: &Line, path: &Path) -> String {
    let path = path.to_string_lossy();
    match path.strip_prefix(line.build_dir.as_str()) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{{template}}{rest}"),
        _ => path.into_owned(),
    }
}

/// Var-files that lie beside each other outside the templates, one of them called after each template.
fn from_files(repo: &Path, lines: &[Line], scripts: &Scripts, notes: &mut Vec<String>) -> String {
    let mut text = String::new();
    let templates: BTreeMap<&str, Template> = lines
        .iter()
        .map(|line| (line.build_dir.as_str(), Template::read(repo, line.build_dir.as_ref(), &mut Vec::new())))
        .collect();
    let folder = ["config", "ci/config", "vars", "variables", "builds", "."]
        .into_iter()
        .map(Path::new)
        .find(|folder| !var_files(repo, folder).is_empty() && !templates.contains_key(&*folder.to_string_lossy()));
    let own = |line: &Line| format!("{}.pkrvars.hcl", below_first(&line.build_dir).replace('/', "-"));
    match folder {
        Some(folder) => {
            let files = var_files(repo, folder);
            let owned: Vec<String> = lines.iter().map(own).collect();
            let called = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let mut shared: Vec<&PathBuf> = files.iter().filter(|file| !owned.contains(&called(file))).collect();
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
                named.push(plain(&folder.join("{path}.pkrvars.hcl")));
            }
            let _ = writeln!(text, "# One that ends in ? is given only to templates that declare something it assigns.");
            let quoted: Vec<String> = named.iter().map(|name| format!("{name:?}")).collect();
            let rows: Vec<String> = quoted.chunks(4).map(|row| format!("  {},\n", row.join(", "))).collect();
            let _ = writeln!(text, "var_files = [\n{}]", rows.concat());
        }
        None if lines.iter().any(|line| beside(repo, line)) => {
            let _ = writeln!(text, "var_files = [\"{{template}}/variables.pkrvars.hcl\"]");
        }
        None => notes.push(
            "no var-files are there, at most examples of them; copy and fill them as the repository says, then run `tmpl-tui init` again".into(),
        ),
    }
    if scripts.force {
        let _ = writeln!(text, "force = true");
    }
    if let Some(word) = scripts.on_error {
        let _ = writeln!(text, "on_error = {:?}", word.word());
    }
    text
}

fn plain(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).to_string_lossy().into_owned()
}

fn var_files(repo: &Path, folder: &Path) -> Vec<PathBuf> {
    let folder = folder.strip_prefix(".").unwrap_or(folder);
    varfiles::in_folder(repo, folder, &|name| name.ends_with(".pkrvars.hcl") && !name.ends_with(".auto.pkrvars.hcl"))
}

fn beside(repo: &Path, line: &Line) -> bool {
    repo.join(&line.build_dir).join("variables.pkrvars.hcl").is_file()
}

/// The workflow that builds, where it is not the documented one.
fn workflow(scripts: &Scripts) -> String {
    let documented = Layout::default();
    let documented = documented.workflow.build().unwrap_or_default();
    match scripts.workflows.as_slice() {
        workflows if workflows.iter().any(|name| name == documented) => String::new(),
        [only] => format!("\n[workflow]\nbuild = {only:?}\n"),
        // There is none, or one for each line.
        _ => String::new(),
    }
}

/// Where templates ask vault for the connection, the commands that ask it the same.
fn vault(repo: &Path, lines: &[Line], notes: &mut Vec<String>) -> String {
    let Some(line) = lines.first() else { return String::new() };
    let template = Template::read(repo, line.build_dir.as_ref(), &mut Vec::new());
    let scope = Scope { template: &template, assigned: BTreeMap::new(), branch: None };
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
