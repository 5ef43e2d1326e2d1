//! Rows of the table for the user's plugins.

use super::{Binding, Group};
use crate::config::{ConfigFile, Plugin};
use crate::console::command::Command;
use crate::console::key::KeyPress;
use crate::console::scope::{Scope, Scopes};
use crate::pipeline::check::Defect;

/// Adds a row for each plugin that can have one; those, and what is wrong with the others.
pub(super) fn add(file: &ConfigFile, rows: &mut Vec<Binding>) -> (Vec<Plugin>, Vec<Defect>) {
    let (mut plugins, mut defects) = (Vec::new(), Vec::new());
    let path = file.path.clone().unwrap_or_default();
    for plugin in &file.config.plugins {
        let made = u8::try_from(plugins.len()).map_err(|_| ("too many plugins".into(), "remove some".into()));
        match made.and_then(|number| row(plugin, number, rows)) {
            Ok(row) => {
                rows.push(row);
                plugins.push(plugin.clone());
            }
            Err((what, remedy)) => {
                let what = format!("plugin {:?}: {what}", plugin.name);
                defects.push(Defect::new(path.clone(), Some(plugin.line), what, remedy));
            }
        }
    }
    (plugins, defects)
}

/// What is wrong, and what to do.
type Wrong = (String, String);

fn row(plugin: &Plugin, number: u8, rows: &[Binding]) -> Result<Binding, Wrong> {
    if rows.iter().any(|row| row.name == plugin.name) {
        return Err(("another command has that name".into(), "give it another one".into()));
    }
    let keys = plugin.keys.iter().map(|key| key.parse::<KeyPress>());
    let write = |what| (what, "write one as ? shows it: F5, Ctrl-p".to_owned());
    let keys = keys.collect::<Result<Vec<_>, _>>().map_err(write)?;
    let scopes = scopes(plugin)?;
    for key in &keys {
        let meets = |row: &&Binding| {
            row.keys.contains(key) && row.scopes.iter().any(|scope| scopes.contain(scope))
                || *key == KeyPress::ctrl('c')
        };
        if let Some(row) = rows.iter().find(meets) {
            let remedy = format!("choose another key, or give {:?} another one in [keys]", row.name);
            return Err((format!("{key} already means {:?}", row.name), remedy));
        }
    }
    // Made once, and needed as long as the program runs.
    let leaked = |text: &str| -> &'static str { text.to_owned().leak() };
    Ok(Binding {
        command: Command::Plugin(number),
        name: leaked(&plugin.name),
        keys: keys.leak(),
        group: Group::Own,
        scopes,
        description: leaked(&plugin.command),
        hint: Some(leaked(&plugin.name)),
    })
}

fn scopes(plugin: &Plugin) -> Result<Scopes, Wrong> {
    if plugin.scopes.iter().any(|word| word == "anywhere") {
        return Ok(Scopes::ANYWHERE);
    }
    let named = |word: &String| Scope::ALL.into_iter().find(|scope| scope.name().eq_ignore_ascii_case(word));
    let known = || Scope::ALL.into_iter().map(Scope::name).collect::<Vec<_>>().join(", ");
    let wrong = |word: &String| (format!("there is no scope {word:?}"), format!("one of anywhere, {}", known()));
    let scopes = plugin.scopes.iter().map(|word| named(word).ok_or_else(|| wrong(word)));
    let scopes: Vec<Scope> = scopes.collect::<Result<_, _>>()?;
    match scopes.is_empty() {
        true => Err(("it works nowhere".into(), format!("one of anywhere, {}", known()))),
        false => Ok(Scopes(scopes.leak())),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::ConfigFile;
    use crate::console::binding::Keymap;
    use crate::console::command::Command;
    use crate::console::key::{Code, KeyPress};
    use crate::console::scope::Scope;

    fn keymap(text: &str) -> (Keymap, Vec<String>) {
        let file = ConfigFile::parse(Path::new("c.toml"), text);
        let (keymap, defects) = Keymap::of(&file);
        (keymap, file.defects.iter().chain(&defects).map(ToString::to_string).collect())
    }

    #[test]
    fn a_plugin_is_a_row_like_any_other() {
        let text = "[[plugins]]\nname = \"ssh\"\nkey = \"F5\"\nscope = \"lines\"\ncommand = \"ssh x\"\ninteractive = true\n\
                    [[plugins]]\nname = \"page\"\nkey = \"F6\"\ncommand = \"open\"\nread_only = true\n";
        let (map, defects) = keymap(text);
        assert_eq!(defects, [""; 0]);
        assert_eq!(map.command(KeyPress::code(Code::F(5)), Scope::Lines), Some(Command::Plugin(0)));
        assert!(map.plugin(0).unwrap().interactive && map.plugin(1).unwrap().name == "page" && map.plugin(2).is_none());
    }

    #[test]
    fn what_cannot_be_a_row_is_told_with_its_line() {
        for (more, wanted) in [
            ("key = \"b\"", "c.toml:2: plugin \"mine\": b already means \"build\"; choose another key, or give"),
            ("key = \"F99\"", "there is no key \"F99\""),
            ("key = \"F5\"\nscope = \"linse\"", "there is no scope \"linse\"; one of anywhere, lines,"),
            ("scope = []", "it works nowhere"),
            ("confirm = \"yes\"", "c.toml:4: plugin \"mine\": confirm: \"yes\" is text; write true or false"),
        ] {
            let (map, defects) = keymap(&format!("[[plugins]]\nname = \"mine\"\ncommand = \"x\"\n{more}\n"));
            assert!(defects.len() == 1 && defects[0].contains(wanted), "{more}: {defects:?}");
            assert!(map.plugin(0).is_none());
        }
        // One of the user's own keys is free for it.
        let (map, defects) =
            keymap("[keys]\nbuild = \"F9\"\n[[plugins]]\nname = \"mine\"\ncommand = \"x\"\nkey = \"b\"\n");
        assert_eq!((map.command(KeyPress::char('b'), Scope::Log), defects.len()), (Some(Command::Plugin(0)), 0));
    }
}
