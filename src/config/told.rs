//! `tmpl-tui config`: every setting with its value and where that comes from.

use serde::Serialize;

use super::schema::{self, Section, Setting};
use super::{ConfigFile, Role};
use crate::packer_log::Phase;
use crate::packer_log::phase_times;

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
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Every setting and what holds. `get` reads the environment, `flags` are the options that were given, by their names,
/// `keys` the names of the console's commands with their keys as they are by default.
pub fn told(
    file: &ConfigFile,
    get: &dyn Fn(&str) -> Option<String>,
    flags: &[(&str, String)],
    keys: &[(String, Vec<String>)],
) -> Vec<Told> {
    let mut rows = Vec::new();
    for setting in schema::TOP {
        let flag = setting.flag.and_then(|flag| flags.iter().find(|(given, _)| *given == flag));
        let variable = setting.variable.and_then(|name| Some((name, get(name).filter(|value| !value.is_empty())?)));
        rows.push(match (flag, variable) {
            (Some((flag, value)), _) => row("", &setting.into(), Some(quoted(value)), (*flag).to_owned()),
            (None, Some((name, value))) => row("", &setting.into(), Some(quoted(&value)), name.to_owned()),
            (None, None) => of_file(file, "", "", &setting.into()),
        });
    }
    for name in file.config.contexts.keys() {
        let (table, prefix) = (format!("[contexts.{}]", key(name)), format!("contexts.{name}."));
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
        let themed = || quoted(&file.config.theme.paint(role).to_string());
        let origin = if told.value.is_some() { told.origin.clone() } else { "theme".into() };
        rows.push(Told { value: told.value.or_else(|| Some(themed())), origin, ..told });
    }
    for phase in Phase::STAGES {
        let told = of_file(file, "[alarms]", "alarms.", &plain(schema::stage_word(phase)));
        let usual = || quoted(&format!("{}m", phase_times::limit(phase, None).as_secs() / 60));
        let origin = if told.value.is_some() { told.origin.clone() } else { "default, until earlier runs tell".into() };
        rows.push(Told { value: told.value.or_else(|| Some(usual())), origin, ..told });
    }
    for (name, keys) in keys {
        let told = of_file(file, "[keys]", "keys.", &plain(name));
        let list = || toml::Value::from(keys.clone()).to_string();
        let origin = if told.value.is_some() { told.origin.clone() } else { "default".into() };
        rows.push(Told { key: key(name), value: told.value.or_else(|| Some(list())), origin, ..told });
    }
    for number in 0..plugins(file) {
        let prefix = format!("plugins.{number}.");
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
    Told { table: table.to_owned(), key: setting.name.to_owned(), value, origin, says: setting.says }
}

fn of_file(file: &ConfigFile, table: &str, prefix: &str, setting: &Named<'_>) -> Told {
    match file.config.written.get(&format!("{prefix}{}", setting.name)) {
        Some(written) => row(table, setting, Some(written.text.clone()), format!("config.toml:{}", written.line)),
        None => {
            let default = Some(setting.default.to_owned()).filter(|default| !default.is_empty());
            let origin = if default.is_some() { "default" } else { "not set" };
            row(table, setting, default, origin.to_owned())
        }
    }
}
