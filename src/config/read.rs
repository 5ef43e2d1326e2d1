//! Reads the file's tables into [`Config`]. What is wrong is noted, and everything else holds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::schema::{self, Setting};
use super::{Call, Config, Context, Images, Order, Source, ThemeName, Written, wrong};
use crate::pipeline::check::Defect;
use crate::text::redact::is_secret_name;

/// A value and where it stands.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;
/// The first value of each key of a table, with the place of the key.
pub(super) type Entries<'a, 't> = BTreeMap<&'a str, (usize, &'a Value<'t>)>;

/// One reading of one file.
pub(super) struct Reader<'f> {
    path: &'f Path,
    text: &'f str,
    pub(super) defects: Vec<Defect>,
    pub(super) written: BTreeMap<String, Written>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(path: &'f Path, text: &'f str) -> Self {
        Self { path, text, defects: Vec::new(), written: BTreeMap::new() }
    }

    /// What was wrong, in the order of the lines.
    pub(super) fn finish(mut self) -> Vec<Defect> {
        self.defects.sort_by_key(|defect| defect.line);
        self.defects
    }

    pub(super) fn line(&self, at: usize) -> usize {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
    }

    /// Remembers where something was said, and how.
    pub(super) fn note(&mut self, path: String, at: usize, value: &Value<'_>) {
        let text = self.text.get(value.span()).unwrap_or_default();
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        // Blanks inside quotes, and the lines of a script, are part of the value.
        let read = |text: &str| toml::from_str::<toml::Table>(&format!("v = {text}")).ok();
        let text = if read(&joined).is_some_and(|same| Some(same) == read(text)) { joined } else { text.to_owned() };
        self.written.insert(path, Written { line: self.line(at), text });
    }

    pub(super) fn refuse(&mut self, at: usize, what: impl Into<String>, remedy: impl Into<String>) {
        let line = Some(self.line(at));
        self.defects.push(Defect::new(self.path.to_owned(), line, what, remedy));
    }

    /// The whole file.
    pub(super) fn config(&mut self, table: &DeTable<'_>) -> Config {
        const TABLES: [&str; 5] = ["contexts", "colours", "keys", "alarms", "plugins"];
        let top = self.entries(table, "", schema::TOP, &TABLES);
        let mut config = Config {
            context: self.text(&top, "", "context"),
            hook: self.text(&top, "", "hook"),
            notify: self.word(&top, "notify", Call::WORDS).and_then(Call::from_word),
            mouse: self.flag(&top, "", "mouse").unwrap_or_default(),
            order: self.word(&top, "order", Order::WORDS).and_then(Order::from_word).unwrap_or_default(),
            images: self.word(&top, "images", Images::WORDS).and_then(Images::from_word),
            save_dir: self.path(&top, "", "save_dir"),
            theme: self.word(&top, "theme", ThemeName::WORDS).and_then(ThemeName::from_word).unwrap_or_default(),
            ..Config::default()
        };
        self.contexts(&mut config, table);
        self.colours(&mut config, table);
        self.keys(&mut config, table);
        self.alarms(&mut config, table);
        self.plugins(&mut config, table);
        if let Some(name) = config.context.as_ref().filter(|name| !config.contexts.contains_key(*name)) {
            let what = format!("context: there is no [contexts.{name}]");
            let names: Vec<&str> = config.contexts.keys().map(String::as_str).collect();
            let remedy = if names.is_empty() { "write it".into() } else { format!("one of {}", names.join(", ")) };
            self.refuse(top.get("context").map_or(0, |(at, _)| *at), what, remedy);
        }
        config.written = std::mem::take(&mut self.written);
        config
    }

    /// The entries of a table; those that it does not take are noted.
    pub(super) fn entries<'a, 't>(
        &mut self,
        table: &'a DeTable<'t>,
        prefix: &str,
        known: &[Setting],
        also: &[&str],
    ) -> Entries<'a, 't> {
        let names: Vec<&str> = known.iter().map(|setting| setting.name).chain(also.iter().copied()).collect();
        let mut entries = Entries::new();
        for (key, value) in table {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            if names.contains(&name) {
                self.note(format!("{prefix}{name}"), at, value);
                entries.insert(name, (at, value));
            } else {
                self.unknown(at, prefix, name, &names);
            }
        }
        entries
    }

    /// Notes a key that is not taken: one that looks like a secret, or one that was misspelt.
    pub(super) fn unknown(&mut self, at: usize, prefix: &str, name: &str, names: &[&str]) {
        // A key in quotes may be anything.
        let shown = format!("{prefix}{}", name.chars().take(40).collect::<String>());
        if is_secret_name(name) {
            let remedy = "remove it and name a variable (password_env) or a program (password_command); \
                          change the secret if others could read this file";
            return self.refuse(at, format!("{shown}: a secret must not stand here"), remedy);
        }
        let table = prefix.trim_end_matches('.');
        if let Some((what, remedy)) = schema::misplaced(name, table).filter(|_| !table.is_empty()) {
            return self.refuse(at, what, remedy);
        }
        let near = names.iter().map(|known| (strsim::damerau_levenshtein(name, known), *known)).min();
        let remedy = match near.filter(|(wrong, known)| *wrong <= 3 && *wrong < known.len()) {
            Some((_, known)) => format!("did you mean {known}?"),
            None => format!("keys here are: {}", names.join(", ")),
        };
        self.refuse(at, format!("unknown key {shown}"), remedy);
    }

    pub(super) fn flag(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<bool> {
        let (_, value) = entries.get(name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.mistyped(value, &format!("{prefix}{name}"), "true or false, without quotes");
        }
        flag
    }

    pub(super) fn text(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<String> {
        let (at, value) = entries.get(name)?;
        let path = format!("{prefix}{name}");
        let text = value.get_ref().as_str().map(str::trim);
        match text.filter(|text| !text.contains('\0')) {
            Some("") => {
                self.written.remove(&path);
                let remedy = if prefix.starts_with("plugins.") { "write text in quotes" } else { "remove the line" };
                self.refuse(*at, format!("{path} is empty"), remedy);
                None
            }
            Some(text) => Some(text.to_owned()),
            None if text.is_some() => {
                self.wrong(value.span().start, &path, "text in quotes");
                None
            }
            None => {
                self.mistyped(value, &path, "text in quotes");
                None
            }
        }
    }

    fn word<'a>(&mut self, entries: &Entries<'a, '_>, name: &str, words: &[&str]) -> Option<&'a str> {
        let (_, value) = entries.get(name)?;
        let text = value.get_ref().as_str();
        match text {
            Some(word) if words.contains(&word) => return text,
            Some(other) => {
                self.written.remove(name);
                let (what, remedy) = wrong::word(name, other, words);
                self.refuse(value.span().start, what, remedy);
            }
            None => self.mistyped(value, name, &format!("one of {}, in quotes", words.join(", "))),
        }
        None
    }

    pub(super) fn path(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<PathBuf> {
        let text = self.text(entries, prefix, name)?;
        let path = match (text.strip_prefix("~/"), std::env::home_dir()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        };
        if !path.is_absolute() {
            self.wrong(entries[name].1.span().start, &format!("{prefix}{name}"), "a path that begins with / or ~/");
            return None;
        }
        Some(path)
    }

    /// A text, or several.
    pub(super) fn texts(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<Vec<String>> {
        let (_, value) = entries.get(name)?;
        let several = match value.get_ref() {
            DeValue::String(one) => Some(vec![one.to_string()]),
            DeValue::Array(all) => all.iter().map(|one| one.get_ref().as_str().map(str::to_owned)).collect(),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => None,
        };
        if several.is_none() {
            self.wrong(value.span().start, &format!("{prefix}{name}"), "one in quotes, or several in [ ]");
        }
        several
    }

    fn command(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<Vec<String>> {
        let (_, value) = entries.get(name)?;
        let words = value.get_ref().as_array().map(|all| all.iter().map(|one| one.get_ref().as_str()));
        let words: Option<Vec<String>> = words.and_then(|words| words.map(|word| word.map(str::to_owned)).collect());
        let words = words.filter(|words| words.first().is_some_and(|program| !program.is_empty()));
        if words.is_none() {
            let wanted = "a program and its arguments: [\"pass\", \"show\", \"vcenter\"]";
            self.wrong(value.span().start, &format!("{prefix}{name}"), wanted);
        }
        words
    }

    fn variable(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<String> {
        let variable = self.text(entries, prefix, name)?;
        let plain = variable.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || variable.starts_with(|first: char| first.is_ascii_digit()) {
            let wanted = "the name of a variable (not what it holds): \"VCENTER_PASSWORD\"";
            self.wrong(entries[name].1.span().start, &format!("{prefix}{name}"), wanted);
            return None;
        }
        Some(variable)
    }

    /// Where a name or a password comes from: at most one of the ways.
    fn source(&mut self, entries: &Entries<'_, '_>, prefix: &str, name: &str) -> Option<Source> {
        let (variable, program) = (format!("{name}_env"), format!("{name}_command"));
        let value = self.text(entries, prefix, name).map(Source::Value);
        let variable = self.variable(entries, prefix, &variable).map(Source::Variable);
        let command = self.command(entries, prefix, &program).map(Source::Command);
        let mut given = [value, variable, command].into_iter().flatten();
        let first = given.next();
        if given.next().is_some() {
            let at = entries.get(format!("{name}_env").as_str()).or(entries.get(program.as_str()));
            let what = format!("{prefix}{name} is said in two ways");
            self.refuse(at.map_or(0, |(at, _)| *at), what, "keep one of them");
        }
        first
    }

    fn contexts(&mut self, config: &mut Config, table: &DeTable<'_>) {
        let Some(all) = self.table(table, "contexts") else { return };
        for (key, value) in all {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || name.len() > 40 || !name.chars().all(plain) {
                self.refuse(at, "the name of a context has other characters than letters, digits, - _ .", "rename it");
                continue;
            }
            let Some(table) = value.get_ref().as_table() else {
                self.wrong(at, &format!("contexts.{name}"), &format!("a table: [contexts.{name}]"));
                continue;
            };
            let before = self.defects.len();
            let prefix = format!("contexts.{name}.");
            let e = self.entries(table, &prefix, schema::CONTEXT, &[]);
            let context = Context {
                name: name.to_owned(),
                endpoint: self.text(&e, &prefix, "endpoint"),
                username: self.source(&e, &prefix, "username"),
                password: self.source(&e, &prefix, "password"),
                console_username: self.source(&e, &prefix, "console_username"),
                console_password: self.source(&e, &prefix, "console_password"),
                ca_file: self.path(&e, &prefix, "ca_file"),
                thumbprint: self.text(&e, &prefix, "thumbprint"),
                datacenter: self.text(&e, &prefix, "datacenter"),
                folder: self.text(&e, &prefix, "folder"),
                datastore: self.text(&e, &prefix, "datastore"),
                repo: self.path(&e, &prefix, "repo"),
                read_only: self.flag(&e, &prefix, "read_only").unwrap_or_default(),
                variables: self.variables(&e, &prefix),
                defect: None,
            };
            self.check_context(&context, &e, &prefix);
            let defect = self.defects.get(before).cloned();
            config.contexts.insert(name.to_owned(), Context { defect, ..context });
        }
    }
}
