//! From the text of the matrix to its lines, with the place of whatever is wrong.

use std::ops::Range;

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use serde_json::error::Category;

use super::positions::parse_json;
use super::{Line, SUFFIXES, plan};

/// What is wrong, and where in the text.
#[derive(Debug)]
pub(super) struct MatrixDefect {
    /// bytes from the start
    offset: usize,
    /// what, and what to do
    pub reason: String,
}

impl MatrixDefect {
    fn at(offset: usize, reason: impl Into<String>) -> Self {
        Self { offset, reason: reason.into() }
    }

    /// Line and column, from 1.
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
    }
}

/// The lines of the matrix.
pub(super) fn read(text: &str) -> Result<Vec<Line>, MatrixDefect> {
    // One parser says what is wrong, the other one where everything stands.
    let _: serde::de::IgnoredAny = serde_json::from_str(text)
        .map_err(|error| MatrixDefect::at(offset(text, &error), without_position(&error, "correct the JSON")))?;
    let value = parse_json(text).map_err(|error| MatrixDefect::at(0, format!("{error}; correct the JSON")))?;
    let Some(Value::Array(array)) = value else {
        return Err(MatrixDefect::at(0, "not an array of lines; the file is one JSON array with an object per line"));
    };
    if array.elements.is_empty() {
        return Err(MatrixDefect::at(0, "no lines; add at least one entry"));
    }
    let mut lines: Vec<Line> = Vec::with_capacity(array.elements.len());
    for value in &array.elements {
        let line = entry(text, value)?;
        let place = |field: &str| field_range(value, field).start;
        check_plain_name(&line.key.0)
            .map_err(|why| MatrixDefect::at(place("key"), format!("key {:?} {why}", line.key.0)))?;
        check_plain_name(&line.base_name)
            .map_err(|why| MatrixDefect::at(place("base_name"), format!("base_name {:?} {why}", line.base_name)))?;
        check_repo_path("build_dir", &line.build_dir, true).map_err(|why| MatrixDefect::at(place("build_dir"), why))?;
        if line.iso_datastore_path.split('/').any(|part| part == "..") {
            let why =
                format!("iso_datastore_path {:?} leads out of itself; name it without `..`", line.iso_datastore_path);
            return Err(MatrixDefect::at(place("iso_datastore_path"), why));
        }
        check_repo_path("config", &line.config, false).map_err(|why| MatrixDefect::at(place("config"), why))?;
        for earlier in &lines {
            if earlier.key == line.key {
                return Err(MatrixDefect::at(
                    place("key"),
                    format!("key {:?} is used twice; give each line its own", line.key.0),
                ));
            }
            if earlier.base_name == line.base_name {
                let why = format!("base_name {:?} is used twice; give each line its own", line.base_name);
                return Err(MatrixDefect::at(place("base_name"), why));
            }
            if let Some(name) = shared_template_name(&line.base_name, &earlier.base_name) {
                let (base, key) = (&line.base_name, &earlier.key);
                let why = format!(
                    "base_name {base:?}: its template {name} would also be one of line {key}; give each line its own"
                );
                return Err(MatrixDefect::at(place("base_name"), why));
            }
        }
        lines.push(line);
    }
    Ok(lines)
}

fn entry(text: &str, value: &Value<'_>) -> Result<Line, MatrixDefect> {
    let range = value.start()..value.end();
    let whole = text.get(range.clone()).unwrap_or_default();
    let wrong = |error: &serde_json::Error| {
        // The parser stops behind the entry when a field is missing: its start says more.
        let missing = error.to_string().starts_with("missing field");
        let inside = if missing { 0 } else { offset(whole, error).min(whole.len()) };
        MatrixDefect::at(range.start + inside, without_position(error, "give every entry the fields of its neighbours"))
    };
    let mut line: Line = serde_json::from_str(whole).map_err(|error| wrong(&error))?;
    line.raw = serde_json::from_str(whole).map_err(|error| wrong(&error))?;
    plan::compact(value, &mut line.compact);
    Ok(line)
}

/// Keys and base names become folders, arguments, and names in vCenter.
pub(super) fn check_plain_name(name: &str) -> Result<(), &'static str> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    // The longest name of a VM is 80 characters, and `-swapping` is added to it.
    let sound = name.len() <= 71 && name.bytes().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    sound.then_some(()).ok_or(
        "is not a plain name; use letters, digits, dot, dash and underscore, at most 71, a letter or digit first",
    )
}

/// A name that generations of both would have: one line's promotion would take the other one's templates. vCenter compares
/// names without regard to case.
fn shared_template_name(one: &str, other: &str) -> Option<String> {
    let mut names = SUFFIXES.iter().map(|suffix| format!("{one}{suffix}"));
    names.find(|name| SUFFIXES.iter().any(|suffix| name.eq_ignore_ascii_case(&format!("{other}{suffix}"))))
}

/// Folders and files that the matrix names are the repository's own.
fn check_repo_path(field: &str, path: &str, folders: bool) -> Result<(), String> {
    let parts = path.split('/');
    let sound = !path.starts_with('-')
        && (folders || !path.contains('/'))
        && !path.chars().any(char::is_control)
        && parts.into_iter().all(|part| !part.is_empty() && part != ".." && part != ".");
    let kind = if folders { "a folder below the repository" } else { "the name of a file in ci/config" };
    if sound {
        Ok(())
    } else {
        Err(format!("{field} {path:?} is not {kind}; name it without `..` or a slash in front"))
    }
}

/// Where a field stands; the entry's start when it has none.
fn field_range(value: &Value<'_>, name: &str) -> Range<usize> {
    let property = value.as_object().and_then(|object| object.properties.iter().rfind(|p| p.name.as_str() == name));
    property.map_or(value.start()..value.end(), |property| property.start()..property.end())
}

/// Bytes before the place a parser's error speaks of (its columns count bytes).
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    (lines + error.column().saturating_sub(1)).min(text.len())
}

/// The parser's message without the position, which is reported separately.
fn without_position(error: &serde_json::Error, remedy: &str) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text);
    match error.classify() {
        Category::Eof => format!("the file ends too early ({what}); {remedy}"),
        _ => format!("{what}; {remedy}"),
    }
}
