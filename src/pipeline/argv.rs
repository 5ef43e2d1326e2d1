//! What packer is told on its command line for a line. Never a secret: those are in its environment.

use std::path::{Path, PathBuf};

use super::{Line, varfiles};

/// Packer's `-only`: the line's own, or for Windows Desktop the source of its edition. Linux builds the one source there is.
pub fn only(line: &Line) -> Option<String> {
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

/// Folder of the line's template.
pub fn template(line: &Line, repo: &Path) -> PathBuf {
    repo.join(&line.build_dir)
}

/// `packer init DIR`, without packer's own name.
pub fn init(line: &Line, repo: &Path) -> Vec<String> {
    vec!["init".into(), text(template(line, repo))]
}

/// `packer validate … DIR`: the variables and the source of the build.
pub fn validate(line: &Line, repo: &Path) -> Vec<String> {
    [vec!["validate".into()], selection(line, repo)].concat()
}

/// `packer build -force -on-error=… … DIR`. `-force` destroys a leftover `<base>-build`, and nothing else.
pub fn build(line: &Line, repo: &Path, on_error: &str) -> Vec<String> {
    [vec!["build".into(), "-force".into(), format!("-on-error={on_error}")], selection(line, repo)].concat()
}

/// Var-files in their order, the source, the template.
fn selection(line: &Line, repo: &Path) -> Vec<String> {
    let files = varfiles::order(line).into_iter().map(|file| format!("-var-file={}", text(repo.join(file))));
    let only = only(line).map(|only| format!("-only={only}"));
    files.chain(only).chain([text(template(line, repo))]).collect()
}

/// The matrix is JSON, so what it names is UTF-8; a repository below a folder whose name is not is shown approximately
/// and packer says that it is not there.
fn text(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}
