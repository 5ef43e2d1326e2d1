//! Console pictures get their names: text consoles by their glyphs, graphical screens through tesseract.
//!
//! `TMPL_SCREENS_CORPUS` names a folder of scenarios (`<scenario>/000.png …`, `meta.json`, `text.json`); without it the few
//! pictures in `tests/screens` are looked at.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tmpl::guest::screen::{ScreenAnalysis, ScreenLabels, analyse, open, read_cells};
use tmpl::text::Scrubber;
use tmpl::triage::rules::Rules;
use tmpl::triage::verdict::{BuildContext, Verdict, judge};

#[derive(Deserialize)]
struct Meta {
    scenario: String,
    should_be_called: String,
    final_state: String,
    ocr_frame: String,
    frames: Vec<Listed>,
    /// nothing goes wrong in it: every picture by itself is one of a guest at work
    #[serde(default)]
    healthy: bool,
}

#[derive(Deserialize)]
struct Listed {
    file: String,
}

fn scenarios() -> Vec<(PathBuf, Meta)> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens");
    let folders = [Some(shipped), std::env::var_os("TMPL_SCREENS_CORPUS").map(PathBuf::from)];
    let mut found = Vec::new();
    for folder in folders.into_iter().flatten() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries.into_iter().filter(|path| path.is_dir()) {
            let meta = std::fs::read_to_string(path.join("meta.json")).unwrap();
            found.push((path, serde_json::from_str(&meta).unwrap()));
        }
    }
    found
}

async fn seen(path: &Path) -> ScreenAnalysis {
    let look = analyse(&open(path).unwrap(), &ScreenLabels::shipped().unwrap()).await.unwrap();
    assert_eq!(look.error, None, "{}: this test needs tesseract (ci/test installs it)", path.display());
    look
}

#[tokio::test]
async fn a_picture_is_called_what_it_is_or_unknown() {
    let mut faults = Vec::new();
    let mut named = 0;
    for (folder, meta) in scenarios() {
        let look = seen(&folder.join(&meta.ocr_frame)).await;
        // One picture does not show that only a spinner moves, nor a cursor that is just dark.
        let silent = [("unknown", "spinner-only"), ("blank", "blank-cursor")];
        let right = look.label == meta.should_be_called
            || silent.contains(&(look.label.as_str(), meta.should_be_called.as_str()));
        named += usize::from(look.label == meta.should_be_called);
        if !right {
            let text = look.text.map(|text| text.rows.join("\n    ")).unwrap_or_default();
            faults.push(format!(
                "{}: {} by {:?}, not {}\n    {text}",
                meta.scenario, look.label, look.words, meta.should_be_called
            ));
        }
    }
    assert!(named >= 5, "only {named} pictures were named");
    assert!(faults.is_empty(), "{} wrong, {named} right:\n{}", faults.len(), faults.join("\n"));
}

/// Of `tests/cases`: a page that other people saw, and what it may be called.
#[derive(Deserialize)]
struct Case {
    name: String,
    input: String,
    #[serde(default)]
    screen: Vec<String>,
}

#[tokio::test]
async fn pages_that_other_people_saw_are_called_what_they_are() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let index = std::fs::read_to_string(folder.join("index.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&index).unwrap();
    let (mut looked, mut faults) = (0, Vec::new());
    for case in cases.iter().filter(|case| !case.screen.is_empty()) {
        let look = seen(&folder.join(&case.name).join(&case.input)).await;
        looked += 1;
        if !case.screen.contains(&look.label) {
            faults.push(format!("{}: {} by {:?}, not {:?}", case.name, look.label, look.words, case.screen));
        }
    }
    assert!(looked >= 15, "only {looked} pages found");
    assert!(faults.is_empty(), "{} of {looked} wrong:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_console_is_judged_by_what_it_has_been_doing() {
    let mut faults = Vec::new();
    for (folder, meta) in scenarios() {
        let look = seen(&folder).await;
        let state = look.state.unwrap_or("none");
        let right = match meta.final_state.as_str() {
            "frozen?" => state == "spinner" || state == "frozen",
            // Blank is not dead, and a picture that stopped half a minute ago is not frozen yet.
            "frozen" => {
                ["frozen", "blank"].contains(&state) || state == "progress" && look.label.ends_with("-progress")
            }
            "progress" => ["progress", "waiting-for-input", "idle"].contains(&state),
            wanted => state == wanted,
        };
        if !right {
            faults.push(format!("{}: {} {state}, not {}", meta.scenario, look.label, meta.final_state));
        }
    }
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}

/// A build at work, at the stage at which its guest installs.
const WAITS: &str = "2026/03/01 02:03:04 ui: ==> vsphere-iso.deb: Power on VM...\n\
                     2026/03/01 02:03:05 ui: ==> vsphere-iso.deb: Waiting for IP...\n";

#[tokio::test]
async fn every_picture_of_a_healthy_installation_says_that_it_is_at_work() {
    let rules = Rules::shipped().unwrap();
    let scrubber = Scrubber::default();
    let at_work = |name: &str| rules.rules.iter().any(|rule| rule.at_work && rule.name == name);
    let (mut wrong, mut named, mut looked) = (Vec::new(), 0, 0);
    for (folder, meta) in scenarios().into_iter().filter(|(_, meta)| meta.healthy) {
        for file in meta.frames.iter().map(|frame| &frame.file) {
            let look = seen(&folder.join(file)).await;
            let verdict = Verdict::of_scene(&rules, &BuildContext::of_screen(Some(&look), &scrubber));
            let live = BuildContext { live: true, ..BuildContext::of_screen(Some(&look), &scrubber) };
            let of_run = judge(WAITS.as_bytes(), &rules, &scrubber, live).unwrap();
            if [&verdict, &of_run].iter().any(|verdict| verdict.remedy.is_some())
                || of_run.outlook.as_ref().is_some_and(|outlook| !outlook.passing)
            {
                wrong.push(format!("{}/{file}: {} calls for somebody: {of_run:#?}", meta.scenario, look.label));
            }
            looked += 1;
            named += usize::from(verdict.rule.is_some());
            let rule = verdict.rule.as_deref();
            if rule.is_some_and(|rule| !at_work(rule)) || look.state.is_some_and(|state| state == "frozen") {
                wrong.push(format!("{}/{file}: {} {:?} {}", meta.scenario, look.label, look.state, verdict.cause));
            }
        }
    }
    assert!(looked >= 10 && named * 10 >= looked * 6, "{named} of {looked} say so");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn text_consoles_are_read_without_a_mistake() {
    let (mut exact, mut wrong) = (0, Vec::new());
    for (folder, meta) in scenarios() {
        let Ok(truth) = std::fs::read_to_string(folder.join("text.json")) else { continue };
        let truth: BTreeMap<String, Vec<String>> = serde_json::from_str(&truth).unwrap();
        for file in meta.frames.iter().map(|frame| &frame.file).filter(|file| truth.contains_key(*file)) {
            let frame = open(&folder.join(file)).unwrap().remove(0);
            let Some(text) = read_cells(&frame.image) else { continue };
            let rows: Vec<&str> = text.rows.iter().map(String::as_str).filter(|row| !row.trim().is_empty()).collect();
            for line in
                truth[file].iter().map(|line| line.trim_end()).filter(|line| line.is_ascii() && !line.trim().is_empty())
            {
                if rows.contains(&line) {
                    exact += 1;
                } else {
                    wrong.push(format!("{}/{file}: {line}", meta.scenario));
                }
            }
        }
    }
    let share = exact * 1000 / (exact + wrong.len()).max(1);
    assert!(
        share >= 990,
        "{share} ‰ of {} lines exact; wrong:\n{}",
        exact + wrong.len(),
        wrong[..wrong.len().min(40)].join("\n")
    );
}
