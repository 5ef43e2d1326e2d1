//! Transitions and invariants of the console.

mod github;
mod invariants;
mod leaving;
mod log;
mod media;
mod transitions;
mod triage;

use super::binding;

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
fn no_key_means_two_things_and_every_command_has_a_row() {
    let mut seen = std::collections::BTreeMap::new();
    for row in binding::BINDINGS {
        for key in row.keys {
            assert_eq!(seen.insert(*key, row.command), None, "{key} is bound twice");
        }
    }
}
