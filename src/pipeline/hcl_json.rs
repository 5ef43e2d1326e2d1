//! Templates and var-files in JSON (`*.pkr.json`, `*.pkrvars.json`), read as the HCL that they stand for.

use hcl_edit::Ident;
use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue};
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body};
use hcl_edit::template::{StringTemplate, Template};
use serde_json::{Map, Value};

use super::hcl::NotHcl;

/// Blocks at the top of a template, and how many labels they have.
const BLOCKS: [(&str, usize); 8] = [
    ("variable", 1),
    ("variables", 0),
    ("locals", 0),
    ("local", 1),
    ("source", 2),
    ("data", 2),
    ("build", 0),
    ("packer", 0),
];

/// The blocks within them that anything here looks at.
const INNER: [(&str, usize); 3] = [("source", 1), ("required_plugins", 0), ("content_library_destination", 0)];

/// How its strings are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strings {
    /// as they stand
    Plain,
    /// `${…}` in them is an expression
    Templates,
}

/// A var-file: names and values.
pub(super) fn var_file(text: &str) -> Result<Body, NotHcl> {
    let fields = object(text)?;
    let attributes = fields.iter().filter_map(|(name, value)| attribute(name, value, Strings::Plain));
    Ok(Body::builder().attributes(attributes).build())
}

/// A file of a template.
pub(super) fn template(text: &str) -> Result<Body, NotHcl> {
    let fields = object(text)?;
    if fields.contains_key("builders") {
        return Err(NotHcl { line: 1, reason: "a template of packer's old form, which has builders".into() });
    }
    Ok(body(&fields, &BLOCKS))
}

fn object(text: &str) -> Result<Map<String, Value>, NotHcl> {
    serde_json::from_str(text)
        .map_err(|error| NotHcl { line: error.line().max(1), reason: format!("not JSON: {error}") })
}

fn body(fields: &Map<String, Value>, blocks: &[(&str, usize)]) -> Body {
    let mut body = Body::new();
    for (name, value) in fields {
        match blocks.iter().find(|(block, _)| block == name) {
            Some((_, labels)) => add_blocks(&mut body, name, *labels, &[], value),
            None => {
                let attribute = attribute(name, value, Strings::Templates);
                // The parser has seen to it that names differ.
                attribute.into_iter().for_each(|attribute| drop(body.try_push(attribute)));
            }
        }
    }
    body
}

/// `{"vsphere-iso": {"debian": {…}}}` is a block with two labels; a list is as many blocks.
fn add_blocks(body: &mut Body, name: &str, labels: usize, known: &[&str], value: &Value) {
    match (value, labels.checked_sub(1)) {
        (Value::Array(values), _) => values.iter().for_each(|value| add_blocks(body, name, labels, known, value)),
        (Value::Object(fields), Some(left)) => {
            for (label, value) in fields {
                add_blocks(body, name, left, &[known, &[label]].concat(), value);
            }
        }
        (Value::Object(fields), None) => {
            let Ok(ident) = Ident::try_new(name) else { return };
            let mut block = Block::new(ident);
            block.labels = known.iter().map(|label| BlockLabel::from(*label)).collect();
            block.body = self::body(fields, &INNER);
            body.push(block);
        }
        _ => {}
    }
}

/// A name that is none says nothing.
fn attribute(name: &str, value: &Value, strings: Strings) -> Option<Attribute> {
    Some(Attribute::new(Ident::try_new(name).ok()?, expression(value, strings)))
}

fn expression(value: &Value, strings: Strings) -> Expression {
    match value {
        Value::Null => Expression::null(),
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => number.to_string().parse().unwrap_or_else(|_| number.to_string().into()),
        Value::String(text) if strings == Strings::Templates && text.contains("${") => match text.parse::<Template>() {
            Ok(template) => StringTemplate::from(template).into(),
            Err(_) => text.clone().into(),
        },
        Value::String(text) => text.clone().into(),
        Value::Array(values) => {
            let values = values.iter().map(|value| expression(value, strings));
            values.collect::<Array>().into()
        }
        Value::Object(fields) => {
            let mut object = Object::new();
            for (name, value) in fields {
                let key = Ident::try_new(name).map_or_else(|_| Expression::from(name.as_str()).into(), ObjectKey::from);
                object.insert(key, ObjectValue::new(expression(value, strings)));
            }
            object.into()
        }
    }
}
