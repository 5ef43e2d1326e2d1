//! The arrows of the house: which module knows which, where a terminal may be, how long a file may get. The order of the
//! modules stands in one place, the map at the top of `src/lib.rs`.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Lines without tests that a file may have.
const LONGEST: usize = 300;

/// Files that are longer, and how long they may be: none grows, and none stays here that has become short.
const LONG: &[(&str, usize)] = &[
    ("src/lab/machine.rs", 349),
    ("src/packer_log/follow.rs", 324),
    ("src/packer_log/phase.rs", 343),
    ("src/triage/verdict/observations.rs", 309),
    ("src/vcenter/gate.rs", 355),
    ("src/vcenter/session.rs", 404),
];

/// Who may know the lab, beside itself and what fuzzers feed.
const OF_THE_LAB: [&str; 4] = ["src/cli/demo.rs", "src/cli/lab.rs", "src/cli/tui.rs", "src/main.rs"];

/// A name, a sign or a bracket of the source. Comments are none.
#[derive(PartialEq)]
struct Word {
    text: String,
    line: usize,
}

/// A file below `src` without its tests.
struct Source {
    path: String,
    /// e.g. `console`, `judge`
    module: Vec<String>,
    words: Vec<Word>,
    /// modules that are compiled for tests alone
    tests: Vec<Vec<String>>,
    /// lines that are not those of tests
    lines: usize,
}

/// The files of Rust below a folder.
fn rust_files(root: &str) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut folders = vec![Path::new(root).to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}

/// All files but those of tests.
static SOURCES: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let paths = rust_files("src");
    let mut all: Vec<Source> = paths.iter().map(|path| Source::read(path)).collect();
    let tests: Vec<Vec<String>> = all.iter().flat_map(|source| source.tests.clone()).collect();
    all.retain(|source| !tests.iter().any(|test| source.module.starts_with(test)));
    assert!(all.len() > 100, "all of the house was seen");
    all
});

impl Source {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let name = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        // The binary's root is what the command line begins with.
        let name = if name == "main" { "cli" } else { name };
        let module = name.split('/').map(str::to_owned).collect();
        let mut source = Self { path, module, words: Vec::new(), tests: Vec::new(), lines: text.lines().count() };
        let tokens = text.parse().unwrap_or_else(|error| panic!("{}: {error}", source.path));
        source.add(tokens);
        source
    }

    /// Adds everything but the items behind `#[cfg(test)]`.
    fn add(&mut self, stream: TokenStream) {
        let mut tokens = stream.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let line = token.span().start().line;
            match (token, tokens.peek()) {
                (TokenTree::Punct(sign), Some(TokenTree::Group(attribute)))
                    if sign.as_char() == '#' && attribute.stream().to_string().replace(' ', "") == "cfg(test)" =>
                {
                    self.pass_over(line, &mut tokens);
                }
                (TokenTree::Group(group), _) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Parenthesis | Delimiter::None => ("(", ")"),
                    };
                    self.words.push(Word { text: open.into(), line });
                    self.add(group.stream());
                    self.words.push(Word { text: close.into(), line: group.span_close().end().line });
                }
                (TokenTree::Literal(_), _) => {}
                (other, _) => self.words.push(Word { text: other.to_string(), line }),
            }
        }
    }

    /// Passes over an item of tests, and remembers the module that it declares.
    fn pass_over(&mut self, first: usize, tokens: &mut impl Iterator<Item = TokenTree>) {
        let mut module = false;
        for token in tokens {
            let last = token.span().end().line;
            if module {
                self.tests.push(self.module.iter().cloned().chain([token.to_string()]).collect());
            }
            module = matches!(&token, TokenTree::Ident(name) if name == "mod");
            let over = match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(sign) => sign.as_char() == ';',
                TokenTree::Ident(_) | TokenTree::Literal(_) => false,
            };
            if over {
                self.lines -= last + 1 - first;
                return;
            }
        }
    }

    /// The name of the top-level module.
    fn house(&self) -> &str {
        &self.module[0]
    }

    /// What is named right below this root of paths.
    fn below(&self, root: &str) -> Vec<&Word> {
        let texts: Vec<&str> = self.words.iter().map(|word| word.text.as_str()).collect();
        let mut found = Vec::new();
        for index in 0..texts.len().saturating_sub(3) {
            // Not in the middle of a path; one colon stands before the type of a field.
            let inner = texts[..index].ends_with(&[":", ":"]);
            if inner || texts[index..index + 3] != [root, ":", ":"] {
                continue;
            }
            if texts[index + 3] != "{" {
                found.push(&self.words[index + 3]);
                continue;
            }
            let mut depth = 0;
            for at in index + 3..texts.len() {
                match texts[at] {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
                if depth == 1 && ["{", ","].contains(&texts[at]) && texts[at + 1] != "}" {
                    found.push(&self.words[at + 1]);
                }
            }
        }
        found
    }
}

/// The map in `src/lib.rs`: each module's number.
fn map() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string("src/lib.rs").unwrap();
    let (_, rest) = text.split_once("//! ```text\n").expect("the map begins");
    let (map, _) = rest.split_once("//! ```\n").expect("the map ends");
    let entry = |line: &str| {
        let mut words = line.trim_start_matches("//!").split_whitespace();
        let (number, name) = (words.next()?.parse().ok()?, words.next()?.to_owned());
        words.next().map(|_| (name, number))
    };
    let entries: Vec<_> =
        map.lines().map(|line| entry(line).unwrap_or_else(|| panic!("no place on the map: {line}"))).collect();
    assert!(entries.is_sorted_by_key(|(_, number)| *number), "the map is in order");
    entries.into_iter().collect()
}

fn hold(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_module_is_on_the_map() {
    let modules: BTreeSet<&str> = SOURCES.iter().map(Source::house).filter(|name| *name != "lib").collect();
    let map = map();
    assert_eq!(modules, map.keys().map(String::as_str).collect(), "left: src, right: the map in src/lib.rs");
}

/// The text between the first fence and its end, without what begins each line.
fn fenced<'a>(text: &'a str, begins: &'a str) -> Vec<&'a str> {
    let lines = text.lines().map(move |line| line.strip_prefix(begins).unwrap_or(line).trim_end());
    lines.skip_while(|line| *line != "```text").skip(1).take_while(|line| *line != "```").collect()
}

#[test]
fn the_documented_modules_are_those_on_the_map() {
    let path = "docs/architecture.md";
    let (source, document) = (std::fs::read_to_string("src/lib.rs").unwrap(), std::fs::read_to_string(path).unwrap());
    let (map, documented) = (fenced(&source, "//! "), fenced(&document, ""));
    if std::env::var_os("TMPL_UPDATE").is_some() {
        let (before, rest) = document.split_once("```text\n").unwrap();
        let (_, after) = rest.split_once("```\n").unwrap();
        let map: String = map.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(path, format!("{before}```text\n{map}```\n{after}")).unwrap();
        return;
    }
    assert_eq!(documented, map, "{path} is stale: TMPL_UPDATE=1 cargo test --test house documented_modules");
}

/// What README and the documents show, and where they lead to, is there; pictures are small.
#[test]
fn what_the_documents_name_is_there() {
    let mut broken = Vec::new();
    let documents = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let roots = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(Into::into);
    for document in documents.chain(roots).filter(|path| path.extension() == Some("md".as_ref())) {
        let text = std::fs::read_to_string(&document).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let path = document.parent().unwrap().join(target);
            if !target.is_empty() && !target.contains("://") && !path.exists() {
                broken.push(format!("{}: {target} is not there", document.display()));
            }
        }
    }
    for picture in std::fs::read_dir("assets").unwrap().map(|entry| entry.unwrap().path()) {
        let drawn = picture.extension().is_some_and(|kind| kind == "svg" || kind == "png");
        if drawn && picture.metadata().unwrap().len() > 1_500_000 {
            broken.push(format!("{} is larger than 1.5 MB", picture.display()));
        }
    }
    hold(&broken);
}

/// Every test that the threat model names is one, and each row of its table names some.
#[test]
fn the_tests_of_the_threat_model_are_there() {
    let text = std::fs::read_to_string("docs/threat-model.md").unwrap();
    let (_, table) = text.split_once("| | Tried | Outcome | Tests |\n").unwrap();
    let rows: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    let files = ["src", "tests"].into_iter().flat_map(rust_files);
    let sources: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut broken = Vec::new();
    for (number, row) in (1..).zip(&rows) {
        let tests = row.rsplit(" | ").next().unwrap();
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        let missing = names.iter().filter(|name| !sources.contains(&format!("fn {name}(")));
        broken.extend(missing.map(|name| format!("row {number}: no test {name}")));
        if names.is_empty() || !row.starts_with(&format!("| {number} |")) {
            broken.push(format!("row {number}: {row}"));
        }
    }
    hold(&broken);
    assert_eq!(rows.len(), 17);
}

#[test]
fn arrows_point_one_way() {
    let map = map();
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| source.house() != "lib") {
        let from = source.house();
        // In the binary `crate` is the binary.
        let root = if from == "cli" { "tmpl" } else { "crate" };
        for Word { text: to, line } in source.below(root).into_iter().filter(|word| word.text != from) {
            let at = format!("{}:{line}: {from} → {to}", source.path);
            match map.get(to) {
                None => broken.push(format!("{at}, which is not on the map in src/lib.rs")),
                Some(number) if *number >= map[from] => {
                    broken.push(format!("{at}: on the map in src/lib.rs {from} is {}, {to} is {number}", map[from]));
                }
                Some(_) if to == "lab" && from != "fuzz" && !OF_THE_LAB.contains(&source.path.as_str()) => {
                    broken.push(format!("{at}: nothing that is real knows the lab"));
                }
                Some(_) => {}
            }
        }
    }
    hold(&broken);
}

/// An arrow that goes over the root without naming it would not be seen.
#[test]
fn another_module_is_named_from_the_root() {
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| source.house() != "lib") {
        let over: Vec<&str> = source.module.iter().flat_map(|_| ["super", ":", ":"]).collect();
        for words in source.words.windows(over.len()) {
            if words.iter().map(|word| word.text.as_str()).eq(over.iter().copied()) {
                broken.push(format!("{}:{}: say crate::, so that the arrow is seen", source.path, words[0].line));
            }
        }
    }
    hold(&broken);
}

#[test]
fn only_the_tui_knows_a_terminal() {
    let manifest: toml::Table = std::fs::read_to_string("Cargo.toml").unwrap().parse().unwrap();
    let feature = manifest["features"]["tui"].as_array().unwrap();
    let crates: Vec<String> = feature.iter().map(|it| it.as_str().unwrap().replace("dep:", "")).collect();
    assert!(["crossterm", "ratatui", "viuer"].iter().all(|name| crates.iter().any(|it| it == name)), "{crates:?}");
    let at_home = |source: &&Source| source.path.starts_with("src/tui/") || source.path.starts_with("src/cli/tui");
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| !at_home(source)) {
        let known = source.words.iter().filter(|word| crates.contains(&word.text));
        broken.extend(known.map(|Word { text, line }| format!("{}:{line}: {text} outside src/tui", source.path)));
    }
    hold(&broken);
}

#[test]
fn the_console_is_a_value() {
    let mut broken = Vec::new();
    for source in SOURCES.iter().filter(|source| source.house() == "console") {
        let std = source.below("std").into_iter();
        let std = std.filter(|word| ["env", "fs", "io", "net", "process", "thread"].contains(&word.text.as_str()));
        let clocks = ["Timestamp", "Zoned", "Instant", "SystemTime"].into_iter().flat_map(|clock| source.below(clock));
        let clocks = clocks.filter(|word| word.text == "now");
        let outside = ["tokio", "tokio_util", "reqwest", "futures_util", "nix"];
        let outside = source.words.iter().filter(|word| outside.contains(&word.text.as_str()));
        let all = std.chain(clocks).chain(outside);
        broken.extend(all.map(|Word { text, line }| format!("{}:{line}: {text} in the console", source.path)));
    }
    hold(&broken);
}

#[test]
fn files_stay_short() {
    let mut broken = Vec::new();
    for Source { path, lines, .. } in SOURCES.iter() {
        let long = LONG.iter().find(|(known, _)| known == path).map(|(_, lines)| *lines);
        match long {
            Some(_) if *lines <= LONGEST => broken.push(format!("{path} is short now ({lines} lines): off the list")),
            Some(most) if *lines > most => broken.push(format!("{path}: {lines} lines, {most} before; divide it")),
            None if *lines > LONGEST => broken.push(format!("{path}: {lines} lines without tests, {LONGEST} at most")),
            Some(_) | None => {}
        }
    }
    let gone = LONG.iter().filter(|(path, _)| !Path::new(path).exists());
    broken.extend(gone.map(|(path, _)| format!("{path} is no more: off the list")));
    hold(&broken);
}

/// Dialogs have keys of their own, which nobody moves; the table names all others.
const OWN_KEYS: [&str; 8] = [
    // The table itself, and what is wrong with a key in the configuration.
    "src/console/binding/table.rs",
    "src/console/binding/keymap.rs",
    "src/console/binding/plugins.rs",
    "src/console/prompt.rs",
    "src/tui/overlay/confirm.rs",
    "src/tui/overlay/help.rs",
    "src/tui/overlay/quit.rs",
    "src/tui/overlay/teach.rs",
];

/// Literal strings of the console's code, with their lines; a comment has none.
fn texts(code: &str) -> Vec<(usize, String)> {
    let uncommented = |line: &'_ str| !line.trim_start().starts_with("//");
    let lines = code.lines().enumerate().filter(|(_, line)| uncommented(line));
    let parts = |line: &str| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    lines.flat_map(|(at, line)| parts(line).into_iter().map(move |text| (at + 1, text))).collect()
}

#[test]
fn no_text_but_the_table_names_a_key() {
    // `S sweeps it`, `r tries again`, `[ goes back`: a key and what it does.
    let key = r"(?:^|[(·,;:] |[ (])(?:[b-zA-HJ-Z!?@\[\]]|I|Esc|Tab|Enter|Space|PgUp|PgDn|Ctrl-[A-Z]|F[0-9]+) ";
    let does = r"(?:(?:[a-z]+s|back|older|newer|cancel|sweep|build|promote)\b)";
    let named = regex::Regex::new(&format!("{key}{does}")).unwrap();
    let commands: BTreeSet<String> = {
        let table = std::fs::read_to_string("docs/keys.md").unwrap();
        let rows = table.lines().filter(|line| line.starts_with("| `"));
        rows.map(|row| row.split(" | ").nth(1).unwrap().trim().to_owned()).collect()
    };
    let mut broken = Vec::new();
    for path in ["src/console", "src/tui", "src/github", "src/ops"].into_iter().flat_map(rust_files) {
        let name = path.display().to_string();
        if name.contains("/tests") || name.ends_with("fixture.rs") || OWN_KEYS.contains(&name.as_str()) {
            continue;
        }
        let code = std::fs::read_to_string(&path).unwrap();
        let code = code.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (line, text) in texts(code) {
            if let Some(found) = named.find(&text) {
                broken.push(format!("{name}:{line}: {:?} names a key; write its command in ‹›", found.as_str()));
            }
            let spelled = text.split('‹').skip(1).filter_map(|rest| rest.split_once('›')).map(|(command, _)| command);
            let unknown = spelled.filter(|command| !commands.contains(*command) && !command.contains(['{', '.']));
            broken.extend(unknown.map(|command| format!("{name}:{line}: there is no command {command:?}")));
        }
    }
    hold(&broken);
}
