//! A packer template folder: the variables it declares and the sources it builds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hcl_edit::Span;
use hcl_edit::structure::{Block, Body};

use super::{Defect, Source};

/// A declared variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// no default: somebody must supply it
    pub required: bool,
    /// packer masks its value
    pub sensitive: bool,
    /// its `type`, as written; empty when not given
    pub kind: String,
}

/// What a template folder declares.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// by name
    pub variables: BTreeMap<String, Variable>,
    /// `vsphere-iso.<name>` of every source that a build block uses, as `-only` wants it
    pub sources: BTreeSet<String>,
}

impl Template {
    /// Reads every `*.pkr.hcl` of a folder. Files that do not parse are defects; the rest is still used.
    pub fn read(repo: &Path, dir: &str, defects: &mut Vec<Defect>) -> Self {
        let mut template = Self::default();
        let Ok(entries) = std::fs::read_dir(repo.join(dir)) else { return template };
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort();
        for name in names.iter().filter(|name| name.to_string_lossy().ends_with(".pkr.hcl")) {
            match Source::read(repo, &Path::new(dir).join(name)) {
                Ok(source) => template.add(&source, defects),
                Err(defect) => defects.push(defect),
            }
        }
        if template.sources.is_empty() {
            defects.push(Defect {
                file: dir.into(),
                line: None,
                what: "no build block with a source".into(),
                remedy: "name the folder of a packer template".into(),
            });
        }
        template
    }

    fn add(&mut self, source: &Source, defects: &mut Vec<Defect>) {
        let body = match parse(source) {
            Ok(body) => body,
            Err(defect) => return defects.push(defect),
        };
        for block in body.blocks() {
            match block.ident.as_str() {
                "variable" => self.variable(source, block, defects),
                "build" => self.build(block),
                _ => {}
            }
        }
    }

    fn variable(&mut self, source: &Source, block: &Block, defects: &mut Vec<Defect>) {
        let Some(name) = block.labels.first().map(|label| label.as_str()) else { return };
        let attribute = |key: &str| block.body.get_attribute(key).map(|attribute| &attribute.value);
        let variable = Variable {
            required: attribute("default").is_none(),
            sensitive: attribute("sensitive").and_then(|value| value.as_bool()).unwrap_or(false),
            kind: attribute("type").map(|value| value.to_string().trim().to_owned()).unwrap_or_default(),
        };
        if self.variables.insert(name.to_owned(), variable).is_some() {
            let offset = block.span().map_or(0, |span| span.start);
            defects.push(source.at(offset, format!("variable {name} is declared twice"), "keep one declaration"));
        }
    }

    fn build(&mut self, block: &Block) {
        let listed = block.body.get_attribute("sources").and_then(|attribute| attribute.value.as_array());
        for element in listed.into_iter().flatten() {
            // Either "source.vsphere-iso.x" in quotes or the bare reference.
            let text = element.to_string();
            let text = text.trim().trim_matches('"');
            self.sources.insert(text.strip_prefix("source.").unwrap_or(text).to_owned());
        }
        for nested in block.body.get_blocks("source") {
            let Some(label) = nested.labels.first().map(|label| label.as_str()) else { continue };
            let label = label.strip_prefix("source.").unwrap_or(label);
            // A `name` inside a build block stands for the source's own: one source block serves several builds.
            let name = nested.body.get_attribute("name").and_then(|attribute| attribute.value.as_str());
            let builder = label.split('.').next().unwrap_or(label);
            self.sources.insert(name.map_or_else(|| label.to_owned(), |name| format!("{builder}.{name}")));
        }
    }
}

/// Parses HCL; an error becomes a defect at its line.
pub(super) fn parse(source: &Source) -> Result<Body, Defect> {
    source.text.parse::<Body>().map_err(|error| {
        let mut defect = source.whole(format!("not HCL: {}", error.message()), "correct the syntax");
        defect.line = Some(error.location().line());
        defect
    })
}
