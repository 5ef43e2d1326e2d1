//! The lines of a repository without a matrix: every source of type `vsphere-iso` or `vsphere-clone` that a template
//! builds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::assigned::{GetVariable, assigned, concerns};
use super::defect::Defect;
use super::evaluate::{self, OPEN, Scope};
use super::invocation::{Invocation, Placeholders, below_first};
use super::layout::Layout;
use super::template::{SourceBlock, Template, is_template};
use super::{Key, Line, Names, Os, entries, varfiles};

/// How deep below the repository templates are looked for, and in how many folders.
const DEPTH: usize = 8;
const MOST_FOLDERS: usize = 20_000;

/// Folders that hold no templates of the repository's own.
const ASIDE: [&str; 4] = ["node_modules", "target", "packer_cache", "venv"];

/// A template with something to build in vSphere.
struct Found {
    folder: PathBuf,
    template: Template,
}

/// The lines that the templates of `repo` make, by their folders; none when there are no templates.
pub(super) fn lines(repo: &Path, layout: &Layout, get: GetVariable<'_>) -> Vec<Line> {
    let branch = evaluate::branch(repo);
    let mut keys = BTreeSet::new();
    let mut lines = Vec::new();
    for found in templates(repo, layout) {
        let images: Vec<_> = found.template.images().collect();
        for (only, block) in &images {
            let wanted = key(&found.folder, only, images.len() > 1);
            let mut numbered = (1..).map(|n| if n == 1 { wanted.clone() } else { format!("{wanted}-{n}") });
            let Some(key) = numbered.find(|key| keys.insert(key.clone())) else { continue };
            let several = images.len() > 1;
            lines.push(line(repo, layout, &found, (only, block, several), Key(key), branch.as_deref(), get));
        }
    }
    lines
}

fn templates(repo: &Path, layout: &Layout) -> Vec<Found> {
    let mut defects: Vec<Defect> = Vec::new();
    let wanted = |folder: &PathBuf| {
        layout.templates.is_empty() || layout.templates.iter().any(|pattern| matches(pattern, folder))
    };
    let folders = folders(repo).into_iter().filter(wanted);
    let read = folders.map(|folder| {
        let template = Template::read(repo, &folder, &mut defects);
        Found { folder, template }
    });
    let found = read.filter(|found| found.template.images().next().is_some()).collect();
    for defect in defects {
        tracing::warn!(%defect, "a template is read in part");
    }
    found
}

/// Folders with files of templates, relative to the repository, in order. Links to folders are not followed.
fn folders(repo: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut ahead = vec![(PathBuf::new(), 0)];
    let mut seen = 0;
    while let Some((folder, depth)) = ahead.pop() {
        seen += 1;
        let Ok(entries) = std::fs::read_dir(repo.join(&folder)) else { continue };
        for entry in entries.flatten() {
            let (name, kind) = (entry.file_name(), entry.file_type());
            let name = name.to_string_lossy();
            if kind.is_ok_and(|kind| kind.is_dir()) {
                let aside = name.starts_with('.') || ASIDE.contains(&&*name);
                if depth < DEPTH && seen + ahead.len() < MOST_FOLDERS && !aside {
                    ahead.push((folder.join(&*name), depth + 1));
                }
            } else if is_template(Path::new(&*name)) {
                found.insert(folder.clone());
            }
        }
    }
    found
}

/// Whether `folder` is one that `pattern` means: part by part, `*` stands for any text in a part.
fn matches(pattern: &str, folder: &Path) -> bool {
    let folder = folder.to_string_lossy();
    let (patterns, parts) = (pattern.trim_matches('/').split('/'), folder.split('/'));
    patterns.clone().count() == parts.clone().count()
        && patterns.zip(parts).all(|(pattern, part)| part_matches(pattern, part))
}

fn part_matches(pattern: &str, part: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == part,
        Some((before, after)) => part.strip_prefix(before).is_some_and(|rest| {
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .any(|at| part_matches(after, rest.get(at..).unwrap_or_default()))
        }),
    }
}

/// `linux-debian-12` for what `builds/linux/debian/12` builds. Where one folder builds several, what its source is called
/// beyond the words of the folder is added.
fn key(folder: &Path, only: &str, several: bool) -> String {
    let folder = folder.to_string_lossy().to_lowercase();
    let mut words: Vec<&str> =
        below_first(&folder).split(['/', '-', '_', ' ']).filter(|word| !word.is_empty()).collect();
    let name = only.split_once('.').map_or(only, |(_, name)| name).to_lowercase();
    if several || words.is_empty() {
        let own: Vec<&str> = name.split(['-', '_', ' ']).filter(|word| !words.contains(word)).collect();
        words.extend(if own.is_empty() { vec![name.as_str()] } else { own });
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let key: String = words.join("-").chars().map(plain).collect();
    let key = key.trim_start_matches(['-', '_', '.']);
    let key: String = key.chars().take(64).collect();
    if entries::check_plain_name(&key).is_ok() { key } else { "template".into() }
}

fn line(
    repo: &Path,
    layout: &Layout,
    found: &Found,
    (only, block, several): (&str, &SourceBlock, bool),
    key: Key,
    branch: Option<&str>,
    get: GetVariable<'_>,
) -> Line {
    let folder = found.folder.to_string_lossy();
    let own = layout.line.get(&key.0);
    let invocation = Invocation {
        dir: PathBuf::new(),
        target: found.folder.clone(),
        var_files: Vec::new(),
        only: several.then(|| only.to_owned()).into_iter().collect(),
        args: Vec::new(),
        // It would destroy what has the name that is built, which here may be what is cloned.
        force: false,
        on_error: None,
        whole_paths: false,
    };
    let file = block.file.to_string_lossy();
    let names = Placeholders { key: &key.0, template: &folder, file: &file };
    let fits = |file: &Path| concerns(repo, &found.template, file);
    let invocation = invocation.with(&layout.packer, &names, &fits);
    let invocation = own.map_or_else(|| invocation.clone(), |own| invocation.clone().with(&own.packer, &names, &fits));
    // Until var-files are named, those beside the template and their examples tell what it builds.
    let beside = varfiles::in_folder(repo, &found.folder, &|name| {
        name.ends_with(".pkrvars.hcl.example") || name.ends_with(".pkrvars.hcl")
    });
    let assigned = assigned(repo, &found.template, &found.folder, (&beside, &invocation.var_files), get);
    let scope = Scope { template: &found.template, assigned, branch: branch.map(str::to_owned) };
    let argument = |name: &str| block.body.get_attribute(name).map(|attribute| scope.value(&attribute.value));
    let text = |name: &str| argument(name).and_then(|value| value.known().map(|text| text.into_owned()));
    let windows = text("communicator").is_some_and(|communicator| communicator == "winrm")
        || text("guest_os_type").is_some_and(|guest| guest.to_lowercase().starts_with("win"));
    // Packer's own name where there is none: packer-<build>.
    let builds = argument("vm_name").and_then(|value| value.text().map(|text| text.into_owned()));
    let (base_name, names) = named(builds.as_deref(), own.and_then(|own| own.base.as_deref()), &key);
    Line {
        enabled: own.and_then(|own| own.enabled).unwrap_or(true),
        os: if windows { Os::Windows } else { Os::Linux },
        dist: text("guest_os_type").unwrap_or_default(),
        build_dir: folder.into_owned(),
        base_name,
        names: Some(names),
        invocation: Some(Box::new(invocation)),
        ..Line::empty(key)
    }
}

/// Base name and names of what builds `builds`: a name that ends in `-build` is one of three generations, any other is
/// replaced in place. `base` is what `tmpl.toml` says.
fn named(builds: Option<&str>, base: Option<&str>, key: &Key) -> (String, Names) {
    let sound = |name: &str| !name.chars().any(char::is_control) && name.chars().any(|c| c.is_alphanumeric());
    let name = base.or(builds).filter(|name| sound(name)).unwrap_or(&key.0);
    match name.strip_suffix("-build") {
        Some(base) if !base.contains(OPEN) && !base.is_empty() => (base.to_owned(), Names::documented(base)),
        _ => (name.to_owned(), Names::InPlace { name: name.to_owned() }),
    }
}
