//! What variables of a template are when it is built: defaults, `PKR_VAR_*`, and var-files, as packer ranks them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hcl_edit::expr::Expression;
use hcl_edit::structure::Body;

use super::evaluate::{Scope, Value};
use super::template::Template;
use super::{Invocation, file_cache, hcl, varfiles};

/// Reads the environment; tests have their own.
pub type GetVariable<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The values of a template's variables: `PKR_VAR_*`, then the files packer reads unasked, then var-files and `-var` as
/// packer is called with them. `beneath` are files that count where nothing else does, later groups before earlier ones; of
/// what files of a group contradict each other about nothing is known.
pub fn assigned(
    repo: &Path,
    template: &Template,
    folder: &Path,
    (beneath, invocation): (&[&[PathBuf]], &Invocation),
    get: GetVariable<'_>,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for group in beneath {
        let mut said: BTreeMap<String, Value> = BTreeMap::new();
        for file in *group {
            let mut own = BTreeMap::new();
            add_file(repo, file, &mut own);
            for (name, value) in own {
                let known = said.entry(name).or_insert_with(|| value.clone());
                if *known != value {
                    *known = Value::Unknown;
                }
            }
        }
        values.extend(said);
    }
    for (name, variable) in &template.variables {
        if let Some(text) = get(&format!("PKR_VAR_{name}")) {
            values.insert(name.clone(), from_outside(text, &variable.kind));
        } else if let Some(text) = variable.default.as_ref().and_then(asked_environment).map(|name| get(&name)) {
            // `env("NAME")`, which a variable's default may ask; it is empty where there is none.
            values.entry(name.clone()).or_insert(Value::Text(text.unwrap_or_default()));
        }
    }
    let automatic = varfiles::automatic(repo, folder);
    automatic.iter().chain(&invocation.var_files).for_each(|file| add_file(repo, file, &mut values));
    for (name, text) in invocation.variables() {
        let kind = template.variables.get(name).map_or("", |variable| &variable.kind);
        values.insert(name.to_owned(), from_outside(text.to_owned(), kind));
    }
    values
}

/// The name in `env("NAME")`.
fn asked_environment(default: &Expression) -> Option<String> {
    let call = default.as_func_call().filter(|call| call.name.name.as_str() == "env")?;
    let [name] = call.args.iter().collect::<Vec<_>>()[..] else { return None };
    name.as_str().map(str::to_owned)
}

fn add_file(repo: &Path, file: &Path, values: &mut BTreeMap<String, Value>) {
    let given = file_cache::VAR_FILES.get(repo, &[file.to_owned()], || Arc::new(given(repo, file)));
    values.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
}

/// What a var-file gives. What is wrong with it `validate` says.
fn given(repo: &Path, file: &Path) -> BTreeMap<String, Value> {
    let Some(body) = read(repo, file) else { return BTreeMap::new() };
    let (template, nothing) = (Template::default(), BTreeMap::new());
    let scope = Scope { template: &template, assigned: nothing, branch: None, path: BTreeMap::new() };
    body.attributes().map(|given| (given.key.as_str().to_owned(), scope.value(&given.value))).collect()
}

fn read(repo: &Path, file: &Path) -> Option<Body> {
    hcl::var_file(&std::fs::read_to_string(repo.join(file)).ok()?).ok()
}

/// What a var-file assigns.
pub fn names(repo: &Path, file: &Path) -> BTreeSet<String> {
    let body = read(repo, file);
    body.iter().flat_map(Body::attributes).map(|given| given.key.as_str().to_owned()).collect()
}

/// Whether a var-file assigns anything that the template declares, be it commented out; one that is not there or assigns
/// nothing cannot be told.
pub fn concerns(repo: &Path, template: &Template, file: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(repo.join(file)) else { return true };
    let Ok(body) = hcl::var_file(&text) else { return true };
    let given = body.attributes().map(|given| given.key.as_str());
    let commented = text.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("//").or(line.trim().strip_prefix('#'))?.split_once('=')?.0.trim();
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')).then_some(name)
    });
    let names: Vec<&str> = given.chain(commented).collect();
    names.is_empty() || names.iter().any(|name| template.variables.contains_key(*name))
}

/// Packer reads the text of `PKR_VAR_*` and of `-var` as an expression unless the variable is a string.
fn from_outside(text: String, kind: &str) -> Value {
    match (kind, text.as_str()) {
        ("bool", "true" | "1") => Value::Bool(true),
        ("bool", "false" | "0") => Value::Bool(false),
        ("" | "string" | "number", _) => Value::Text(text),
        _ => Value::Unknown,
    }
}
