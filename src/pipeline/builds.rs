//! What the templates of a matrix's lines say their builds are called: on a branch, not always what the matrix says.

use std::collections::BTreeMap;

use super::assigned::{GetVariable, assigned};
use super::evaluate::{self, OPEN, Scope};
use super::template::{SourceBlock, Template};
use super::{Line, Matrix, Names};

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
    let mut templates: BTreeMap<String, Template> = BTreeMap::new();
    for line in &mut matrix.lines {
        let Names::Generations { build, .. } = line.names() else { continue };
        let template = templates
            .entry(line.build_dir.clone())
            .or_insert_with_key(|dir| Template::read(&repo, dir.as_ref(), &mut Vec::new()));
        let Some(block) = only_block(line, template) else { continue };
        let files = line.invocation().var_files;
        let values = assigned(&repo, template, line.build_dir.as_ref(), (&[], &files), get);
        let mut scope = Scope { template, assigned: values, branch: None };
        let name = |scope: &Scope<'_>| {
            let value = scope.value(&block.body.get_attribute("vm_name")?.value);
            value.text().map(std::borrow::Cow::into_owned).filter(|name| !name.trim_matches(OPEN).is_empty())
        };
        let pattern = name(&scope).filter(|name| name.contains(OPEN));
        scope.branch.clone_from(&branch);
        let name = name(&scope).filter(|name| !name.contains(OPEN) && *name != build);
        line.builds = Builds { name, pattern };
    }
}

/// The source block of the one image that a line builds; none where a build block may say otherwise.
fn only_block<'t>(line: &Line, template: &'t Template) -> Option<&'t SourceBlock> {
    let only = line.invocation().only;
    let mut images = template.images().filter(|(image, _)| only.is_empty() || only.iter().any(|only| only == image));
    let (image, block) = images.next()?;
    let as_it_stands = image == format!("{}.{}", block.builder, block.name);
    (images.next().is_none() && as_it_stands).then_some(block)
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
