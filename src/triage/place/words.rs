//! What a remedy speaks of, in its order: names of variables and arguments, answer files, things that go by a word.

use super::template::Template;
use super::{Place, Sources};
use crate::fs::plain;

/// Something that a text speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    /// a variable or an argument by its name
    Name(String),
    /// the file with the answers for the installer
    AnswerFile,
    /// a thing that variables and arguments of these names set, the first that is there
    Thing(&'static [&'static str]),
}

/// Words for things, in lower case, and how whoever sets them calls them.
const THINGS: [(&str, &[&str]); 6] = [
    ("credentials", &["vsphere_username", "vsphere_user", "vcenter_username", "username"]),
    ("the endpoint", &["vsphere_endpoint", "vsphere_server", "vcenter_server"]),
    ("build network", &["vsphere_network", "vm_network", "network_name", "network"]),
    ("vlan", &["vsphere_network", "vm_network", "network_name", "network"]),
    ("datastore", &["vsphere_datastore", "vm_datastore", "datastore"]),
    ("disk controller", &["vm_disk_controller_type", "disk_controller_type"]),
];
/// Words for the file with the answers for an installer.
const ANSWER_FILES: [&str; 6] = ["answer file", "preseed", "kickstart", "autoinstall", "unattend", "preconfiguration"];
/// What packer's variables are called in the environment.
const IN_ENVIRONMENT: &str = "PKR_VAR_";

/// What a text speaks of.
pub(super) fn of(text: &str) -> Vec<Word> {
    let lower = text.to_ascii_lowercase();
    let names = names(text).map(|(at, name)| (at, Word::Name(name.to_owned())));
    let things = THINGS.iter().filter_map(|(word, names)| Some((lower.find(word)?, Word::Thing(names))));
    let answers = ANSWER_FILES.iter().filter_map(|word| Some((lower.find(word)?, Word::AnswerFile)));
    let mut found: Vec<(usize, Word)> = names.chain(things).chain(answers).collect();
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, word)| word).collect()
}

/// `snake_case` words, where they stand.
fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut at = 0;
    text.split(move |c: char| !part(c)).filter_map(move |word| {
        let here = at;
        at += word.len() + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
        let name = word.strip_prefix(IN_ENVIRONMENT).unwrap_or(word);
        let snake = name.contains('_') && name.starts_with(|c: char| c.is_ascii_lowercase());
        let lower = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        // Without an underscore it is a word like any other, unless it stood behind packer's prefix.
        (lower && (snake || name.len() < word.len())).then_some((here, name))
    })
}

impl Word {
    /// Where it is set.
    pub fn find(&self, sources: &Sources<'_>, template: &Template) -> Option<Place> {
        match self {
            Self::Name(name) => named(name, sources, template),
            Self::Thing(names) => names.iter().find_map(|name| named(name, sources, template)),
            Self::AnswerFile => template.answer_files().first().map(|file| sources.place(&plain(file), None, None)),
        }
    }
}

/// Where a name is set: in a var-file; as an argument of the template, by the variable that it is made of; where the
/// variable is declared.
fn named(name: &str, sources: &Sources<'_>, template: &Template) -> Option<Place> {
    let argument = || {
        let argument = template.argument(name)?;
        let variable = argument.variable.as_deref();
        let there = || sources.place(argument.file, Some(argument.line), Some(name));
        Some(variable.and_then(|variable| sources.assigned(variable)).unwrap_or_else(there))
    };
    let declared = || {
        let (file, line) = template.declaration(name)?;
        Some(sources.place(file, Some(line), Some(name)))
    };
    sources.assigned(name).or_else(argument).or_else(declared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_speaks_of_names_and_things_in_its_order() {
        let name = |name: &str| Word::Name(name.into());
        assert_eq!(
            of("Set PKR_VAR_disk in the environment, or assign vm_disk there."),
            [name("disk"), name("vm_disk")]
        );
        let text = "“Compare” the picture with boot_command; lengthen boot_wait, then see the preseed file.";
        assert_eq!(of(text), [name("boot_command"), name("boot_wait"), Word::AnswerFile]);
        assert!(of("Is vCenter up? tmpl-tui doctor tells; TMPDIR and HTTPS_PROXY too.").is_empty());
    }
}
