//! A SOAP message as a small tree: the lab reads requests with it, the simulated packer reads answers.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One element: local name, attributes by local name, text, children in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    /// name without its namespace prefix
    pub name: String,
    attributes: Vec<(String, String)>,
    /// text directly inside, entities resolved
    pub text: String,
    /// child elements in order
    pub children: Vec<Node>,
}

/// How deep a message may nest; real requests stay below 20.
const MAX_DEPTH: usize = 64;

impl Node {
    /// Parses a whole document and returns its root.
    ///
    /// # Errors
    /// One line: not XML, nested too deeply, or empty.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            if open.len() > MAX_DEPTH {
                return Err("nested too deeply".into());
            }
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(tag) => open.push(Self::from_tag(&tag)),
                Event::Empty(tag) => attach(&mut open, Self::from_tag(&tag)),
                Event::End(_) => {
                    let done = open.pop().unwrap_or_default();
                    attach(&mut open, done);
                }
                Event::Text(text) => push_text(&mut open, &text.xml10_content()),
                Event::CData(text) => push_text(&mut open, &text.xml10_content()),
                Event::GeneralRef(entity) => {
                    let unescaped = quick_xml::escape::unescape(&format!("&{};", entity.into_inner()))
                        .map_err(|error| error.to_string())?
                        .into_owned();
                    push_text(&mut open, &unescaped);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
        open.pop().and_then(|top| top.children.into_iter().next()).ok_or_else(|| "no element".to_owned())
    }

    fn from_tag(tag: &BytesStart<'_>) -> Self {
        let attributes = tag
            .attributes()
            .flatten()
            .filter(|attribute| !attribute.key.as_ref().starts_with("xmlns"))
            .filter_map(|attribute| {
                let value = quick_xml::escape::unescape(attribute.value.as_ref()).ok()?.into_owned();
                Some((attribute.key.as_ref().to_owned(), value))
            })
            .collect();
        Self { name: tag.local_name().as_ref().to_owned(), attributes, ..Self::default() }
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The descendant at a `/`-separated path of names.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |node, name| node.child(name))
    }

    /// Text of the first child of this name; empty when absent.
    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// Texts of all children of this name.
    pub fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).map(|child| child.text.clone()).collect()
    }

    /// Whether the first child of this name says `true`.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.text_of(name), "true" | "1")
    }

    /// The type that a specification says an element is of, e.g. `VirtualCdrom`.
    pub fn xsi_type(&self) -> &str {
        let named = self.attributes.iter().find(|(key, _)| key.ends_with(":type"));
        named.map_or("", |(_, value)| value.rsplit(':').next().unwrap_or(value))
    }

    /// The plain attribute `type`: kind of a managed object reference.
    pub fn ref_kind(&self) -> &str {
        self.attributes.iter().find(|(key, _)| key == "type").map_or("", |(_, value)| value.as_str())
    }
}

fn attach(open: &mut [Node], done: Node) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(done);
    }
}

fn push_text(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn entities_prefixes_and_types_are_resolved() {
        let root = Node::parse(
            r#"<?xml version="1.0"?><s:E xmlns:s="x"><a type="Folder">g&amp;1 &#x41;</a><b x:type="xsd:string"/></s:E>"#,
        )
        .unwrap();
        assert_eq!(root.name, "E");
        assert_eq!(root.text_of("a"), "g&1 A");
        assert_eq!(root.child("a").unwrap().ref_kind(), "Folder");
    }

    #[test]
    fn a_bomb_of_depth_is_refused() {
        assert!(Node::parse(&"<a>".repeat(1000)).is_err());
        assert!(Node::parse("").is_err());
    }
}
