//! What other repositories include: the action for one line, executed by `act`, and the job for GitLab, its scripts run as
//! a runner of GitLab runs them.

use std::fs;
use std::process::Command;

use saphyr::{LoadableYamlNode, Yaml};

use crate::site::{PASSWORD, Ran, Site};
use crate::{fast, nothing_secret};

const EVIDENCE: &str = "debian-12-build-debug-log";

/// A workflow of theirs that builds one line with the action.
fn workflow(site: &Site, promote: bool) {
    let shipped = fs::read_to_string(site.path("repo/.github/workflows/build-templates.yml")).unwrap();
    let checkout = shipped.lines().find_map(|line| line.trim_start().strip_prefix("- uses: actions/checkout"));
    let text = format!(
        "name: theirs\non: workflow_dispatch\njobs:\n  image:\n    runs-on: ubuntu-24.04\n    steps:\n      \
         - uses: actions/checkout{}\n      - uses: ./.github/actions/build-line\n        with:\n          \
         line: debian-12\n          promote: \"{promote}\"\n",
        checkout.unwrap()
    );
    fs::write(site.path("repo/.github/workflows/theirs.yml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_action_builds_and_promotes_a_line() {
    let site = Site::start(&["debian-12"], &[], fast()).await;
    let before = site.generations("debian-12").await;
    workflow(&site, true);
    let ran = site.run("theirs.yml", &["workflow_dispatch"]).await.well();
    let [live, prev, build] = site.generations("debian-12").await;
    assert_eq!((&prev, build), (&before[0], None), "{}", ran.log);
    assert!(live.is_some() && live != before[0]);
    assert!(site.artifact(EVIDENCE).is_none());
    nothing_secret(&site, &ran, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_action_leaves_the_evidence_of_a_failure() {
    let site = Site::start(&["debian-12"], &[("debian-12", "ansible-fails")], fast()).await;
    let before = site.generations("debian-12").await;
    workflow(&site, false);
    let ran = site.run("theirs.yml", &["workflow_dispatch"]).await.badly();
    assert_eq!(site.generations("debian-12").await, before, "a failed build touches nothing");
    let evidence = site.artifact(EVIDENCE).unwrap_or_else(|| panic!("{}", ran.log));
    assert_eq!(verdict(&evidence)["class"], "ansible_task_failed");
    nothing_secret(&site, &ran, &[EVIDENCE]);
}

fn verdict(evidence: &[(String, Vec<u8>)]) -> serde_json::Value {
    let names: Vec<&str> = evidence.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["packer-build.log", "triage.json", "triage.zip"]);
    serde_json::from_slice(&evidence[1].1).unwrap()
}

/// A script of the job that is included, as a runner runs it: its lines in one shell that ends at the first failure.
async fn gitlab(site: &Site, script: &str, variables: &[(&str, &str)]) -> Ran {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ci/gitlab/build-line.yml")).unwrap();
    let documents = Yaml::load_from_str(&text).unwrap();
    let job = documents[0].as_mapping_get(".tmpl-tui-build-line").unwrap();
    let lines = job.as_mapping_get(script).and_then(Yaml::as_sequence).unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    let declared = job.as_mapping_get("variables").and_then(Yaml::as_mapping).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-eo", "pipefail", "-c", &format!("exec 2>&1\n{}", lines.join("\n"))]);
    bash.current_dir(site.path("repo")).env_clear();
    bash.envs(declared.iter().map(|(name, value)| (name.as_str().unwrap(), value.as_str().unwrap())));
    bash.envs(site.lab.environment()).env("PKR_VAR_build_password", PASSWORD);
    let path = format!("{}:{}", site.path("bin").display(), std::env::var("PATH").unwrap());
    bash.env("PATH", path).env("HOME", site.path("home")).env("XDG_STATE_HOME", site.path("state"));
    bash.env("TMPDIR", site.path("tmp")).env("CI", "true").env("GITLAB_CI", "true");
    bash.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || bash.output().unwrap()).await.unwrap();
    Ran { succeeded: output.status.success(), log: String::from_utf8_lossy(&output.stdout).into_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_for_gitlab_builds_and_promotes_a_line() {
    let site = Site::start(&["debian-12"], &[], fast()).await;
    let before = site.generations("debian-12").await;
    let line = [("TMPL_LINE", "debian-12"), ("TMPL_PROMOTE", "true")];
    let ran = gitlab(&site, "script", &line).await.well();
    let [live, prev, build] = site.generations("debian-12").await;
    assert_eq!((&prev, build), (&before[0], None), "{}", ran.log);
    assert!(live.is_some() && live != before[0]);
    gitlab(&site, "after_script", &[line[0], ("CI_JOB_STATUS", "success")]).await.well();
    assert!(!site.path("repo/evidence").exists(), "nothing failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_job_for_gitlab_leaves_the_evidence_of_a_failure() {
    let site = Site::start(&["debian-12"], &[("debian-12", "ansible-fails")], fast()).await;
    let before = site.generations("debian-12").await;
    let ran = gitlab(&site, "script", &[("TMPL_LINE", "debian-12")]).await.badly();
    assert_eq!(site.generations("debian-12").await, before);
    let after = gitlab(&site, "after_script", &[("TMPL_LINE", "debian-12"), ("CI_JOB_STATUS", "failed")]).await.well();
    // What the job uploads.
    fs::rename(site.path("repo/evidence"), site.path("artifacts").join(EVIDENCE)).unwrap();
    assert_eq!(verdict(&site.artifact(EVIDENCE).unwrap())["class"], "ansible_task_failed");
    for ran in [ran, after] {
        nothing_secret(&site, &ran, &[EVIDENCE]);
    }
}
