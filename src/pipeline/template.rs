//! A packer template: its variables, its locals, what it builds, and what it wants to be built with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Block, Body};

use super::defect::{Defect, Source};
use super::hcl;

/// Builders whose images are templates of vSphere.
const BUILDERS: [&str; 2] = ["vsphere-iso", "vsphere-clone"];

/// A declared variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// what it is when nobody supplies it; without one somebody must
    pub default: Option<Expression>,
    /// packer masks its value
    pub sensitive: bool,
    /// its `type`, as written; empty when not given
    pub kind: String,
}

/// A `source` block of a builder.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceBlock {
    /// e.g. `vsphere-iso`
    pub builder: String,
    /// its label
    pub name: String,
    /// what it says
    pub body: Body,
    /// the file it stands in, relative to the repository
    pub file: PathBuf,
}

/// What a template wants to be built with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// `packer`, or the source address of a plugin, e.g. `github.com/hashicorp/vsphere`
    pub of: String,
    /// as written, e.g. `>= 1.10.0, < 2.0.0`
    pub versions: String,
    /// the file it stands in, relative to the repository
    pub file: PathBuf,
    /// from 1
    pub line: usize,
}

/// What the files of a template declare.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Template {
    /// by name
    pub variables: BTreeMap<String, Variable>,
    /// by name
    pub locals: BTreeMap<String, Expression>,
    /// every source block
    pub blocks: Vec<SourceBlock>,
    /// what the build blocks build, as `-only` wants it (`vsphere-iso.debian`), and the source block each comes from
    pub sources: BTreeMap<String, String>,
    /// versions it wants
    pub requirements: BTreeSet<Requirement>,
    /// a file could not be read: more may be declared than is known
    pub partial: bool,
}

impl Template {
    /// Reads every `*.pkr.hcl` of a folder, or the one file that `path` is. Files that do not parse are defects; the rest
    /// is still used.
    pub fn read(repo: &Path, path: &Path, defects: &mut Vec<Defect>) -> Self {
        let mut template = Self::default();
        let mut files = match std::fs::read_dir(repo.join(path)) {
            Ok(entries) => entries.flatten().map(|entry| path.join(entry.file_name())).collect(),
            Err(_) => vec![path.to_owned()],
        };
        files.sort();
        for file in files.iter().filter(|file| is_template(file)) {
            match Source::read(repo, file) {
                Ok(source) => template.add(&source, defects),
                Err(defect) => template.fail(defect, defects),
            }
        }
        template
    }

    /// What it builds in vSphere, as `-only` wants it, with its source block.
    pub fn images(&self) -> impl Iterator<Item = (&str, &SourceBlock)> {
        let block = |label: &str| {
            let (builder, name) = label.split_once('.')?;
            self.blocks.iter().find(|block| block.builder == builder && block.name == name)
        };
        let built = self.sources.iter().filter_map(move |(only, label)| Some((only.as_str(), block(label)?)));
        built.filter(|(_, block)| BUILDERS.contains(&block.builder.as_str()))
    }

    /// What `local.x` stands for.
    pub(super) fn local(&self, expression: &Expression) -> Option<&Expression> {
        let path = expression.as_traversal()?;
        let (root, operators) = (path.expr.as_variable()?.as_str(), path.operators.as_slice());
        match operators {
            [only] if root == "local" => match only.value() {
                TraversalOperator::GetAttr(name) => self.locals.get(name.as_str()),
                _ => None,
            },
            _ => None,
        }
    }

    fn fail(&mut self, defect: Defect, defects: &mut Vec<Defect>) {
        self.partial = true;
        defects.push(defect);
    }

    fn add(&mut self, source: &Source, defects: &mut Vec<Defect>) {
        let body = match parse(source) {
            Ok(body) => body,
            Err(defect) => return self.fail(defect, defects),
        };
        for block in body.blocks() {
            match block.ident.as_str() {
                "variable" => self.variable(source, block, defects),
                // The old form: a block of names and defaults.
                "variables" => self.variables.extend(attributes(&block.body).map(|(name, value)| {
                    (name, Variable { default: Some(value), sensitive: false, kind: String::new() })
                })),
                "locals" => self.locals.extend(attributes(&block.body)),
                "local" => self.add_local(block),
                "source" => self.source(source, block),
                "build" => self.build(block),
                "packer" => self.packer(source, block),
                _ => {}
            }
        }
    }

    fn variable(&mut self, source: &Source, block: &Block, defects: &mut Vec<Defect>) {
        let Some(name) = label(block, 0) else { return };
        let attribute = |key: &str| block.body.get_attribute(key).map(|attribute| &attribute.value);
        let variable = Variable {
            default: attribute("default").cloned(),
            sensitive: attribute("sensitive").and_then(|value| value.as_bool()).unwrap_or(false),
            kind: attribute("type").map(|value| value.to_string().trim().to_owned()).unwrap_or_default(),
        };
        if self.variables.insert(name.to_owned(), variable).is_some() {
            let offset = block.span().map_or(0, |span| span.start);
            defects.push(source.at(offset, format!("variable {name} is declared twice"), "keep one declaration"));
        }
    }

    fn add_local(&mut self, block: &Block) {
        let expression = block.body.get_attribute("expression").map(|attribute| attribute.value.clone());
        if let (Some(name), Some(expression)) = (label(block, 0), expression) {
            self.locals.insert(name.to_owned(), expression);
        }
    }

    fn source(&mut self, source: &Source, block: &Block) {
        let (Some(builder), Some(name)) = (label(block, 0), label(block, 1)) else { return };
        let (builder, name) = (builder.to_owned(), name.to_owned());
        self.blocks.push(SourceBlock { builder, name, body: block.body.clone(), file: source.path.clone() });
    }

    fn build(&mut self, block: &Block) {
        let listed = block.body.get_attribute("sources").and_then(|attribute| attribute.value.as_array());
        for element in listed.into_iter().flatten() {
            // Either "source.vsphere-iso.x" in quotes or the bare reference.
            let text = element.to_string();
            let text = text.trim().trim_matches('"');
            let text = text.strip_prefix("source.").unwrap_or(text).to_owned();
            self.sources.insert(text.clone(), text);
        }
        for nested in block.body.get_blocks("source") {
            let Some(label) = label(nested, 0) else { continue };
            let label = label.strip_prefix("source.").unwrap_or(label);
            // A `name` inside a build block stands for the source's own: one source block serves several builds.
            let name = nested.body.get_attribute("name").and_then(|attribute| attribute.value.as_str());
            let builder = label.split('.').next().unwrap_or(label);
            let only = name.map_or_else(|| label.to_owned(), |name| format!("{builder}.{name}"));
            self.sources.insert(only, label.to_owned());
        }
    }

    fn packer(&mut self, source: &Source, block: &Block) {
        let mut add = |of: &str, value: Option<&Expression>| {
            if let Some((versions, span)) = value.and_then(|value| Some((value.as_str()?, value.span()))) {
                let line = source.line(span.map_or(0, |span| span.start));
                let (of, versions, file) = (of.to_owned(), versions.to_owned(), source.path.clone());
                self.requirements.insert(Requirement { of, versions, file, line });
            }
        };
        add("packer", block.body.get_attribute("required_version").map(|attribute| &attribute.value));
        for attribute in block.body.get_blocks("required_plugins").flat_map(|plugins| plugins.body.attributes()) {
            let Some(object) = attribute.value.as_object() else { continue };
            let field = |name: &str| {
                let mut entries = object.iter();
                entries
                    .find(|(key, _)| key.as_ident().is_some_and(|ident| ident.as_str() == name))
                    .map(|(_, v)| v.expr())
            };
            let of = field("source").and_then(Expression::as_str).unwrap_or(attribute.key.as_str());
            add(of, field("version"));
        }
    }
}

/// Whether a file belongs to a template.
pub(super) fn is_template(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".pkr.hcl"))
}

fn label(block: &Block, at: usize) -> Option<&str> {
    block.labels.get(at).map(|label| label.as_str())
}

fn attributes(body: &Body) -> impl Iterator<Item = (String, Expression)> {
    body.attributes().map(|attribute| (attribute.key.as_str().to_owned(), attribute.value.clone()))
}

/// Parses HCL; an error becomes a defect at its line.
pub(super) fn parse(source: &Source) -> Result<Body, Defect> {
    hcl::parse(&source.text).map_err(|error| {
        let mut defect = source.whole(format!("not HCL: {}", error.message()), "correct the syntax");
        defect.line = Some(error.location().line());
        defect
    })
}
