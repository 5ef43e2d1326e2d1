//! The smaller tables of the file, and what more there is to say about a context.

use std::collections::BTreeMap;

use toml::de::DeTable;

use super::read::{Entries, Reader};
use super::{Config, Context, KeyOverride, Plugin, Role};
use super::{schema, wrong};
use crate::duration;
use crate::packer_log::Phase;
use crate::text::redact::is_secret_name;

impl Reader<'_> {
    pub(super) fn table<'a, 't>(&mut self, table: &'a DeTable<'t>, name: &str) -> Option<&'a DeTable<'t>> {
        let value = table.get(name)?;
        let found = value.get_ref().as_table();
        if found.is_none() {
            self.wrong(value.span().start, name, &format!("a table: [{name}]"));
        }
        found
    }

    pub(super) fn colours(&mut self, config: &mut Config, table: &DeTable<'_>) {
        let Some(all) = self.table(table, "colours") else { return };
        let names: Vec<&str> = Role::ALL.into_iter().map(Role::word).collect();
        for (key, value) in all {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            let Some(role) = Role::ALL.into_iter().find(|role| role.word() == name) else {
                self.unknown(at, "colours.", name, &names);
                continue;
            };
            match value.get_ref().as_str().map(str::parse) {
                Some(Ok(paint)) => {
                    self.note(format!("colours.{name}"), at, value);
                    config.colours.insert(role, paint);
                }
                Some(Err(what)) => {
                    let remedy = "write attributes, a colour, \"on\" and another: \"bold black on yellow\"";
                    self.refuse(value.span().start, format!("colours.{name}: {what}"), remedy);
                }
                None => self.wrong(value.span().start, &format!("colours.{name}"), "a style in quotes: \"bold red\""),
            }
        }
    }

    /// Commands and keys are known to the console alone, which checks them.
    pub(super) fn keys(&mut self, config: &mut Config, table: &DeTable<'_>) {
        let Some(all) = self.table(table, "keys") else { return };
        for (key, value) in all {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            let entries = Entries::from([(name, (at, value))]);
            if let Some(keys) = self.texts(&entries, "keys.", name) {
                self.note(format!("keys.{name}"), at, value);
                config.keys.push(KeyOverride { command: name.to_owned(), keys, line: self.line(at) });
            }
        }
    }

    pub(super) fn alarms(&mut self, config: &mut Config, table: &DeTable<'_>) {
        let Some(all) = self.table(table, "alarms") else { return };
        let names: Vec<&str> = Phase::STAGES.into_iter().map(schema::stage_word).collect();
        for (key, value) in all {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            let Some(phase) = Phase::STAGES.into_iter().find(|phase| schema::stage_word(*phase) == name) else {
                self.unknown(at, "alarms.", name, &names);
                continue;
            };
            let wanted = "a length of time in quotes: \"90s\", \"45m\", \"2h\"";
            let Some(text) = value.get_ref().as_str() else {
                self.mistyped(value, &format!("alarms.{name}"), wanted);
                continue;
            };
            // A number alone may have been meant as seconds.
            let length = duration::typed(text).filter(|_| !text.ends_with(|end: char| end.is_ascii_digit()));
            match length {
                Some(length) => {
                    self.note(format!("alarms.{name}"), at, value);
                    config.alarms.insert(phase, length);
                }
                None => self.wrong(value.span().start, &format!("alarms.{name}"), wanted),
            }
        }
    }

    pub(super) fn plugins(&mut self, config: &mut Config, table: &DeTable<'_>) {
        let Some(value) = table.get("plugins") else { return };
        let Some(all) = value.get_ref().as_array() else {
            return self.wrong(value.span().start, "plugins", "one [[plugins]] for each");
        };
        for (number, value) in all.iter().enumerate() {
            let prefix = format!("plugins.{number}.");
            let Some(table) = value.get_ref().as_table() else {
                self.wrong(value.span().start, "plugins", "one [[plugins]] for each");
                continue;
            };
            let noted = self.defects.len();
            let e = self.entries(table, &prefix, schema::PLUGIN, &[]);
            let at = e.values().map(|(at, _)| *at).min().unwrap_or(value.span().start);
            let before = self.defects.len();
            let plugin = Plugin {
                line: self.line(at),
                name: self.text(&e, &prefix, "name").unwrap_or_default(),
                keys: self.texts(&e, &prefix, "key").unwrap_or_default(),
                scopes: self.texts(&e, &prefix, "scope").unwrap_or_else(|| vec!["anywhere".into()]),
                command: self.text(&e, &prefix, "command").unwrap_or_default(),
                confirm: self.flag(&e, &prefix, "confirm").unwrap_or_default(),
                read_only: self.flag(&e, &prefix, "read_only").unwrap_or_default(),
                interactive: self.flag(&e, &prefix, "interactive").unwrap_or_default(),
            };
            for missing in ["name", "command"].into_iter().filter(|name| !e.contains_key(name)) {
                let what = match plugin.name.as_str() {
                    "" => format!("a plugin without {missing}"),
                    name => format!("{} has no {missing}", wrong::plugin(name)),
                };
                self.refuse(at, what, format!("write {missing} = \"…\""));
            }
            if !plugin.name.is_empty() {
                self.name_plugin(noted, number, &plugin.name);
            }
            // One that is half understood is none: it might do without asking what was to be asked.
            if self.defects.len() == before {
                config.plugins.push(plugin);
            }
        }
    }

    pub(super) fn check_context(&mut self, context: &Context, entries: &Entries<'_, '_>, prefix: &str) {
        let at = |name: &str| entries.get(name).map_or(0, |(_, value)| value.span().start);
        if context.endpoint.as_ref().is_some_and(|endpoint| endpoint.contains('@')) {
            let remedy = "write the address alone, and the account as username and password_env or password_command";
            self.refuse(at("endpoint"), format!("{prefix}endpoint: an account must not stand here"), remedy);
        }
        if context.thumbprint.as_ref().is_some_and(|print| crate::tls::fingerprint(print).is_none()) {
            let wanted = "the SHA-256 of the certificate, 64 hexadecimal digits with or without colons";
            self.wrong(at("thumbprint"), &format!("{prefix}thumbprint"), wanted);
        }
        if context.console_username.is_some() != context.console_password.is_some() {
            let what = format!("{prefix}console_username and its password go together");
            let at = entries.iter().find(|(name, _)| name.starts_with("console_")).map_or(0, |(_, (at, _))| *at);
            self.refuse(at, what, "give both or neither");
        }
    }

    pub(super) fn variables(&mut self, entries: &Entries<'_, '_>, prefix: &str) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        let Some((at, value)) = entries.get("variables") else { return all };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(*at, &format!("{prefix}variables"), "variables and their values: { NAME = \"value\" }");
            return all;
        };
        let before = self.defects.len();
        for (key, value) in table {
            let (name, at): (&str, usize) = (key.get_ref(), key.span().start);
            let text = value.get_ref().as_str().filter(|text| !text.contains('\0'));
            if is_secret_name(name) {
                let what = format!("{prefix}variables.{name}: a secret must not stand here");
                self.refuse(at, what, "remove it and export it before you start this program");
            } else if name.is_empty() || name.contains(['=', '\0']) || name.starts_with("TMPL_CONTEXT") {
                self.refuse(at, format!("{prefix}variables: no variable has that name"), "rename it");
            } else if let Some(text) = text {
                all.insert(name.to_owned(), text.to_owned());
            } else {
                self.wrong(at, &format!("{prefix}variables.{name}"), "its value in quotes");
            }
        }
        if self.defects.len() > before {
            // What is written there may be a secret.
            self.written.remove(&format!("{prefix}variables"));
        }
        all
    }
}
