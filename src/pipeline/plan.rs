//! Which lines a run builds, as the compact JSON array that CI's matrix takes.
//!
//! The text equals that of `jq -c '[.[] | select(…)]'` (jq 1.6) on the same file byte for byte, so either can stand in
//! for the other: fields and their order as in the file, numbers as jq writes them.

use std::fmt::Write;

use jsonc_parser::ast::{Object, Value};

use super::{Key, Line, Matrix, MatrixError};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// every enabled line
    All,
    /// one line, enabled or not
    One(Key),
}

impl Selection {
    /// `all`, or a key.
    pub fn parse(text: &str) -> Self {
        if text == "all" { Self::All } else { Self::One(Key(text.to_owned())) }
    }
}

/// The selected entries as compact JSON.
///
/// # Errors
/// [`MatrixError::UnknownKey`]; [`MatrixError::NothingEnabled`]
pub fn plan(matrix: &Matrix, selection: &Selection) -> Result<String, MatrixError> {
    let selected: Vec<String> = match selection {
        Selection::All => matrix.lines.iter().filter(|line| line.enabled).map(entry).collect(),
        Selection::One(key) => vec![entry(matrix.line(&key.0)?)],
    };
    if selected.is_empty() {
        return Err(MatrixError::NothingEnabled { path: matrix.path() });
    }
    Ok(format!("[{}]", selected.join(",")))
}

/// A line as its matrix has it; of one that was found in templates, what a workflow's matrix needs.
fn entry(line: &Line) -> String {
    if !line.compact.is_empty() {
        return line.compact.clone();
    }
    let mut entry = serde_json::json!({
        "key": line.key,
        "enabled": line.enabled,
        "os": line.os,
        "build_dir": line.build_dir,
        "base_name": line.base_name,
        "timeout_minutes": line.timeout_minutes(),
    });
    if let (Some(only), Some(fields)) = (&line.only, entry.as_object_mut()) {
        fields.insert("only".into(), only.as_str().into());
    }
    entry.to_string()
}

/// A value as `jq -c` prints it. Numbers that are none (the parser is not that strict) become `null`.
pub(super) fn compact(value: &Value<'_>, out: &mut String) {
    match value {
        Value::NullKeyword(_) => out.push_str("null"),
        Value::BooleanLit(literal) => out.push_str(if literal.value { "true" } else { "false" }),
        Value::NumberLit(literal) => match literal.value.parse::<f64>() {
            Ok(number) => number_text(number, out),
            Err(_) => out.push_str("null"),
        },
        Value::StringLit(literal) => string(&literal.value, out),
        Value::Array(array) => {
            out.push('[');
            for (at, element) in array.elements.iter().enumerate() {
                out.push_str(if at > 0 { "," } else { "" });
                compact(element, out);
            }
            out.push(']');
        }
        Value::Object(entry) => object(entry, out),
    }
}

/// Of a name that stands twice the last value counts, at the place of the first.
fn object(object: &Object<'_>, out: &mut String) {
    out.push('{');
    let mut seen: Vec<&str> = Vec::new();
    for property in &object.properties {
        let name = property.name.as_str();
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let last = object.properties.iter().rfind(|other| other.name.as_str() == name).unwrap_or(property);
        out.push_str(if seen.len() > 1 { "," } else { "" });
        string(name, out);
        out.push(':');
        compact(&last.value, out);
    }
    out.push('}');
}

fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            // Writing to a String does not fail.
            c if c < ' ' || c == '\u{7f}' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// jq holds every number as a double and prints its shortest digits: plain from 0.0001 on and as long as no more than 15
/// zeros have to be added, else with an exponent of at least two digits and a sign.
fn number_text(number: f64, out: &mut String) {
    let number = number.clamp(f64::MIN, f64::MAX);
    if number == 0.0 {
        return out.push_str(if number.is_sign_negative() { "-0" } else { "0" });
    }
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // The point stands behind this many digits.
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    out.push_str(if number < 0.0 { "-" } else { "" });
    let _ = if point <= -4 || point > count + 15 {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let sign = if point > 0 { '+' } else { '-' };
        write!(out, "{first}{dot}{rest}e{sign}{:02}", (point - 1).abs())
    } else if point <= 0 {
        write!(out, "0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
    } else if point >= count {
        write!(out, "{digits}{}", "0".repeat((point - count).unsigned_abs() as usize))
    } else {
        let (whole, fraction) = digits.split_at(point.unsigned_abs() as usize);
        write!(out, "{whole}.{fraction}")
    };
}
