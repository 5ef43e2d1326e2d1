//! The matrix as a whole: its shape, and what must be unique in it.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Defect, MatrixText, Source};
use crate::pipeline::varfiles::CONFIG_DIR;
use crate::pipeline::{Line, unreadable};

/// Why the matrix is not what it should be.
fn not_json(source: &Source, error: &serde_json::Error) -> Defect {
    if source.text.starts_with('\u{feff}') {
        let remedy = "save it as UTF-8 without one; jq and GitHub refuse it, too";
        return source.at(0, "begins with a byte order mark (BOM)", remedy);
    }
    unreadable::reason(source, error.line()).unwrap_or_else(|| {
        let mut defect = source.whole(format!("not a JSON array of lines: {error}"), "correct the JSON");
        defect.line = Some(error.line());
        defect
    })
}

/// The entries that can be read; `None` when nothing further can be said. Shape defects go to `defects`.
pub(super) fn read(repo: &Path, matrix: &MatrixText, defects: &mut Vec<Defect>) -> Option<Vec<Line>> {
    let values: Vec<Value> = match serde_json::from_str(&matrix.source.text) {
        Ok(values) => values,
        Err(error) => {
            defects.push(not_json(&matrix.source, &error));
            return None;
        }
    };
    if values.is_empty() {
        defects.push(matrix.source.whole("no lines", "add at least one entry"));
        return None;
    }
    let mut lines = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        let key = value.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
        match Line::deserialize(&value) {
            Ok(line) => lines.push(line),
            Err(error) => defects.push(matrix.field(
                &key,
                "key",
                format!("entry {} {key:?}: {error}", index + 1),
                "give every entry the fields of its neighbours",
            )),
        }
    }
    unique(matrix, "key", lines.iter().map(|line| line.key.0.as_str()), defects);
    unique(matrix, "base_name", lines.iter().map(|line| line.base_name.as_str()), defects);
    for line in &lines {
        fields(repo, matrix, line, defects);
    }
    Some(lines)
}

/// Two entries with one key cannot be told apart; two with one base name would race for the same template.
fn unique<'a>(matrix: &MatrixText, field: &str, values: impl Iterator<Item = &'a str>, defects: &mut Vec<Defect>) {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    for (value, _) in counts.into_iter().filter(|(_, count)| *count > 1) {
        let second = matrix.positions.nth(field, value, 1).map_or(0, |place| place.start);
        defects.push(matrix.source.at(second, format!("{field} {value:?} is used twice"), "give each line its own"));
    }
}

/// Fields whose form matters to somebody downstream.
fn fields(repo: &Path, matrix: &MatrixText, line: &Line, defects: &mut Vec<Defect>) {
    let key = line.key.0.as_str();
    let mut wrong = |field: &str, what: String, remedy: &str| defects.push(matrix.field(key, field, what, remedy));
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    if !plain(key) || key.starts_with(['-', '.']) {
        wrong("key", format!("key {key:?} is not a plain name"), "use letters, digits, dot, dash and underscore");
    }
    if !plain(&line.base_name) {
        wrong(
            "base_name",
            format!("base_name {:?} is not a plain name", line.base_name),
            "use letters, digits, dot, dash and underscore",
        );
    }
    if !repo.join(&line.build_dir).is_dir() {
        wrong("build_dir", format!("{:?} is not a folder", line.build_dir), "name the folder of the line's template");
    }
    if !repo.join(CONFIG_DIR).join(&line.config).is_file() {
        wrong(
            "config",
            format!("{:?} does not exist", format!("{CONFIG_DIR}/{}", line.config)),
            "create it or correct the name",
        );
    }
    let path = &line.iso_datastore_path;
    if path.starts_with('/') || path.ends_with('/') || path.is_empty() {
        wrong("iso_datastore_path", format!("{path:?} is not a folder on a datastore"), "no slash at either end");
    }
    if line.iso_url.is_some() != line.sums_url.is_some() {
        wrong("iso_url", "iso_url and sums_url go together".into(), "give both, or neither for media staged by hand");
    }
    for (field, url) in [("iso_url", &line.iso_url), ("sums_url", &line.sums_url)] {
        if url.as_ref().is_some_and(|url| !url.starts_with("https://") && !on_this_machine(url)) {
            wrong(field, format!("{field} is not https"), "use the mirror's https address");
        }
    }
}

/// Whether nobody else can be between us and a mirror: one that this machine serves to itself.
fn on_this_machine(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    url.is_some_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")))
}
