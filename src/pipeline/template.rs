//! A packer template: its variables, its locals, what it builds, and what it wants to be built with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use hcl_edit::template::Element;

use super::defect::{Defect, Source};
use super::evaluate::OPEN;
use super::{file_cache, hcl, unreadable};

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
    /// what the build blocks build, as `-only` wants it (`vsphere-iso.debian`; of a build with a name
    /// `base.vsphere-iso.debian`); [`OPEN`] stands for what of a build's name is computed
    pub sources: BTreeMap<String, Built>,
    /// the `output` of every `manifest` post-processor; none: packer's own name for the file
    pub manifests: Vec<Option<Expression>>,
    /// where its data sources stand, file and line: what they give is unknown to packer until it may ask them
    pub data: Vec<(PathBuf, usize)>,
    /// versions it wants
    pub requirements: BTreeSet<Requirement>,
    /// a file could not be read: more may be declared than is known
    pub partial: bool,
    /// those of the sources that are built in vSphere, with what the build blocks say of them
    images: BTreeMap<String, SourceBlock>,
}

/// What a build block builds.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// the source block it comes from: `vsphere-iso.debian`
    pub label: String,
    /// what is said of it in the build block
    pub differs: Body,
}

impl Template {
    /// Reads every `*.pkr.hcl` and `*.pkr.json` of a folder, or the one file that `path` is. Files that do not parse are
    /// defects; the rest is still used. What has not changed since it was read last is not read again.
    pub fn read(repo: &Path, path: &Path, defects: &mut Vec<Defect>) -> Arc<Self> {
        let mut files = match std::fs::read_dir(repo.join(path)) {
            Ok(entries) => entries.flatten().map(|entry| path.join(entry.file_name())).collect(),
            Err(_) => vec![path.to_owned()],
        };
        files.retain(|file| is_template(file));
        files.sort();
        let (template, found) = file_cache::TEMPLATES.get(repo, &files, || Self::of_files(repo, &files));
        defects.extend(found.iter().cloned());
        template
    }

    fn of_files(repo: &Path, files: &[PathBuf]) -> (Arc<Self>, Arc<Vec<Defect>>) {
        let (mut template, mut defects) = (Self::default(), Vec::new());
        for file in files {
            match Source::read(repo, file) {
                Ok(source) => template.add(&source, &mut defects),
                Err(defect) => template.fail(defect, &mut defects),
            }
        }
        template.images =
            template.sources.iter().filter_map(|(only, it)| Some((only.clone(), template.image(it)?))).collect();
        (Arc::new(template), Arc::new(defects))
    }

    /// The source block of an image, with what the build block says instead.
    fn image(&self, built: &Built) -> Option<SourceBlock> {
        let (builder, name) = built.label.split_once('.')?;
        let mut block = self.blocks.iter().find(|block| block.builder == builder && block.name == name)?.clone();
        for said in built.differs.attributes().filter(|said| said.key.as_str() != "name") {
            block.body.remove_attribute(said.key.as_str());
            block.body.push(said.clone());
        }
        BUILDERS.contains(&builder).then_some(block)
    }

    /// What it builds in vSphere, as `-only` wants it, with its source block.
    pub fn images(&self) -> impl Iterator<Item = (&str, &SourceBlock)> {
        self.images.iter().map(|(only, block)| (only.as_str(), block))
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
                "data" => self.data.push((source.path.clone(), source.line(block.span().map_or(0, |span| span.start)))),
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
        // Of a build with a name that name stands before the source's: `-only` wants both.
        let named = block.body.get_attribute("name").map(|name| format!("{}.", shape(&name.value))).unwrap_or_default();
        let mut add = |label: &str, name: Option<&str>, differs: Body| {
            let label = reference(label);
            let builder = label.split('.').next().unwrap_or_default();
            // A `name` inside a build block stands for the source's own: one source block serves several builds.
            let source = name.map_or_else(|| label.clone(), |name| format!("{builder}.{name}"));
            self.sources.insert(format!("{named}{source}"), Built { label, differs });
        };
        let chains = block.body.get_blocks("post-processors").map(|chain| &chain.body);
        for body in std::iter::once(&block.body).chain(chains) {
            let manifests = body.get_blocks("post-processor").filter(|it| label(it, 0) == Some("manifest"));
            let output = |it: &Block| it.body.get_attribute("output").map(|output| output.value.clone());
            self.manifests.extend(manifests.map(output));
        }
        let listed = block.body.get_attribute("sources").and_then(|attribute| attribute.value.as_array());
        for element in listed.into_iter().flatten() {
            // Either "source.vsphere-iso.x" in quotes or the bare reference.
            add(element.to_string().trim().trim_matches('"'), None, Body::new());
        }
        for nested in block.body.get_blocks("source") {
            let name = nested.body.get_attribute("name").and_then(|attribute| attribute.value.as_str());
            label(nested, 0).into_iter().for_each(|label| add(label, name, nested.body.clone()));
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

/// `vsphere-iso.debian`, as packer reads `source.vsphere-iso.debian`: of three parts or more the first does not count.
fn reference(label: &str) -> String {
    let parts: Vec<&str> = label.split('.').collect();
    parts.iter().skip(usize::from(parts.len() > 2)).take(2).copied().collect::<Vec<_>>().join(".")
}

/// A text with [`OPEN`] for what of it is computed.
fn shape(expression: &Expression) -> String {
    match expression {
        Expression::String(text) => text.value().clone(),
        Expression::StringTemplate(template) => {
            let part = |element: &Element| match element {
                Element::Literal(literal) => literal.to_string(),
                Element::Interpolation(_) | Element::Directive(_) => OPEN.to_string(),
            };
            template.iter().map(part).collect()
        }
        _ => OPEN.to_string(),
    }
}

/// Whether a file belongs to a template.
pub(super) fn is_template(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json")
}

fn label(block: &Block, at: usize) -> Option<&str> {
    block.labels.get(at).map(|label| label.as_str())
}

fn attributes(body: &Body) -> impl Iterator<Item = (String, Expression)> {
    body.attributes().map(|attribute| (attribute.key.as_str().to_owned(), attribute.value.clone()))
}

/// Parses a file of a template; an error becomes a defect at its line.
fn parse(source: &Source) -> Result<Body, Defect> {
    hcl::template(&source.text).map_err(|error| not_hcl(source, error))
}

/// The defect that a text is which cannot be parsed.
pub(super) fn not_hcl(source: &Source, error: hcl::NotHcl) -> Defect {
    if let Some(defect) = unreadable::reason(source, error.line) {
        return defect;
    }
    let mut defect = source.whole(error.reason, "correct the syntax");
    defect.line = Some(error.line);
    defect
}
