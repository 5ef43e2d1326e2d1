//! `tmpl-tui config`: every setting with its value and where that comes from.

use serde::Serialize;

use super::schema::{self, Section, Setting};
use super::{ConfigFile, Role, wrong_variables};
use crate::packer_log::Phase;
use crate::packer_log::phase_times;
use crate::pipeline::check::Defect;

/// A row of what holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// its table, as it is written; empty above all tables
    pub table: String,
    /// its key
    pub key: String,
    /// what holds, as the file would say it; `None`: nothing
    pub value: Option<String>,
    /// `default`, a variable, an option, or `config.toml:7`
    pub origin: String,
    /// what it is for; empty where its name says it
    #[serde(skip_serializing_if = "str::is_empty")]
    pub says: &'static str,
    /// what is wrong with what the file says about it, which does not hold
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// the value follows from something else (the theme, earlier runs), and would stand still if it were written down
    #[serde(skip)]
    pub follows: bool,
}

impl Told {
    /// As a line of the file. What does not hold by itself is a comment there.
    pub fn line(&self) -> String {
        let Self { key, value, origin, says, refused, follows, .. } = self;
        let said = match (value, follows) {
            (Some(value), false) => format!("{key} = {value}"),
            (Some(value), true) => format!("# {key} = {value}"),
            (None, _) => format!("# {key} ="),
        };
        match (value, refused) {
            (_, Some(defect)) if key.is_empty() => format!("# refused: {defect}"),
            (_, Some(defect)) => format!("{said:<44} # {origin}; refused: {defect}"),
            (Some(_), None) => format!("{said:<44} # {origin}"),
            (None, None) => format!("{said:<44} # {origin}: {says}"),
        }
    }
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The console's commands, which only the console knows.
#[derive(Debug)]
pub struct Commands {
    /// their names, and their keys as they are by default
    pub keys: Vec<(String, Vec<String>)>,
    /// what is wrong with keys and plugins of the file
    pub defects: Vec<Defect>,
}

/// Every setting and what holds. `get` reads the environment, `flags` are the options that were given, by their names.
pub fn told(
    file: &ConfigFile,
    get: &dyn Fn(&str) -> Option<String>,
    flags: &[(&str, String)],
    commands: &Commands,
) -> Vec<Told> {
    let mut rows = Vec::new();
    let refused =
        |line: usize| commands.defects.iter().find(|defect| defect.line == Some(line)).map(ToString::to_string);
    let wrong = wrong_variables(get);
    for setting in schema::TOP {
        let flag = setting.flag.and_then(|flag| flags.iter().find(|(given, _)| *given == flag));
        let variable = setting.variable.and_then(|name| Some((name, get(name).filter(|value| !value.is_empty())?)));
        rows.push(match (flag, variable) {
            (Some((flag, value)), _) => row("", &setting.into(), Some(quoted(value)), (*flag).to_owned()),
            (None, Some((name, value))) => {
                let defect = wrong.iter().find(|(wrong, _)| *wrong == name).map(|(_, defect)| defect.clone());
                let value = defect.is_none().then(|| quoted(&value));
                Told { refused: defect, ..row("", &setting.into(), value, name.to_owned()) }
            }
            (None, None) => of_file(file, "", "", &setting.into()),
        });
    }
    for context in rows.iter_mut().filter(|row| row.key == "context" && row.value.is_some()) {
        let there = file.config.contexts.keys().any(|name| Some(quoted(name)) == context.value);
        if !there {
            let line = file.config.written.get("context").map(|written| written.line);
            let defect = file.defects.iter().find(|defect| defect.line == line);
            (context.value, context.refused) = (None, defect.map(ToString::to_string));
        }
    }
    for (name, context) in &file.config.contexts {
        let (table, prefix) = (format!("[contexts.{}]", key(name)), format!("contexts.{name}."));
        if let Some(defect) = &context.defect {
            // It is not entered, as if it were not there.
            rows.push(Told::refused(&format!("# {table}"), defect.to_string()));
            continue;
        }
        let written = |name: &str| file.config.written.contains_key(&format!("{prefix}{name}"));
        // A variable that something else stands in for holds nothing.
        let replaced = |setting: &Setting| match setting.name {
            "username_env" => written("username"),
            "password_env" => written("password_command"),
            _ => false,
        };
        rows.extend(schema::CONTEXT.iter().map(|setting| {
            let default = if replaced(setting) { "" } else { setting.default };
            of_file(file, &table, &prefix, &Named { default, ..setting.into() })
        }));
    }
    for role in Role::ALL {
        let told = of_file(file, "[colours]", "colours.", &plain(role.word()));
        rows.push(told.or_follows("theme", || quoted(&file.config.theme.paint(role).to_string())));
    }
    for phase in Phase::STAGES {
        let told = of_file(file, "[alarms]", "alarms.", &plain(schema::stage_word(phase)));
        let usual = || quoted(&format!("{}m", phase_times::limit(phase, None).as_secs() / 60));
        rows.push(told.or_follows("default, until earlier runs tell", usual));
    }
    for (name, keys) in &commands.keys {
        let told = of_file(file, "[keys]", "keys.", &plain(name));
        let written = file.config.written.get(&format!("keys.{name}"));
        let refused = written.and_then(|written| refused(written.line));
        let held = told.value.filter(|_| refused.is_none());
        let origin = if held.is_some() { told.origin } else { "default".into() };
        let value = held.unwrap_or_else(|| toml::Value::from(keys.clone()).to_string());
        rows.push(Told { key: key(name), value: Some(value), origin, refused, ..told });
    }
    for number in 0..plugins(file) {
        let prefix = format!("plugins.{number}.");
        if let Some(defect) = refused_plugin(file, &prefix, &refused) {
            rows.push(Told::refused("# [[plugins]]", defect));
            continue;
        }
        rows.extend(schema::PLUGIN.iter().map(|setting| of_file(file, "[[plugins]]", &prefix, &setting.into())));
    }
    rows
}

/// Tables that may stand in the file any number of times and do not yet, with what their settings are for, as comments.
pub fn unused(file: &ConfigFile) -> Vec<String> {
    let none = [("[contexts.NAME]", file.config.contexts.is_empty()), ("[[plugins]]", plugins(file) == 0)];
    let none = |section: &Section| none.iter().any(|(title, none)| *title == section.title && *none);
    let mut lines = Vec::new();
    for section in schema::sections().into_iter().filter(none) {
        let head = format!("# {}", section.title);
        lines.extend([String::new(), format!("{head:<44} # {}", section.about)]);
        for Setting { name, default, says, .. } in section.settings {
            let said = format!("# {name} = {default}");
            lines.push(format!("{:<44} # {says}", said.trim_end()));
        }
    }
    lines
}

/// What is wrong with a plugin of the file, if anything is.
fn refused_plugin(file: &ConfigFile, prefix: &str, refused: &dyn Fn(usize) -> Option<String>) -> Option<String> {
    let written = &file.config.written;
    let lines = || written.iter().filter(|(path, _)| path.starts_with(prefix)).map(|(_, written)| written.line);
    let (first, last) = (lines().min()?, lines().max()?);
    if file.config.plugins.iter().any(|plugin| plugin.line == first) {
        return refused(first);
    }
    let inside = |defect: &&Defect| defect.line.is_some_and(|line| (first..=last).contains(&line));
    let name = written.get(&format!("{prefix}name")).map(|written| format!("plugin {}", written.text));
    let label = |defect: &Defect| name.as_ref().is_some_and(|name| defect.what.contains(name));
    let named = |defect: &&Defect| defect.what.contains(prefix) || label(defect);
    let find = |defect: &dyn Fn(&&Defect) -> bool| file.defects.iter().find(|it| defect(it));
    let own = find(&|it| named(it) && inside(it)).or_else(|| find(&named)).or_else(|| find(&inside));
    Some(own.map_or_else(|| "it is not as it should be".into(), ToString::to_string))
}

/// How many the file has, those that are not as they should be included.
fn plugins(file: &ConfigFile) -> usize {
    let numbers = file.config.written.keys().filter_map(|path| path.strip_prefix("plugins.")?.split('.').next());
    numbers.filter_map(|number| number.parse::<usize>().ok()).max().map_or(0, |last| last + 1)
}

/// What is looked up in the file.
struct Named<'a> {
    name: &'a str,
    default: &'a str,
    says: &'static str,
}

impl<'a> From<&'a Setting> for Named<'a> {
    fn from(setting: &'a Setting) -> Self {
        Self { name: setting.name, default: setting.default, says: setting.says }
    }
}

fn plain(name: &str) -> Named<'_> {
    Named { name, default: "", says: "" }
}

/// A key as it is written: in quotes where it has to be.
fn key(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if bare { name.to_owned() } else { quoted(name) }
}

fn row(table: &str, setting: &Named<'_>, value: Option<String>, origin: String) -> Told {
    Told {
        table: table.to_owned(),
        key: setting.name.to_owned(),
        value,
        origin,
        says: setting.says,
        refused: None,
        follows: false,
    }
}

impl Told {
    /// A table that does not hold.
    fn refused(table: &str, defect: String) -> Self {
        let none = Named { name: "", default: "", says: "" };
        Self { refused: Some(defect), ..row(table, &none, None, "refused".into()) }
    }

    /// The same; where the file says nothing, with what follows from something else.
    fn or_follows(self, origin: &str, value: impl FnOnce() -> String) -> Self {
        match self.value {
            Some(_) => self,
            None => Self { value: Some(value()), origin: origin.to_owned(), follows: true, ..self },
        }
    }
}

fn of_file(file: &ConfigFile, table: &str, prefix: &str, setting: &Named<'_>) -> Told {
    match file.config.written.get(&format!("{prefix}{}", setting.name)) {
        Some(written) => row(table, setting, Some(written.text.clone()), format!("config.toml:{}", written.line)),
        None => {
            let default = Some(setting.default.to_owned()).filter(|default| !default.is_empty());
            let origin = if default.is_some() { "default" } else { "not set" };
            // Without its name the variable need not be set, and govc's is taken, too.
            let follows = matches!(setting.name, "username_env" | "password_env");
            Told { follows, ..row(table, setting, default, origin.to_owned()) }
        }
    }
}
