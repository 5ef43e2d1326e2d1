//! What variables of a template are when it is built: defaults, `PKR_VAR_*`, and var-files, as packer ranks them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hcl_edit::structure::Body;

use super::evaluate::{Scope, Value};
use super::template::Template;
use super::{hcl, varfiles};

/// Reads the environment; tests have their own.
pub type GetVariable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The values of a template's variables: `PKR_VAR_*`, then the files packer reads unasked, then `files` in their order.
/// `beneath` are files that count where nothing else does.
pub fn assigned(
    repo: &Path,
    template: &Template,
    folder: &Path,
    (beneath, files): (&[PathBuf], &[PathBuf]),
    get: GetVariable<'_>,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    beneath.iter().for_each(|file| add_file(repo, file, &mut values));
    for (name, variable) in &template.variables {
        if let Some(text) = get(&format!("PKR_VAR_{name}")) {
            values.insert(name.clone(), from_environment(text, &variable.kind));
        }
    }
    let automatic = varfiles::automatic(repo, folder);
    automatic.iter().chain(files).for_each(|file| add_file(repo, file, &mut values));
    values
}

fn add_file(repo: &Path, file: &Path, values: &mut BTreeMap<String, Value>) {
    // What is wrong with a var-file `validate` says.
    let Some(body) = read(repo, file) else { return };
    let (template, nothing) = (Template::default(), BTreeMap::new());
    let scope = Scope { template: &template, assigned: nothing, branch: None };
    values.extend(body.attributes().map(|given| (given.key.as_str().to_owned(), scope.value(&given.value))));
}

fn read(repo: &Path, file: &Path) -> Option<Body> {
    hcl::parse(&std::fs::read_to_string(repo.join(file)).ok()?).ok()
}

/// Whether a var-file assigns anything that the template declares, be it commented out; one that is not there or assigns
/// nothing cannot be told.
pub fn concerns(repo: &Path, template: &Template, file: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(repo.join(file)) else { return true };
    let Ok(body) = hcl::parse(&text) else { return true };
    let given = body.attributes().map(|given| given.key.as_str());
    let commented = text.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("//").or(line.trim().strip_prefix('#'))?.split_once('=')?.0.trim();
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).then_some(name)
    });
    let names: Vec<&str> = given.chain(commented).collect();
    names.is_empty() || names.iter().any(|name| template.variables.contains_key(*name))
}

/// Packer reads the text of `PKR_VAR_*` as an expression unless the variable is a string.
fn from_environment(text: String, kind: &str) -> Value {
    match (kind, text.as_str()) {
        ("bool", "true" | "1") => Value::Bool(true),
        ("bool", "false" | "0") => Value::Bool(false),
        ("" | "string" | "number", _) => Value::Text(text),
        _ => Value::Unknown,
    }
}
