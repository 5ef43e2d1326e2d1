//! Transitions and invariants of the console.

mod github;
mod invariants;
mod leaving;
mod log;
mod media;
pub(crate) mod past;
mod transitions;
mod triage;
mod vcenter;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use super::binding::Keymap;
use super::command::{Command, Motion};
use super::key::{Code, KeyPress};
use super::scope::Scope;
use super::{binding, fixture};

/// `TMPL_UPDATE=1 cargo test` writes the file anew.
#[test]
fn the_documented_keys_are_those_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
    if std::env::var_os("TMPL_UPDATE").is_some() {
        std::fs::write(path, binding::markdown()).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(documented, binding::markdown(), "docs/keys.md is stale: TMPL_UPDATE=1 cargo test documented_keys");
}

#[test]
fn no_key_means_two_things_in_one_scope_and_none_is_out_of_reach() {
    let mut seen = BTreeMap::new();
    for row in binding::BINDINGS {
        assert!(row.scopes.iter().next().is_some(), "{} works nowhere", row.name);
        for (key, scope) in row.keys.iter().flat_map(|key| row.scopes.iter().map(move |scope| (*key, scope))) {
            assert_eq!(seen.insert((key, scope), row.command), None, "{key} is bound twice in {scope:?}");
            assert_eq!(Keymap::default().command(key, scope), Some(row.command));
        }
        assert!(std::ptr::eq(Keymap::default().binding(row.command).unwrap(), row), "{} has two rows", row.name);
    }
}

#[test]
fn keys_lead_to_every_scope_and_back() {
    let mut console = fixture::night();
    let mut reached = BTreeSet::from([console.panes.scope()]);
    for keys in ["\t", "\t", "\t", "\t", "M", "W", "P"] {
        fixture::typed(&mut console, keys);
        reached.insert(console.panes.scope());
    }
    assert_eq!(reached, BTreeSet::from(Scope::ALL));
    fixture::typed(&mut console, "\x1b");
    assert_eq!(console.panes.scope(), Scope::Lines);
}

#[test]
fn the_ends_of_every_list_are_the_same_keys() {
    let (first, last) =
        ([KeyPress::char('g'), KeyPress::code(Code::Home)], [KeyPress::char('G'), KeyPress::code(Code::End)]);
    for scope in Scope::ALL {
        for (keys, motion) in [(first, Motion::First), (last, Motion::Last)] {
            for key in keys {
                assert_eq!(Keymap::default().command(key, scope), Some(Command::Move(motion)), "{key} in {scope:?}");
            }
        }
    }
}
