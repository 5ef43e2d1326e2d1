//! HCL as packer reads it, and the JSON that stands for it in `*.json`.

use hcl_edit::parser::Error;
use hcl_edit::structure::Body;

use super::hcl_json;

/// How many keys of one file may be redefined; a file with more is read no further.
const MAX_REDEFINED: usize = 64;

/// Why a text is neither.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotHcl {
    /// from 1
    pub line: usize,
    pub reason: String,
}

/// Parses a var-file.
pub(super) fn var_file(text: &str) -> Result<Body, NotHcl> {
    if is_json(text) { hcl_json::var_file(text) } else { parse(text).map_err(NotHcl::from) }
}

/// Parses a file of a template.
pub(super) fn template(text: &str) -> Result<Body, NotHcl> {
    if is_json(text) { hcl_json::template(text) } else { parse(text).map_err(NotHcl::from) }
}

/// What begins with a brace is no HCL.
fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

impl From<Error> for NotHcl {
    fn from(error: Error) -> Self {
        Self { line: error.location().line(), reason: format!("not HCL: {}", error.message()) }
    }
}

/// Parses the text of a template or var-file. The parser wants the keys of an object to differ; packer takes the last of
/// those that are alike. Each later one is read under another name: lines stay what they are.
fn parse(text: &str) -> Result<Body, Error> {
    let mut text = std::borrow::Cow::Borrowed(text);
    // Packer takes a byte order mark; offsets stay what they are.
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        text = format!("   {rest}").into();
    }
    for at in 0..=MAX_REDEFINED {
        match text.parse::<Body>() {
            Err(error) if at < MAX_REDEFINED && error.message().contains("redefined object key") => {
                let Some(renamed) = rename_key(&text, error.location().offset(), at) else { return Err(error) };
                text = renamed.into();
            }
            parsed => return parsed,
        }
    }
    text.parse()
}
/// The text with the key at `offset`, up to its `=` or `:`, under a name that no one else has.
fn rename_key(text: &str, offset: usize, number: usize) -> Option<String> {
    let (before, rest) = text.split_at_checked(offset)?;
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.checked_sub(1)?,
            b'\n' => return None,
            b'=' | b':' if depth == 0 && !quoted => {
                return Some(format!("{before}redefined_{number} {}", rest.get(at..)?));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_packer_accepts_is_accepted() {
        for text in [
            "x = {\n  a = 1\n  b = 2\n  a = 3\n}\n",
            "x = { \"${var.a}.xml\" = f(\"x=\", {\n a = 1\n a = 2 }), \"${var.a}.xml\" = 2 }\n",
            "x = {\n  (var.a) : 1,\n  (var.a) : 2,\n  (var.a) : 3 }\n",
            "\u{feff}x = 1\n",
            "x {\n  y = { a = { b = 1, b = 2 }, a = 2 }\n}\n",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        let error = parse("a = 1\n\nb = {\n  c = 1\n  c = 2\n}\n\nd = = 3\n").unwrap_err();
        assert_eq!(error.location().line(), 8);
        assert!(parse("a = 1\na = 2\n").is_err(), "of arguments packer wants one");
    }

    #[test]
    fn a_file_of_nothing_but_one_key_ends() {
        let text = format!("x = {{\n{}}}\n", "a = 1\n".repeat(2000));
        assert!(parse(&text).is_err());
    }

    #[test]
    fn json_is_the_hcl_that_it_stands_for() {
        let text = r#"{
          "source": {"vsphere-iso": {"a": {"vm_name": "x-${var.name}", "CPUs": 2}, "b": {}}},
          "build": [{"sources": ["source.vsphere-iso.a"]}, {"name": "n", "source": {"vsphere-iso.b": {"name": "c"}}}]
        }"#;
        let body = super::template(text).unwrap();
        let labels: Vec<String> = body
            .blocks()
            .map(|block| block.labels.iter().map(|label| label.as_str().to_owned()).collect::<Vec<_>>().join("."))
            .collect();
        assert_eq!(labels.iter().filter(|labels| labels.starts_with("vsphere-iso.")).count(), 2, "{labels:?}");
        assert_eq!(body.get_blocks("build").count(), 2);
        let block = body.blocks().find(|block| block.labels.iter().any(|label| label.as_str() == "a")).unwrap();
        assert_eq!(block.body.get_attribute("vm_name").unwrap().value.to_string().trim(), r#""x-${var.name}""#);
        let file = super::var_file(r#"{"name": "x-${var.name}", "n": {"a": [1, null, true]}}"#).unwrap();
        assert_eq!(
            file.get_attribute("name").unwrap().value.as_str(),
            Some("x-${var.name}"),
            "a var-file has no templates"
        );
        assert_eq!(super::template("{\n \"a\": }").unwrap_err().line, 2);
        assert!(super::template(r#"{"builders": []}"#).unwrap_err().reason.contains("old form"));
    }
}
