//! What packer is told on its command line for a line, and where it runs. Never a secret: those are in its environment.

use std::path::{Path, PathBuf};

use super::{Invocation, Line};

/// Where packer runs.
pub fn working_dir(line: &Line, repo: &Path) -> PathBuf {
    repo.join(line.invocation().dir)
}

/// Packer's `-only`, comma-separated; none: all sources there are.
pub fn only(line: &Line) -> Option<String> {
    Some(line.invocation().only.join(",")).filter(|only| !only.is_empty())
}

/// `packer init DIR`, without packer's own name.
pub fn init(line: &Line, repo: &Path) -> Vec<String> {
    let invocation = line.invocation();
    vec!["init".into(), shown(&invocation, repo, &invocation.target)]
}

/// `packer validate … DIR`: the variables and the source of the build. With `data` the template's data sources are asked,
/// as the build asks them.
pub fn validate(line: &Line, repo: &Path, data: bool) -> Vec<String> {
    let flag = data.then(|| "-evaluate-datasources".to_owned());
    ["validate".to_owned()].into_iter().chain(flag).chain(selection(&line.invocation(), repo)).collect()
}

/// `packer build -force -on-error=… … DIR`. `-force` destroys whatever has the name that is built. `on_error` is left out
/// where it is what packer does anyway and the repository does not ask for it.
pub fn build(line: &Line, repo: &Path, on_error: &str) -> Vec<String> {
    let invocation = line.invocation();
    let mut words = vec!["build".to_owned()];
    words.extend(invocation.force.then(|| "-force".to_owned()));
    if invocation.on_error.is_some() || on_error != "cleanup" {
        words.push(format!("-on-error={on_error}"));
    }
    words.extend(invocation.split_args().1);
    words.extend(selection(&invocation, repo));
    words
}

/// Var-files in their order, variables, the source, the template.
fn selection(invocation: &Invocation, repo: &Path) -> Vec<String> {
    let files = invocation.var_files.iter().map(|file| format!("-var-file={}", shown(invocation, repo, file)));
    let only = Some(format!("-only={}", invocation.only.join(","))).filter(|_| !invocation.only.is_empty());
    files.chain(invocation.split_args().0).chain(only).chain([shown(invocation, repo, &invocation.target)]).collect()
}

/// A path as packer is given it. What names it is UTF-8; a repository below a folder whose name is not is shown
/// approximately and packer says that it is not there.
fn shown(invocation: &Invocation, repo: &Path, path: &Path) -> String {
    let below = path.strip_prefix(&invocation.dir).ok().filter(|_| !invocation.whole_paths);
    match below {
        Some(below) if below.as_os_str().is_empty() => ".".into(),
        Some(below) => below.to_string_lossy().into_owned(),
        None => repo.join(path).to_string_lossy().into_owned(),
    }
}
