//! Where in the repository the cause of a failure can be mended: a file, its line, and what stands there.
//!
//! What a rule's remedy speaks of is looked for, whatever rule it is: a variable or an argument by its name, in the
//! var-files of the run first and then in its template; an answer file; a thing that goes by a word (network, datastore,
//! credentials). What packer or ansible named itself, with file and line, comes before all that.

mod named;
mod task;
mod template;
mod words;

use std::path::{Path, PathBuf};

use serde::Serialize;

use self::template::Template;
use super::rules::Rules;
use super::verdict::{EvidenceSource, Verdict};
use crate::packer_run::Run;
use crate::pipeline::Matrix;

/// Where something is set, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// the file, relative to the repository where it is in it
    pub file: PathBuf,
    /// its line, counted from 1; `None` where the whole file is meant, or nothing in it sets the variable
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// the variable, argument or task that stands there, where it has a name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.display();
        match (self.line, &self.variable) {
            (Some(line), Some(name)) => write!(f, "{file}:{line} {name}"),
            (Some(line), None) => write!(f, "{file}:{line}"),
            (None, Some(name)) => write!(f, "{file} ({name} is not set)"),
            (None, None) => write!(f, "{file}"),
        }
    }
}

/// The files that a run was built from.
#[derive(Debug)]
struct Sources<'r> {
    repo: &'r Path,
    /// the last one wins, as for packer
    var_files: Vec<PathBuf>,
    /// folder or file of the template
    target: Option<PathBuf>,
}

impl<'r> Sources<'r> {
    /// As the run was called. Of one that another machine did, or whose words are not paths of this checkout, as its line
    /// is called now.
    fn of(repo: &'r Path, run: &Run) -> Self {
        let files = run.argv.iter().filter_map(|word| word.strip_prefix("-var-file=")).map(|file| repo.join(file));
        let target = run.argv.last().map(|word| repo.join(word)).filter(|path| template::is_template(path));
        let called = Self { repo, var_files: files.collect(), target };
        let known = called.var_files.iter().all(|file| file.is_file());
        if known && called.target.is_some() {
            return called;
        }
        let line = Matrix::load(repo).ok().and_then(|matrix| matrix.line(&run.key.0).ok().cloned());
        let Some(invocation) = line.map(|line| line.invocation()) else { return called };
        Self {
            repo,
            var_files: invocation.var_files.iter().map(|file| repo.join(file)).collect(),
            target: Some(repo.join(&invocation.target)),
        }
    }

    fn place(&self, file: &Path, line: Option<usize>, variable: Option<&str>) -> Place {
        let file = file.strip_prefix(self.repo).unwrap_or(file).to_owned();
        Place { file, line, variable: variable.map(str::to_owned) }
    }

    /// Where the var-files set a variable.
    fn assigned(&self, variable: &str) -> Option<Place> {
        let automatic = self.target.iter().flat_map(|target| template::automatic(target));
        let files: Vec<PathBuf> = automatic.chain(self.var_files.iter().cloned()).collect();
        let set = files.iter().rev().find_map(|file| Some((file, template::line_that_sets(file, variable)?)));
        set.map(|(file, line)| self.place(file, Some(line), Some(variable)))
    }

    /// Where it is set; where nothing sets it, the file that would.
    fn variable(&self, variable: &str) -> Option<Place> {
        let nowhere = || self.var_files.last().map(|file| self.place(file, None, Some(variable)));
        self.assigned(variable).or_else(nowhere)
    }
}

impl Place {
    /// Where the run's var-files set a variable: the last one wins, as for packer. Without any, the last var-file.
    pub fn find(repo: &Path, run: &Run, variable: &str) -> Option<Self> {
        Sources::of(repo, run).variable(variable)
    }
}

/// What the place depends on: as long as it is the same, so is the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    rule: Option<String>,
    line: Option<u64>,
    remedy: Option<String>,
}

impl Mended {
    /// That of a verdict.
    pub fn of(verdict: &Verdict) -> Self {
        Self { rule: verdict.rule.clone(), line: verdict.decisive_line(), remedy: verdict.remedy.clone() }
    }
}

impl Verdict {
    fn decisive_line(&self) -> Option<u64> {
        self.evidence.iter().find(|evidence| evidence.source == EvidenceSource::Log)?.line
    }

    /// Names the place to mend, where the verdict speaks of something that this repository has.
    pub fn locate(&mut self, rules: &Rules, repo: &Path, run: &Run) {
        let Some(rule) = rules.rules.iter().find(|rule| Some(&rule.name) == self.rule.as_ref()) else { return };
        let sources = Sources::of(repo, run);
        if let Some(variable) = &rule.variable {
            self.place = sources.variable(variable);
            return;
        }
        let said = || named::in_log(&sources, run.shown(), self.decisive_line()?, &self.class);
        let task = || task::find(repo, &self.cause);
        let meant = || {
            let template = Template::read(sources.target.as_deref()?);
            words::of(self.remedy.as_deref()?).into_iter().find_map(|word| word.find(&sources, &template))
        };
        self.place = said().or_else(task).or_else(meant);
    }
}

#[cfg(test)]
#[path = "place/tests.rs"]
mod tests;
