use super::*;
use crate::pipeline::Matrix;

const GOOD: &str = "20260101T000000.000Z";
const BAD: &str = "20260102T000000.000Z";
const WORSE: &str = "20260103T000000.000Z";

fn git(repo: &Path, arguments: &[&str]) -> String {
    let name = ["-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "commit.gpgsign=false"];
    let output = std::process::Command::new("git").arg("-C").arg(repo).args(name).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A commit that writes a file.
fn commit(repo: &Path, file: &str, subject: &str) -> String {
    std::fs::create_dir_all(repo.join(file).parent().unwrap()).unwrap();
    std::fs::write(repo.join(file), subject).unwrap();
    git(repo, &["add", "."]);
    git(repo, &["commit", "-q", "-m", subject]);
    git(repo, &["rev-parse", "HEAD"])
}

fn record(state: &StateDir, id: &str, outcome: &str, made: &Made, waited: u32) {
    let dir = state.runs().join("one").join(id);
    std::fs::create_dir_all(&dir).unwrap();
    let log = dir.join("packer-build.log");
    let day = &id[6..8];
    let text = format!(
        "2026/01/{day} 03:00:00 packer-plugin-vsphere_v{}_x5.0_linux_amd64 plugin: 2026/01/{day} 03:00:00 hello\n\
         2026/01/{day} 03:00:00 ui: ==> v.one: Waiting for IP...\n\
         2026/01/{day} 03:{waited:02}:00 ui: ==> v.one: Using SSH communicator to connect: 10.0.0.1\n",
        if outcome == "failed" { "2.2.0" } else { "2.1.0" }
    );
    std::fs::write(&log, text).unwrap();
    let nobody = serde_json::json!({ "pid": 0, "start": 0, "boot": "" });
    let record = serde_json::json!({
        "key": "one", "base_name": "tpl-one", "state": outcome, "exit": 1, "reason": null,
        "started": format!("2026-01-{day}T03:00:00Z"), "ended": format!("2026-01-{day}T04:00:00Z"),
        "supervisor": nobody, "packer": null, "argv": [], "packer_version": "1.16.0", "on_error": "cleanup",
        "promote": false, "log": log, "temporary": dir,
    });
    std::fs::write(dir.join("run.json"), record.to_string()).unwrap();
    std::fs::write(dir.join("made.json"), serde_json::to_string(made).unwrap()).unwrap();
}

fn made(commit: &str, iso: &str) -> Made {
    let commit = Some(commit.to_owned());
    Made { by: "mona@ops3".into(), commit, clean: Some(true), iso: Some(iso.into()), ..Made::default() }
}

#[test]
fn what_changed_since_green_is_named_and_what_did_not_touch_the_line_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (repo, state) = (folder.path().join("repo"), StateDir::at(folder.path().join("state")));
    std::fs::create_dir_all(&repo).unwrap();
    git(&repo, &["init", "-q"]);
    let first = commit(&repo, "builds/one/x.pkr.hcl", "begin");
    commit(&repo, "docs/readme", "words");
    let last = commit(&repo, "builds/one/x.pkr.hcl", "a longer wait");
    record(&state, GOOD, "succeeded", &made(&first, "iso/a-1.iso"), 5);
    record(&state, BAD, "failed", &made(&last, "iso/a-2.iso"), 20);
    record(&state, WORSE, "failed", &made(&last, "iso/a-3.iso"), 20);
    let matrix = r#"[{"key": "one", "enabled": true, "os": "Linux", "dist": "x", "version": "1", "build_dir": "builds/one",
        "config": "one.pkrvars.hcl", "base_name": "tpl-one", "iso_datastore_path": "iso"}]"#;
    let line = Matrix::parse(&repo, matrix).unwrap().lines.remove(0);
    let since = since_green(&state, &line, &repo).unwrap().unwrap();
    assert_eq!((since.good.as_str(), since.bad.as_str(), since.failures), (GOOD, BAD, 2));
    let said: Vec<(&str, &str)> = since.changes.iter().map(|change| (change.kind, change.text.as_str())).collect();
    let short = &git(&repo, &["rev-parse", "--short", "HEAD"]);
    let commit = format!("{short} a longer wait");
    let expected = [
        ("iso", "iso/a-1.iso → iso/a-2.iso"),
        ("plugins", "vsphere v2.1.0 → vsphere v2.2.0"),
        ("commit", commit.as_str()),
        ("stage", "wait for IP took 20m, usually 5m"),
    ];
    assert_eq!(said, expected);
    record(&state, "20260104T000000.000Z", "succeeded", &made(&last, "iso/a-3.iso"), 5);
    assert_eq!(since_green(&state, &line, &repo).unwrap(), None, "it is green");
}

#[test]
fn a_run_is_found_by_the_beginning_of_its_name_that_no_other_has() {
    let folder = tempfile::tempdir().unwrap();
    let (state, key) = (StateDir::at(folder.path()), Key("one".into()));
    [GOOD, BAD].iter().for_each(|id| record(&state, id, "failed", &Made::default(), 5));
    assert_eq!(id(&find(&state, &key, "20260102").unwrap()), BAD);
    let said = |wanted| find(&state, &key, wanted).unwrap_err().to_string();
    assert!(said("2026").starts_with("2 runs of one start with 2026"), "{}", said("2026"));
    assert!(said("2027").contains("tmpl-tui history one"), "{}", said("2027"));
    let runs = of(&state, &key).unwrap();
    assert_eq!(runs.iter().map(|run| run.id.as_str()).collect::<Vec<_>>(), [BAD, GOOD]);
}
