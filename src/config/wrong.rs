//! What is wrong with a value, in words.

use toml::de::DeValue;

use super::read::{Reader, Value};
use super::schema::{self, Kind};

/// What is wrong with a word that is none of these, and what to do. It is shown: nobody looks for a secret among words.
pub(super) fn word(name: &str, given: &str, words: &[&str]) -> (String, String) {
    let what = format!("{name}: there is no {:?}", short(given));
    let near = words.iter().map(|known| (strsim::damerau_levenshtein(given, known), *known)).min();
    let remedy = match near.filter(|(wrong, known)| *wrong <= 3 && *wrong < known.len()) {
        Some((_, known)) => format!("did you mean {known:?}? (one of {})", words.join(", ")),
        None => format!("write one of {}", words.join(", ")),
    };
    (what, remedy)
}

/// What is wrong with variables that win over the file, by their names, a line each. `get` reads the environment.
pub fn wrong_variables(get: &dyn Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
    let wrong = schema::TOP.iter().filter_map(|setting| {
        let (variable, Kind::Words(words)) = (setting.variable?, setting.kind) else { return None };
        let given = get(variable).filter(|given| !given.is_empty() && !words.contains(&given.as_str()))?;
        let (what, remedy) = word(variable, &given, words);
        Some((variable, format!("{what}; {remedy}")))
    });
    wrong.collect()
}

/// How a plugin of the file is called where something is wrong with it: by its name, where it has one.
pub(super) fn plugin(name: &str) -> String {
    format!("plugin {:?}", short(name))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

impl Reader<'_> {
    /// Notes that a value is not what it should be. The value is not shown: it may be a secret in the wrong place.
    pub(super) fn wrong(&mut self, at: usize, path: &str, wanted: &str) {
        self.written.remove(path);
        self.refuse(at, format!("{path} is not as it should be"), format!("write {wanted}"));
    }

    /// Notes that a value is of another type. Text is shown where it should be `true` or `false`, and nothing else is that
    /// may be a secret.
    pub(super) fn mistyped(&mut self, value: &Value<'_>, path: &str, wanted: &str) {
        let what = match value.get_ref() {
            DeValue::String(text) if wanted.starts_with("true") => format!("{path}: {:?} is text", short(text)),
            DeValue::String(_) => format!("{path} is text"),
            DeValue::Integer(_) | DeValue::Float(_) => format!("{path} is a number"),
            DeValue::Boolean(flag) => format!("{path} is {flag}"),
            DeValue::Datetime(_) => format!("{path} is a date or time"),
            DeValue::Array(_) => format!("{path} is a list"),
            DeValue::Table(_) => format!("{path} is a table"),
        };
        self.written.remove(path);
        self.refuse(value.span().start, what, format!("write {wanted}"));
    }

    /// Says by its name of which plugin the defects are that were noted since there were `before`.
    pub(super) fn name_plugin(&mut self, before: usize, number: usize, name: &str) {
        let (prefix, label) = (format!("plugins.{number}."), plugin(name));
        for defect in self.defects.iter_mut().skip(before) {
            let what = &defect.what;
            let unknown = what.strip_prefix("unknown key ").and_then(|what| what.strip_prefix(&prefix));
            defect.what = match (what.strip_prefix(&prefix), unknown) {
                (Some(rest), _) => format!("{label}: {rest}"),
                (None, Some(key)) => format!("{label}: unknown key {key}"),
                (None, None) => what.replace(prefix.trim_end_matches('.'), &label),
            };
        }
    }
}
