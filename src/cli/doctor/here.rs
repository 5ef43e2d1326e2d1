//! This machine: which variables are set, which paths are used.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tmpl::config::wrong_variables;
use tmpl::paths::StateDir;
use tmpl::pipeline::Os;

use super::super::{Context, contexts};
use super::{Diagnostic, State};

/// Read by this program, packer's templates or govc. Values are never shown.
const VARIABLES: &[&str] = &[
    "PKR_VAR_vsphere_endpoint",
    "PKR_VAR_vsphere_username",
    "PKR_VAR_vsphere_password",
    "PKR_VAR_vsphere_insecure_connection",
    "PKR_VAR_vsphere_datacenter",
    "PKR_VAR_vsphere_cluster",
    "PKR_VAR_vsphere_datastore",
    "PKR_VAR_vsphere_network",
    "PKR_VAR_vsphere_folder",
    "PKR_VAR_build_password",
    "PKR_VAR_build_password_encrypted",
    "PKR_VAR_build_key",
    "GOVC_URL",
    "GOVC_USERNAME",
    "GOVC_PASSWORD",
    "GOVC_INSECURE",
    "GOVC_DATACENTER",
    "GOVC_FOLDER",
    "GOVC_DATASTORE",
    "GOVC_TLS_CA_CERTS",
    "TMPL_CA_FILE",
    "TMPL_THUMBPRINT",
    "TMPL_CONSOLE_USERNAME",
    "TMPL_CONSOLE_PASSWORD",
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_REPOSITORY",
    "GITHUB_API_URL",
    "TMPL_ARC_NAMESPACE",
    "TMPL_CONTEXT",
    "TMPL_HOOK",
    "TMPL_NOTIFY",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "TMPL_LOG",
    "RUST_LOG",
    "NO_COLOR",
];

/// Which variables are set, and which are ignored or wrong.
pub fn environment(context: &Context) -> Vec<Diagnostic> {
    let ignored = contexts::ignored(&context.global);
    let wrong = wrong_variables(&|name| std::env::var(name).ok());
    let finding = |name: &&'static str| {
        if let Some(ignored) = ignored.iter().find(|ignored| ignored.variable == *name) {
            let detail = format!("set, but ignored: {}", ignored.why);
            return match &ignored.remedy {
                Some(remedy) => Diagnostic::new("environment", *name, State::Failed, format!("{detail}; {remedy}")),
                None => Diagnostic::new("environment", *name, State::Absent, detail),
            };
        }
        if let Some((_, words)) = wrong.iter().find(|(wrong, _)| wrong == name) {
            return Diagnostic::new("environment", *name, State::Failed, words.clone());
        }
        let set = std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let (state, detail) = if set { (State::Ok, "set") } else { (State::Absent, "not set") };
        Diagnostic::new("environment", *name, state, detail)
    };
    VARIABLES.iter().map(finding).collect()
}

/// Whether the matrix has Windows lines; without a matrix they are taken to be there.
pub fn has_windows(context: &Context) -> bool {
    context.matrix().map_or(true, |matrix| matrix.lines.iter().any(|line| line.os == Os::Windows))
}

/// Every path this program reads or writes.
pub fn paths(context: &Context) -> Vec<Diagnostic> {
    let repo = &context.global.repo;
    let matrix = match context.matrix() {
        Ok(matrix) => {
            Diagnostic::new("paths", "matrix", State::Ok, format!("{} lines in {}", matrix.lines.len(), shown(repo)))
        }
        Err(error) => Diagnostic::new("paths", "matrix", State::Unusable, error.to_string()),
    };
    let mut findings = vec![configuration(context), matrix];
    if repo.join("ci/matrix.json").exists() {
        findings.push(readable("var-files", &repo.join("ci/config")));
    }
    match context.state() {
        Ok(state) => findings.extend(state_paths(&state)),
        Err(error) => findings.push(Diagnostic::new("paths", "state", State::Unusable, error.to_string())),
    }
    findings
}

/// The user's own configuration, and the context that it puts this call into.
fn configuration(context: &Context) -> Diagnostic {
    let file = &context.global.config;
    let place = file.path.as_deref().map_or_else(|| "no home folder".to_owned(), shown);
    let (state, detail) = match file.defects.as_slice() {
        [] if file.path.as_deref().is_some_and(Path::exists) => {
            let open = context.global.context.as_ref().map(|name| format!("; context {name}")).unwrap_or_default();
            (State::Ok, format!("{place}{open}"))
        }
        [] => (State::Absent, format!("{place}; tmpl-tui config shows what it may hold")),
        [defect, others @ ..] => {
            let more = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
            (State::Failed, format!("{defect}{more}"))
        }
    };
    Diagnostic::new("paths", "configuration", state, detail)
}

fn readable(name: &str, path: &Path) -> Diagnostic {
    match std::fs::metadata(path) {
        Ok(_) => Diagnostic::new("paths", name, State::Ok, shown(path)),
        Err(error) => {
            let detail = format!("{}: {error}; run in the pipeline's repository or pass --repo DIR", shown(path));
            Diagnostic::new("paths", name, State::Unusable, detail)
        }
    }
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn state_paths(state: &StateDir) -> Vec<Diagnostic> {
    let used = [
        ("state", state.path().to_owned()),
        ("records of builds", state.runs()),
        ("audit log", state.audit_log()),
        ("program log", state.logs()),
    ];
    used.into_iter().map(|(name, path)| private(name, path)).collect()
}

/// Ours alone, or not there yet and possible to make.
fn private(name: &str, path: PathBuf) -> Diagnostic {
    let shown = path.display();
    match std::fs::metadata(&path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            Diagnostic::new("paths", name, State::Failed, format!("{shown} may be read by others; chmod go= {shown}"))
        }
        Ok(_) if !writable(&path) => Diagnostic::new(
            "paths",
            name,
            State::Failed,
            format!("{shown} cannot be written; without it nothing is changed"),
        ),
        Ok(_) => Diagnostic::new("paths", name, State::Ok, shown.to_string()),
        Err(_) => Diagnostic::new("paths", name, State::Absent, format!("{shown}: not there yet")),
    }
}

fn writable(path: &Path) -> bool {
    use nix::unistd::{AccessFlags, access};
    access(path, AccessFlags::W_OK).is_ok()
}
