//! Workflows that promote by themselves: they rename templates with govc, and know nothing of a hold.

use std::path::{Path, PathBuf};

use super::varfiles;

/// What asks for a hold, in a step before the one that promotes.
pub const CHECK_HOLD: &str = "promote --check-hold";

/// What renames a template.
const RENAMES: [&str; 2] = ["govc object.rename", "govc object.mv"];

/// A step that promotes and does not ask whether the line is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promoter {
    /// the workflow, relative to the repository
    pub file: PathBuf,
    /// where it renames, from 1
    pub line: usize,
}

/// The first such step of the workflows of GitHub and GitLab.
pub fn promoter(repo: &Path) -> Option<Promoter> {
    let yaml = |name: &str| name.ends_with(".yml") || name.ends_with(".yaml");
    let github = varfiles::in_folder(repo, Path::new(".github/workflows"), &yaml);
    github.into_iter().chain([PathBuf::from(".gitlab-ci.yml")]).find_map(|file| {
        let text = std::fs::read_to_string(repo.join(&file)).ok()?;
        unguarded(&text).map(|line| Promoter { file, line })
    })
}

fn unguarded(text: &str) -> Option<usize> {
    let code = text.lines().map(|line| if line.trim_start().starts_with('#') { "" } else { line });
    for (at, line) in code.enumerate() {
        if line.contains("--check-hold") {
            return None;
        }
        if RENAMES.iter().any(|renames| line.contains(renames)) {
            return Some(at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::unguarded;

    #[test]
    fn a_step_that_asks_first_is_none() {
        let renames = "      run: |\n        govc object.rename \"$f/$B-build\" \"$B\"\n";
        assert_eq!(unguarded(&format!("jobs:\n  # govc object.rename comes later\n{renames}")), Some(4));
        assert_eq!(unguarded(&format!("jobs:\n      run: tmpl-tui promote \"$L\" --check-hold\n{renames}")), None);
        assert_eq!(unguarded("jobs:\n      run: tmpl-tui build x --promote\n"), None);
    }
}
