//! What a build leaves, as its source block says: the name of the VM, and where it ends.

use hcl_edit::structure::Body;

use super::evaluate::{OPEN, Scope, Value, as_a_name};
use super::template::SourceBlock;

/// What of a source block says that the build goes to a content library.
const DESTINATION: &str = "content_library_destination";

/// The name of the VM that is built, with [`OPEN`] for what only a build can tell; none where nothing of it is known, nor
/// whether there is one.
pub(super) fn name(block: &SourceBlock, scope: &Scope<'_>) -> Option<String> {
    let value = scope.value(&block.body.get_attribute("vm_name")?.value);
    let name = as_a_name(&value.text()?);
    (!name.trim_matches(OPEN).is_empty()).then_some(name)
}

/// Datastore, folder and file of the ISO that is mounted first: `[datastore] folder/file.iso`.
pub(super) fn iso(block: &SourceBlock, scope: &Scope<'_>) -> Option<[String; 3]> {
    let Value::List(paths) = scope.value(&block.body.get_attribute("iso_paths")?.value) else { return None };
    let path = paths.first()?.known()?.into_owned();
    let (datastore, path) = path.strip_prefix('[')?.split_once(']')?;
    let path = path.trim().trim_matches('/');
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    (!datastore.is_empty() && !file.is_empty()).then(|| [datastore, folder, file].map(str::to_owned))
}

/// The content library in which the build ends, where nothing of it stays in the folder as a template.
pub(super) fn library(block: &SourceBlock, scope: &Scope<'_>) -> Option<String> {
    let value = |body: &Body, name: &str| body.get_attribute(name).map(|attribute| scope.value(&attribute.value));
    let said = |body: &Body, name: &str| value(body, name).is_some_and(|value| is_true(&value));
    let destination = destination(&block.body, scope)?;
    let stays = said(&block.body, "convert_to_template") && !said(destination, "destroy");
    if stays || said(destination, "skip_import") {
        return None;
    }
    Some(value(destination, "library")?.text()?.into_owned())
}

/// The block, written as it is or made by a `dynamic` one that makes any.
fn destination<'b>(body: &'b Body, scope: &Scope<'_>) -> Option<&'b Body> {
    if let Some(block) = body.get_blocks(DESTINATION).next() {
        return Some(&block.body);
    }
    let made = |body: &Body| {
        let each = body.get_attribute("for_each").map(|each| scope.value(&each.value));
        each.is_some_and(|each| match each {
            Value::List(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            Value::Unknown | Value::Null | Value::Bool(_) | Value::Text(_) => false,
        })
    };
    let named = |block: &&hcl_edit::structure::Block| block.labels.iter().any(|label| label.as_str() == DESTINATION);
    let dynamic = body.get_blocks("dynamic").find(named).filter(|block| made(&block.body))?;
    dynamic.body.get_blocks("content").next().map(|content| &content.body)
}

/// Packer takes a text for a flag, too.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Text(text) => matches!(text.as_str(), "true" | "1"),
        Value::Unknown | Value::Null | Value::List(_) | Value::Object(_) => false,
    }
}
