//! Secrets by declaration: what the templates call `sensitive`, whatever its name says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::setting::Origin;
use super::template::Template;
use super::{Layout, Matrix, MatrixError, connection, varfiles};
use crate::text::redact::{Lacking, environment, is_secret_name, secrets_of};
use crate::text::{Scrubber, Secret};

/// What the password of vCenter is called that a command of `tmpl.toml` prints: where it stands there.
const OF_VCENTER: &str = "vsphere.password";

/// Makes the [`Scrubber`] of this process from its environment and from what the templates of a repository declare as
/// sensitive. To be called before anything is written: the first use of the scrubber decides what it knows. What it read
/// for that, the matrix, comes back; `None` where there are no lines.
///
/// # Errors
/// A matrix that cannot be read: then it knows the environment alone.
pub fn share(repo: &Path) -> Result<Option<Matrix>, MatrixError> {
    let variables = environment();
    let (declared, trouble) = match declared(repo, &variables) {
        Ok(mut declared) => {
            let matrix = declared.matrix.take();
            (declared, Ok(matrix))
        }
        Err(error) => (Declared::default(), Err(error)),
    };
    Scrubber::share(secrets_of(variables).into_iter().chain(declared.secrets), declared.lacking);
    trouble
}

/// The secrets of this process and of a repository, and what is declared and not known. A matrix that is broken hides
/// nothing that has a secret's name.
pub fn secrets(repo: &Path) -> (Vec<Secret>, Lacking) {
    let variables = environment();
    let declared = declared(repo, &variables).unwrap_or_else(|error| {
        tracing::warn!(%error, "sensitive variables of the templates are not known");
        Declared::default()
    });
    (secrets_of(variables).into_iter().chain(declared.secrets).collect(), declared.lacking)
}

/// What the templates of a repository declare as secret.
#[derive(Debug, Default)]
struct Declared {
    /// those with a value
    secrets: Vec<Secret>,
    /// the others
    lacking: Lacking,
    /// whose templates they are
    matrix: Option<Matrix>,
}

/// The values of the variables that the templates of a repository declare as sensitive, or whose name speaks of a secret:
/// from `PKR_VAR_*` among `variables` and from the var-files; and the passwords of vCenter that its `tmpl.toml` names. No
/// repository, no such secrets.
///
/// # Errors
/// A matrix that cannot be read as one.
fn declared(repo: &Path, variables: &BTreeMap<String, String>) -> Result<Declared, MatrixError> {
    let matrix = match Matrix::load(repo) {
        Err(MatrixError::NoLines { .. } | MatrixError::OldForm { .. }) => return Ok(Declared::default()),
        read => read?,
    };
    let mut names: BTreeMap<&str, BTreeMap<String, bool>> = BTreeMap::new();
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    let layout = Layout::load(repo)?;
    let of_vcenter = || layout.password_origins();
    let named = layout.all_secrets().chain(of_vcenter().filter_map(|origin| match origin {
        Origin::Environment(origin) => Some(origin.env.as_str()),
        Origin::Variable(_) | Origin::Command(_) => None,
    }));
    let named = named.filter_map(|name| Some(Secret::new(name, variables.get(name)?)));
    let (mut secrets, mut lacking): (Vec<Secret>, Lacking) = (named.collect(), Lacking::new());
    let passwords: Vec<&String> = of_vcenter()
        .filter_map(|origin| match origin {
            Origin::Variable(name) => Some(name),
            Origin::Environment(_) | Origin::Command(_) => None,
        })
        .collect();
    for answer in connection::passwords(repo, &layout, &|name| variables.get(name).cloned()) {
        match answer {
            Ok(password) => secrets.push(Secret::new(OF_VCENTER, password)),
            // Which lines it belongs to is told by none of its words.
            Err(_) => lacking.entry(OF_VCENTER.to_owned()).or_default().extend(keys(&matrix)),
        }
    }
    for line in &matrix.lines {
        let declared = names.entry(line.build_dir.as_str()).or_insert_with(|| {
            let mut names = sensitive_names(repo, &line.build_dir);
            for name in &passwords {
                names.entry((*name).clone()).or_insert(false);
            }
            names
        });
        let mut assigned = BTreeSet::new();
        for path in varfiles::order(line) {
            // A var-file that is missing or no text is what `validate` speaks of.
            let text = texts
                .entry(path)
                .or_insert_with_key(|path| std::fs::read_to_string(repo.join(path)).unwrap_or_default());
            for (name, value) in declared.keys().filter_map(|name| Some((name, varfiles::literal(text, name)?))) {
                secrets.push(secret(name, name, value));
                assigned.insert(name);
            }
        }
        let unknown =
            declared.iter().filter(|(name, wanted)| **wanted && !is_account(name) && !assigned.contains(name));
        for (name, _) in unknown {
            let given = given(name);
            if !variables.contains_key(&given) {
                lacking.entry(given).or_default().insert(line.key.0.clone());
            }
        }
    }
    let declared: BTreeSet<&String> = names.values().flat_map(BTreeMap::keys).collect();
    let given = declared.into_iter().map(|name| (name, given(name)));
    secrets.extend(given.filter_map(|(name, given)| variables.get(&given).map(|value| secret(name, &given, value))));
    Ok(Declared { secrets, lacking, matrix: Some(matrix) })
}

fn keys(matrix: &Matrix) -> impl Iterator<Item = String> {
    matrix.lines.iter().map(|line| line.key.0.clone())
}

/// The variable of the environment that gives a template its own.
fn given(variable: &str) -> String {
    format!("PKR_VAR_{variable}")
}

/// Whether it names an account.
fn is_account(variable: &str) -> bool {
    variable.ends_with("username")
}

/// A value that is shown as `shown`.
fn secret(variable: &str, shown: &str, value: impl Into<String>) -> Secret {
    if is_account(variable) { Secret::account(shown, value) } else { Secret::new(shown, value) }
}

/// The names of such variables, and whether somebody must supply a value.
fn sensitive_names(repo: &Path, dir: &str) -> BTreeMap<String, bool> {
    let template = Template::read(repo, dir.as_ref(), &mut Vec::new());
    let secret = |name: &str, sensitive: bool| sensitive || is_secret_name(name);
    let secrets = template.variables.iter().filter(|(name, it)| secret(name, it.sensitive));
    secrets.map(|(name, it)| (name.clone(), it.default.is_none())).collect()
}

#[cfg(test)]
mod tests;
