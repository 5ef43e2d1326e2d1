//! The functions that names and places are made with in templates; of all others the answer is open.

use std::borrow::Cow;

use super::evaluate::Value;

/// What packer's function `name` makes of these.
pub(super) fn call(name: &str, values: &[Value]) -> Value {
    let texts: Option<Vec<Cow<'_, str>>> = values.iter().map(Value::known).collect();
    let texts: Vec<&str> = texts.iter().flatten().map(AsRef::as_ref).collect();
    match (name, texts.as_slice(), values) {
        ("lower", [text], _) => Value::Text(text.to_lowercase()),
        ("upper", [text], _) => Value::Text(text.to_uppercase()),
        ("title", [text], _) => Value::Text(title(text)),
        ("trimspace" | "chomp", [text], _) => Value::Text(text.trim().to_owned()),
        ("trimsuffix", [text, end], _) => Value::Text(text.strip_suffix(end).unwrap_or(text).to_owned()),
        ("trimprefix", [text, start], _) => Value::Text(text.strip_prefix(start).unwrap_or(text).to_owned()),
        ("trim", [text, set], _) => Value::Text(text.trim_matches(|c| set.contains(c)).to_owned()),
        // Between slashes it is an expression.
        ("replace", [text, what, with], _) if !what.starts_with('/') => Value::Text(text.replace(what, with)),
        ("substr", [text, from, length], _) => substr(text, from, length),
        ("split", [separator, text], _) if !separator.is_empty() => {
            Value::List(text.split(separator).map(|part| Value::Text(part.to_owned())).collect())
        }
        ("tostring" | "basename" | "abspath", [text], _) => Value::Text((*text).to_owned()),
        ("coalesce", _, values) => {
            let set = |value: &&Value| **value != Value::Null && **value != Value::Text(String::new());
            values.iter().find(set).cloned().unwrap_or(Value::Null)
        }
        ("element", _, [Value::List(items), at]) => {
            let at = at.known().and_then(|at| at.parse::<usize>().ok());
            at.and_then(|at| items.get(at.checked_rem(items.len())?)).cloned().unwrap_or(Value::Unknown)
        }
        ("lookup", _, [Value::Object(fields), key, rest @ ..]) => match key.known() {
            Some(key) => fields.get(&*key).or(rest.first()).cloned().unwrap_or(Value::Unknown),
            None => Value::Unknown,
        },
        ("join", _, [separator, Value::List(items)]) => joined(separator, items),
        ("format", _, [pattern, rest @ ..]) => formatted(pattern, rest),
        _ => Value::Unknown,
    }
}

fn title(text: &str) -> String {
    let mut start = true;
    let letter = |c: char| {
        let first = std::mem::replace(&mut start, !c.is_alphanumeric());
        if first { c.to_uppercase().collect::<String>() } else { c.to_string() }
    };
    text.chars().map(letter).collect()
}

fn substr(text: &str, from: &str, length: &str) -> Value {
    let (Ok(from), Ok(length)) = (from.parse::<usize>(), length.parse::<i64>()) else { return Value::Unknown };
    let rest = text.chars().skip(from);
    // A negative length is all that follows.
    Value::Text(
        usize::try_from(length).map_or_else(|_| rest.clone().collect(), |length| rest.clone().take(length).collect()),
    )
}

fn joined(separator: &Value, items: &[Value]) -> Value {
    let texts: Option<Vec<_>> = items.iter().map(Value::text).collect();
    match (separator.known(), texts) {
        (Some(separator), Some(texts)) => Value::Text(texts.join(&separator)),
        _ => Value::Unknown,
    }
}

/// `format` with nothing but `%s`, `%d` and `%v`.
fn formatted(pattern: &Value, values: &[Value]) -> Value {
    let Some(pattern) = pattern.known() else { return Value::Unknown };
    let mut rest = values.iter();
    let mut parts = pattern.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let plain = part.strip_prefix(['s', 'd', 'v']);
        let (Some(plain), Some(value)) = (plain, rest.next().and_then(Value::text)) else { return Value::Unknown };
        text.push_str(&value);
        text.push_str(plain);
    }
    Value::Text(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_packer_makes_them() {
        let text = |text: &str| Value::Text(text.to_owned());
        let list = |items: &[&str]| Value::List(items.iter().map(|item| text(item)).collect());
        for (name, values, expected) in [
            ("title", vec![text("rocky linux-9")], text("Rocky Linux-9")),
            ("trim", vec![text("--x-"), text("-")], text("x")),
            ("substr", vec![text("debian"), text("0"), text("3")], text("deb")),
            ("substr", vec![text("debian"), text("3"), text("-1")], text("ian")),
            ("split", vec![text("."), text("22.04")], list(&["22", "04"])),
            ("element", vec![list(&["a", "b"]), text("3")], text("b")),
            ("join", vec![text("-"), list(&["a", "b"])], text("a-b")),
            ("format", vec![text("%s-%s"), text("a"), Value::Unknown], text("a-*")),
            ("coalesce", vec![Value::Null, text(""), text("c")], text("c")),
            ("timestamp", vec![], Value::Unknown),
            ("element", vec![Value::List(Vec::new()), text("0")], Value::Unknown),
        ] {
            assert_eq!(call(name, &values), expected, "{name} {values:?}");
        }
    }
}
