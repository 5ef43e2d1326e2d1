//! One line: its template, its var-files, and what matrix and var-file must say alike.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use super::varfile::VarFile;
use super::{Defect, Findings, MatrixText, Template};
use crate::pipeline::discover::is_only;
use crate::pipeline::layout::LAYOUT_PATH;
use crate::pipeline::{Layout, Line, Os, varfiles};

/// Variables that the environment supplies as `PKR_VAR_<name>`, never a file.
pub const FROM_ENVIRONMENT: [&str; 9] = [
    "vsphere_endpoint",
    "vsphere_username",
    "vsphere_password",
    "vsphere_insecure_connection",
    "vsphere_datastore",
    "vsphere_network",
    "build_password",
    "build_password_encrypted",
    "build_key",
];

/// Checks one line; `matrix` is where it stands, when it stands in one.
pub(super) fn check(repo: &Path, layout: &Layout, matrix: Option<&MatrixText>, line: &Line, findings: &mut Findings) {
    let mut packers = Vec::new();
    let folder = Path::new(&line.build_dir);
    let template = Template::read(repo, &line.template_path(), &mut packers);
    if template.sources.is_empty() && !template.partial {
        packers.push(Defect::new(folder, None, "no build block with a source", "name the folder of a packer template"));
    }
    let mut supplied: BTreeSet<String> = FROM_ENVIRONMENT.iter().map(|name| (*name).to_owned()).collect();
    let exported = |name: &&String| std::env::var_os(format!("PKR_VAR_{name}")).is_some();
    supplied.extend(template.variables.keys().filter(exported).cloned());
    let named = varfiles::order(line);
    // What follows from a file that cannot be read is no defect of its own.
    let mut unread = false;
    for path in varfiles::automatic(repo, folder).iter().chain(&named) {
        let own = matrix.is_some() && path.ends_with(&line.config);
        let file = match VarFile::read(repo, path) {
            Ok(file) => file,
            // A missing line config is said where it is named, in the matrix.
            Err(_) if own && !repo.join(path).exists() => continue,
            Err(defect) => {
                packers.push(defect);
                unread = true;
                continue;
            }
        };
        let linux_only = path.file_name().and_then(OsStr::to_str).is_some_and(varfiles::is_linux_only);
        // Of what packer reads unasked it takes what the template declares.
        if !template.partial && named.contains(path) {
            file.undeclared(&template, shown(line), linux_only, &mut packers);
        }
        match matrix {
            Some(_) => file.secrets(&mut findings.ours),
            None => file.clear_secrets(&mut findings.notes),
        }
        supplied.extend(file.assignments.iter().map(|assignment| assignment.name.clone()));
        if let Some(matrix) = matrix.filter(|_| own) {
            agree(matrix, layout, line, &template, &file, &mut findings.ours);
        }
    }
    if let Some(matrix) = matrix {
        misplaced_config(matrix, line, &mut packers);
    }
    // Without var-files, or with one that cannot be read, it is not known what is supplied.
    if !named.is_empty() && !unread && !template.partial {
        required(line, &template, &supplied, &mut packers);
    }
    only(matrix, line, &template, &mut packers);
    findings.packers.entry(line.key.clone()).or_default().extend(packers);
}

/// A Windows template declares no network or storage variables, so these files must not be its config either.
fn misplaced_config(matrix: &MatrixText, line: &Line, defects: &mut Vec<Defect>) {
    let linux_file = varfiles::is_linux_only(&line.config) || line.config.starts_with("linux-");
    if line.os == Os::Windows && linux_file {
        defects.push(matrix.field(
            &line.key.0,
            "config",
            format!("{} is handed {}, a file of Linux lines", line.key, line.config),
            "name the line's own var-file",
        ));
    }
}

/// The folder of its template, which may be the repository itself.
fn shown(line: &Line) -> &str {
    if line.build_dir.is_empty() { "." } else { &line.build_dir }
}

fn required(line: &Line, template: &Template, supplied: &BTreeSet<String>, defects: &mut Vec<Defect>) {
    let Some(path) = varfiles::order(line).pop() else { return };
    for (name, variable) in &template.variables {
        if variable.default.is_none() && !supplied.contains(name) {
            defects.push(Defect::new(
                path.clone(),
                None,
                format!("nobody supplies {name}, which {} requires", shown(line)),
                format!("assign it in this file or export PKR_VAR_{name}"),
            ));
        }
    }
}

/// The `-only` that packer will be given must name a source of the template.
fn only(matrix: Option<&MatrixText>, line: &Line, template: &Template, defects: &mut Vec<Defect>) {
    let asked = line.invocation().only;
    // A pattern is packer's own matter.
    let unknown =
        asked.iter().find(|only| !only.contains('*') && !template.sources.keys().any(|source| is_only(only, source)));
    let (Some(unknown), false) = (unknown, template.sources.is_empty()) else { return };
    let known = template.sources.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let (what, remedy) = (format!("{unknown} is no source of {}", shown(line)), format!("its sources are: {known}"));
    let field = if line.only.is_some() { "only" } else { "edition" };
    defects.push(match matrix {
        Some(matrix) => matrix.field(&line.key.0, field, what, remedy),
        None => Defect::new(LAYOUT_PATH, None, what, remedy),
    });
}

/// What stands both in the matrix and in the line's var-file must be equal, where the template knows it at all.
fn agree(
    matrix: &MatrixText,
    layout: &Layout,
    line: &Line,
    template: &Template,
    file: &VarFile,
    defects: &mut Vec<Defect>,
) {
    let mut pair = |name: &str, field: &str, expected: &str| match file.get(name) {
        None if !template.variables.contains_key(name) => {}
        None => defects.push(file.source.whole(
            format!("{name} is not assigned"),
            format!("assign {expected:?}, as {field} in {} says", matrix.source.path.display()),
        )),
        Some(assignment) if assignment.text.as_deref() != Some(expected) => {
            let found = assignment.text.as_deref().unwrap_or("no literal string");
            defects.push(file.source.at(
                assignment.offset,
                format!("{name} is {found:?}, but {field} of {} says {expected:?}", line.key),
                format!("make {} and this file agree; change both together", matrix.source.path.display()),
            ));
        }
        Some(_) => {}
    };
    pair("vm_base_name", "base_name", &line.base_name);
    let variables = layout.iso_of(&line.key);
    pair(variables.path(), "iso_datastore_path", &line.iso_datastore_path);
    if let Some(iso) = line.iso_url.as_deref().and_then(|url| url.rsplit('/').next()) {
        pair(variables.file(), "iso_url", iso);
        pair("iso_content_library_item", "iso_url", iso.strip_suffix(".iso").unwrap_or(iso));
    }
}
