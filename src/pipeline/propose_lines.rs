//! Lines as the repository's own scripts and workflows build them: one template several times, each with a workflow of its
//! own.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::discover::{is_only, own_name};
use super::scripts::{Scripts, WrittenBuild};
use super::{Line, varfiles};

/// A call of packer that is written out, and the line that it builds.
#[derive(Debug)]
pub(super) struct Written<'w> {
    pub line: &'w Line,
    pub build: &'w WrittenBuild,
    /// one of several calls for its template: the line has to be written out, under this key
    key: Option<String>,
}

/// The calls that are written out. Where a template is built in more ways than it has images, each way is a line.
pub(super) fn written_out<'w>(scripts: &'w Scripts, lines: &'w [Line]) -> Vec<Written<'w>> {
    let mut all = Vec::new();
    let mut keys: BTreeSet<String> = lines.iter().map(|line| line.key.0.clone()).collect();
    let folders: BTreeSet<&str> = lines.iter().map(|line| line.build_dir.as_str()).collect();
    for folder in folders {
        let of_it = |build: &&WrittenBuild| {
            build.target == Path::new(folder)
                || build.target.parent() == Some(Path::new(folder)) && build.target != Path::new("")
        };
        let mut ways: Vec<&WrittenBuild> = Vec::new();
        for build in scripts.builds.iter().filter(of_it) {
            let alike = |way: &&WrittenBuild| {
                (&way.target, &way.var_files, &way.only, &way.args)
                    == (&build.target, &build.var_files, &build.only, &build.args)
            };
            if !ways.iter().any(alike) {
                ways.push(build);
            }
        }
        let own: Vec<&Line> = lines.iter().filter(|line| line.build_dir == folder).collect();
        if ways.len() > own.len() {
            for build in ways {
                let line = own.iter().find(|line| builds(build, line)).or(own.first());
                let key = (1..).map(|n| key(build, n)).find(|key| keys.insert(key.clone()));
                all.extend(line.map(|line| Written { line, build, key }));
            }
        } else {
            let found = own.into_iter().filter_map(|line| {
                Some(Written { line, build: ways.iter().copied().find(|build| builds(build, line))?, key: None })
            });
            all.extend(found);
        }
    }
    all
}

/// Whether a call builds a line: it asks for no image, or for the line's.
fn builds(build: &WrittenBuild, line: &Line) -> bool {
    let own = line.invocation().only;
    let asked = |own: &String| build.only.iter().any(|only| is_only(only, own));
    build.only.is_empty() || own.is_empty() || own.iter().any(asked)
}

/// `ubuntu-20.04` for what builds the source `ubuntu` with `20.04.pkrvars.hcl`.
fn key(build: &WrittenBuild, number: usize) -> String {
    let file = build.var_files.last().and_then(|file| file.file_name()).map(|name| name.to_string_lossy().into_owned());
    let ends = [".pkrvars.hcl", ".pkrvars.json", ".hcl", ".json"];
    let file = file.unwrap_or_default();
    let stem = ends.iter().find_map(|end| file.strip_suffix(end)).unwrap_or(&file);
    let source = build.only.first().map(|only| own_name(only)).unwrap_or_default();
    let words: Vec<&str> =
        if stem.to_lowercase().contains(&source.to_lowercase()) { vec![stem] } else { vec![source, stem] };
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let key: String = words.join("-").chars().map(plain).collect();
    let key = key.trim_start_matches(['-', '_', '.']);
    let key = if key.is_empty() { "line" } else { key };
    if number > 1 { format!("{key}-{number}") } else { key.to_owned() }
}

/// Var-files that assign the same variables are alternatives: the one template that there is builds a line with each.
pub(super) fn one_for_each(line: &Line, files: &[&PathBuf]) -> String {
    let template = if line.build_dir.is_empty() { "." } else { &line.build_dir };
    let rows = files.iter().filter_map(|file| {
        let stem = varfiles::stem(file.file_name()?.to_str()?)?;
        let key = super::Key::plain(stem)?;
        Some(format!(
            "{:?} = {{ template = {template:?}, packer = {{ var_files = {:?} }} }}\n",
            key.0,
            [pattern(line, file)]
        ))
    });
    let rows: String = rows.collect();
    if rows.is_empty() { rows } else { format!("\n[line]\n{rows}") }
}

/// `[line]`: what is different for the lines that have to be written out, and whose workflow is their own.
pub(super) fn differing(lines: &[Line], written: &[Written<'_>], scripts: &Scripts) -> String {
    let mut text = String::new();
    let whole = cover(lines, written);
    // One workflow for all is said once.
    let several = scripts.workflows.len() > 1;
    for Written { line, build, key } in written {
        let mut fields = Vec::new();
        let mut packer = Vec::new();
        let mut add = |name: &str, all: Option<Vec<String>>, own: Vec<String>| {
            if all.is_none() && !own.is_empty() {
                packer.push(format!("{name} = {own:?}"));
            }
        };
        if key.is_some() {
            fields.push(format!("template = {:?}", if line.build_dir.is_empty() { "." } else { &line.build_dir }));
            add("only", None, build.only.clone());
        }
        let files = common(written, |line, build| patterns(line, &build.var_files)).filter(|_| whole);
        add("var_files", files, patterns(line, &build.var_files));
        add("args", common(written, |_, build| build.args.clone()).filter(|_| whole), build.args.clone());
        if !packer.is_empty() {
            fields.push(format!("packer = {{ {} }}", packer.join(", ")));
        }
        let alone =
            |name: &String| written.iter().filter(|other| other.build.workflow.as_ref() == Some(name)).count() == 1;
        if let Some(name) = build.workflow.as_ref().filter(|name| several && alone(name)) {
            let asks = scripts.workflows.iter().any(|workflow| workflow.name == *name && workflow.has_inputs);
            let input = if asks { "" } else { ", input = \"none\"" };
            fields.push(format!("workflow = {{ build = {name:?}{input} }}"));
        }
        if !fields.is_empty() {
            let _ = writeln!(text, "{:?} = {{ {} }}", key.as_ref().unwrap_or(&line.key.0), fields.join(", "));
        }
    }
    if text.is_empty() { text } else { format!("\n[line]\n{text}") }
}

/// Whether there is a call for every line.
pub(super) fn cover(lines: &[Line], written: &[Written<'_>]) -> bool {
    lines.iter().all(|line| written.iter().any(|written| written.line.build_dir == line.build_dir))
}

/// What all have alike.
pub(super) fn common<T: PartialEq>(written: &[Written<'_>], of: impl Fn(&Line, &WrittenBuild) -> T) -> Option<T> {
    let mut all = written.iter().map(|written| of(written.line, written.build));
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// A path with the template's folder as a placeholder.
pub(super) fn pattern(line: &Line, path: &Path) -> String {
    let path = path.to_string_lossy();
    match path.strip_prefix(line.build_dir.as_str()).filter(|_| !line.build_dir.is_empty()) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{{template}}{rest}"),
        _ => path.into_owned(),
    }
}

pub(super) fn patterns(line: &Line, paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| pattern(line, path)).collect()
}
