//! vSphere data objects as values: enough of the type system to answer any property path and to write it as XML.

use std::fmt::Write as _;

use jiff::Timestamp;
use quick_xml::escape::escape;

/// A managed object reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moref {
    /// e.g. `VirtualMachine`
    pub kind: &'static str,
    /// e.g. `vm-42`
    pub id: String,
}

impl Moref {
    /// A reference of this kind and id.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// One value of a property or field.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// a simple or enumerated type by its XML name (`xsd:string`, `ManagedEntityStatus`) and its text
    Simple(&'static str, String),
    /// a reference to a managed object
    Ref(Moref),
    /// a data object
    Object(Object),
    /// a list; the name is its element as top-level value (`string`, `ManagedObjectReference`, `OptionValue`)
    List(&'static str, Vec<Self>),
}

/// A data object: type name and fields in the order of the WSDL.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    ty: &'static str,
    fields: Vec<(&'static str, Value)>,
    /// the declared type of the field is a base type, so the wire names the dynamic one
    named: bool,
}

impl Object {
    /// An empty object of this type.
    pub fn new(ty: &'static str) -> Self {
        Self { ty, fields: Vec::new(), named: false }
    }

    /// An object whose field is declared with a base type (`VirtualDevice`, `OptionValue`, `FileInfo`, faults).
    pub fn named(ty: &'static str) -> Self {
        Self { named: true, ..Self::new(ty) }
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds a field when there is a value.
    #[must_use]
    pub fn maybe(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same with another value in a field.
    #[must_use]
    pub fn replacing(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|(field, _)| *field == name) {
            field.1 = value.into();
        }
        self
    }

    /// Names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}
impl From<Moref> for Value {
    fn from(moref: Moref) -> Self {
        Self::Ref(moref)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Simple("xsd:string", text.into())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Simple("xsd:string", text)
    }
}
impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Simple("xsd:boolean", flag.to_string())
    }
}
impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Simple("xsd:int", number.to_string())
    }
}
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Simple("xsd:long", number.to_string())
    }
}
impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Simple("xsd:dateTime", format!("{time:.6}"))
    }
}

impl Value {
    /// A value of an enumerated type.
    pub fn of(ty: &'static str, text: impl Into<String>) -> Self {
        Self::Simple(ty, text.into())
    }

    /// A list of references.
    pub fn refs(refs: impl IntoIterator<Item = Moref>) -> Self {
        Self::List("ManagedObjectReference", refs.into_iter().map(Self::Ref).collect())
    }

    /// A list of strings.
    pub fn strings<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Self {
        Self::List("string", texts.into_iter().map(|text| Self::from(text.into())).collect())
    }

    /// The value at a property path below this one: fields by `.`, list elements by `["key"]` or `[key]`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        if path.is_empty() {
            return Some(self);
        }
        let end = path.find(['.', '[']).unwrap_or(path.len());
        if end > 0 {
            let Self::Object(object) = self else { return None };
            return object.field(&path[..end])?.at(path[end..].trim_start_matches('.'));
        }
        let close = path.find(']')?;
        let key = path[1..close].trim_matches('"');
        let Self::List(_, items) = self else { return None };
        let item = items.iter().find(|item| item.at("key").is_some_and(|value| value.text() == key))?;
        item.at(path[close + 1..].trim_start_matches('.'))
    }

    /// The text of a simple value, the id of a reference, else empty.
    pub fn text(&self) -> &str {
        match self {
            Self::Simple(_, text) => text,
            Self::Ref(moref) => &moref.id,
            Self::Object(_) | Self::List(..) => "",
        }
    }

    /// The references in this value.
    pub fn references(&self) -> Vec<&Moref> {
        match self {
            Self::Ref(moref) => vec![moref],
            Self::List(_, items) => items.iter().flat_map(Self::references).collect(),
            Self::Simple(..) | Self::Object(_) => Vec::new(),
        }
    }

    /// Writes `<name …>…</name>`; a list repeats the element.
    pub fn write(&self, out: &mut String, name: &str) {
        match self {
            Self::Simple(_, text) => element(out, name, "", |out| out.push_str(&escape(text.as_str()))),
            Self::Ref(moref) => {
                element(out, name, &format!(" type=\"{}\"", moref.kind), |out| {
                    out.push_str(&escape(moref.id.as_str()))
                });
            }
            Self::Object(object) => {
                let attribute = if object.named { format!(" xsi:type=\"{}\"", object.ty) } else { String::new() };
                element(out, name, &attribute, |out| object.write_fields(out));
            }
            Self::List(_, items) => items.iter().for_each(|item| item.write(out, name)),
        }
    }

    /// Writes `<name xsi:type="…">…</name>`, as a property's value wants it: lists become `ArrayOf…`.
    pub fn write_any(&self, out: &mut String, name: &str) {
        match self {
            Self::Simple(ty, text) => {
                element(out, name, &format!(" xsi:type=\"{ty}\""), |out| out.push_str(&escape(text.as_str())));
            }
            Self::Ref(moref) => {
                let attributes = format!(" type=\"{}\" xsi:type=\"ManagedObjectReference\"", moref.kind);
                element(out, name, &attributes, |out| out.push_str(&escape(moref.id.as_str())));
            }
            Self::Object(object) => {
                element(out, name, &format!(" xsi:type=\"{}\"", object.ty), |out| object.write_fields(out));
            }
            Self::List(item, items) => {
                let mut capital = item.chars();
                let first = capital.next().map(|first| first.to_ascii_uppercase()).unwrap_or_default();
                let attribute = format!(" xsi:type=\"ArrayOf{first}{}\"", capital.as_str());
                element(out, name, &attribute, |out| items.iter().for_each(|value| value.write(out, item)));
            }
        }
    }
}

impl Object {
    fn write_fields(&self, out: &mut String) {
        for (name, value) in &self.fields {
            // OptionValue.value, TaskInfo.result and the like are declared as any type.
            if ANY.contains(&(self.ty, name)) { value.write_any(out, name) } else { value.write(out, name) }
        }
    }
}

/// Fields declared `xsd:anyType`.
const ANY: &[(&str, &str)] = &[("OptionValue", "value"), ("TaskInfo", "result"), ("PropertyChange", "val")];

fn element(out: &mut String, name: &str, attributes: &str, content: impl FnOnce(&mut String)) {
    // Writing to a String cannot fail.
    let _ = write!(out, "<{name}{attributes}>");
    content(out);
    let _ = write!(out, "</{name}>");
}

#[cfg(test)]
mod tests {
    use super::{Moref, Object, Value};

    fn config() -> Value {
        let option = |key: &str, value: &str| Object::named("OptionValue").with("key", key).with("value", value).into();
        Object::new("VirtualMachineConfigInfo")
            .with("template", false)
            .with("files", Object::new("VirtualMachineFileInfo").with("vmPathName", "[ds] a/a.vmx"))
            .with("extraConfig", Value::List("OptionValue", vec![option("a.b", "1"), option("c", "<2>")]))
            .into()
    }

    #[test]
    fn paths_reach_fields_and_keyed_elements() {
        assert_eq!(config().at("files.vmPathName").unwrap().text(), "[ds] a/a.vmx");
        assert_eq!(config().at("extraConfig[\"a.b\"].value").unwrap().text(), "1");
        assert!(config().at("extraConfig[\"x\"].value").is_none());
        assert!(config().at("template.x").is_none());
    }

    #[test]
    fn lists_are_arrays_at_the_top_and_repeated_elements_inside() {
        let mut out = String::new();
        config().write_any(&mut out, "val");
        assert_eq!(
            out,
            "<val xsi:type=\"VirtualMachineConfigInfo\"><template>false</template>\
             <files><vmPathName>[ds] a/a.vmx</vmPathName></files>\
             <extraConfig xsi:type=\"OptionValue\"><key>a.b</key><value xsi:type=\"xsd:string\">1</value></extraConfig>\
             <extraConfig xsi:type=\"OptionValue\"><key>c</key><value xsi:type=\"xsd:string\">&lt;2&gt;</value></extraConfig></val>"
        );
        let mut out = String::new();
        Value::refs([Moref::new("Folder", "group-v3")]).write_any(&mut out, "val");
        assert_eq!(
            out,
            "<val xsi:type=\"ArrayOfManagedObjectReference\"><ManagedObjectReference type=\"Folder\">group-v3</ManagedObjectReference></val>"
        );
    }
}
