//! Verdicts on real logs of packer: class and cited line of every scenario.
//!
//! `tests/logs` holds the logs below 100 KB as packer wrote them. `TMPL_TRIAGE_CORPUS` names a folder with more scenarios
//! of the same layout (`<scenario>/packer-build.log`, `index.json`); all of them are judged, too.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cases;
mod laws;
mod live;
mod steps;
mod variants;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{Verdict, judge};

#[derive(Deserialize)]
struct Expected {
    scenario: String,
    class: String,
    evidence_line: Option<u64>,
    evidence_line_output: Option<u64>,
    evidence_line_nocolor: Option<u64>,
}

fn corpora() -> Vec<PathBuf> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/logs");
    let more = std::env::var_os("TMPL_TRIAGE_CORPUS").map(PathBuf::from);
    [shipped].into_iter().chain(more).collect()
}

fn expected(corpus: &Path) -> Vec<Expected> {
    let index =
        std::fs::read_to_string(corpus.join("index.json")).unwrap_or_else(|e| panic!("{}: {e}", corpus.display()));
    serde_json::from_str(&index).unwrap()
}

/// A log of a scenario, if the corpus has it; compressed ones are unpacked by gzip.
fn open(path: &Path) -> Option<Box<dyn BufRead>> {
    if let Ok(file) = File::open(path) {
        return Some(Box::new(BufReader::new(file)));
    }
    let packed = path.with_extension("log.gz");
    packed.exists().then(|| {
        let unpacked = std::process::Command::new("gzip").arg("-dc").arg(&packed).output().unwrap();
        assert!(unpacked.status.success(), "{}", packed.display());
        Box::new(std::io::Cursor::new(unpacked.stdout)) as Box<dyn BufRead>
    })
}

fn verdict(path: &Path) -> Option<Verdict> {
    let rules = Rules::shipped().unwrap();
    open(path).map(|log| judge(log, &rules, &Scrubber::default(), None).unwrap())
}

/// What is wrong with a verdict: nothing when it is right; `strict` demands that it is not unknown either.
fn fault(name: &str, verdict: &Verdict, class: &str, line: Option<u64>, strict: bool) -> Option<String> {
    if verdict.class == "unknown" && !strict {
        return None;
    }
    let cited: Vec<u64> = verdict.evidence.iter().filter_map(|evidence| evidence.line).collect();
    // A success is the absence of a failure: any line may be cited for it.
    let right = verdict.class == class && (class == "success" || line.is_none_or(|line| cited.contains(&line)));
    (!right).then(|| {
        format!(
            "{name}: {} at {cited:?}, not {class} at {line:?}\n    {:?}: {}",
            verdict.class, verdict.rule, verdict.cause
        )
    })
}

#[test]
fn every_debug_log_gets_its_true_cause_and_line() {
    let mut faults = Vec::new();
    let mut judged = 0;
    for corpus in corpora() {
        for scenario in expected(&corpus) {
            let folder = corpus.join(&scenario.scenario);
            if let Some(verdict) = verdict(&folder.join("packer-build.log")) {
                judged += 1;
                faults.extend(fault(&scenario.scenario, &verdict, &scenario.class, scenario.evidence_line, true));
                let first = verdict.evidence.first().and_then(|evidence| evidence.line);
                if scenario.class != "success" && first != scenario.evidence_line && scenario.evidence_line.is_some() {
                    faults.push(format!(
                        "{}: cites line {first:?} first, not {:?}",
                        scenario.scenario, scenario.evidence_line
                    ));
                }
            }
        }
    }
    assert!(judged >= 20, "only {judged} logs found");
    assert!(faults.is_empty(), "{} of {judged} wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn printed_output_gets_the_true_cause_or_none() {
    let mut faults = Vec::new();
    for corpus in corpora() {
        for scenario in expected(&corpus) {
            let folder = corpus.join(&scenario.scenario);
            let name = |file: &str| format!("{} ({file})", scenario.scenario);
            for (file, line) in [
                ("output.log", scenario.evidence_line_output),
                ("packer-build.nocolor.log", scenario.evidence_line_nocolor),
            ] {
                if let Some(verdict) = verdict(&folder.join(file)) {
                    faults.extend(fault(&name(file), &verdict, &scenario.class, line, false));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}
