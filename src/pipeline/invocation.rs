//! How packer is called for a line: where, with what, on which template.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::layout::{OnErrorWord, PackerTable};
use super::{Line, varfiles};

/// How packer is called for a line. Paths are relative to the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// where it runs
    pub dir: PathBuf,
    /// the template: a folder or a file
    pub target: PathBuf,
    /// in this order: later ones win
    pub var_files: Vec<PathBuf>,
    /// sources, as `-only` wants them; none: all there are
    pub only: Vec<String>,
    /// further arguments of `packer build`
    pub args: Vec<String>,
    /// `-force`
    pub force: bool,
    /// `-on-error` where nobody says otherwise; none: packer's own choice, and the argument is left out
    pub on_error: Option<OnErrorWord>,
    /// whether packer is given whole paths, as the documented pipeline does
    pub whole_paths: bool,
}

impl Invocation {
    /// As documented for a line of the matrix.
    pub fn documented(line: &Line) -> Self {
        Self {
            dir: PathBuf::new(),
            target: line.build_dir.clone().into(),
            var_files: varfiles::documented(line),
            only: documented_only(line).into_iter().collect(),
            args: Vec::new(),
            force: true,
            on_error: Some(OnErrorWord::Cleanup),
            whole_paths: true,
        }
    }

    /// For a template that was found, until `tmpl.toml` says more; `only` where it builds others too.
    pub(super) fn discovered(target: &Path, only: Option<&str>) -> Self {
        Self {
            dir: PathBuf::new(),
            target: target.to_owned(),
            var_files: Vec::new(),
            only: only.map(str::to_owned).into_iter().collect(),
            args: Vec::new(),
            // It would destroy what has the name that is built, which here may be what is cloned.
            force: false,
            on_error: None,
            whole_paths: false,
        }
    }

    /// The variables that its arguments assign: `-var=name=value` or `-var`, `name=value`.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.assignments().filter_map(|(_, assignment)| assignment.split_once('='))
    }

    /// The arguments that assign variables, which `validate` is given too, and the rest.
    pub(super) fn split_args(&self) -> (Vec<String>, Vec<String>) {
        let at: BTreeSet<usize> = self.assignments().flat_map(|(at, _)| at).collect();
        let (assign, rest): (Vec<_>, Vec<_>) = self.args.iter().enumerate().partition(|(place, _)| at.contains(place));
        [assign, rest].map(|args| args.into_iter().map(|(_, word)| word.clone()).collect()).into()
    }

    /// Where each `-var` stands among the arguments, and what it assigns.
    fn assignments(&self) -> impl Iterator<Item = (std::ops::Range<usize>, &str)> {
        self.args.iter().enumerate().filter_map(|(at, word)| match word.trim_start_matches('-') {
            "var" if word.starts_with('-') => Some((at..at + 2, self.args.get(at + 1)?.as_str())),
            flag => Some((at..at + 1, flag.strip_prefix("var=").filter(|_| word.starts_with('-'))?)),
        })
    }

    /// The same, with what `table` says instead. `fits` answers for a var-file that is not given to every template.
    pub fn with(mut self, table: &PackerTable, names: &Placeholders<'_>, fits: &dyn Fn(&Path) -> bool) -> Self {
        let path = |pattern: &String| PathBuf::from(names.fill(pattern));
        if let Some(files) = &table.var_files {
            self.var_files.clear();
            for pattern in files {
                let (file, always) = match pattern.strip_suffix('?') {
                    Some(pattern) => (names.fill(pattern).into(), false),
                    None => (path(pattern), true),
                };
                if always || fits(&file) {
                    self.var_files.push(file);
                }
            }
        }
        self.dir = table.dir.as_ref().map_or(self.dir, path);
        self.target = table.target.as_ref().map_or(self.target, path);
        self.only = table.only.clone().unwrap_or(self.only);
        self.args = table.args.clone().unwrap_or(self.args);
        self.force = table.force.unwrap_or(self.force);
        self.on_error = table.on_error.or(self.on_error);
        self.whole_paths &= *table == PackerTable::default();
        self
    }
}

/// What stands for what in the patterns of `tmpl.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Placeholders<'l> {
    /// `{key}`
    pub key: &'l str,
    /// `{template}`: the folder of the template
    pub template: &'l str,
    /// `{file}`: the file of the template that declares the source
    pub file: &'l str,
}

impl Placeholders<'_> {
    fn fill(&self, pattern: &str) -> String {
        let path = below_first(self.template).replace('/', "-");
        let filled = pattern.replace("{key}", self.key).replace("{template}", self.template);
        filled.replace("{file}", self.file).replace("{path}", &path)
    }
}

/// A folder without its first part: `linux/debian/12` of `builds/linux/debian/12`; one that has a single part is whole.
pub(super) fn below_first(folder: &str) -> &str {
    folder.split_once('/').map_or(folder, |(_, below)| below)
}

/// The line's own `-only`, or for Windows Desktop the source of its edition. Linux builds the one source there is.
fn documented_only(line: &Line) -> Option<String> {
    if line.only.is_some() {
        return line.only.clone();
    }
    let edition = line.edition.as_deref()?;
    let short = match edition {
        "Enterprise" => "ent",
        "Professional" => "pro",
        other => other,
    };
    (line.dist == "Windows Desktop").then(|| format!("vsphere-iso.windows-desktop-{}", short.to_lowercase()))
}
