//! One var-file against what may stand in it.

use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::Expression;

use super::{Defect, Source, Template, template};
use crate::pipeline::hcl;

/// Names that carry credentials. A var-file beats `PKR_VAR_*`, so even an empty value here would silently win over the
/// environment.
const CREDENTIALS: [&str; 7] = [
    "vsphere_username",
    "vsphere_password",
    "build_password",
    "build_password_encrypted",
    "vsphere_token",
    "communicator_proxy_password",
    "vsphere_endpoint",
];

/// One assignment of a var-file.
pub(super) struct Assignment {
    pub name: String,
    pub text: Option<String>,
    pub offset: usize,
}

/// A parsed var-file.
pub(super) struct VarFile {
    pub source: Source,
    pub assignments: Vec<Assignment>,
}

impl VarFile {
    pub fn read(repo: &Path, path: &Path) -> Result<Self, Defect> {
        let source = Source::read(repo, path)?;
        let body = hcl::var_file(&source.text).map_err(|error| template::not_hcl(&source, error))?;
        if let Some(block) = body.blocks().next() {
            let offset = block.span().map_or(0, |span| span.start);
            return Err(source.at(offset, "a block in a var-file", "a var-file holds assignments only"));
        }
        let assignments = body
            .attributes()
            .map(|attribute| Assignment {
                name: attribute.key.as_str().to_owned(),
                text: literal(&attribute.value),
                offset: attribute.span().map_or(0, |span| span.start),
            })
            .collect();
        Ok(Self { source, assignments })
    }

    /// The literal string assigned to `name`.
    pub fn get(&self, name: &str) -> Option<&Assignment> {
        self.assignments.iter().find(|assignment| assignment.name == name)
    }

    /// Assignments that the template does not declare.
    pub fn undeclared(&self, template: &Template, dir: &str, linux_only: bool, defects: &mut Vec<Defect>) {
        for assignment in &self.assignments {
            if template.variables.contains_key(&assignment.name) {
                continue;
            }
            let what = format!("{} is not declared by {dir}", assignment.name);
            let remedy = if linux_only {
                "network and storage files are for Linux lines only; correct the line's os or build_dir"
            } else {
                "declare the variable there or remove the assignment"
            };
            defects.push(self.source.at(assignment.offset, what, remedy));
        }
    }

    /// Secrets that stand in the file, and credentials that would shadow the environment's.
    pub fn secrets(&self, defects: &mut Vec<Defect>) {
        let credential =
            |assignment: &&Assignment| CREDENTIALS.contains(&assignment.name.as_str()) && assignment.text.is_some();
        for assignment in self.assignments.iter().filter(credential) {
            let name = &assignment.name;
            let what = format!("{name} is assigned in a file; it would win over PKR_VAR_{name}");
            defects.push(self.of_secret(assignment, what));
        }
        self.clear_secrets(defects);
    }

    /// Secrets that stand in the file.
    pub fn clear_secrets(&self, defects: &mut Vec<Defect>) {
        for assignment in &self.assignments {
            let name = assignment.name.as_str();
            let text = assignment.text.as_deref().unwrap_or_default();
            let said = defects.iter().any(|defect| {
                *defect.file == self.source.path && defect.line == Some(self.source.line(assignment.offset))
            });
            if !text.is_empty() && !said && (names_secret(name) || looks_secret(text)) {
                defects.push(self.of_secret(assignment, format!("{name} holds a secret in clear")));
            }
        }
    }

    fn of_secret(&self, assignment: &Assignment, what: String) -> Defect {
        let remedy = format!("remove it and set PKR_VAR_{} in the environment", assignment.name);
        self.source.at(assignment.offset, what, remedy)
    }
}

fn literal(value: &Expression) -> Option<String> {
    value
        .as_str()
        .map(str::to_owned)
        .or_else(|| value.as_heredoc_template().map(|heredoc| heredoc.template.to_string()))
}

/// Whether a variable of this name holds a secret. Public keys and Microsoft's published volume keys do not.
fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "passwd", "secret", "token", "private_key"].iter().any(|word| name.contains(word))
}

/// Whether a value is a secret by its form, whatever its name.
fn looks_secret(text: &str) -> bool {
    let text = text.trim();
    text.contains("-----BEGIN") && text.contains("PRIVATE KEY")
        || ["$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$"].iter().any(|prefix| text.starts_with(prefix))
        || ["ghp_", "ghs_", "gho_", "github_pat_"].iter().any(|prefix| text.starts_with(prefix))
}
