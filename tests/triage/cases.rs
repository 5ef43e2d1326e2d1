//! Failures that other people had: the class of each log.

use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use tmpl::packer_log::unpack;
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::Judge;

#[derive(Deserialize)]
struct Case {
    name: String,
    input: String,
    #[serde(default)]
    class: Vec<String>,
}

/// Classes of several builds, in an order of their own.
fn sorted(class: &str) -> Vec<&str> {
    let mut classes: Vec<&str> = class.split('+').collect();
    classes.sort_unstable();
    classes
}

#[test]
fn failures_that_other_people_had_are_called_what_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&index).unwrap();
    let rules = Rules::shipped().unwrap();
    let judge = Judge::new(&rules).unwrap();
    let mut faults = Vec::new();
    let mut judged = 0;
    for Case { name, input, class } in cases.into_iter().filter(|case| !case.class.is_empty()) {
        let log = unpack::open(&folder.join(&name).join(input)).unwrap();
        let mut judge = judge.fresh();
        judge.read(BufReader::new(log)).unwrap();
        let found = judge.verdict(&Scrubber::default(), None);
        judged += 1;
        if !class.iter().any(|class| sorted(class) == sorted(&found.class)) {
            faults.push(format!("{name}: {} by {:?}, not {class:?}\n    {}", found.class, found.rule, found.cause));
        }
    }
    assert!(judged >= 25, "only {judged} cases found");
    assert!(faults.is_empty(), "{} of {judged} wrong:\n{}", faults.len(), faults.join("\n"));
}
