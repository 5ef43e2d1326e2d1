//! Which var-files packer is given for a line, and in which order: later ones win, and all of them beat `PKR_VAR_*`.

use std::path::{Path, PathBuf};

use super::{Line, Os, hcl};

/// Where the var-files of the documented pipeline are, below the repository's root.
pub const CONFIG_DIR: &str = "ci/config";

const SUFFIX: &str = ".pkrvars.hcl";
/// Such a file in the folder of a template needs no naming: packer reads it.
const AUTOMATIC: [&str; 2] = [".auto.pkrvars.hcl", ".auto.pkrvars.json"];
const SHARED: [&str; 5] = ["vsphere", "build", "ansible", "proxy", "common"];
/// Windows templates declare none of these variables; packer refuses files that assign undeclared ones.
const LINUX: [&str; 2] = ["network", "linux-storage"];

/// Whether this is a var-file that only Linux lines are given.
pub fn is_linux_only(file: &str) -> bool {
    LINUX.iter().any(|name| file.strip_suffix(SUFFIX) == Some(name))
}

/// The line's var-files in their order, relative to the repository.
pub fn order(line: &Line) -> Vec<PathBuf> {
    line.invocation().var_files
}

/// Those of the documented pipeline: the shared ones, for Linux network and storage, then the line's own.
pub(super) fn documented(line: &Line) -> Vec<PathBuf> {
    let linux: &[&str] = match line.os {
        Os::Linux => &LINUX,
        Os::Windows => &[],
    };
    let shared = SHARED.iter().chain(linux).map(|name| format!("{name}{SUFFIX}"));
    shared.chain([line.config.clone()]).map(|name| Path::new(CONFIG_DIR).join(name)).collect()
}

/// The var-files that packer reads unasked because they lie in the folder of the template, relative to the repository.
pub fn automatic(repo: &Path, folder: &Path) -> Vec<PathBuf> {
    in_folder(repo, folder, &is_automatic)
}

/// Whether packer reads a var-file of this name unasked, where it lies beside the template.
pub(super) fn is_automatic(name: &str) -> bool {
    AUTOMATIC.iter().any(|end| name.ends_with(end))
}

/// A var-file's name without what says that it is one; none for any other file.
pub(super) fn stem(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX).or_else(|| name.strip_suffix(".pkrvars.json"))
}

/// Files of a folder whose names are wanted, in their order.
pub(crate) fn in_folder(repo: &Path, folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(repo.join(folder)) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name());
    let mut files: Vec<PathBuf> =
        names.filter(|name| wanted(&name.to_string_lossy())).map(|name| folder.join(name)).collect();
    files.sort();
    files
}

/// The literal string that the text of a var-file assigns to `name`.
pub fn literal(text: &str, name: &str) -> Option<String> {
    hcl::var_file(text).ok()?.get_attribute(name)?.value.as_str().map(str::to_owned)
}
