//! What `tmpl.toml` says about lines that were read without it.

use super::invocation::Placeholders;
use super::layout::{LAYOUT_PATH, Layout, LayoutError, LineTable};
use super::template::Template;
use super::{Invocation, Line, Matrix, assigned};

/// Applies names and, for the lines of a matrix, packer's tables to every line.
///
/// # Errors
/// A table of a line that there is not, and names that contradict each other.
pub(super) fn apply(matrix: &mut Matrix, layout: &Layout) -> Result<(), LayoutError> {
    let malformed = |what: &str, reason: String| {
        let path = matrix.repo.join(LAYOUT_PATH);
        let line = line_of(&std::fs::read_to_string(&path).unwrap_or_default(), what);
        LayoutError::Malformed { path, line, reason }
    };
    if let Some(key) = layout.line.keys().find(|key| !matrix.lines.iter().any(|line| line.key.0 == **key)) {
        let known: Vec<&str> = matrix.lines.iter().map(|line| line.key.0.as_str()).collect();
        let known = known.join(", ");
        if let Some(template) = layout.line.get(key).and_then(|line| line.template.as_ref()) {
            let reason = format!(
                "line {key}: {template} builds nothing of type vsphere-iso or vsphere-clone; name the folder or file of its template"
            );
            return Err(malformed(key, reason));
        }
        return Err(malformed(&format!("[line.{key}"), format!("there is no line {key:?}; lines are: {known}")));
    }
    let (repo, from_matrix) = (matrix.repo.clone(), matrix.source.is_some());
    let mut wrong = None;
    for line in &mut matrix.lines {
        let own = layout.line.get(&line.key.0);
        if from_matrix {
            packer(&repo, line, layout, own);
        }
        if let Err(error) = names(line, layout, own) {
            wrong.get_or_insert((line.key.0.clone(), error));
        }
    }
    match wrong {
        None => Ok(()),
        Some((key, error)) => Err(malformed("names]", format!("names of line {key}: {error}"))),
    }
}

fn names(line: &mut Line, layout: &Layout, own: Option<&LineTable>) -> Result<(), super::names::NamesError> {
    if let Some(base) = own.and_then(|own| own.base.clone()) {
        line.base_name = base;
    }
    // Names are those of the line, else those of all.
    let tables = [Some(&layout.names), own.map(|own| &own.names)].into_iter().flatten();
    let mut names = line.names.clone().unwrap_or_else(|| super::Names::documented(&line.base_name));
    for table in tables {
        names = names.with(table, &line.base_name)?;
    }
    line.names = Some(names).filter(|names| !names.are_documented(&line.base_name));
    Ok(())
}

fn packer(repo: &std::path::Path, line: &mut Line, layout: &Layout, own: Option<&LineTable>) {
    line.enabled = own.and_then(|own| own.enabled).unwrap_or(line.enabled);
    if let Some(template) = own.and_then(|own| own.template.clone()) {
        line.build_dir = template;
    }
    let mut invocation = Invocation::documented(line);
    let before = invocation.clone();
    let template = std::cell::OnceCell::new();
    let fits = |file: &std::path::Path| {
        let read = || Template::read(repo, line.build_dir.as_ref(), &mut Vec::new());
        assigned::concerns(repo, template.get_or_init(read), file)
    };
    let names = Placeholders { key: &line.key.0, template: &line.build_dir, file: &line.build_dir };
    for table in [Some(&layout.packer), own.map(|own| &own.packer)].into_iter().flatten() {
        invocation = invocation.with(table, &names, &fits);
    }
    line.invocation = (invocation != before).then(|| Box::new(invocation));
}

/// The line on which `what` stands first, from 1.
fn line_of(text: &str, what: &str) -> usize {
    text.lines().position(|line| line.contains(what)).map_or(1, |at| at + 1)
}
