//! SOAP as vSphere speaks it: envelopes out, a small tree of elements in, faults by their vSphere type.
//!
//! Wire format: the vSphere Web Services API, `urn:vim25`.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::Event;

/// Deeper nesting than any answer has; stops a hostile one.
const DEPTH_LIMIT: usize = 64;
/// What the elements of one answer may take, in bytes as [`Element::size`] counts them: 64 MiB of `<a/>` would take
/// gigabytes. Ten thousand VMs in one answer take half of it.
const SIZE_LIMIT: usize = 128 << 20;
/// What the allocator needs for a text beside its bytes, about.
const ALLOCATION: usize = 16;

/// An XML element without namespaces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// local name
    pub name: String,
    /// `xsi:type`, else the `type` attribute (of managed object references)
    pub kind: String,
    /// character data directly inside
    pub text: String,
    /// child elements in order
    pub children: Vec<Element>,
}

impl Element {
    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Text of the element at this path of children; empty when there is none.
    pub fn at(&self, path: &[&str]) -> &str {
        let mut element = self;
        for name in path {
            match element.child(name) {
                Some(child) => element = child,
                None => return "",
            }
        }
        &element.text
    }

    /// Parses a whole document.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = vec![Self::default()];
        let mut size = 0;
        loop {
            if size > SIZE_LIMIT {
                return Err(format!("more elements than {} MiB hold", SIZE_LIMIT >> 20));
            }
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    if open.len() > DEPTH_LIMIT {
                        return Err("nested too deeply".into());
                    }
                    let element = Self::from_start(&start)?;
                    size += element.own_size();
                    open.push(element);
                }
                Event::Empty(start) => {
                    let element = Self::from_start(&start)?;
                    size += element.own_size();
                    if let Some(parent) = open.last_mut() {
                        parent.children.push(element);
                    }
                }
                Event::End(_) => {
                    let mut closed = open.pop().unwrap_or_default();
                    // A vector begins with room for four; most elements have one child.
                    closed.children.shrink_to_fit();
                    match open.last_mut() {
                        Some(parent) => parent.children.push(closed),
                        None => return Err("an element ends that never began".into()),
                    }
                }
                Event::Text(text) => {
                    if let Some(element) = open.last_mut() {
                        size += text.len();
                        element.text.push_str(&text);
                    }
                }
                Event::GeneralRef(entity) => {
                    let resolved = resolve(&entity)?;
                    if let Some(element) = open.last_mut() {
                        size += resolved.len();
                        element.text.push_str(&resolved);
                    }
                }
                Event::CData(data) => {
                    if let Some(element) = open.last_mut() {
                        size += data.len();
                        element.text.push_str(&data);
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        match (open.pop(), open.is_empty()) {
            (Some(mut root), true) if root.children.len() == 1 => root.children.pop().ok_or_else(String::new),
            _ => Err("not one whole XML document".into()),
        }
    }

    /// About what it takes in memory with everything in it, in bytes.
    pub fn size(&self) -> usize {
        self.own_size() + self.text.len() + self.children.iter().map(Self::size).sum::<usize>()
    }

    fn own_size(&self) -> usize {
        let texts = [&self.name, &self.kind].into_iter().filter(|text| !text.is_empty());
        size_of::<Self>() + texts.map(|text| text.len() + ALLOCATION).sum::<usize>()
    }

    fn from_start(start: &quick_xml::events::BytesStart<'_>) -> Result<Self, String> {
        let name = start.local_name().as_ref().to_owned();
        let mut kind = String::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attribute.key.local_name().as_ref() == "type" {
                // `vim25:InvalidLogin` and `InvalidLogin` are the same type.
                kind = attribute.value.rsplit(':').next().unwrap_or_default().to_owned();
            }
        }
        Ok(Self { name, kind, ..Self::default() })
    }
}

/// The character an entity stands for. Only XML's own five and numeric ones: no server needs more.
fn resolve(entity: &quick_xml::events::BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = entity.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name: &str = entity;
    quick_xml::escape::resolve_predefined_entity(name)
        .map(str::to_owned)
        .ok_or_else(|| format!("unknown entity &{name};"))
}

/// A fault, by the type name of its detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// e.g. `NotAuthenticated`, `DuplicateName`
    pub kind: String,
    /// vCenter's localized message
    pub message: String,
    /// the detail, with the fault's own fields
    pub detail: Element,
}

/// What a method returned: its `returnval`s and whatever else, as children of one element.
pub(super) type Response = Result<Element, Fault>;

/// Wraps the body of a call.
pub(super) fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
}

/// `<METHOD xmlns="urn:vim25"><_this type="KIND">ID</_this>ARGUMENTS</METHOD>`; arguments are XML already.
pub(super) fn method_call(method: &str, kind: &str, id: &str, arguments: &str) -> String {
    format!("<{method} xmlns=\"urn:vim25\"><_this type=\"{kind}\">{}</_this>{arguments}</{method}>", escape(id))
}

/// An element with text. A carriage return travels as a reference: as a character, XML makes a line feed of it.
pub(super) fn text(name: &str, value: &str) -> String {
    format!("<{name}>{}</{name}>", escape(value).replace('\r', "&#13;"))
}

/// An element that refers to a managed object.
pub(super) fn reference(name: &str, kind: &str, id: &str) -> String {
    format!("<{name} type=\"{kind}\">{}</{name}>", escape(id))
}

/// Reads an answer: the method's response element, or the fault.
pub(super) fn parse_response(bytes: &[u8]) -> Result<Response, String> {
    let mut envelope = Element::parse(bytes)?;
    let body = envelope.children.iter_mut().find(|child| child.name == "Body").ok_or("no SOAP body")?;
    if body.children.is_empty() {
        return Err("an empty SOAP body".into());
    }
    let content = body.children.swap_remove(0);
    if content.name != "Fault" {
        return Ok(Ok(content));
    }
    let detail = content.child("detail").and_then(|detail| detail.children.first()).cloned().unwrap_or_default();
    let kind = if detail.kind.is_empty() {
        detail.name.strip_suffix("Fault").unwrap_or(&detail.name).to_owned()
    } else {
        detail.kind.clone()
    };
    Ok(Err(Fault { kind, message: content.at(&["faultstring"]).to_owned(), detail }))
}

/// Parses an untrusted response and reads fields from it; for the fuzzers.
#[cfg(feature = "testing")]
pub(crate) fn fuzz_parse(bytes: &[u8]) {
    if let Ok(Ok(element)) = parse_response(bytes) {
        for object in element.all("returnval") {
            let _ = (super::inventory::parse_vm(object), object.at(&["info", "state"]));
        }
    }
}

#[cfg(test)]
mod tests;
