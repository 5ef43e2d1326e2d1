//! The lines of a repository without a matrix: every source of type `vsphere-iso` or `vsphere-clone` that a template
//! builds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::assigned::{GetVariable, assigned, concerns};
use super::defect::Defect;
use super::evaluate::{self, OPEN, Scope};
use super::invocation::{Invocation, Placeholders, below_first};
use super::layout::Layout;
use super::template::{SourceBlock, Template, is_template};
use super::{Builds, Key, Line, Names, Os, entries, may_be, output, varfiles};

/// How deep below the repository templates are looked for, and in how many folders.
const DEPTH: usize = 8;
const MOST_FOLDERS: usize = 20_000;
/// How many JSON files are looked at where there is no template.
const MOST_JSON: usize = 500;

/// Folders that hold no templates of the repository's own.
const ASIDE: [&str; 4] = ["node_modules", "target", "packer_cache", "venv"];

/// Words of `-only` that every line would have.
const BUILDER_WORDS: [&str; 3] = ["vsphere", "iso", "clone"];

/// A template with something to build in vSphere.
struct Found {
    folder: PathBuf,
    /// the folder, or the one file that is a template of its own
    target: PathBuf,
    template: Arc<Template>,
}

/// What lines are made with.
struct Reader<'r> {
    repo: &'r Path,
    layout: &'r Layout,
    branch: Option<String>,
    get: GetVariable<'r>,
}

/// The lines that the templates of `repo` make, by their folders, and those that `tmpl.toml` makes of its templates, which
/// then make no others; none when there are no templates.
pub(super) fn lines(repo: &Path, layout: &Layout, get: GetVariable<'_>) -> Vec<Line> {
    let reader = Reader { repo, layout, branch: evaluate::branch(repo), get };
    let named: Vec<(&String, Found)> = layout
        .line
        .iter()
        .filter_map(|(key, table)| Some((key, found(repo, Path::new(table.template.as_ref()?)))))
        .filter(|(_, found)| found.template.images().next().is_some())
        .collect();
    let mut keys: BTreeSet<String> = named.iter().map(|(key, _)| (*key).clone()).collect();
    let mut lines = Vec::new();
    for found in templates(repo, layout) {
        if named.iter().any(|(_, named)| named.folder == found.folder) {
            continue;
        }
        let images: Vec<_> = found.template.images().collect();
        let several = images.len() > 1;
        for (only, block) in &images {
            let alike = images.iter().filter(|(other, _)| own_name(other) == own_name(only)).count() > 1;
            let wanted = key(&found.folder, if alike { only } else { own_name(only) }, several);
            let mut numbered = (1..).map(|n| if n == 1 { wanted.clone() } else { format!("{wanted}-{n}") });
            let Some(key) = numbered.find(|key| keys.insert(key.clone())) else { continue };
            lines.push(reader.line(&found, block, several.then_some(*only), Key(key)));
        }
    }
    for (key, found) in named {
        let said = layout.line.get(key).and_then(|table| table.packer.only.as_ref());
        let said = said.or(layout.packer.only.as_ref());
        let wanted = |only: &str| said.is_none_or(|said| said.iter().any(|pattern| is_only(pattern, only)));
        let block = found.template.images().find(|(only, _)| wanted(only)).or(found.template.images().next());
        lines.extend(block.map(|(_, block)| reader.line(&found, block, None, Key(key.clone()))));
    }
    lines
}

/// What a source is called within its template: the last part of what `-only` wants.
pub(super) fn own_name(only: &str) -> &str {
    only.rsplit('.').next().unwrap_or(only)
}

/// Whether packer's `-only=pattern` means this image; either may have `*` in it.
pub(super) fn is_only(pattern: &str, only: &str) -> bool {
    pattern == only || may_be(pattern, only) || may_be(only, pattern)
}

fn templates(repo: &Path, layout: &Layout) -> Vec<Found> {
    let wanted = |folder: &PathBuf| {
        layout.templates.is_empty() || layout.templates.iter().any(|pattern| matches(pattern, folder))
    };
    let read = folders(repo).into_iter().filter(wanted).map(|folder| found(repo, &folder));
    read.filter(|found| found.template.images().next().is_some()).collect()
}

/// The template in a folder, or the one that a file is.
fn found(repo: &Path, path: &Path) -> Found {
    let target: PathBuf = path.components().filter(|part| !matches!(part, Component::CurDir)).collect();
    let mut defects: Vec<Defect> = Vec::new();
    let template = Template::read(repo, &target, &mut defects);
    for defect in defects {
        tracing::warn!(%defect, "a template is read in part");
    }
    let folder =
        if is_template(&target) { target.parent().unwrap_or(Path::new("")).to_owned() } else { target.clone() };
    Found { folder, target, template }
}

/// Folders with files of templates, relative to the repository, in order.
fn folders(repo: &Path) -> BTreeSet<PathBuf> {
    folders_with(repo, &|name| is_template(Path::new(name)))
}

/// Folders with var-files that packer has to be told of.
pub(super) fn var_file_folders(repo: &Path) -> BTreeSet<PathBuf> {
    let mut folders = folders_with(repo, &|name| varfiles::stem(name).is_some() && !varfiles::is_automatic(name));
    let own = |part: Component<'_>| {
        let part = part.as_os_str().to_string_lossy().to_lowercase();
        !OTHERS.iter().any(|other| part.starts_with(other))
    };
    folders.retain(|folder| folder.components().all(own));
    folders
}

/// The first JSON template of packer's old form, with a builder of vSphere.
pub(super) fn old_form(repo: &Path) -> Option<PathBuf> {
    let is_json = |name: &str| name.ends_with(".json");
    let files =
        folders_with(repo, &is_json).into_iter().flat_map(|folder| varfiles::in_folder(repo, &folder, &is_json));
    let mut files = files.take(MOST_JSON);
    files.find(|file| {
        let small = std::fs::metadata(repo.join(file)).is_ok_and(|it| it.is_file() && it.len() < 1 << 20);
        let text = small.then(|| std::fs::read_to_string(repo.join(file)).ok()).flatten().unwrap_or_default();
        text.contains("\"builders\"") && (text.contains("\"vsphere-iso\"") || text.contains("\"vsphere-clone\""))
    })
}

/// Folders whose var-files nobody builds with.
const OTHERS: [&str; 4] = ["test", "example", "exemple", "sample"];

/// Links to folders are not followed.
fn folders_with(repo: &Path, wanted: &dyn Fn(&str) -> bool) -> BTreeSet<PathBuf> {
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
            } else if wanted(&name) {
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
fn key(folder: &Path, name: &str, several: bool) -> String {
    let folder = folder.to_string_lossy().to_lowercase();
    let mut words: Vec<&str> =
        below_first(&folder).split(['/', '-', '_', ' ']).filter(|word| !word.is_empty()).collect();
    let name = name.to_lowercase();
    if several || words.is_empty() {
        let mut own: Vec<&str> = Vec::new();
        for word in name.split(['-', '_', ' ', '.', OPEN]).filter(|word| !word.is_empty()) {
            if !words.contains(&word) && !own.contains(&word) && !BUILDER_WORDS.contains(&word) {
                own.push(word);
            }
        }
        // A source that is called as its folder is needs no more words.
        words.extend(if own.is_empty() && words.is_empty() { vec![name.as_str()] } else { own });
    }
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let key: String = words.join("-").chars().map(plain).collect();
    let key = key.trim_start_matches(['-', '_', '.']);
    let key: String = key.chars().take(64).collect();
    if entries::check_plain_name(&key).is_ok() { key } else { "template".into() }
}

impl Reader<'_> {
    /// The line of one image, of which `only` is told packer when its template has others.
    fn line(&self, found: &Found, block: &SourceBlock, only: Option<&str>, key: Key) -> Line {
        let (repo, layout) = (self.repo, self.layout);
        let folder = found.folder.to_string_lossy();
        let said = layout.line.get(&key.0);
        let mut invocation = Invocation::discovered(&found.target, only);
        let file = block.file.to_string_lossy();
        let names = Placeholders { key: &key.0, template: &folder, file: &file };
        let fits = |file: &Path| concerns(repo, &found.template, file);
        for table in [Some(&layout.packer), said.map(|said| &said.packer)].into_iter().flatten() {
            invocation = invocation.with(table, &names, &fits);
        }
        // Until var-files are named, those beside the template and their examples tell what it builds.
        let beside = |wanted: &dyn Fn(&str) -> bool| varfiles::in_folder(repo, &found.folder, wanted);
        let examples = beside(&|name| name.strip_suffix(".example").and_then(varfiles::stem).is_some());
        let own = beside(&|name| varfiles::stem(name).is_some());
        let beneath: &[&[PathBuf]] = if invocation.var_files.is_empty() { &[&examples, &own] } else { &[&examples] };
        let assigned = assigned(repo, &found.template, &found.folder, (beneath, &invocation), self.get);
        let mut scope = Scope { template: &found.template, assigned, branch: None, path: BTreeMap::new() };
        let any_branch = output::name(block, &scope);
        scope.branch.clone_from(&self.branch);
        let name = output::name(block, &scope);
        let text = |name: &str| {
            let value = block.body.get_attribute(name).map(|attribute| scope.value(&attribute.value));
            value.and_then(|value| value.known().map(|text| text.into_owned()))
        };
        let windows = text("communicator").is_some_and(|communicator| communicator == "winrm")
            || text("guest_os_type").is_some_and(|guest| guest.to_lowercase().starts_with("win"));
        let (base_name, names) = named(name.as_deref(), said.and_then(|said| said.base.as_deref()), &key);
        let names = match output::library(block, &scope) {
            Some(library) => Names::Library { name: names.build().to_owned(), library },
            None => names,
        };
        let pattern = any_branch.filter(|pattern| pattern.contains(OPEN) && !names.build().contains(OPEN));
        Line {
            enabled: said.and_then(|said| said.enabled).unwrap_or(true),
            os: if windows { Os::Windows } else { Os::Linux },
            dist: text("guest_os_type").unwrap_or_default(),
            iso_datastore_path: output::iso(block, &scope).map(|[_, folder, _]| folder).unwrap_or_default(),
            build_dir: folder.into_owned(),
            base_name,
            names: Some(names),
            invocation: Some(Box::new(invocation)),
            builds: Builds { name: None, pattern },
            ..Line::empty(key)
        }
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
