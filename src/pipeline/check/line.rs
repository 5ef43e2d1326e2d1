//! One line: its template, its var-files, and what matrix and var-file must say alike.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use super::varfile::VarFile;
use super::{Defect, MatrixText, Template};
use crate::pipeline::{Line, Os, argv, varfiles};

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

pub(super) fn check(repo: &Path, matrix: &MatrixText, line: &Line, defects: &mut Vec<Defect>) {
    let template = Template::read(repo, &line.build_dir, defects);
    let mut supplied: BTreeSet<String> = FROM_ENVIRONMENT.iter().map(|name| (*name).to_owned()).collect();
    for path in varfiles::order(line) {
        let file = match VarFile::read(repo, &path) {
            Ok(file) => file,
            // A missing line config is said where it is named, in the matrix.
            Err(defect) if defect.line.is_none() && path.ends_with(&line.config) => continue,
            Err(defect) => {
                defects.push(defect);
                continue;
            }
        };
        let linux_only = path.file_name().and_then(OsStr::to_str).is_some_and(varfiles::is_linux_only);
        file.undeclared(&template, &line.build_dir, linux_only, defects);
        file.secrets(defects);
        supplied.extend(file.assignments.iter().map(|assignment| assignment.name.clone()));
        if path.ends_with(&line.config) {
            agree(matrix, line, &file, defects);
        }
    }
    misplaced_config(matrix, line, defects);
    required(line, &template, &supplied, defects);
    only(matrix, line, &template, defects);
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

fn required(line: &Line, template: &Template, supplied: &BTreeSet<String>, defects: &mut Vec<Defect>) {
    let path = Path::new(varfiles::CONFIG_DIR).join(&line.config);
    for (name, variable) in &template.variables {
        if variable.required && !supplied.contains(name) {
            defects.push(Defect {
                file: path.clone(),
                line: None,
                what: format!("nobody supplies {name}, which {} requires", line.build_dir),
                remedy: format!("assign it in this file or export PKR_VAR_{name}"),
            });
        }
    }
}

/// The `-only` that packer will be given must name a source of the template.
fn only(matrix: &MatrixText, line: &Line, template: &Template, defects: &mut Vec<Defect>) {
    let Some(only) = argv::only(line) else { return };
    if template.sources.is_empty() || template.sources.contains(&only) {
        return;
    }
    let known = template.sources.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let field = if line.only.is_some() { "only" } else { "edition" };
    defects.push(matrix.field(
        &line.key.0,
        field,
        format!("{only} is no source of {}", line.build_dir),
        format!("its sources are: {known}"),
    ));
}

/// What stands both in the matrix and in the line's var-file must be equal.
fn agree(matrix: &MatrixText, line: &Line, file: &VarFile, defects: &mut Vec<Defect>) {
    let mut pair = |name: &str, field: &str, expected: &str| match file.get(name) {
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
    pair("iso_datastore_path", "iso_datastore_path", &line.iso_datastore_path);
    if let Some(iso) = line.iso_url.as_deref().and_then(|url| url.rsplit('/').next()) {
        pair("iso_file", "iso_url", iso);
        pair("iso_content_library_item", "iso_url", iso.strip_suffix(".iso").unwrap_or(iso));
    }
}
