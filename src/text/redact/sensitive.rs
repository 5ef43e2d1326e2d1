//! Secrets by declaration: what the templates call `sensitive`, whatever its name says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::secret::Secret;
use crate::pipeline::check::Template;
use crate::pipeline::{Matrix, MatrixError, varfiles};

/// The values of the variables that the templates of a repository declare as sensitive: from `PKR_VAR_*` among
/// `variables` and from the var-files. No repository, no such secrets.
///
/// # Errors
/// A matrix that cannot be read as one.
pub fn sensitive_of(repo: &Path, variables: &BTreeMap<String, String>) -> Result<Vec<Secret>, MatrixError> {
    if !repo.join(crate::pipeline::matrix::MATRIX_PATH).exists() {
        return Ok(Vec::new());
    }
    let matrix = Matrix::load(repo)?;
    let mut names: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut secrets = Vec::new();
    for line in &matrix.lines {
        let declared = names.entry(line.build_dir.as_str()).or_insert_with(|| sensitive_names(repo, &line.build_dir));
        for path in varfiles::order(line) {
            // A var-file that is missing or no text is what `validate` speaks of.
            let text = texts
                .entry(path)
                .or_insert_with_key(|path| std::fs::read_to_string(repo.join(path)).unwrap_or_default());
            let assigned = declared.iter().filter_map(|name| Some(Secret::new(name, varfiles::literal(text, name)?)));
            secrets.extend(assigned);
        }
    }
    let declared: BTreeSet<&String> = names.values().flatten().collect();
    let given = declared.into_iter().map(|name| format!("PKR_VAR_{name}"));
    secrets.extend(given.filter_map(|name| variables.get(&name).map(|value| Secret::new(&name, value.as_str()))));
    Ok(secrets)
}

fn sensitive_names(repo: &Path, dir: &str) -> BTreeSet<String> {
    let variables = Template::read(repo, dir, &mut Vec::new()).variables;
    variables.into_iter().filter(|(_, variable)| variable.sensitive).map(|(name, _)| name).collect()
}
