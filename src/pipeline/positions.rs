//! Where the fields of the matrix stand in its text, so that a defect can name a line and an edit can leave every other
//! byte as it is.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseError;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// One field of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    entry: usize,
    name: String,
    /// the string value, unescaped; `None` for anything but a string
    text: Option<String>,
    /// bytes of the field from its name to the end of its value
    whole: Range<usize>,
    /// bytes of the value, quotes included
    value: Range<usize>,
}

/// The syntax tree of a JSON text, with the positions of everything in it.
pub(super) fn parse_json(text: &str) -> Result<Option<Value<'_>>, ParseError> {
    let strict = ParseOptions { allow_comments: false, allow_trailing_commas: false, ..ParseOptions::default() };
    Ok(parse_to_ast(text, &CollectOptions::default(), &strict)?.value)
}

/// All fields of all entries, in file order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Positions(Vec<Field>);

impl Positions {
    /// Reads the positions; empty when the text is not an array of objects (whoever parses it says why).
    pub fn parse(text: &str) -> Self {
        let Ok(Some(Value::Array(array))) = parse_json(text) else { return Self::default() };
        let fields = array.elements.iter().enumerate().filter_map(|(entry, value)| Some((entry, value.as_object()?)));
        let fields = fields.flat_map(|(entry, object)| {
            object.properties.iter().map(move |property| Field {
                entry,
                name: property.name.as_str().to_owned(),
                text: property.value.as_string_lit().map(|literal| literal.value.to_string()),
                whole: property.start()..property.end(),
                value: property.value.start()..property.value.end(),
            })
        });
        Self(fields.collect())
    }

    /// Bytes of the field `name` in the first entry whose `key` is this.
    pub fn field(&self, key: &str, name: &str) -> Option<Range<usize>> {
        self.find(key, name).map(|field| field.whole.clone())
    }

    /// Bytes of its value, quotes included.
    pub fn value(&self, key: &str, name: &str) -> Option<Range<usize>> {
        self.find(key, name).map(|field| field.value.clone())
    }

    /// Bytes of the `n`th field (from 0) called `name` whose value is the string `text`.
    pub fn nth(&self, name: &str, text: &str, n: usize) -> Option<Range<usize>> {
        let mut equal = self.0.iter().filter(|field| field.name == name && field.text.as_deref() == Some(text));
        equal.nth(n).map(|field| field.whole.clone())
    }

    fn find(&self, key: &str, name: &str) -> Option<&Field> {
        let entry = self.0.iter().find(|field| field.name == "key" && field.text.as_deref() == Some(key))?.entry;
        self.0.iter().find(|field| field.entry == entry && field.name == name)
    }
}
