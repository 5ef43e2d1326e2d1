//! The choice lists of the dispatch inputs, which GitHub wants written out, against the matrix.

use std::path::Path;

use saphyr::{LoadableYamlNode, MarkedYaml};

use super::{Defect, Source};
use crate::pipeline::Line;

/// Workflows that are dispatched by line.
const WORKFLOWS: [&str; 2] = [".github/workflows/build-templates.yml", ".github/workflows/upload-isos.yml"];

pub(super) fn check(repo: &Path, lines: &[Line], defects: &mut Vec<Defect>) {
    for path in WORKFLOWS {
        match Source::read(repo, Path::new(path)) {
            Ok(source) => options(&source, lines, defects),
            Err(defect) => defects.push(defect),
        }
    }
}

fn options(source: &Source, lines: &[Line], defects: &mut Vec<Defect>) {
    let documents = match MarkedYaml::load_from_str(&source.text) {
        Ok(documents) => documents,
        Err(error) => {
            let mut defect = source.whole(format!("not YAML: {}", error.info()), "correct the syntax");
            defect.line = Some(error.marker().line());
            return defects.push(defect);
        }
    };
    let path = ["on", "workflow_dispatch", "inputs", "os", "options"];
    let list = documents
        .first()
        .and_then(|document| path.iter().try_fold(document, |node, field| node.data.as_mapping_get(field)));
    let Some((list, options)) = list.and_then(|list| Some((list, list.data.as_sequence()?))) else {
        return defects.push(source.whole("no choice list for the input os", "add one: all and every key"));
    };
    let line_of = |node: &MarkedYaml<'_>| Some(node.span.start.line());
    let mut say = |line: Option<usize>, what: String, remedy: &str| {
        let mut defect = source.whole(what, remedy);
        defect.line = line;
        defects.push(defect);
    };
    let named: Vec<&str> = options.iter().filter_map(|option| option.data.as_str()).collect();
    for wanted in std::iter::once("all").chain(lines.iter().map(|line| line.key.0.as_str())) {
        if !named.contains(&wanted) {
            say(line_of(list), format!("the choice list lacks {wanted:?}"), "add it: the matrix has this line");
        }
    }
    for option in options {
        let name = option.data.as_str().unwrap_or_default();
        if name != "all" && !lines.iter().any(|line| line.key.0 == name) {
            say(line_of(option), format!("the choice list names {name:?}"), "remove it: the matrix has no such line");
        }
    }
}
