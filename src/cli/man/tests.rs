use std::collections::BTreeSet;
use std::path::Path;

use clap::{CommandFactory, Parser};
use regex::Regex;
use tmpl::config::SELECTED;

use super::sections::{ENVIRONMENT, EXAMPLES};
use super::{page, title};
use crate::cli::Cli;

/// Read by the program from itself, by tests, or in the scripts of CI only.
const NOT_FOR_PEOPLE: &[&str] = &[
    "TMPL_VERSION",
    "TMPL_SIMULATED",
    "TMPL_CONTEXT_ENTERED",
    "TMPL_CONTEXT_OUTER",
    "TMPL_CONTEXT_VCENTER",
    "TMPL_UPDATE",
    "TMPL_SECRET_COMMANDS",
    "TMPL_SCREENS_CORPUS",
    "GITHUB_ACTIONS",
    "GITHUB_OUTPUT",
    "GH_ENTERPRISE_TOKEN",
    "GITHUB_ACTOR",
    "GITHUB_ENTERPRISE_TOKEN",
    "GITHUB_RUN_ID",
    "GITHUB_SHA",
    "GITHUB_STEP_SUMMARY",
];

fn documented() -> BTreeSet<&'static str> {
    ENVIRONMENT.iter().flat_map(|(names, _)| names.split(", ")).collect()
}

/// Names of variables that stand in quotes in the sources.
fn read_by_the_program(dir: &Path, found: &mut BTreeSet<String>) {
    let name = Regex::new(r#""((?:TMPL|GOVC|GITHUB|GH)_[A-Z][A-Z_]*[A-Z]|PKR_VAR_vsphere_[a-z_]*[a-z])""#).unwrap();
    for entry in std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && entry.file_name() != Some("lab".as_ref()) {
            read_by_the_program(&entry, found);
        } else if entry.extension() == Some("rs".as_ref()) && !entry.ends_with("tests.rs") {
            let text = std::fs::read_to_string(entry).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.extend(name.captures_iter(text).map(|captures| captures[1].to_owned()));
        }
    }
}

#[test]
fn every_variable_that_is_read_is_in_the_manual() {
    let mut read = BTreeSet::new();
    read_by_the_program(Path::new("src"), &mut read);
    assert!(read.len() > 15, "{read:?}");
    let missing: Vec<_> = read
        .iter()
        // Given to plugins, and documented with them.
        .filter(|name| !SELECTED.iter().any(|(given, _)| given == name))
        .filter(|name| !documented().contains(name.as_str()) && !NOT_FOR_PEOPLE.contains(&name.as_str()))
        .collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn every_example_is_a_command_that_the_program_takes_and_every_verb_has_one() {
    for example in EXAMPLES {
        Cli::try_parse_from(example.command.split(' ')).unwrap_or_else(|error| panic!("{}: {error}", example.command));
    }
    let mut program = Cli::command();
    program.build();
    let no_help = |verb: &&clap::Command| verb.get_name() != "help";
    let verbs = program.get_subcommands().filter(no_help);
    let verbs = verbs.flat_map(|verb| std::iter::once(verb).chain(verb.get_subcommands()));
    for verb in verbs.filter(no_help) {
        assert!(EXAMPLES.iter().any(|example| example.of(&title(verb))), "no example of {}", verb.get_name());
        let text = String::from_utf8(page(verb).unwrap()).unwrap();
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"] {
            let heading = if heading.contains(' ') { format!(".SH \"{heading}\"") } else { format!(".SH {heading}") };
            assert!(text.contains(&heading), "{}: no {heading}", verb.get_name());
        }
    }
}

#[test]
fn a_page_says_what_options_take_and_of_which_version_it_is() {
    let mut program = Cli::command();
    program.build();
    let promote = program.find_subcommand("promote").unwrap();
    let text = String::from_utf8(page(promote).unwrap()).unwrap();
    let plain = text.replace("\\fB", "").replace("\\fI", "").replace("\\fR", "").replace("\\-", "-");
    let synopsis = plain.lines().find(|line| line.starts_with("tmpl-tui promote ")).unwrap();
    assert!(synopsis.contains("[--repo DIR]") && synopsis.contains("[--read-only]"), "{synopsis}");
    assert!(synopsis.ends_with(" KEY"), "{synopsis}");
    assert!(
        text.contains(concat!("\"tmpl-tui ", env!("TMPL_VERSION"), "\"")),
        "{}",
        text.lines().nth(2).unwrap_or_default()
    );
}

/// What `--help` says of a verb and of those below it.
fn document(command: &clap::Command, text: &mut String) {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).replace('-', " ");
    let name = name.replacen("tmpl tui", "tmpl-tui", 1);
    let help = command.clone().term_width(100).render_long_help().to_string();
    let lines: Vec<&str> = help.lines().map(str::trim_end).collect();
    *text += &format!("\n## {name}\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set()) {
        document(verb, text);
    }
}

#[test]
fn the_documented_verbs_are_those_there_are() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verbs.md");
    let mut program = Cli::command();
    program.build();
    let mut text =
        "# Verbs\n\nGenerated: what `--help` says. The manual (`man tmpl-tui-build`, `tmpl-tui man build`) also has \
                    exit codes,\nvariables, files and examples.\n"
            .to_owned();
    document(&program, &mut text);
    if std::env::var_os("TMPL_UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(documented, text, "docs/verbs.md is stale: TMPL_UPDATE=1 cargo test --bin tmpl-tui documented_verbs");
}
