//! Where the `manifest` post-processors of a template write down what was built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::assigned::assigned;
use super::discover::{is_only, own_name};
use super::evaluate::{self, OPEN, Scope, Value, as_a_name};
use super::template::Template;
use super::{Line, argv};

/// Where packer writes where nothing else is said, in the folder it runs in.
const USUAL: &str = "packer-manifest.json";

/// Where builds of a line are written down, and under which names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifests {
    /// whole paths; in the last part [`OPEN`] stands for what only a build can tell
    pub files: BTreeSet<PathBuf>,
    /// the sources that are built, by their own names; [`OPEN`] as above
    pub sources: BTreeSet<String>,
}

impl Manifests {
    /// What the template of a line declares; nothing where it declares none.
    pub fn of(repo: &Path, line: &Line) -> Self {
        let (template, invocation) = (Template::read(repo, &line.template_path(), &mut Vec::new()), line.invocation());
        let dir = argv::working_dir(line, repo);
        let target = repo.join(&invocation.target);
        let root = if target.is_dir() { target } else { target.parent().unwrap_or(repo).to_owned() };
        let get = |name: &str| std::env::var(name).ok();
        let values = assigned(repo, &template, line.build_dir.as_ref(), (&[], &invocation), &get);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let path = BTreeMap::from([("cwd", text(&dir)), ("root", text(&root))]);
        let scope = Scope { template: &template, assigned: values, branch: evaluate::branch(repo), path };
        let file = |output: &Option<_>| {
            let said = output.as_ref().map_or_else(|| Value::Text(USUAL.to_owned()), |output| scope.value(output));
            let file = dir.join(as_a_name(&said.text()?));
            let known = |path: &Path| path.to_str().is_some_and(|path| !path.contains(OPEN));
            file.parent().is_some_and(known).then_some(file)
        };
        let asked = |only: &str| invocation.only.is_empty() || invocation.only.iter().any(|it| is_only(it, only));
        let sources = template.images().filter(|(only, _)| asked(only)).map(|(only, _)| own_name(only).to_owned());
        Self { files: template.manifests.iter().filter_map(file).collect(), sources: sources.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Matrix;

    #[test]
    fn a_manifest_is_where_its_template_puts_it() {
        let repo = tempfile::tempdir().unwrap();
        let template = |post: &str| {
            format!(
                "locals {{ day = formatdate(\"YYYY\", timestamp()) }}\n\
                 source \"vsphere-iso\" \"linux\" {{ vm_name = \"a-build\" }}\n\
                 build {{\n sources = [\"source.vsphere-iso.linux\"]\n {post}\n}}\n"
            )
        };
        let folder = repo.path().join("builds/a");
        std::fs::create_dir_all(&folder).unwrap();
        let found = |post: &str| {
            std::fs::write(folder.join("a.pkr.hcl"), template(post)).unwrap();
            let line = Matrix::load(repo.path()).unwrap().lines.remove(0);
            let found = Manifests::of(repo.path(), &line);
            assert_eq!(found.sources, BTreeSet::from(["linux".to_owned()]));
            let below = |file: &PathBuf| file.strip_prefix(repo.path()).unwrap().display().to_string();
            found.files.iter().map(below).collect::<Vec<_>>()
        };
        let nothing: [&str; 0] = [];
        for (post, files) in [
            ("post-processor \"manifest\" {}", &["packer-manifest.json"][..]),
            (
                "post-processor \"manifest\" { output = \"${path.cwd}/manifests/${local.day}.json\" }",
                &["manifests/*.json"],
            ),
            ("post-processor \"manifest\" { output = \"${path.root}/m.json\" }", &["builds/a/m.json"]),
            ("post-processors {\n post-processor \"manifest\" { output = \"b.json\" }\n}", &["b.json"]),
            ("post-processor \"manifest\" { output = \"${local.day}/m.json\" }", &nothing),
            ("post-processor \"checksum\" {}", &nothing),
        ] {
            assert_eq!(found(post), files, "{post}");
        }
    }
}
