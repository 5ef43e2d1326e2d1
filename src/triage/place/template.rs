//! What the files of a template say where: arguments, variables, answer files.

use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::structure::{Attribute, Body};

use crate::pipeline::varfiles;

/// Ends the names of files whose lines are told.
const TEMPLATE: &str = ".pkr.hcl";
/// Files of a template that are looked at, and their size: what is larger is no template.
const MOST_FILES: usize = 100;
const MOST_BYTES: u64 = 1 << 20;

/// Whether packer would take it for a template.
pub(super) fn is_template(target: &Path) -> bool {
    if target.is_dir() { !files(target).is_empty() } else { named(target) && target.is_file() }
}

/// Var-files that packer reads by itself.
pub(super) fn automatic(target: &Path) -> Vec<PathBuf> {
    varfiles::automatic(Path::new(""), &folder(target))
}

/// The line that sets a variable in a var-file.
pub(super) fn line_that_sets(file: &Path, variable: &str) -> Option<usize> {
    let (text, body) = read(file)?;
    line_at(&text, body.get_attribute(variable)?.span()?.start)
}

/// A template's files, read.
#[derive(Debug, Default)]
pub(super) struct Template {
    folder: PathBuf,
    files: Vec<(PathBuf, String, Body)>,
}

/// An argument of a block.
pub(super) struct Argument<'t> {
    pub file: &'t Path,
    pub line: usize,
    /// the variable that it is made of
    pub variable: Option<String>,
}

impl Template {
    /// What can be read of it.
    pub fn read(target: &Path) -> Self {
        let folder = folder(target);
        let paths = if target.is_dir() { files(target) } else { vec![target.to_owned()] };
        let files = paths.into_iter().filter_map(|path| read(&path).map(|(text, body)| (path, text, body)));
        Self { folder, files: files.collect() }
    }

    /// Where an argument of that name stands in any block.
    pub fn argument(&self, name: &str) -> Option<Argument<'_>> {
        self.files.iter().find_map(|(file, text, body)| {
            let attribute = attribute(body, name)?;
            let line = line_at(text, attribute.span()?.start)?;
            let value = attribute.value.span().and_then(|span| text.get(span))?;
            Some(Argument { file, line, variable: variable_in(value) })
        })
    }

    /// Where a variable is declared.
    pub fn declaration(&self, name: &str) -> Option<(&Path, usize)> {
        self.files.iter().find_map(|(file, text, body)| {
            let mut declared = body.get_blocks("variable");
            let block = declared.find(|block| block.labels.first().is_some_and(|label| label.as_str() == name))?;
            Some((file.as_path(), line_at(text, block.span()?.start)?))
        })
    }

    /// The files with the answers for an installer, as the template names them.
    pub fn answer_files(&self) -> Vec<PathBuf> {
        let quoted = self.files.iter().flat_map(|(_, text, _)| text.split('"').skip(1).step_by(2));
        let paths = quoted.filter(|text| is_answer_file(text)).map(|text| {
            let below = text.rsplit_once('}').map_or(text, |(_, below)| below);
            self.folder.join(below.trim_start_matches('/'))
        });
        let mut found: Vec<PathBuf> = paths.filter(|path| path.is_file()).collect();
        found.dedup();
        found
    }
}

/// Names that installers' answers go by: Kickstart, preseed, autoinstall, Windows, AutoYaST.
fn is_answer_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let known = ["preseed", "kickstart", "unattend", "user-data", "autoinst", "autoyast"];
    name.contains('.') && (known.iter().any(|part| stem.contains(part)) || stem == "ks" || name.ends_with(".ks"))
        || stem == "user-data"
}

/// An attribute of that name, in this body or any block of it; an object's are none.
fn attribute<'b>(body: &'b Body, name: &str) -> Option<&'b Attribute> {
    let deeper =
        || body.blocks().filter(|block| block.ident.as_str() != "variable").find_map(|b| attribute(&b.body, name));
    body.get_attribute(name).or_else(deeper)
}

/// The first `var.name` of an expression.
fn variable_in(value: &str) -> Option<String> {
    let at =
        value.match_indices("var.").find(|(at, _)| !value[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let name: String =
        value[at?.0 + 4..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
    Some(name).filter(|name| !name.is_empty())
}

fn read(file: &Path) -> Option<(String, Body)> {
    if std::fs::metadata(file).ok()?.len() > MOST_BYTES {
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    let body = text.parse().ok()?;
    Some((text, body))
}

fn line_at(text: &str, at: usize) -> Option<usize> {
    Some(text.get(..at)?.matches('\n').count() + 1)
}

fn folder(target: &Path) -> PathBuf {
    if target.is_dir() { target.to_owned() } else { target.parent().unwrap_or(target).to_owned() }
}

fn named(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(TEMPLATE))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = varfiles::in_folder(Path::new(""), folder, &|name| name.ends_with(TEMPLATE));
    found.truncate(MOST_FILES);
    found
}
