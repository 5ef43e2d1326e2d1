//! Where in the repository the cause of a failure can be mended: the file and line that set a rule's variable.

use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::structure::Body;
use serde::Serialize;

use super::rules::Rules;
use super::verdict::Verdict;
use crate::packer_run::Run;

/// Where a variable is set, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// the var-file, relative to the repository where it is in it
    pub file: PathBuf,
    /// its line, counted from 1; `None` where no var-file of the run sets the variable
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// the variable
    pub variable: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line} {}", self.file.display(), self.variable),
            None => write!(f, "{} ({} is not set)", self.file.display(), self.variable),
        }
    }
}

impl Place {
    /// Where the run's var-files set a variable: the last one wins, as for packer. Without any, the last var-file.
    pub fn find(repo: &Path, run: &Run, variable: &str) -> Option<Self> {
        let files: Vec<&Path> =
            run.argv.iter().filter_map(|word| word.strip_prefix("-var-file=")).map(Path::new).collect();
        let place = |file: &Path, line| Self {
            file: file.strip_prefix(repo).unwrap_or(file).to_owned(),
            line,
            variable: variable.to_owned(),
        };
        let set = files.iter().rev().find_map(|file| Some((file, line_that_sets(&repo.join(file), variable)?)));
        match set {
            Some((file, line)) => Some(place(file, Some(line))),
            None => files.last().map(|file| place(file, None)),
        }
    }
}

fn line_that_sets(file: &Path, variable: &str) -> Option<usize> {
    let text = std::fs::read_to_string(file).ok()?;
    let body: Body = text.parse().ok()?;
    let start = body.get_attribute(variable)?.span()?.start;
    Some(text.get(..start)?.matches('\n').count() + 1)
}

impl Verdict {
    /// Names the place to mend, where the rule that decided knows a variable.
    pub fn locate(&mut self, rules: &Rules, repo: &Path, run: &Run) {
        let rule = rules.rules.iter().find(|rule| Some(&rule.name) == self.rule.as_ref());
        self.place = rule.and_then(|rule| rule.variable.as_deref()).and_then(|name| Place::find(repo, run, name));
    }
}
