//! What the repository's workflows, jobs, artifacts and runs are called.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::Key;
use super::names::{key_in, may_be};

/// The documented workflow that builds.
pub const BUILD_WORKFLOW: &str = "build-templates.yml";

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows";

/// Stands for something that is not there.
const NONE: &str = "none";

/// What the repository's workflows are called. `none` stands for one that is not there; in names of jobs, artifacts and
/// runs `{key}` stands for the line's key and `*` for any text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkflowTable {
    /// the workflow that builds: a file of `.github/workflows`
    pub build: Option<String>,
    /// the one that stages install media
    pub upload: Option<String>,
    /// its dispatch input that names the line; `none`: it has none, and builds what it builds
    pub input: Option<String>,
    /// title of a run that builds one line
    pub title: Option<String>,
    /// name of the job of a line
    pub job: Option<String>,
    /// name of the artifact with its log
    pub artifact: Option<String>,
    /// the log in that artifact
    pub log: Option<String>,
}

impl WorkflowTable {
    /// The same, with what `beneath` says where it says nothing.
    pub fn over(self, beneath: &Self) -> Self {
        let or = |own: Option<String>, beneath: &Option<String>| own.or_else(|| beneath.clone());
        Self {
            build: or(self.build, &beneath.build),
            upload: or(self.upload, &beneath.upload),
            input: or(self.input, &beneath.input),
            title: or(self.title, &beneath.title),
            job: or(self.job, &beneath.job),
            artifact: or(self.artifact, &beneath.artifact),
            log: or(self.log, &beneath.log),
        }
    }

    /// The workflow that builds, a file name; none where there is none.
    pub fn build(&self) -> Option<&str> {
        Some(self.build.as_deref().unwrap_or(BUILD_WORKFLOW)).filter(|name| *name != NONE)
    }

    /// The one that stages install media.
    pub fn upload(&self) -> Option<&str> {
        Some(self.upload.as_deref().unwrap_or("upload-isos.yml")).filter(|name| *name != NONE)
    }

    /// The file of the workflow that builds, also where there is none of its own: GitHub then says that it is not there.
    pub fn build_file(&self) -> &str {
        self.build().unwrap_or(BUILD_WORKFLOW)
    }

    /// The dispatch input that names the line; none where the workflow has none.
    pub fn input(&self) -> Option<&str> {
        Some(self.input.as_deref().unwrap_or("os")).filter(|name| *name != NONE)
    }

    /// The line whose job has this name. Whoever may push names jobs as he likes.
    pub fn line_of_job(&self, name: &str) -> Option<Key> {
        key_in(self.job.as_deref().unwrap_or("build ({key})"), name)
    }

    /// The line that a run of this title builds alone. As documented it is the last word.
    pub fn line_of_run(&self, title: &str) -> Option<Key> {
        match self.title.as_deref() {
            Some(pattern) => key_in(pattern, title),
            None => title.rsplit(' ').next().filter(|word| *word != title).and_then(Key::plain),
        }
        .filter(|key| key.0 != "all")
    }

    /// Name of the artifact with the log of a line, for messages.
    pub fn artifact_of(&self, key: &Key) -> String {
        self.artifact.as_deref().unwrap_or("{key}-build-debug-log").replace("{key}", &key.0)
    }

    /// Whether an artifact of this name has the log of the line.
    pub fn is_artifact_of(&self, key: &Key, name: &str) -> bool {
        may_be(&self.artifact_of(key), name)
    }

    /// The log in that artifact.
    pub fn log(&self) -> &str {
        self.log.as_deref().unwrap_or("packer-build.log")
    }

    /// Those that are dispatched by line, relative to the repository.
    pub fn dispatched(&self) -> impl Iterator<Item = PathBuf> {
        [self.build(), self.upload()].into_iter().flatten().map(|name| Path::new(WORKFLOWS).join(name))
    }
}

/// What the workflows of all lines are called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workflows {
    common: WorkflowTable,
    own: BTreeMap<Key, WorkflowTable>,
}

impl Workflows {
    pub(super) const fn new(common: WorkflowTable, own: BTreeMap<Key, WorkflowTable>) -> Self {
        Self { common, own }
    }

    /// What is said for all lines.
    pub const fn common(&self) -> &WorkflowTable {
        &self.common
    }

    /// What is said for this line.
    pub fn of(&self, key: &Key) -> &WorkflowTable {
        self.own.get(key).unwrap_or(&self.common)
    }

    /// The workflows that build, each once. The common one comes first, unless there is none or every line has its own.
    pub fn builders(&self) -> Vec<&str> {
        let common = (self.common.build.is_some() || self.own.values().all(|own| own.build == self.common.build))
            .then(|| self.common.build_file());
        let own: BTreeSet<&str> = self.own.values().filter_map(WorkflowTable::build).collect();
        common.into_iter().chain(own.into_iter().filter(|file| Some(*file) != common)).collect()
    }

    /// The line that a workflow builds and no other does: that line names it, and nothing else.
    pub fn line_of_workflow(&self, file: &str) -> Option<&Key> {
        let common = self.common.build_file() == file;
        let mut own = self.own.iter().filter(|(_, own)| own.build() == Some(file));
        own.next().filter(|_| !common && own.next().is_none()).map(|(key, _)| key)
    }

    /// The line whose job has this name, in a run of that workflow.
    pub fn line_of_job(&self, file: &str, name: &str) -> Option<Key> {
        if let Some(key) = self.line_of_workflow(file) {
            // Its workflow builds nothing else: without a name every job is the line's.
            let wanted = self.of(key).job.as_deref().map(|job| job.replace("{key}", &key.0));
            return wanted.is_none_or(|wanted| may_be(&wanted, name)).then(|| key.clone());
        }
        let own = self.own.iter().find(|(key, own)| own.line_of_job(name).as_ref() == Some(*key));
        own.map(|(key, _)| key.clone()).or_else(|| self.common.line_of_job(name))
    }

    /// The line that a run of that workflow and of this title builds alone.
    pub fn line_of_run(&self, file: &str, title: &str) -> Option<Key> {
        let own =
            self.own.iter().find(|(key, own)| own.title.is_some() && own.line_of_run(title).as_ref() == Some(*key));
        let by_file = self.line_of_workflow(file);
        by_file.or(own.map(|(key, _)| key)).cloned().or_else(|| self.common.line_of_run(title))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Layout;

    fn workflows(text: &str) -> Workflows {
        Layout::parse(Path::new("tmpl.toml"), text).unwrap().workflows()
    }

    #[test]
    fn what_is_documented_needs_no_words() {
        let documented = Workflows::default();
        assert_eq!(documented.builders(), [BUILD_WORKFLOW]);
        let key = |text: &str| Some(Key(text.into()));
        assert_eq!(documented.line_of_job(BUILD_WORKFLOW, "build (debian-12)"), key("debian-12"));
        assert_eq!(documented.line_of_job(BUILD_WORKFLOW, "plan"), None);
        assert_eq!(documented.line_of_run(BUILD_WORKFLOW, "build-templates debian-12"), key("debian-12"));
        assert_eq!(documented.line_of_run(BUILD_WORKFLOW, "build-templates all"), None);
        assert_eq!(documented.line_of_run(BUILD_WORKFLOW, "weekly"), None);
        assert_eq!(documented.of(&Key("x".into())).input(), Some("os"));
    }

    #[test]
    fn jobs_runs_and_artifacts_have_the_names_that_the_repository_gives_them() {
        let named = workflows(
            "[workflow]\nbuild = 'images.yml'\ninput = 'image'\ntitle = 'Image {key} (*)'\njob = 'packer / {key} on *'\n\
             artifact = 'logs-{key}-*'\nlog = 'packer.log'\n",
        );
        let key = |text: &str| Some(Key(text.into()));
        assert_eq!(named.line_of_job("images.yml", "packer / rocky-9 on k8s"), key("rocky-9"));
        assert_eq!(named.line_of_job("images.yml", "packer / rocky 9 on k8s"), None, "no key");
        assert_eq!(named.line_of_run("images.yml", "Image rocky-9 (by hand)"), key("rocky-9"));
        assert_eq!(named.line_of_run("images.yml", "rocky-9"), None);
        let table = named.of(&Key("rocky-9".into()));
        assert!(table.is_artifact_of(&Key("rocky-9".into()), "logs-rocky-9-77"));
        assert!(!table.is_artifact_of(&Key("rocky-9".into()), "logs-rocky-9"));
        assert_eq!((table.input(), table.log()), (Some("image"), "packer.log"));
    }

    #[test]
    fn a_line_may_have_a_workflow_of_its_own() {
        let own = workflows(
            "[line.ws16.workflow]\nbuild = 'ws16.yml'\ninput = 'none'\n[line.rocky.workflow]\nbuild = 'rocky.yml'\njob = 'Build'\n",
        );
        assert_eq!(own.builders(), ["rocky.yml", "ws16.yml"], "and no other");
        assert_eq!(own.line_of_job("ws16.yml", "anything"), Some(Key("ws16".into())));
        assert_eq!(own.line_of_job("rocky.yml", "Build"), Some(Key("rocky".into())));
        assert_eq!(own.line_of_job("rocky.yml", "lint"), None);
        assert_eq!(own.line_of_run("ws16.yml", "Windows"), Some(Key("ws16".into())));
        assert_eq!(own.of(&Key("ws16".into())).input(), None);
        let beside = workflows("[workflow]\nbuild = 'all.yml'\n[line.ws16.workflow]\nbuild = 'ws16.yml'\n");
        assert_eq!(beside.builders(), ["all.yml", "ws16.yml"]);
    }
}
