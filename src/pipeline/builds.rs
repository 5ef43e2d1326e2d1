//! What the templates of a matrix's lines say their builds are called: on a branch, not always what the matrix says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::assigned::{GetVariable, assigned};
use super::discover::is_only;
use super::evaluate::{self, OPEN, Scope};
use super::template::{SourceBlock, Template};
use super::{Line, Matrix, Names, output};

/// What a line builds in this checkout, as far as its template tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Builds {
    /// the name, where it is not the one of the matrix
    pub name: Option<String>,
    /// the same on any branch: [`OPEN`] stands for what differs
    pub pattern: Option<String>,
}

/// Reads the templates of the lines that have three generations.
pub(super) fn fill(matrix: &mut Matrix, get: GetVariable<'_>) {
    let repo = matrix.repo.clone();
    let branch = evaluate::branch(&repo);
    let named = matrix.lines.iter().filter(|line| matches!(line.names(), Names::Generations { .. }));
    let templates = read_all(&repo, named.map(|line| line.build_dir.clone()).collect());
    for line in &mut matrix.lines {
        let Names::Generations { build, .. } = line.names() else { continue };
        let Some(template) = templates.get(&line.build_dir) else { continue };
        let Some(block) = only_block(line, template) else { continue };
        let values = assigned(&repo, template, line.build_dir.as_ref(), (&[], &line.invocation()), get);
        let mut scope = Scope { template, assigned: values, branch: None, path: BTreeMap::new() };
        let pattern = output::name(block, &scope).filter(|name| name.contains(OPEN));
        scope.branch.clone_from(&branch);
        let name = output::name(block, &scope).filter(|name| !name.contains(OPEN) && *name != build);
        // Unless `tmpl.toml` says what it is called.
        if let Some(library) = output::library(block, &scope).filter(|_| line.names.is_none()) {
            line.names = Some(Names::Library { name: name.clone().unwrap_or(build), library });
        }
        line.builds = Builds { name, pattern };
    }
}

/// Reads templates, several at once: everything waits for them, and each takes milliseconds.
fn read_all(repo: &Path, dirs: BTreeSet<String>) -> BTreeMap<String, Arc<Template>> {
    let readers = thread::available_parallelism().map_or(1, usize::from).min(dirs.len());
    let (todo, done) = (Mutex::new(dirs.into_iter()), Mutex::new(BTreeMap::new()));
    let next = || todo.lock().unwrap_or_else(PoisonError::into_inner).next();
    let read = || {
        while let Some(dir) = next() {
            let template = Template::read(repo, dir.as_ref(), &mut Vec::new());
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(dir, template);
        }
    };
    thread::scope(|scope| {
        for _ in 1..readers {
            // Where there is no further thread, this one reads them all.
            let _ = thread::Builder::new().spawn_scoped(scope, read);
        }
        read();
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The source block of the one image that a line builds.
fn only_block<'t>(line: &Line, template: &'t Template) -> Option<&'t SourceBlock> {
    let only = line.invocation().only;
    let asked = |image: &str| only.is_empty() || only.iter().any(|only| is_only(only, image));
    let mut images = template.images().filter(|(image, _)| asked(image));
    let (_, block) = images.next()?;
    images.next().is_none().then_some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = r#"
variable "family" { type = string }
data "git-repository" "cwd" {}
locals {
  base    = "${var.family}-${data.git-repository.cwd.head}"
  vm_name = "${local.base}-build"
}
source "vsphere-iso" "linux" { vm_name = local.vm_name }
build { sources = ["source.vsphere-iso.linux"] }
"#;

    #[test]
    fn a_branch_has_builds_of_its_own() {
        let repo = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("packer/linux.pkr.hcl", TEMPLATE),
            ("ci/config/line.pkrvars.hcl", "family = \"linux-debian-12\"\n"),
            (".git/HEAD", "ref: refs/heads/main\n"),
            (
                "ci/matrix.json",
                r#"[{"key": "debian-12", "enabled": true, "os": "Linux", "dist": "Debian", "version": "12",
                    "build_dir": "packer", "config": "line.pkrvars.hcl", "base_name": "linux-debian-12-main",
                    "iso_datastore_path": "iso"}]"#,
            ),
        ] {
            let path = repo.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let line = || Matrix::load(repo.path()).unwrap().lines.remove(0);
        let on_main = line();
        assert_eq!(on_main.builds.name, None);
        assert_eq!(on_main.builds.pattern.as_deref(), Some("linux-debian-12-*-build"));
        std::fs::write(repo.path().join(".git/HEAD"), "ref: refs/heads/fix2\n").unwrap();
        let on_branch = line();
        assert_eq!(on_branch.build_name(), "linux-debian-12-fix2-build");
        assert_eq!(on_branch.promoted_name(), "linux-debian-12-main-build");
        // Another build of the same template, by what a variable of the environment says.
        std::fs::write(repo.path().join("packer/linux.pkr.hcl"), TEMPLATE.replace("local.vm_name }", "\"x\" }"))
            .unwrap();
        assert_eq!(line().build_name(), "x");
    }
}
