//! Which versions of packer, its plugins and Ansible the repository wants.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::template::{Requirement, Template};
use super::{Line, varfiles};

/// How deep below a folder of Ansible roles are looked for.
const DEPTH: usize = 5;

/// What the templates of these lines want, and the roles beside them.
pub fn requirements(repo: &Path, lines: &[Line]) -> BTreeSet<Requirement> {
    let folders: BTreeSet<&str> = lines.iter().map(|line| line.build_dir.as_str()).collect();
    let read = |folder: &str| Template::read(repo, folder.as_ref(), &mut Vec::new()).requirements.clone();
    let mut found: BTreeSet<Requirement> = folders.into_iter().flat_map(read).collect();
    for folder in ["ansible", "packer"] {
        roles(repo, Path::new(folder), DEPTH, &mut found);
    }
    found
}

/// `min_ansible_version` of every `meta/main.yml`.
fn roles(repo: &Path, folder: &Path, depth: usize, found: &mut BTreeSet<Requirement>) {
    let Ok(entries) = std::fs::read_dir(repo.join(folder)) else { return };
    for meta in varfiles::in_folder(repo, &folder.join("meta"), &|name| matches!(name, "main.yml" | "main.yaml")) {
        found.extend(of_role(repo, meta));
    }
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        if let Some(depth) = depth.checked_sub(1) {
            roles(repo, &folder.join(entry.file_name()), depth, found);
        }
    }
}

fn of_role(repo: &Path, file: PathBuf) -> Option<Requirement> {
    let text = std::fs::read_to_string(repo.join(&file)).ok()?;
    let (at, line) = text.lines().enumerate().find(|(_, line)| line.trim().starts_with("min_ansible_version:"))?;
    let version = line.split_once(':')?.1.trim().trim_matches(['"', '\'']);
    Some(Requirement { of: "ansible".into(), versions: format!(">= {version}"), file, line: at + 1 })
}

/// How a version stands to what is wanted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// it is one that is wanted
    Fits,
    /// a later one is wanted
    TooOld,
    /// an earlier one is wanted
    TooNew,
    /// this very one is not wanted
    Excluded,
}

/// How `version` stands to `constraints`, as packer and terraform write them (`>= 1.2, < 2`, `~> 1.2`). `None` when they
/// cannot be read.
pub fn fit(version: &str, constraints: &str) -> Option<Fit> {
    let version = numbers(version)?;
    constraints.split(',').try_fold(Fit::Fits, |worst, constraint| {
        let this = fit_one(&version, constraint.trim())?;
        Some(if worst == Fit::Fits { this } else { worst })
    })
}

fn fit_one(version: &[u64], constraint: &str) -> Option<Fit> {
    let operators = [">=", "<=", "!=", "~>", "==", ">", "<", "="];
    let operator = operators.into_iter().find(|operator| constraint.starts_with(operator)).unwrap_or("");
    let text = constraint.get(operator.len()..)?.trim();
    let wanted = numbers(text)?;
    let order = filled(version).cmp(&filled(&wanted));
    let fits = match operator {
        ">=" => order.is_ge(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        "<" => order.is_lt(),
        "!=" => order.is_ne(),
        // The last number may grow, the ones before it may not.
        "~>" => {
            let parts = text.trim_start_matches('v').split(['-', '+']).next()?.split('.').count();
            let fixed = parts.saturating_sub(1).max(1);
            order.is_ge() && filled(version).get(..fixed) == filled(&wanted).get(..fixed)
        }
        _ => order.is_eq(),
    };
    Some(match (fits, operator) {
        (true, _) => Fit::Fits,
        (false, "!=") => Fit::Excluded,
        (false, ">") => Fit::TooOld,
        (false, "<") => Fit::TooNew,
        (false, _) if order.is_lt() => Fit::TooOld,
        (false, _) => Fit::TooNew,
    })
}

/// The numbers of a version; what follows a dash or a plus does not count.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let core = version.trim().trim_start_matches('v').split(['-', '+']).next()?;
    let parts: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    parts.filter(|parts| !parts.is_empty())
}

fn filled(version: &[u64]) -> [u64; 4] {
    std::array::from_fn(|at| version.get(at).copied().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Fit, fit};

    #[test]
    fn constraints_mean_what_they_mean_to_packer() {
        for (version, constraints) in [
            ("1.16.0", ">= 1.10.0"),
            ("1.16.0", "~> 1.16.0"),
            ("1.16.3", "~> 1.16.0"),
            ("1.16.0", "~> 1.10"),
            ("v2.2.0", ">= v1.2.1"),
            ("1.0.3", "= 1.0.3"),
            ("1.0.3", "1.0.3"),
            ("1.9.9", ">= 1.2, < 2.0.0"),
            ("2.14.18", ">= 2.14"),
        ] {
            assert_eq!(fit(version, constraints), Some(Fit::Fits), "{version} {constraints}");
        }
        for (version, constraints, stands) in [
            ("1.6.6", ">= 1.10.0", Fit::TooOld),
            ("1.6.6", "> 1.6.6", Fit::TooOld),
            ("1.17.0", "~> 1.16.0", Fit::TooNew),
            ("1.15.9", "~> 1.16.0", Fit::TooOld),
            ("2.0.0", "~> 1.10", Fit::TooNew),
            ("2.0.0", ">= 1.2, < 2.0.0", Fit::TooNew),
            ("1.1.0", ">= 1.2, < 2.0.0", Fit::TooOld),
            ("1.0.4", "= 1.0.3", Fit::TooNew),
            ("1.0.2", "1.0.3", Fit::TooOld),
            ("1.4.0", ">= 1.2, != 1.4.0", Fit::Excluded),
        ] {
            assert_eq!(fit(version, constraints), Some(stands), "{version} {constraints}");
        }
        assert_eq!(fit("1.0", "newest"), None);
    }
}
