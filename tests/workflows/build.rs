//! `build-templates`: one line, several with one that fails, a time limit, a cancel, and the alert of a scheduled failure.

use std::time::{Duration, Instant};

use serde_json::Value;
use tmpl::lab::Options;

use crate::site::Site;
use crate::{console, fast, nothing_secret};

const EVIDENCE: &str = "debian-12-build-debug-log";

/// The verdict that a failed leg left.
fn verdict(site: &Site) -> Value {
    let evidence = site.artifact(EVIDENCE).expect("the failed leg left its evidence");
    let names: Vec<&str> = evidence.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["packer-build.log", "triage.json", "triage.zip"]);
    serde_json::from_slice(&evidence[1].1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_by_name_is_built_and_promoted_even_when_it_is_disabled() {
    let site = Site::start(&["debian-12"], &[], fast()).await;
    let before = site.generations("debian-13").await;
    let ran = site.run("build-templates.yml", &["workflow_dispatch", "--input", "os=debian-13"]).await.well();
    let [live, prev, build] = site.generations("debian-13").await;
    assert_eq!((&prev, build), (&before[0], None), "live is prev now");
    assert!(live.is_some() && live != before[0], "the new one is live");
    assert!(site.artifact(EVIDENCE).is_none() && site.artifact("debian-13-build-debug-log").is_none());
    assert!(ran.says(&["| debian-13 | succeeded |"]), "the summary: {}", ran.log);
    assert!(!ran.says(&["debian-12"]), "no other line: {}", ran.log);
    nothing_secret(&site, &ran, &["debian-13-build"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_line_that_fails_leaves_its_evidence_and_keeps_no_other_from_being_built() {
    let site = Site::start(&["debian-12", "debian-13", "ubuntu-2404"], &[("debian-12", "ansible-fails")], fast()).await;
    let before = [site.generations("debian-12").await, site.generations("debian-13").await];
    let ran = site.run("build-templates.yml", &["schedule"]).await.badly();
    assert_eq!(site.generations("debian-12").await, before[0], "a failed build touches nothing");
    for line in ["debian-13", "ubuntu-2404"] {
        let [_, _, build] = site.generations(line).await;
        assert_eq!(build, None, "{line}: {}", ran.log);
    }
    assert_eq!(site.generations("debian-13").await[1], before[1][0]);
    assert_eq!(verdict(&site)["class"], "ansible_task_failed");
    assert!(ran.says(&["::error title=debian-12%3A ansible_task_failed::"]), "the annotation: {}", ran.log);
    nothing_secret(&site, &ran, &[EVIDENCE, "debian-12-build", "debian-13-build"]);
    // A weekly run without all of its templates is somebody's business.
    let asked = site.asked();
    assert!(
        asked.iter().any(|call| call.starts_with("issue create --title Weekly template build failed")),
        "{asked:?}"
    );

    // The console fetches the same files from GitHub and judges them.
    let of_the_console = serde_json::to_value(console::verdict(&site, "debian-12", EVIDENCE).await).unwrap();
    for field in ["class", "rule", "cause"] {
        assert_eq!(of_the_console[field], verdict(&site)[field], "{field}");
    }

    // So does the verb, from the log alone.
    let log = site.path("artifacts").join(EVIDENCE).join("packer-build.log");
    let mut triage = std::process::Command::new(env!("CARGO_BIN_EXE_tmpl-tui"));
    triage.args(["triage", "--json", "--log"]).arg(log).current_dir(site.path("repo"));
    let output = tokio::task::spawn_blocking(move || triage.output().unwrap()).await.unwrap();
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in ["class", "rule"] {
        assert_eq!(again[field], verdict(&site)[field], "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_limit_is_a_failure_with_evidence_and_leaves_no_vm() {
    let options = Options { speed: 20.0, ..fast() };
    let site = Site::start(&["debian-12"], &[("debian-12", "no-address")], options).await;
    site.edit("ci/matrix.json", |text| {
        text.replace("\"key\": \"debian-12\",", "\"key\": \"debian-12\", \"timeout_minutes\": 1,")
    });
    let before = site.generations("debian-12").await;
    let began = Instant::now();
    let ran = site.run("build-templates.yml", &["workflow_dispatch", "--input", "os=all"]).await.badly();
    assert!(began.elapsed() >= Duration::from_secs(60), "it ended before its limit: {}", ran.log);
    assert_eq!(site.generations("debian-12").await, before);
    let class = verdict(&site)["class"].clone();
    assert!(["success", "running", "cancelled"].iter().all(|other| class != *other), "{class}: {}", ran.log);
    nothing_secret(&site, &ran, &[EVIDENCE]);
}

/// GitHub interrupts a step's first process and kills it ten seconds later. `act` kills at once, which is the worst case:
/// packer is still at work when the next step begins.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_leaves_no_vm_and_says_what_was_known() {
    let options = Options { speed: 20.0, ..fast() };
    let site = Site::start(&["debian-12"], &[("debian-12", "no-address")], options).await;
    let before = site.generations("debian-12").await;
    let act = site.begin("build-templates.yml", &["workflow_dispatch", "--input", "os=debian-12"]);
    let log = site.path("log.txt");
    let end = Instant::now() + Duration::from_secs(120);
    while !std::fs::read_to_string(&log).unwrap_or_default().contains("Waiting for IP...") {
        assert!(Instant::now() < end, "the build never waited for an address");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let act_pid = nix::unistd::Pid::from_raw(i32::try_from(act.id()).unwrap());
    nix::sys::signal::kill(act_pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let ran = site.end(act).await.badly();
    assert_eq!(site.generations("debian-12").await, before, "{}", ran.log);
    assert!(ran.says(&["debian-12: packer was asked to stop"]), "{}", ran.log);
    assert!(ran.says(&["nothing to sweep"]), "{}", ran.log);
    // What a cancelled job still runs, `act` runs without the steps of a composite action: the stand-in uploads nothing.
    for step in ["Scrub the log", "Bundle what is known", "Upload the evidence"] {
        assert!(ran.says(&["Success - Main", step]), "{step}: {}", ran.log);
    }
    assert!(ran.says(&["set-output", "class=cancelled"]), "{}", ran.log);
    nothing_secret(&site, &ran, &[]);
}
