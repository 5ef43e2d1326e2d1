//! Which var-files packer is given for a line, and in which order: later ones win, and all of them beat `PKR_VAR_*`.

use std::path::{Path, PathBuf};

use super::{Line, Os};

/// Where the var-files are, below the repository's root.
pub const CONFIG_DIR: &str = "ci/config";

const SUFFIX: &str = ".pkrvars.hcl";
const SHARED: [&str; 5] = ["vsphere", "build", "ansible", "proxy", "common"];
/// Windows templates declare none of these variables; packer refuses files that assign undeclared ones.
const LINUX: [&str; 2] = ["network", "linux-storage"];

/// Whether this is a var-file that only Linux lines are given.
pub fn is_linux_only(file: &str) -> bool {
    LINUX.iter().any(|name| file.strip_suffix(SUFFIX) == Some(name))
}

/// The line's var-files, relative to the repository: the shared ones, for Linux network and storage, then its own.
pub fn order(line: &Line) -> Vec<PathBuf> {
    let linux: &[&str] = match line.os {
        Os::Linux => &LINUX,
        Os::Windows => &[],
    };
    let shared = SHARED.iter().chain(linux).map(|name| format!("{name}{SUFFIX}"));
    shared.chain([line.config.clone()]).map(|name| Path::new(CONFIG_DIR).join(name)).collect()
}

/// The literal string that the text of a var-file assigns to `name`.
pub fn literal(text: &str, name: &str) -> Option<String> {
    let body: hcl_edit::structure::Body = text.parse().ok()?;
    body.get_attribute(name)?.value.as_str().map(str::to_owned)
}
