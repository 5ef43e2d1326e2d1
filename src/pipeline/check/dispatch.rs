//! The choice lists of the dispatch inputs, which GitHub wants written out, against the matrix.

use std::path::Path;

use saphyr::{LoadableYamlNode, MarkedYaml};

use super::{Findings, Source};
use crate::pipeline::{Layout, Line};

/// Those of the workflows that are there.
pub(super) fn check(repo: &Path, layout: &Layout, lines: &[Line], findings: &mut Findings) {
    for path in layout.workflow.dispatched().filter(|path| repo.join(path).exists()) {
        match Source::read(repo, &path) {
            Ok(source) => options(&source, lines, findings),
            Err(defect) => findings.ours.push(defect),
        }
    }
}

fn options(source: &Source, lines: &[Line], findings: &mut Findings) {
    let documents = match MarkedYaml::load_from_str(&source.text) {
        Ok(documents) => documents,
        Err(error) => {
            let mut defect = source.whole(format!("not YAML: {}", error.info()), "correct the syntax");
            defect.line = Some(error.marker().line());
            return findings.ours.push(defect);
        }
    };
    let choice = ["on", "workflow_dispatch", "inputs", "os"];
    let choice = documents
        .first()
        .and_then(|document| choice.iter().try_fold(document, |node, field| node.data.as_mapping_get(field)));
    // A workflow that is not dispatched by line has no list.
    let Some(choice) = choice else { return };
    let list = choice.data.as_mapping_get("options");
    let Some((list, options)) = list.and_then(|list| Some((list, list.data.as_sequence()?))) else {
        // Any text may be typed there.
        let free = choice.data.as_mapping_get("type").and_then(|kind| kind.data.as_str()) != Some("choice");
        if !free {
            findings.ours.push(source.whole("no choice list for the input os", "add one: all and every key"));
        }
        return;
    };
    findings.checked.push(format!("the choice list of {}", source.path.display()));
    let line_of = |node: &MarkedYaml<'_>| Some(node.span.start.line());
    let mut say = |line: Option<usize>, what: String, remedy: &str| {
        let mut defect = source.whole(what, remedy);
        defect.line = line;
        findings.ours.push(defect);
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
