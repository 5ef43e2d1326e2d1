//! The table of keys as it holds for one user: the program's own, with the keys that the configuration gives to commands.

use std::sync::OnceLock;

use super::{BINDINGS, Binding, plugins};
use crate::config::{self, ConfigFile, KeyOverride, Plugin};
use crate::console::command::Command;
use crate::console::key::KeyPress;
use crate::console::scope::{Scope, Scopes};
use crate::pipeline::check::Defect;

/// The table in force. Made once, when the program starts; what it is made of lives as long as the program.
#[derive(Debug, Clone, Copy)]
pub struct Keymap {
    table: &'static [Binding],
    plugins: &'static [Plugin],
}

impl Default for Keymap {
    fn default() -> Self {
        Self { table: BINDINGS, plugins: &[] }
    }
}

/// The one of this process, for texts that are made where no console is at hand.
static OF_PROCESS: OnceLock<Keymap> = OnceLock::new();

impl Keymap {
    /// Makes it the one of this process; the first one stays.
    pub fn share(self) {
        let _ = OF_PROCESS.set(self);
    }

    /// The one of this process; the program's own where none was shared.
    pub fn of_process() -> Self {
        OF_PROCESS.get().copied().unwrap_or_default()
    }

    /// The table with the keys and the plugins of a configuration, and what is wrong with those that it does not take.
    pub fn of(file: &ConfigFile) -> (Self, Vec<Defect>) {
        let mut defects = Vec::new();
        let path = file.path.clone().unwrap_or_default();
        let mut refuse = |over: &KeyOverride, what: String, remedy: String| {
            defects.push(Defect::new(path.clone(), Some(over.line), what, remedy));
        };
        let mut taken = Vec::new();
        for over in &file.config.keys {
            match read(over) {
                Ok(keys) => taken.push((over, keys)),
                Err((what, remedy)) => refuse(over, what, remedy),
            }
        }
        // One that is refused gets its own keys back, which others may have been given.
        while let Some((at, what, remedy)) = conflict(&taken) {
            let (over, _) = taken.remove(at);
            refuse(over, what, remedy);
        }
        let rows = BINDINGS.iter().map(|row| Binding { keys: keys_of(row, &taken).to_vec().leak(), ..row.clone() });
        let mut rows: Vec<Binding> = rows.collect();
        let (plugins, wrong) = plugins::add(file, &mut rows);
        defects.extend(wrong);
        defects.sort_by_key(|defect| defect.line);
        if taken.is_empty() && plugins.is_empty() {
            return (Self::default(), defects);
        }
        (Self { table: rows.leak(), plugins: plugins.leak() }, defects)
    }

    /// A plugin by its number.
    pub fn plugin(self, number: u8) -> Option<&'static Plugin> {
        self.plugins.get(usize::from(number))
    }

    /// Its rows, in the order in which hints and help show them.
    pub const fn rows(self) -> &'static [Binding] {
        self.table
    }

    /// The row of a command.
    pub fn binding(self, command: Command) -> Option<&'static Binding> {
        self.table.iter().find(|binding| binding.command == command)
    }

    /// Where a command works.
    pub fn scopes(self, command: Command) -> Scopes {
        self.binding(command).map_or(Scopes::ANYWHERE, |binding| binding.scopes)
    }

    /// The first key of a command, as it is shown.
    pub fn key(self, command: Command) -> String {
        let key = self.binding(command).and_then(|binding| binding.keys.first());
        key.map_or_else(String::new, ToString::to_string)
    }

    /// A text with keys in place of the commands that it names: `‹sweep› sweeps it` as `S sweeps it`. A command that has no
    /// key goes by its name in the palette.
    pub fn spelled(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('‹') {
            let found = after.split_once('›').and_then(|(name, behind)| {
                self.table.iter().find(|binding| binding.name == name).map(|binding| (binding, behind))
            });
            out.push_str(before);
            // What others wrote may hold the signs, too.
            let Some((binding, behind)) = found else {
                out.push('‹');
                rest = after;
                continue;
            };
            let key = binding.keys.first().map(ToString::to_string);
            out.push_str(&key.unwrap_or_else(|| format!(":{}", binding.name)));
            rest = behind;
        }
        out.push_str(rest);
        out
    }

    /// The command of a key press outside overlays and text fields: what the key means there, else what it means
    /// elsewhere, for saying where that is.
    pub fn command(self, press: KeyPress, scope: Scope) -> Option<Command> {
        let bound = || self.table.iter().filter(|binding| binding.keys.contains(&press));
        let here = bound().find(|binding| binding.scopes.contain(scope));
        here.or_else(|| bound().next()).map(|binding| binding.command)
    }
}

type Taken<'a> = (&'a KeyOverride, Vec<KeyPress>);

/// The keys of an override, or what is wrong with it and what to do.
fn read(over: &KeyOverride) -> Result<Vec<KeyPress>, (String, String)> {
    let path = format!("keys.{}", over.command);
    if !BINDINGS.iter().any(|row| row.name == over.command) {
        if let Some((what, remedy)) = config::misplaced(&over.command, "keys") {
            return Err((what, remedy.into()));
        }
        let typed = over.command.to_lowercase();
        // A whole word of a name is meant rather than what only looks like it: `hold` is not `build`.
        let worded = BINDINGS.iter().find(|row| row.name.split(' ').any(|word| word == typed)).map(|row| row.name);
        let near = BINDINGS.iter().map(|row| (strsim::damerau_levenshtein(&typed, row.name), row.name)).min();
        // The bar says another word than the palette for some.
        let hinted = BINDINGS.iter().find(|row| row.hint == Some(&*typed)).map(|row| row.name);
        let near = worded.or(hinted).or(near.filter(|(wrong, _)| *wrong <= 3).map(|(_, name)| name));
        let near = near.map(|name| format!("did you mean {name:?}?"));
        let remedy = near.unwrap_or_else(|| "tmpl-tui config lists all of them under [keys]".into());
        return Err((format!("{path}: there is no command of that name"), remedy));
    }
    let wrong = |what| (format!("{path}: {what}"), "write one as ? shows it: p, Ctrl-p, F5, Space, PgDn".to_owned());
    let keys = over.keys.iter().map(|key| key.parse::<KeyPress>());
    let keys = keys.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    if keys.contains(&KeyPress::ctrl('c')) && over.command != "leave" {
        return Err((format!("{path}: Ctrl-C always leaves"), "choose another key".into()));
    }
    Ok(keys)
}

fn keys_of<'a>(row: &'static Binding, taken: &'a [Taken<'_>]) -> &'a [KeyPress] {
    taken.iter().find(|(over, _)| over.command == row.name).map_or(row.keys, |(_, keys)| keys)
}

/// The first override one of whose keys means something else where it works, too.
fn conflict(taken: &[Taken<'_>]) -> Option<(usize, String, String)> {
    for (at, (over, keys)) in taken.iter().enumerate().rev() {
        let own = BINDINGS.iter().find(|row| row.name == over.command)?;
        let meets =
            |other: &&Binding| other.name != own.name && other.scopes.iter().any(|scope| own.scopes.contain(scope));
        for other in BINDINGS.iter().filter(meets) {
            if let Some(key) = keys_of(other, taken).iter().find(|key| keys.contains(key)) {
                let what = format!("keys.{}: {key} already means {:?}", over.command, other.name);
                return Some((at, what, format!("choose another key, or give {:?} another one", other.name)));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::console::key::Code;

    fn keymap(text: &str) -> (Keymap, Vec<String>) {
        let (keymap, defects) = Keymap::of(&ConfigFile::parse(Path::new("c.toml"), text));
        (keymap, defects.iter().map(ToString::to_string).collect())
    }

    fn key(keymap: Keymap, name: &str) -> String {
        keymap.rows().iter().find(|row| row.name == name).unwrap().shown_keys().join(" ")
    }

    #[test]
    fn commands_get_other_keys_and_lose_their_own() {
        let (map, defects) = keymap("[keys]\nbuild = \"F5\"\n\"roll back\" = [\"Ctrl-r\", \"F6\"]\nsweep = []\n");
        assert_eq!(defects, [""; 0]);
        assert_eq!(
            (key(map, "build"), key(map, "roll back"), key(map, "sweep")),
            ("F5".into(), "Ctrl-R F6".into(), "".into())
        );
        assert!(map.command(KeyPress::char('b'), Scope::Lines).is_none());
        let build = BINDINGS.iter().find(|row| row.name == "build").unwrap().command;
        assert_eq!(map.command(KeyPress::code(Code::F(5)), Scope::Log), Some(build));
        // Two that change places.
        let (map, defects) = keymap("[keys]\nbuild = \"p\"\npromote = \"b\"\n");
        assert_eq!((key(map, "build"), key(map, "promote"), defects.len()), ("p".into(), "b".into(), 0));
    }

    #[test]
    fn texts_name_the_keys_that_the_user_chose() {
        let text = "‹sweep› sweeps it, ‹roll back› rolls back (‹build›)";
        assert_eq!(Keymap::default().spelled(text), "S sweeps it, R rolls back (b)");
        let (map, _) = keymap("[keys]\nbuild = \"F5\"\n\"roll back\" = [\"Ctrl-r\"]\nsweep = []\n");
        assert_eq!(map.spelled(text), ":sweep sweeps it, Ctrl-R rolls back (F5)");
        let others = "a ‹ alone, and ‹no such› command";
        assert_eq!(map.spelled(others), others);
    }

    #[test]
    fn a_key_means_one_thing_and_what_is_refused_is_told_with_its_line() {
        let (map, defects) = keymap("[keys]\nbuild = \"x\"\n");
        assert_eq!(
            defects,
            [
                "c.toml:2: keys.build: x already means \"cancel build\"; choose another key, or give \"cancel build\" another one"
            ]
        );
        assert_eq!(key(map, "build"), "b");
        // Refused, it takes back a key that was given away.
        let (map, defects) = keymap("[keys]\npromote = \"b\"\nbuild = \"x\"\n");
        assert_eq!((key(map, "build"), key(map, "promote"), defects.len()), ("b".into(), "p".into(), 2));
        for (text, named) in [
            ("bild = \"F5\"", "did you mean \"build\"?"),
            ("hold = \"F5\"", "did you mean \"hold or release\"?"),
            ("cause = \"F5\"", "did you mean \"verdict\"?"),
            ("notify = \"bell\"", "notify belongs above the first table, and stands in keys; move it"),
            ("build = \"Alt-x\"", "there is no key \"Alt-x\""),
            ("build = \"Ctrl-c\"", "Ctrl-C always leaves"),
            ("build = 5", "one in quotes"),
        ] {
            let file = ConfigFile::parse(Path::new("c.toml"), &format!("[keys]\n{text}\n"));
            let (_, defects) = Keymap::of(&file);
            let told: Vec<String> = file.defects.iter().chain(&defects).map(ToString::to_string).collect();
            assert!(
                told.len() == 1 && told[0].starts_with("c.toml:2: ") && told[0].contains(named),
                "{text}: {told:?}"
            );
        }
    }
}
