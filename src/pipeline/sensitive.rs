//! Secrets by declaration: what the templates call `sensitive`, whatever its name says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::template::Template;
use super::{Layout, Matrix, MatrixError, varfiles};
use crate::text::redact::{environment, is_secret_name, secrets_of};
use crate::text::{Scrubber, Secret};

/// Makes the [`Scrubber`] of this process from its environment and from what the templates of a repository declare as
/// sensitive. To be called before anything is written: the first use of the scrubber decides what it knows.
///
/// # Errors
/// A matrix that cannot be read: then it knows the environment alone.
pub fn share(repo: &Path) -> Result<(), MatrixError> {
    let variables = environment();
    let (declared, trouble) = match declared(repo, &variables) {
        Ok(declared) => (declared, Ok(())),
        Err(error) => (Vec::new(), Err(error)),
    };
    Scrubber::share(secrets_of(variables).into_iter().chain(declared));
    trouble
}

/// The secrets of this process and of a repository. A matrix that is broken hides nothing that has a secret's name.
pub fn secrets(repo: &Path) -> Vec<Secret> {
    let variables = environment();
    let declared = declared(repo, &variables).unwrap_or_else(|error| {
        tracing::warn!(%error, "sensitive variables of the templates are not known");
        Vec::new()
    });
    secrets_of(variables).into_iter().chain(declared).collect()
}

/// The values of the variables that the templates of a repository declare as sensitive, or whose name speaks of a secret: from `PKR_VAR_*` among
/// `variables` and from the var-files. No repository, no such secrets.
///
/// # Errors
/// A matrix that cannot be read as one.
fn declared(repo: &Path, variables: &BTreeMap<String, String>) -> Result<Vec<Secret>, MatrixError> {
    let matrix = match Matrix::load(repo) {
        Err(MatrixError::NoLines { .. } | MatrixError::OldForm { .. }) => return Ok(Vec::new()),
        read => read?,
    };
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    let layout = Layout::load(repo)?;
    let named = layout.all_secrets().filter_map(|name| Some(Secret::new(name, variables.get(name)?)));
    let mut secrets: Vec<Secret> = named.collect();
    for line in &matrix.lines {
        let declared = names.entry(line.build_dir.as_str()).or_insert_with(|| sensitive_names(repo, &line.build_dir));
        for path in varfiles::order(line) {
            // A var-file that is missing or no text is what `validate` speaks of.
            let text = texts
                .entry(path)
                .or_insert_with_key(|path| std::fs::read_to_string(repo.join(path)).unwrap_or_default());
            let assigned = declared.iter().filter_map(|name| Some(secret(name, name, varfiles::literal(text, name)?)));
            secrets.extend(assigned);
        }
    }
    let declared: BTreeSet<&String> = names.values().flatten().collect();
    let given = declared.into_iter().map(|name| (name, format!("PKR_VAR_{name}")));
    secrets.extend(given.filter_map(|(name, given)| variables.get(&given).map(|value| secret(name, &given, value))));
    Ok(secrets)
}

/// A value that is shown as `shown`.
fn secret(variable: &str, shown: &str, value: impl Into<String>) -> Secret {
    if variable.ends_with("username") { Secret::account(shown, value) } else { Secret::new(shown, value) }
}

fn sensitive_names(repo: &Path, dir: &str) -> BTreeSet<String> {
    let template = Template::read(repo, dir.as_ref(), &mut Vec::new());
    let secret = |name: &str, sensitive: bool| sensitive || is_secret_name(name);
    template.variables.iter().filter(|(name, it)| secret(name, it.sensitive)).map(|(name, _)| name.clone()).collect()
}
